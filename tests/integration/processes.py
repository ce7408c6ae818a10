"""Real servers and clients as child processes, waited for by what they say."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import TracebackType

BIN = Path(sys.executable).parent
DEADLINE = 30  # seconds, after which a child is held to be stuck

# Children take no notice of what the person who runs the tests has set up.
ENVIRONMENT = {
    **os.environ,
    "PYTHONUNBUFFERED": "1",
    "PYTHONWARNINGS": "default",
    "PROMPT_TOOLKIT_NO_CPR": "1",
    "TERM": "xterm",
}


class Server:
    """``twistd -n`` with a service, as a process; `lines` is what its console has shown so far.

    Args:
        directory: Where it runs.
        *arguments: The service and its options; on ``--port 0`` unless one is given.
        twistd: Options of twistd's own.
        typed: What a person types, up to the end of input.
    """

    def __init__(
        self, directory: Path, *arguments: str, twistd: tuple[str, ...] = (), typed: str = ""
    ) -> None:
        self.lines: list[str] = []
        self.process = subprocess.Popen(
            [BIN / "twistd", *twistd, "-n", *arguments],
            cwd=directory,
            env=ENVIRONMENT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        assert self.process.stdin is not None
        with suppress(BrokenPipeError):  # It may have ended already.
            self.process.stdin.write(typed)
            self.process.stdin.close()
        self.process.stdin = None

    def __enter__(self) -> Server:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.communicate()

    def wait_for(self, pattern: str) -> re.Match[str]:
        """Read the console until a line has `pattern`."""
        assert self.process.stdout is not None
        with deadline():
            for line in self.process.stdout:
                self.lines.append(line.rstrip("\n"))
                if match := re.search(pattern, line):
                    return match
        raise AssertionError(f"{pattern!r} never came; what came was {self.lines}")

    def wait_for_port(self) -> int:
        """Wait until it listens, and return the port."""
        return int(self.wait_for(r"listening on \S+:(\d+)")[1])

    def stop(self, number: int = signal.SIGTERM) -> int:
        """Send a signal, wait for the end, and return the exit status."""
        self.process.send_signal(number)
        return self.wait()

    def wait(self) -> int:
        """Wait for the end, and return the exit status."""
        output, _ = self.process.communicate(timeout=DEADLINE)
        self.lines += output.splitlines()
        return self.process.returncode

    def events(self) -> list[str]:
        """Return what the service has said on the console, without time and level."""
        return [
            line.split("] ", 1)[1] for line in self.lines if re.match(r"\S+ \[netlab-\w+#", line)
        ]


@contextmanager
def deadline() -> Iterator[None]:
    """Fail, rather than wait for ever."""

    def fail(*_: object) -> None:
        raise TimeoutError(f"nothing happened for {DEADLINE} s")

    before = signal.signal(signal.SIGALRM, fail)
    signal.alarm(DEADLINE)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


def connect(port: int, host: str = "127.0.0.1") -> socket.socket:
    return socket.create_connection((host, port), timeout=DEADLINE)


def receive(connection: socket.socket, count: int) -> bytes:
    """Receive `count` bytes, or fewer if the other side closes before."""
    data = b""
    while len(data) < count and (piece := connection.recv(count - len(data))):
        data += piece
    return data


def receive_all(connection: socket.socket) -> bytes:
    data = b""
    while piece := connection.recv(65536):
        data += piece
    return data
