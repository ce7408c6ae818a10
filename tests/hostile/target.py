"""The target of attacks: all services and proxies in one process, and the costs of an attack."""

from __future__ import annotations

import re
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path
from types import TracebackType
from typing import NamedTuple

from tests.doubles.old_files import make_old_file
from tests.hostile.crowd import GREETING, NEIGHBOUR
from tests.hostile.process import start
from tests.processes import ROOT

# The schema whose table of messages is filled here; the server migrates it.
FILLED_SCHEMA = 4
# The target is quiet when it uses less than this share of a processor and sends nothing.
QUIET = 0.2
NEIGHBOURS_MESSAGES = 10  # most messages of the neighbour between two samples
SAMPLE_SECONDS = 0.1  # between two samples
# CPU time of the yardstick's computation on the machine for which the bounds were chosen, in
# seconds. The same work takes up to 1.8 times as long while a neighbour uses the other half of the
# processor's core.
YARDSTICK = 0.0018
MOST_DEPARTURE_SECONDS = 2.5  # after which peers that have not left are silent strangers
MOST_SECONDS = 120.0  # after which measuring starts even if the target is not quiet


class Size(NamedTuple):
    """The number of peers and of stored messages.

    Attributes:
        members: Listeners of the broadcast; also the number of members of the chat.
        public: Messages to all in the chat's history.
        private: Private messages in the chat's history.
        part: The factor for the size of an attack.
    """

    members: int
    public: int
    private: int
    part: float

    def some(self, count: int, least: int = 1) -> int:
        """Return `count` for the full size, and less for a smaller one, but not below `least`."""
        return max(round(count * self.part), least)


FULL = Size(members=990, public=1000, private=200_000, part=1.0)
SMALL = Size(members=20, public=100, private=10_000, part=0.1)


@dataclass
class Cost:
    """Costs of an attack, measured or allowed; seconds are those of a machine with `YARDSTICK`.

    Attributes:
        cpu: CPU time of the server's process, in seconds.
        delay: Additional delay of a neighbour's slowest echo, in seconds.
        lookup: The same for its slowest greeting by ident, which reads the database.
        memory: Peak growth of the resident memory, in bytes.
        messages: Messages sent by the services.
        sent: Bytes sent by the services.
        logged: Bytes added to the log.
        stored: Bytes added to the database.
        rows: Rows added to the database.
    """

    cpu: float = 0.0
    delay: float = 0.0
    lookup: float = 0.0
    memory: float = 0
    messages: float = 0
    sent: float = 0
    logged: float = 0
    stored: float = 0
    rows: float = 0


def _history(path: Path, size: Size) -> None:
    make_old_file(str(path), FILLED_SCHEMA)
    begun = time.time() - size.public - size.private

    def said() -> Iterator[tuple[object, ...]]:
        # Public messages come first, so that a search from the end passes the private ones.
        for number in range(size.public + size.private):
            when = begun + number
            to = "" if number < size.public else "m1"
            yield round(when * 1e6), "m0", f"message {number}", to, "", 0, "", when

    with closing(sqlite3.connect(path)) as database:
        database.executemany(
            "INSERT INTO said (place, name, text, addressee, speaker, count, listener, time)"
            " VALUES (?,?,?,?,?,?,?,?)",
            said(),
        )
        database.commit()


class _UnixConnection(HTTPConnection):
    def __init__(self, path: Path) -> None:
        super().__init__("localhost")
        self._path = str(path)

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.connect(self._path)


def _total(page: str, pattern: str) -> float:
    return sum(map(float, re.findall(rf"^{pattern} (\S+)$", page, re.MULTILINE)))


class Target:
    """All services, a crowd of members, and a neighbour to measure delays.

    Args:
        directory: The server's working directory.
        size: The numbers of peers and messages.
        has_neighbour: Whether delays are measured, which is pointless on a busy machine.

    Attributes:
        size: See above.
        ports: The port of each service and proxy; ``chat-tcp`` is the chat's TCP port.
        metrics: The socket of the metrics.
    """

    def __init__(self, directory: Path, size: Size, has_neighbour: bool) -> None:
        self.size = size
        self._directory = directory
        self.metrics = directory / "metrics"
        self._has_neighbour = has_neighbour
        self._stack = ExitStack()

    def __enter__(self) -> Target:
        with ExitStack() as stack:
            _history(self._directory / "netlab.sqlite3", self.size)
            upstream = self._child(stack, "upstream")
            assert upstream.stdout is not None
            server, self.ports = start(
                self._directory, *map(int, upstream.stdout.readline().split())
            )
            stack.enter_context(server)
            self.process = server.process
            # The CPU clock of a process (linux/posix-timers.h), which includes ended threads.
            self._clock = (~server.process.pid << 3) | 2
            numbers = [self.ports[name] for name in ("broadcast", "chat", "chat-tcp")]
            crowd = self._child(stack, "members", *numbers, self.size.members)
            assert crowd.stdout is not None
            assert crowd.stdout.readline() == "ready\n"
            self._yardstick = self._child(stack, "yardstick")
            self._settle()
            self._sample_cost = min(self._cpu_of_a_sample() for _ in range(3))
            self._echo_cost = 0.0
            self._usual = Cost()
            if self._has_neighbour:
                numbers = [self.ports["echo"], self.ports["ident"], server.process.pid]
                self._neighbour = self._child(stack, "neighbour", *numbers)
                self._calibrate()
            self._stack = stack.pop_all()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._stack.close()

    def _child(self, stack: ExitStack, *arguments: object) -> subprocess.Popen[str]:
        child = subprocess.Popen(
            [sys.executable, "-m", "tests.hostile.crowd", *map(str, arguments)],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        stack.enter_context(child)
        stack.callback(child.kill)
        return child

    # Costs

    def wait_for_departures(self, count: float) -> None:
        """Wait until `count` connections are left.

        Rate limits delay an attacker's last messages. Strangers to the chat stay for minutes, but
        send nothing that counts.
        """
        end = time.monotonic() + MOST_DEPARTURE_SECONDS
        while self.connections() > count and time.monotonic() < end:
            time.sleep(SAMPLE_SECONDS)

    def begin(self) -> None:
        """Start to measure."""
        self._settle()
        self._delays()
        self._before = self._numbers()
        # Reset the peak of the resident memory (proc(5)).
        Path(f"/proc/{self.process.pid}/clear_refs").write_text("5")
        self._samples = 0
        self._ask(self._yardstick)
        self._cpu_before = self._cpu()

    def end(self) -> Cost:
        """Wait until the target is quiet, and return the costs."""
        self._settle()
        cpu = self._cpu() - self._cpu_before - self._samples * self._sample_cost
        slowness = float(self._ask(self._yardstick)) / YARDSTICK
        echoes, delay, greetings, lookup = self._delays()
        cost = self._numbers()
        cost.memory = self._memory("VmHWM")
        cost.messages -= greetings
        cost.sent -= echoes + greetings * len(GREETING)
        cost.cpu = (cpu - echoes * self._echo_cost) / slowness
        cost.delay = (delay - self._usual.delay) / slowness
        cost.lookup = (lookup - self._usual.lookup) / slowness
        for name, value in vars(self._before).items():
            setattr(cost, name, max(getattr(cost, name) - value, 0))
        return cost

    def _cpu(self) -> float:
        return time.clock_gettime(self._clock)

    def _cpu_of_a_sample(self) -> float:
        before = self._cpu()
        self._metrics()
        return self._cpu() - before

    def _settle(self) -> None:
        sent, end = -1e9, time.monotonic() + MOST_SECONDS
        while time.monotonic() < end:
            before = self._cpu()
            time.sleep(SAMPLE_SECONDS)
            after = self._cpu()
            if after - before > QUIET * SAMPLE_SECONDS:
                continue
            last, sent = sent, self._metrics()[0]
            self._samples += 1
            if sent - last <= NEIGHBOURS_MESSAGES:
                return

    def _memory(self, key: str) -> int:
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        return int(status.split(f"{key}:")[1].split()[0]) * 1024

    def _numbers(self) -> Cost:
        messages, sent = self._metrics()
        with closing(sqlite3.connect(self._directory / "netlab.sqlite3")) as database:
            # The size of the file is no measure: new rows are in the write-ahead log at first.
            pages, free, page_bytes = (
                database.execute(f"PRAGMA {name}").fetchone()[0]
                for name in ("page_count", "freelist_count", "page_size")
            )
            tables = database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
            rows = sum(
                database.execute(f"SELECT count(*) FROM {name}").fetchone()[0]  # noqa: S608
                for [name] in tables.fetchall()
            )
        return Cost(
            memory=self._memory("VmRSS"),
            messages=messages,
            sent=sent,
            logged=self._logged(),
            stored=(pages - free) * page_bytes,
            rows=rows,
        )

    def _logged(self) -> int:
        # Lines about the neighbour are not costs of the attack.
        count = self._log_count
        with (self._directory / "events.log").open("rb") as log:
            log.seek(self._log_read)
            for line in log:
                if f" {NEIGHBOUR}:".encode() not in line:
                    count += len(line)
            self._log_read = log.tell()
        self._log_count = count
        return count

    def security_bytes(self) -> int:
        """Return the size of the file of security events, in bytes."""
        return (self._directory / "events.log.security").stat().st_size

    _samples = 0
    _log_read = _log_count = 0

    def _metrics(self) -> tuple[float, float]:
        """Return the numbers of sent messages and bytes."""
        page = self._page()
        messages, sent = (
            _total(page, rf'netlab_{name}_total\{{direction="out",.*\}}')
            for name in ("messages", "bytes")
        )
        return messages, sent

    def connections(self) -> float:
        """Return the number of connections, those to ident aside: the neighbour comes and goes."""
        return _total(self._page(), r'netlab_connections\{service="netlab-(?!ident).*\}')

    def _page(self) -> str:
        with closing(_UnixConnection(self.metrics)) as connection:
            connection.request("GET", "/metrics")
            return connection.getresponse().read().decode()

    # The neighbour

    def _calibrate(self) -> None:
        self._delays()
        time.sleep(0.5)
        self._delays()
        before = self._cpu()
        time.sleep(2.0)
        cpu = self._cpu() - before
        echoes, delay, _, lookup = self._delays()
        self._echo_cost = cpu / echoes
        self._usual = Cost(delay=delay, lookup=lookup)

    def _delays(self) -> tuple[int, float, int, float]:
        if not self._has_neighbour:
            return 0, 0.0, 0, 0.0
        echoes, delay, greetings, lookup = self._ask(self._neighbour).split()
        return int(echoes), float(delay), int(greetings), float(lookup)

    def _ask(self, child: subprocess.Popen[str]) -> str:
        assert child.stdin is not None
        assert child.stdout is not None
        child.stdin.write("\n")
        child.stdin.flush()
        return child.stdout.readline()
