"""Costs of one member, one message and one node of a shared room, measured."""

from __future__ import annotations

import gc
import os
import socket
import subprocess
import sys
import tempfile
import time
import tracemalloc
from bisect import insort
from collections.abc import Awaitable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, cast

from twisted.internet.defer import Deferred
from twisted.internet.task import Clock

from bench.databases import DEFAULTS
from tests.doubles.postgresql import PostgreSQL, running
from tests.doubles.shared_log import Server as MemoryServer
from tests.doubles.shared_nodes import MemoryNode
from tests.doubles.storage import SlowStorage, execute
from tests.processes import Server
from twisted_lab.rooms import Said
from twisted_lab.rooms.schema import SHARED_TABLES
from twisted_lab.rooms.shared_log import SharedLog
from twisted_lab.rooms.shared_queries import Seated
from twisted_lab.rooms.shared_transactions import JOINED, PAGE
from twisted_lab.rooms.shared_writing import CHANNEL, PRESENCE
from twisted_lab.text.user_names import name_key

Units = dict[str, list[float]]
HOST = "127.0.0.1"
TEXT = "a message of sixty letters, as people write them in a chat.."
MEMBERS = 50  # of the process that sends to members
MESSAGES = 10  # of each of them
KNOWN = 20_000  # members of other nodes
BATCH = 100  # pieces of work in a transaction
LISTENERS = 20
UNLIMITED = [  # All members have one address here.
    f"--address-{what}={10**9}" for what in ("members", "joins", "message-bytes", "history-bytes")
]


def measure(rounds: int) -> Units:
    """Return the values of each unit, one for each round.

    Raises:
        Missing: There is no PostgreSQL here.
    """
    units: Units = {}
    with ExitStack() as stack:
        postgresql = stack.enter_context(running(*DEFAULTS))
        for number in range(rounds):
            for name, value in (*copies(), *names(), *_server(postgresql)):
                units.setdefault(name, []).append(value)
            print(f"round {number + 1} of {rounds}", file=sys.stderr)
    return units


# A node


def copies() -> Iterator[tuple[str, float]]:
    """Measure a process that sends messages to members by the reliable protocol."""
    with socket.socket(type=socket.SOCK_DGRAM) as free:
        free.bind((HOST, 0))
        port = free.getsockname()[1]
    with tempfile.TemporaryDirectory(prefix="bench") as folder:
        server = Server(Path(folder), "netlab-chat", f"--port={port}", *UNLIMITED)
        try:
            server.wait_for("listening")
            before = _cpu_seconds(server.process.pid)
            command = [sys.executable, "-m", "tests.programs.members", f"--port={port}"]
            command += [
                f"--count={MEMBERS}",
                f"--messages={MESSAGES}",
                f"--total-members={MEMBERS}",
            ]
            subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
            cpu = _cpu_seconds(server.process.pid) - before
        finally:
            server.stop()
    yield "copy_us", 1e6 * cpu / (MEMBERS * MEMBERS * MESSAGES)


def _cpu_seconds(process: int) -> float:
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def names() -> Iterator[tuple[str, float]]:
    """Measure what a node keeps and does for the members of other nodes."""
    clock = Clock()
    clock.advance(1.0)
    server = MemoryServer(clock)
    for number in range(KNOWN):
        name = f"Member{number:06}x"
        server.put_in(Seated(name, name_key(name), "", f"{number:016x}"), "other")
    gc.collect()
    started = time.process_time()
    MemoryNode(server, clock).room.discard()
    yield "begin_us", 1e6 * (time.process_time() - started) / KNOWN
    gc.collect()
    tracemalloc.start()
    node = MemoryNode(server, clock)
    # Strings that the server in memory shares with the node count, too.
    shared = sum(
        sys.getsizeof(member.name) + sys.getsizeof(member.key) + sys.getsizeof(member.seat)
        for member, _ in list(server.members.values())[:1000]
    )
    yield "name_bytes", tracemalloc.get_traced_memory()[0] / KNOWN + shared / 1000
    tracemalloc.stop()
    entries = [
        Said(10**6 + number, f"Joined{number:06}x", JOINED, PRESENCE, listener=f"s{number}")
        for number in range(2000)
    ]
    started = time.process_time()
    for entry in entries:
        node.room._hear_of(entry)
    yield "join_us", 1e6 * (time.process_time() - started) / len(entries)
    said = [Said(2 * 10**6 + number, "Anna", TEXT) for number in range(5000)]
    started = time.process_time()
    for entry in said:
        node.room._hear_of(entry)
    yield "hear_us", 1e6 * (time.process_time() - started) / len(said)
    node.room.discard()
    keys = [*range(0, 2_000_000, 2)]  # As names do, each takes a pointer in the list.
    started = time.process_time()
    for number in range(100):
        insort(keys, 20_000 * number + 1)
    yield "insert_us", 1e6 * (time.process_time() - started) / 100


# The server


class _Log:
    """A node on a server, whose work waits until it is done in one transaction."""

    def __init__(self, address: str) -> None:
        self.storage = SlowStorage(SHARED_TABLES, address)
        self.log = SharedLog(self.storage)
        [[backend]] = execute(self.storage.database, "SELECT pg_backend_pid()")
        self._schedule = Path(f"/proc/{backend}/schedstat")
        self.seconds(self.log.register(0))

    def cpu(self) -> float:
        """Return the seconds of CPU time of this process and of the server's one for it."""
        return time.process_time() + int(self._schedule.read_text().split()[0]) / 1e9

    def seconds(self, *works: Awaitable[object]) -> float:
        """Do work in a transaction; return the seconds of CPU time that it takes."""
        failures: list[object] = []
        for work in works:
            Deferred.fromCoroutine(cast(Any, work)).addErrback(failures.append)
        started = self.cpu()
        self.storage.answer()
        seconds = self.cpu() - started
        while self.storage.answer():
            pass
        assert not failures, failures
        return seconds

    def said(self, number: int) -> Awaitable[object]:
        speaker = f"{number % BATCH:032x}"
        return self.log.add(Said(1, "Anna", TEXT, "", speaker, number, time=time.time()))

    def enter(self, number: int) -> Awaitable[object]:
        return self.log.enter(f"Member{number:06}x", f"{number:032x}", f"{number:016x}", 1.0)


def _server(postgresql: PostgreSQL) -> Iterator[tuple[str, float]]:
    with postgresql.new_database() as address, _listening(postgresql) as listening:
        node, other = _Log(address), _Log(address)
        try:
            yield from _writes(node, other)
            yield from _reads(node)
            yield from _notifications(node, listening)
        finally:
            node.storage.database.close()
            other.storage.database.close()


def _median(some: Sequence[float]) -> float:
    return sorted(some)[len(some) // 2]


def _flush() -> float:
    """Return the seconds that a disk takes to store a page."""
    with tempfile.TemporaryFile() as file:
        file.write(bytes(2**20))
        os.fdatasync(file.fileno())
        file.seek(0)
        file.write(bytes(8192))
        file.flush()
        started = time.perf_counter()
        os.fdatasync(file.fileno())
        return time.perf_counter() - started


def _writes(node: _Log, other: _Log) -> Iterator[tuple[str, float]]:
    yield "flush_us", 1e6 * _median([_flush() for _ in range(30)])
    numbers = iter(range(1, 10**6))
    for _ in range(2 * BATCH):
        node.seconds(node.said(next(numbers)))
    one = _median([node.seconds(node.said(next(numbers))) for _ in range(100)])
    yield "commit_us", 1e6 * one
    many = []
    for _ in range(20):
        # The first one is stored alone; the others have come meanwhile.
        works = [node.said(next(numbers)) for _ in range(BATCH + 1)]
        for work in works:
            Deferred.fromCoroutine(cast(Any, work))
        node.storage.answer()
        many.append(node.seconds())
    yield "message_us", 1e6 * (_median(many) - one) / BATCH
    yield "enter_us", 1e6 * _median([node.seconds(node.enter(number)) for number in range(100)])
    batches = range(1, 11)
    entering = [
        node.seconds(*(node.enter(BATCH * batch + number) for number in range(BATCH)))
        for batch in batches
    ]
    yield "enter_more_us", 1e6 * _median(entering) / BATCH
    renewals = [node.seconds(node.log.renew(10**16)) for _ in range(100)]
    yield "renewal_us", 1e6 * _median(renewals)
    sizes = "pg_total_relation_size('members') + pg_total_relation_size('looks')"
    yield "member_disk_bytes", _per_row(node, sizes, "members")
    node.seconds(node.log.unregister())
    yield "bury_us", 1e6 * other.seconds(other.log.bury([])) / PAGE
    node.seconds(node.log.register(0))


def _per_row(node: _Log, size: str, table: str) -> float:
    query = f"SELECT ({size})::FLOAT / count(*) FROM {table}"  # noqa: S608
    [[found]] = execute(node.storage.database, query)
    return float(found)


def _entries(node: _Log) -> Sequence[Said]:
    found: list[Sequence[Said]] = []
    Deferred.fromCoroutine(cast(Any, node.log.entries(0))).addCallback(found.append)
    node.storage.answer()
    return found[0]


def _reads(node: _Log) -> Iterator[tuple[str, float]]:
    while len(_entries(node)) < PAGE:
        node.seconds(*(node.said(time.time_ns()) for _ in range(BATCH)))
    nothing = _median([node.seconds(node.log.entries(10**17)) for _ in range(100)])
    yield "read_us", 1e6 * nothing
    page = _median([node.seconds(node.log.entries(0)) for _ in range(20)])
    yield "entry_us", 1e6 * (page - nothing) / PAGE
    execute(node.storage.database, "VACUUM said")
    yield "entry_disk_bytes", _per_row(node, "pg_total_relation_size('said')", "said")


@contextmanager
def _listening(postgresql: PostgreSQL) -> Iterator[list[Any]]:
    with ExitStack() as stack:
        connections = [stack.enter_context(postgresql.connect()) for _ in range(LISTENERS)]
        yield connections


def _cpu_of(connections: Sequence[Any]) -> float:
    """Return the seconds of CPU time of the server's processes for some connections."""
    files = [f"/proc/{each.info.backend_pid}/schedstat" for each in connections]
    return sum(int(Path(file).read_text().split()[0]) for file in files) / 1e9


def _notifications(node: _Log, listening: list[Any]) -> Iterator[tuple[str, float]]:
    def notify() -> float:
        started = node.cpu() + _cpu_of(listening)
        execute(node.storage.database, f"SELECT pg_notify('{CHANNEL}', '')")
        for connection in listening:
            if listens:
                next(connection.notifies(timeout=5, stop_after=1))
        return node.cpu() + _cpu_of(listening) - started

    listens = False
    alone = _median([notify() for _ in range(100)])
    for connection in listening:
        connection.execute(f"LISTEN {CHANNEL}")
    listens = True
    yield "notification_us", 1e6 * (_median([notify() for _ in range(100)]) - alone) / LISTENERS
