"""Our client as a process, in a pipe or on a terminal, and scripted blocking servers."""

from __future__ import annotations

import re
import socket
import subprocess
import sys
import termios
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pexpect
import pyte

from tests.processes import DEADLINE, ENVIRONMENT, wait_until

CLIENT = (sys.executable, "-m", "twisted_lab.client")


@contextmanager
def scripted_server(script: Callable[[socket.socket], None]) -> Iterator[int]:
    """A blocking server for one client, like a student's script."""

    def serve() -> None:
        connection, _ = listening.accept()
        with connection:
            script(connection)

    with socket.create_server(("127.0.0.1", 0)) as listening:
        server = threading.Thread(target=serve, daemon=True)
        server.start()
        yield listening.getsockname()[1]
        server.join(DEADLINE)


def run(*arguments: str, typed: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [*CLIENT, *arguments],
        input=typed,
        capture_output=True,
        env=ENVIRONMENT,
        timeout=DEADLINE,
        check=False,
    )


class Terminal:
    """A program on a terminal of 40 lines by 200 columns, with the contents of its screen.

    Args:
        *command: The program.
        term: The environment variable TERM.
        **environment: Further environment variables.

    Attributes:
        raw: All of its output.
    """

    def __init__(self, *command: str, term: str = "xterm", **environment: str) -> None:
        self.child = pexpect.spawn(
            command[0],
            [*command[1:]],
            env={**ENVIRONMENT, "TERM": term, **environment},
            timeout=DEADLINE,
            encoding="utf-8",
            dimensions=(40, 200),
        )
        self.screen = pyte.Screen(200, 40)
        self.stream = pyte.Stream(self.screen)
        self.raw = ""

    @property
    def lines(self) -> list[str]:
        return [line.rstrip() for line in self.screen.display if line.strip()]

    def see(self, pattern: str) -> None:
        """Wait until a whole line on the screen matches `pattern`."""
        end = time.monotonic() + DEADLINE
        while not any(re.fullmatch(pattern, line) for line in self.lines):
            left = end - time.monotonic()  # of a program that writes without end, too
            try:
                if left < 0:
                    raise pexpect.TIMEOUT("")
                self._feed(self.child.read_nonblocking(4096, left))
            except (pexpect.EOF, pexpect.TIMEOUT):
                raise AssertionError(f"{pattern!r} is not among {self.lines}") from None

    def _feed(self, text: str) -> None:
        self.raw += text
        self.stream.feed(text)

    def type(self, text: str) -> None:
        self.child.send(text)

    @property
    def echoes(self) -> bool:
        """Whether the terminal echoes the typed characters."""
        return bool(termios.tcgetattr(self.child.child_fd)[3] & termios.ECHO)

    def end(self) -> int:
        """Wait for its end, and return the exit status."""
        self._feed(self.child.read())
        wait_until(lambda: not self.child.isalive())
        assert self.child.exitstatus is not None
        return self.child.exitstatus


def client_at(port: int, service: str = "echo") -> Terminal:
    return Terminal(*CLIENT, service, "--host", "127.0.0.1", "--port", str(port))
