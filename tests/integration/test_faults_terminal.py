"""Fault proxies in a terminal, and what they record, replay and draw."""

from __future__ import annotations

import json
import socket
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.clients import Terminal
from tests.processes import BIN, Server, connect, receive_all

COMMAND = (str(BIN / "python"), "-m", "twisted_lab.faults")
ECHO = ("netlab-echo", "--port", "0", "--interface", "127.0.0.1")


@pytest.fixture
def echo(tmp_path: Path) -> Iterator[int]:
    with Server(tmp_path, *ECHO) as server:
        yield server.wait_for_port()


def talk(port: int) -> bytes:
    """Send lines through a proxy with a message framing; return all answers."""
    with connect(port) as client:
        client.sendall(b"".join(b"line %d\n" % number for number in range(50)))
        client.shutdown(socket.SHUT_WR)
        return receive_all(client)


def test_a_recording_is_replayed_and_both_runs_are_drawn(tmp_path: Path, echo: int) -> None:
    common = ("--proxy", f"chat=tcp:0:127.0.0.1:{echo}", "--framing", "text")
    faults = ("--toxic", "loss=30%", "--toxic", "corrupt,every=7", "--toxic", "duplicate=20%")
    with Server(
        tmp_path,
        command=(*COMMAND, *common, *faults, "--record", "a.jsonl", "--diagram", "a.svg"),
    ) as proxy:
        first = talk(proxy.wait_for_port())
        assert proxy.stop() == 0
    with Server(
        tmp_path,
        command=(*COMMAND, *common, "--replay", "a.jsonl", "--record", "b.jsonl", "--watch"),
    ) as proxy:
        port = proxy.wait_for_port()
        again = talk(port)
        lost = proxy.wait_for(r"^ +\d+\.\d+ s +client 1 .*line \d+  lost \(loss\)$")[0]
        assert "\x1b" not in lost
        with connect(port) as client:
            client.sendall(b"unrecorded link\n")
            client.shutdown(socket.SHUT_WR)
            assert receive_all(client) == b"unrecorded link\n"
        assert proxy.stop() == 0
    assert first == again
    assert 10 < len(first.splitlines()) != 50
    units = [
        {
            (unit["link"], unit["direction"], unit["unit"]): (unit.get("hash"), unit["actions"])
            for unit in map(json.loads, (tmp_path / name).read_text().splitlines()[1:])
            if unit["link"] == "1"
        }
        for name in ("a.jsonl", "b.jsonl")
    ]
    assert units[0] == units[1]
    drawing = ElementTree.parse(tmp_path / "a.svg").getroot()  # noqa: S314 our own
    description = drawing.findtext("{http://www.w3.org/2000/svg}desc")
    assert description is not None
    assert " lost" in description


def test_a_file_that_cannot_be_written_is_refused_in_one_line(tmp_path: Path) -> None:
    proxy = ("--proxy", "tcp:0:127.0.0.1:1", "--log-level", "error")
    with Server(tmp_path, command=(*COMMAND, *proxy, "--record", "/nowhere/a")) as server:
        assert server.wait() == 1
    [problem] = server.lines
    assert problem.endswith("cannot write '/nowhere/a': No such file or directory")


def run(echo: int, *options: str, no_color: str = "") -> tuple[Terminal, int]:
    """Start a proxy in a terminal; return it and its port."""
    proxy = ("--proxy", f"tcp:0:127.0.0.1:{echo}", "--framing", "text", "--watch")
    terminal = Terminal("/usr/bin/env", f"NO_COLOR={no_color}", *COMMAND, *proxy, *options)
    terminal.see(".*listening on.*")
    terminal.see("0 links  0 B/s  0 units  0 with faults  0 lost  0 B held now")
    [listening] = [line for line in terminal.lines if "listening on" in line]
    return terminal, int(listening.rpartition(":")[2])


def test_a_terminal_has_a_live_line_and_ctrl_c_ends_it(echo: int) -> None:
    terminal, port = run(echo, "--toxic", "loss,nth=2")
    with connect(port) as client:
        client.sendall(b"one\ntwo\n")
        terminal.see(r" +\d+\.\d{3} s +client 1 ─+✕  server +two  lost \(loss\)")
        terminal.see("1 link  .*  3 units  1 with faults  1 lost  0 B held now")
    assert "\x1b[31m" in terminal.raw
    terminal.type("\x03")
    assert terminal.end() == 0
    assert "links" not in terminal.lines[-1]


def test_no_color_is_respected(echo: int) -> None:
    terminal, port = run(echo, "--toxic", "blackhole", no_color="1")
    with connect(port) as client:
        client.sendall(b"one\n")
        terminal.see(r".*  lost \(blackhole\)")
    terminal.type("\x03")
    assert terminal.end() == 0
    assert "\x1b[31m" not in terminal.raw
