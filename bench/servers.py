"""The measured servers: their commands, their core, and their memory."""

from __future__ import annotations

import os
import re
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parent.parent
BUILD = ROOT / "bench" / "build"
TWISTD = str(Path(sys.executable).parent / "twistd")
LOG = "events.log"  # in the server's working directory
DEADLINE = 30  # seconds for the start

SERVER_CORE = min(os.sched_getaffinity(0))
LOAD_CORE = max(os.sched_getaffinity(0))

Command = tuple[str, ...]


def ours(service: str, *options: str) -> Command:
    """Return the command for one of our services."""
    where = ("--port", "0", "--interface", "127.0.0.1")
    # All connections come from one address.
    limits = ("--max-connections", "20000", "--max-per-peer", "20000")
    return (TWISTD, "-n", "--pidfile=", service, *where, *limits, *options)


def peer(module: str, kind: str) -> Command:
    """Return the command for a peer written in Python."""
    return (sys.executable, "-m", f"bench.peers.{module}", kind)


QUIET = ("--log-level", "warn")
STOCK = ("--transport", "stock")

ECHO: dict[str, Command] = {
    "C epoll": (str(BUILD / "echo"),),
    "Go": (str(BUILD / "go"),),
    "uvloop protocol": peer("echo", "uvloop-protocol"),
    "uvloop streams": peer("echo", "uvloop-streams"),
    "asyncio protocol": peer("echo", "asyncio-protocol"),
    "asyncio streams": peer("echo", "asyncio-streams"),
    "gevent": peer("echo", "gevent"),
    "tornado": peer("echo", "tornado"),
    "threads": peer("echo", "threads"),
    "stock Twisted": peer("echo", "twisted"),
    "ours": ours("netlab-echo", *QUIET),
    "ours, --transport stock": ours("netlab-echo", *QUIET, *STOCK),
    "ours, --chunk-size 65536": ours("netlab-echo", *QUIET, "--chunk-size", "65536"),
    "ours, every event to a file": ours(
        "netlab-echo", "--log-file", LOG, "--log-rate", "1000000000"
    ),
}
MESSAGES: dict[str, Command] = {
    "uvloop streams": peer("conversations", "uvloop-streams"),
    "stock Int32StringReceiver": peer("conversations", "twisted-messages"),
    "ours": ours("netlab-messages", *QUIET),
    "ours, --transport stock": ours("netlab-messages", *QUIET, *STOCK),
}
BROADCAST: dict[str, Command] = {
    "stock Twisted": peer("conversations", "twisted-broadcast"),
    "ours": ours("netlab-broadcast", *QUIET),
    "ours, --transport stock": ours("netlab-broadcast", *QUIET, *STOCK),
}
START: dict[str, Command] = {
    "empty service": (TWISTD, "-n", "--pidfile=", "-y", str(ROOT / "bench/peers/empty.tac")),
    "ours": ours("netlab-echo", *QUIET),
}


@cache
def _takes_transport() -> bool:
    usage = subprocess.check_output([TWISTD, "netlab-echo", "--help"], cwd=ROOT, text=True)
    return "--transport" in usage


def available(peers: dict[str, Command]) -> list[str]:
    """Return the names of servers that can be started on this machine."""
    return [
        name
        for name, command in peers.items()
        if (command[0] != str(BUILD / "go") or Path(command[0]).exists())
        and ("--transport" not in command or _takes_transport())
    ]


def _prepare() -> None:
    """Pin the child to the servers' core, and raise its limit of open files."""
    os.sched_setaffinity(0, {SERVER_CORE})
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


class Server:
    """A running server.

    Attributes:
        port: Its port.
        pid: Its process id.
        seconds: The time from its start until it listens.
    """

    def __init__(self, command: Command, directory: str) -> None:
        console = Path(directory, "console")
        # Its output is written to a file: an unread pipe would stop it once it is full.
        with console.open("wb") as file:
            started = time.perf_counter()
            self._process = subprocess.Popen(
                command,
                cwd=directory,
                env={**os.environ, "PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1"},
                stdin=subprocess.DEVNULL,
                stdout=file,
                stderr=subprocess.STDOUT,
                preexec_fn=_prepare,
            )
        self.pid = self._process.pid
        while not (
            said := re.search(
                r"^(?:.*listening on (?:AF=2 )?\S+:)?(\d+)$", console.read_text(), re.M
            )
        ):
            if self._process.poll() is not None or time.perf_counter() - started > DEADLINE:
                self.stop()
                raise SystemExit(f"{' '.join(command)} does not start: {console.read_text()}")
            time.sleep(0.001)
        self.seconds = time.perf_counter() - started
        self.port = int(said[1])

    def stop(self) -> None:
        """Kill the server, which has no data to save."""
        self._process.kill()
        self._process.wait()

    def resident(self) -> int:
        """Return its resident memory in bytes."""
        status = Path(f"/proc/{self.pid}/status").read_text()
        found = re.search(r"VmRSS:\s+(\d+) kB", status)
        assert found
        return int(found[1]) * 1024


@contextmanager
def running(peers: dict[str, Command], names: Iterable[str]) -> Iterator[dict[str, Server]]:
    """Run the servers with these names, each in its own directory."""
    with ExitStack() as stack:
        servers = {}
        for name in names:
            directory = stack.enter_context(tempfile.TemporaryDirectory(prefix="bench"))
            servers[name] = Server(peers[name], directory)
            stack.callback(servers[name].stop)
        yield servers
