"""Real servers and clients as child processes, whose output tests wait for."""

from __future__ import annotations

import os
import re
import select
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from types import MappingProxyType, TracebackType

ROOT = Path(__file__).parents[1]
BIN = Path(sys.executable).parent
DEADLINE = 60  # seconds after which a child counts as stuck
FULL_SECONDS = 0.5  # for which a peer that does not read accepts nothing more

# With TRANSPORT=stock in the environment of the tests, servers do without the fast transport.
TRANSPORT = ("--transport", os.environ["TRANSPORT"]) if "TRANSPORT" in os.environ else ()

# Children ignore the terminal settings of the test run.
ENVIRONMENT = {
    **os.environ,
    "PYTHONUNBUFFERED": "1",
    "PROMPT_TOOLKIT_NO_CPR": "1",
    "TERM": "xterm",
}


class Server:
    """A process of ``twistd -n`` with a service, and its console output so far.

    Args:
        directory: Its working directory.
        *arguments: The service and its options.
        twistd: Options of twistd itself.
        typed: All of its standard input.
        command: The command to run instead of twistd.
        pass_fds: Descriptors that it inherits.
        environment: Additions to its environment.
    """

    def __init__(
        self,
        directory: Path,
        *arguments: str,
        twistd: tuple[str, ...] = (),
        typed: str = "",
        command: tuple[str, ...] = (),
        pass_fds: tuple[int, ...] = (),
        environment: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        self.process = subprocess.Popen(
            command or [str(BIN / "twistd"), *twistd, "-n", *arguments, *TRANSPORT],
            cwd=directory,
            env={**ENVIRONMENT, **environment},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            pass_fds=pass_fds,
        )
        assert self.process.stdin is not None
        with suppress(BrokenPipeError):  # It may have ended already.
            self.process.stdin.write(typed)
            self.process.stdin.close()
        self.lines: list[str] = []
        self._seen = 0
        self._more = threading.Condition()
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def _read(self) -> None:
        # The console must always be read: a server with a full console would block.
        assert self.process.stdout is not None
        with self.process.stdout as console:
            for line in console:
                with self._more:
                    self.lines.append(line.rstrip("\n"))
                    self._more.notify_all()

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
        self.wait()

    def wait_for(self, pattern: str) -> re.Match[str]:
        """Wait for the next console line that matches `pattern`."""

        def found() -> re.Match[str] | None:
            while self._seen < len(self.lines):
                self._seen += 1
                if match := re.search(pattern, self.lines[self._seen - 1]):
                    return match
            return None

        with self._more:
            match = self._more.wait_for(found, DEADLINE)
        assert match, f"no line matches {pattern!r}; the output is {self.lines}"
        return match

    def wait_for_port(self) -> int:
        """Wait until it listens, and return the port."""
        return int(self.wait_for(r"listening on \S+:(\d+)")[1])

    def stop(self) -> int:
        """Send SIGTERM, wait for the end, and return the exit status."""
        self.process.terminate()
        return self.wait()

    def wait(self) -> int:
        """Wait for the end, and return the exit status."""
        status = self.process.wait(DEADLINE)
        self._reader.join(DEADLINE)
        return status

    def events(self) -> list[str]:
        """Return the service's console lines, without time and level."""
        return [
            line.split("] ", 1)[1] for line in self.lines if re.match(r"\S+ \[netlab-\w+#", line)
        ]


def wait_until(condition: Callable[[], object]) -> None:
    """Wait for a condition that no line on a console reports."""
    end = time.monotonic() + DEADLINE
    while not condition():
        assert time.monotonic() < end, "the condition never became true"
        time.sleep(0.02)


def children(process: int) -> list[int]:
    listed = Path(f"/proc/{process}/task/{process}/children").read_text()
    return [int(child) for child in listed.split()]


def suspend(process: int) -> None:
    """Send SIGSTOP, and wait until the process has stopped."""
    os.kill(process, signal.SIGSTOP)
    wait_until(lambda: " T " in Path(f"/proc/{process}/stat").read_text())


def connect(port: int, host: str = "127.0.0.1") -> socket.socket:
    return socket.create_connection((host, port), timeout=DEADLINE)


def receive(connection: socket.socket, count: int) -> bytes:
    """Receive `count` bytes, or fewer if the peer closes before."""
    data = b""
    while len(data) < count and (piece := connection.recv(count - len(data))):
        data += piece
    return data


def send_until_full(connection: socket.socket, piece: bytes = b"x" * 65536) -> None:
    """Send until all buffers up to a peer that does not read are full."""
    connection.setblocking(False)
    # A busy peer may leave the first buffer full for a moment.
    while select.select([], [connection], [], FULL_SECONDS)[1]:
        with suppress(BlockingIOError):
            connection.send(piece)


def receive_all(connection: socket.socket) -> bytes:
    data = b""
    while piece := connection.recv(65536):
        data += piece
    return data


def line(connection: socket.socket) -> str:
    data = b""
    while not data.endswith(b"\n") and (byte := connection.recv(1)):
        data += byte
    return data.decode()


def resident_kib(process: int) -> int:
    status = Path(f"/proc/{process}/status").read_text()
    return int(status.split("VmRSS:")[1].split()[0])


NETLAB = ("netlab", "--base-port", "0", "--interface", "127.0.0.1")


def ports(server: Server) -> dict[str, int]:
    """Wait for the table, and return the port of each service, and ``chat-tcp`` if there is one."""
    server.wait_for("^service +address +how to connect$")
    found: dict[str, int] = {}
    while (row := server.wait_for(r"^$|^(\S+) +\S+:(\d+) "))[1]:
        found[f"{row[1]}-tcp" if row[1] in found else row[1]] = int(row[2])
    return found
