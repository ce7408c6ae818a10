"""Servers with an unread console serve, and end on SIGTERM."""

from __future__ import annotations

import fcntl
import os
import re
import select
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.processes import BIN, DEADLINE, connect, receive
from twisted_lab.eventlog.console import MOST_BYTES

ECHO = ("netlab-echo", "--port", "0", "--interface", "127.0.0.1", "--chunk-size", "1")
TWISTD = (str(BIN / "twistd"), "-n", *ECHO)
PLAIN = (str(BIN / "python"), "-m", "twisted", "--log-format=text", *ECHO)
LINE_BYTES = 60  # least length of each of the two lines for a portion
PORTIONS = MOST_BYTES // LINE_BYTES


@contextmanager
def running(directory: Path, console: int, *command: str) -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen(command, cwd=directory, stdout=console, stderr=console)
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def port(reader: int) -> int:
    shown = ""
    while not (match := re.search(r"listening on \S+:(\d+)", shown)):
        shown += os.read(reader, 4096).decode()
    return int(match[1])


def speak(number: int) -> None:
    with connect(number) as client:
        for _ in range(16):
            client.sendall(b"x" * (PORTIONS // 16))
            assert len(receive(client, PORTIONS // 16)) == PORTIONS // 16


@pytest.mark.parametrize("command", [TWISTD, (*TWISTD, "--workers", "2"), PLAIN])
def test_an_unread_pipe_does_not_block_the_server(tmp_path: Path, command: tuple[str, ...]) -> None:
    reader, console = os.pipe()
    with running(tmp_path, console, *command) as server:
        number = port(reader)
        speak(number)
        assert not fcntl.fcntl(console, fcntl.F_GETFL) & os.O_NONBLOCK
        server.send_signal(signal.SIGTERM)
        assert server.wait(DEADLINE) == 0
    os.close(reader)
    os.close(console)


def test_a_stopped_terminal_does_not_block_the_server(tmp_path: Path) -> None:
    person, terminal = os.openpty()
    with running(tmp_path, terminal, *TWISTD) as server:
        number = port(person)
        os.write(person, b"\x13")  # Ctrl-S
        speak(number)
        os.write(person, b"\x11")  # Ctrl-Q
        shown = b""
        while not (told := re.search(rb"\.\.\. (\d+) lines are missing here", shown)):
            assert select.select([person], [], [], DEADLINE)[0]
            shown += os.read(person, 65536)
        assert int(told[1]) > 0
        server.send_signal(signal.SIGTERM)
        assert server.wait(DEADLINE) == 0
    os.close(person)
    os.close(terminal)
