"""Servers whose terminal is closed, as by closing the window."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from tests.processes import BIN, Server, connect, receive, wait_until

LOGGED = ("netlab-echo", "--port", "0", "--interface", "127.0.0.1", "--log-file", "events.log")


def on_terminal(directory: Path, terminal: int, *command: str) -> Server:
    """Start a command as the leader of a session on `terminal`."""
    # Tests under nohup inherit an ignored SIGHUP.
    take = (
        "import fcntl, os, signal, sys, termios; signal.signal(signal.SIGHUP, signal.SIG_DFL); "
        "os.setsid(); fcntl.ioctl(int(sys.argv[1]), termios.TIOCSCTTY, 0); "
        "os.execvp(sys.argv[2], sys.argv[2:])"
    )
    taking = (sys.executable, "-c", take, str(terminal), *command)
    return Server(directory, command=taking, pass_fds=(terminal,))


@pytest.mark.parametrize("options", [(), ("--workers", "2")])
def test_sighup_of_a_closed_terminal_stops_the_server_cleanly(
    tmp_path: Path, options: tuple[str, ...]
) -> None:
    person, terminal = os.openpty()
    with on_terminal(tmp_path, terminal, str(BIN / "twistd"), "-n", *LOGGED, *options) as server:
        os.close(terminal)
        with connect(server.wait_for_port()) as client:
            client.sendall(b"hello")
            assert receive(client, 5) == b"hello"
            os.close(person)
            assert server.wait() == 0
    events = (tmp_path / "events.log").read_text()
    assert "server stopped" in events
    assert "closed by the server" in events


def test_a_server_under_nohup_keeps_running(tmp_path: Path) -> None:
    person, terminal = os.openpty()
    command = ("nohup", str(BIN / "twistd"), "-n", *LOGGED)
    with on_terminal(tmp_path, terminal, *command) as server:
        os.close(terminal)
        port = server.wait_for_port()
        (tmp_path / "events.log").rename(tmp_path / "old.log")
        os.close(person)
        wait_until((tmp_path / "events.log").exists)  # after the signal
        with connect(port) as client:
            client.sendall(b"hello")
            assert receive(client, 5) == b"hello"
        assert server.stop() == 0
