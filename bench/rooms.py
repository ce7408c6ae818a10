"""Speed of a room that several nodes share, on PostgreSQL.

    python -m bench.rooms [--rounds N]

The room store alone: nodes, each a process, store messages, notify each other, and read the
messages of all. The chat: nodes of `netlab-chat`, with members of all of them, and the latency from
the keyboard of a member of one node to the screen of a member of another one. PostgreSQL, nodes and
members are on this machine, PostgreSQL with its defaults: a message is on the disk before it is
acknowledged.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from typing import Any

from twisted.internet.defer import Deferred, gatherResults
from twisted.internet.task import deferLater

from bench.databases import DEFAULTS
from bench.room_members import HOST, SECONDS, WARM_UP_SECONDS, nothing
from bench.targets import Finding
from tests.doubles.postgresql import Missing, PostgreSQL, running
from tests.processes import Server
from twisted_lab.channels import FanOut
from twisted_lab.eventlog.events import ServiceEvents
from twisted_lab.interfaces import global_reactor
from twisted_lab.rooms import Said
from twisted_lab.rooms.schema import SHARED_TABLES
from twisted_lab.rooms.shared_log import SharedLog
from twisted_lab.rooms.shared_room import SharedRoom
from twisted_lab.rooms.shared_writing import CHANNEL
from twisted_lab.storage.notifications import Notifications
from twisted_lab.storage.threads import Storage

NODES = (1, 2, 3)
SPEAKERS = 600  # of all nodes together, each of which waits until its message is read
TEXT = "a message of sixty letters, as people write them in a chat.."
LEAST = 5000  # durable messages a second
MEMBERS = (60, 1000)
PARTS = (0.2, 0.8)  # of the highest rate; the latency is measured at these rates
# All members have one address here.
UNLIMITED = tuple(
    f"--address-{what}={10**9}" for what in ("members", "joins", "message-bytes", "history-bytes")
)


class Node:
    """A node without members, which stores and reads.

    Args:
        address: The address of the database.
        number: The number of the node.
        speakers: How many clients speak on it.
    """

    def __init__(self, address: str, number: int, speakers: int) -> None:
        self.reactor: Any = global_reactor()
        self.storage = Storage(self.reactor, address)
        self.log = SharedLog(self.storage.of(SHARED_TABLES))
        events = ServiceEvents("bench", nothing)
        self.room = SharedRoom(
            self.log,
            FanOut(self.reactor, events),
            self.reactor.seconds,
            partial(deferLater, self.reactor),
            time.time,
            time.monotonic,
            lambda *_: None,
            lambda _: None,
        )
        self.notifications = Notifications(self.reactor, address, CHANNEL, self.room.notified)
        self.speakers = [f"{number:02x}{each:030x}" for each in range(speakers)]
        self.stored = 0
        self.goes_on = True

    async def speak(self, speaker: str) -> None:
        """Store messages, one after another, until the end."""
        while self.goes_on:
            now = time.time()
            # The time is the count, because a client never uses a count again.
            said = Said(round(now * 1e6), "Anna", TEXT, "", speaker, time.time_ns(), time=now)
            place = await self.log.add(said)
            assert place
            await self.room._reached(place)
            self.stored += 1

    async def run(self) -> None:
        """Speak for some seconds after a line on standard input, and print what was stored."""
        self.storage.open()
        self.room.open()
        self.notifications.open()
        await self.room._reached(1)
        await self.speak_once()  # Now all clients are known.
        print("ready", flush=True)
        sys.stdin.readline()
        speaking = gatherResults([Deferred.fromCoroutine(self.speak(s)) for s in self.speakers])
        await deferLater(self.reactor, WARM_UP_SECONDS)
        first, cpu, started = self.stored, time.process_time(), time.perf_counter()
        await deferLater(self.reactor, SECONDS)
        stored, seconds = self.stored - first, time.perf_counter() - started
        print(stored / seconds, (time.process_time() - cpu) / seconds, flush=True)
        self.goes_on = False
        await speaking
        await self.room.close()
        self.notifications.discard()
        await self.storage.close()
        self.reactor.stop()

    async def speak_once(self) -> None:
        """Let each speaker say something."""
        self.goes_on = False
        said = [
            self.log.add(Said(1, "Anna", TEXT, "", speaker, time.time_ns(), time=time.time()))
            for speaker in self.speakers
        ]
        await gatherResults([Deferred.fromCoroutine(each) for each in said])
        self.goes_on = True


def run_node(address: str, number: int, speakers: int) -> None:
    """Run a node in this process."""
    node = Node(address, number, speakers)

    def fail(failure: Any) -> None:
        failure.printTraceback()
        os._exit(1)

    reactor = node.reactor
    reactor.callWhenRunning(lambda: Deferred.fromCoroutine(node.run()).addErrback(fail))
    reactor.run()


def cpu_seconds(parent: int) -> float:
    """Return the CPU time of a process and its children, also of those that have ended."""
    ticks = 0
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(stat.parent.name) == parent:
            ticks += sum(map(int, fields[11:15]))
        elif int(fields[1]) == parent:
            ticks += sum(map(int, fields[11:13]))
    return ticks / os.sysconf("SC_CLK_TCK")


@contextmanager
def child(module: str, *arguments: str) -> Iterator[subprocess.Popen[str]]:
    """Run a module of this package in another process during the block."""
    pipe = subprocess.PIPE
    command = [sys.executable, "-m", f"bench.{module}", *arguments]
    process = subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True)
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def answer(process: subprocess.Popen[str]) -> str:
    """Return the next line of a process."""
    assert process.stdout is not None
    return process.stdout.readline().strip()


def tell(process: subprocess.Popen[str], line: str = "") -> None:
    """Write a line to a process."""
    assert process.stdin is not None
    process.stdin.write(f"{line}\n")
    process.stdin.flush()


def measure_store(postgresql: PostgreSQL, nodes: int) -> tuple[float, float, float]:
    """Measure the room store.

    Returns:
        Messages a second, and the CPU time of a message, in microseconds: of the nodes, and of
        PostgreSQL.
    """
    with ExitStack() as stack:
        address = stack.enter_context(postgresql.new_database())
        options = [address, str(SPEAKERS // nodes)]
        running = [
            stack.enter_context(child("rooms", "--node", str(number), *options))
            for number in range(nodes)
        ]
        for each in running:
            assert answer(each) == "ready"
        for each in running:
            tell(each)
        server = postgresql.pid
        time.sleep(WARM_UP_SECONDS)
        before, started = cpu_seconds(server), time.perf_counter()
        found = [list(map(float, answer(each).split())) for each in running]
        used = (cpu_seconds(server) - before) / (time.perf_counter() - started)
        rate = sum(stored for stored, _ in found)
        for each in running:
            each.wait()
        return rate, 1e6 * sum(cpu for _, cpu in found) / rate, 1e6 * used / rate


def store_findings(postgresql: PostgreSQL, rounds: int) -> list[Finding]:
    """Measure the room store with each number of nodes, in alternating rounds."""
    found: dict[int, list[tuple[float, float, float]]] = {nodes: [] for nodes in NODES}
    for turn in range(rounds):
        for nodes in NODES if turn % 2 else NODES[::-1]:
            found[nodes].append(measure_store(postgresql, nodes))
    findings = []
    for nodes, values in found.items():
        which = f"{nodes} node{'s' * (nodes > 1)}"
        rates, ours, servers = map(list, zip(*values, strict=True))
        findings += [
            Finding(f"messages a second, {which}", rates, LEAST, ""),
            Finding(f"CPU time of a message, nodes, {which}", ours, None, " µs"),
            Finding(f"CPU time of a message, PostgreSQL, {which}", servers, None, " µs"),
        ]
    return findings


class Talk:
    """Nodes of `netlab-chat`, and two processes with their members.

    Args:
        postgresql: The server.
        address: The address of the database.
        members: The number of members.
        stack: Ends the processes.
    """

    def __init__(
        self, postgresql: PostgreSQL, address: str, members: int, stack: ExitStack
    ) -> None:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        options = ("--port", "0", "--interface", HOST, "--log-level", "warn", *UNLIMITED)
        self.nodes = [
            stack.enter_context(
                Server(
                    folder, "netlab-chat", *options, "--history", address, twistd=("--pidfile=",)
                )
            )
            for _ in range(max(NODES))
        ]
        ports = ",".join(str(node.wait_for_port()) for node in self.nodes)
        half = members // 2
        self.members = [
            stack.enter_context(child("room_members", ports, str(first), str(half)))
            for first in (0, half)
        ]
        for each in self.members:
            assert answer(each) == "ready"
        self.processes = {
            "nodes": [node.process.pid for node in self.nodes],
            "PostgreSQL": [postgresql.pid],
            "members": [each.pid for each in self.members],
        }

    def cpu_seconds(self) -> list[float]:
        """Return the CPU time of each kind of process."""
        return [sum(map(cpu_seconds, each)) for each in self.processes.values()]

    def measure(self, rate: float) -> tuple[float, float, float, list[float]]:
        """Let the members talk.

        Args:
            rate: Messages a second; 0 for as many as the clients' rate limits allow.

        Returns:
            Messages a second; the 50th and 99th percentile of the latency, in milliseconds; and the
            CPU time of a message of each kind of process, in microseconds.
        """
        for each in self.members:
            tell(each, str(rate / len(self.members)))
        time.sleep(WARM_UP_SECONDS + 0.5)
        before, started = self.cpu_seconds(), time.perf_counter()
        time.sleep(SECONDS - 1)
        seconds, after = time.perf_counter() - started, self.cpu_seconds()
        found = [json.loads(answer(each)) for each in self.members]
        trips = statistics.quantiles([trip for each in found for trip in each["trips"]], n=100)
        heard = found[0]["rate"]
        assert heard, [line for node in self.nodes for line in node.lines]
        costs = [1e6 * (b - a) / seconds / heard for a, b in zip(before, after, strict=True)]
        return heard, trips[49], trips[98], costs


def chat_findings(postgresql: PostgreSQL, members: int, rounds: int) -> Iterator[Finding]:
    """Measure the nodes with members: as fast as possible, and at parts of that speed."""
    with ExitStack() as stack:
        address = stack.enter_context(postgresql.new_database())
        talk = Talk(postgresql, address, members, stack)
        where = f"{members:,} members"
        talk.measure(0)  # The clients use up the messages that they may send at once.
        rates, _, _, costs = zip(*(talk.measure(0) for _ in range(rounds)), strict=True)
        yield Finding(f"messages a second, {where}", list(rates), None, "")
        copies = [members * rate for rate in rates]
        yield Finding(f"messages on screens a second, {where}", copies, None, "")
        for kind, values in zip(talk.processes, zip(*costs, strict=True), strict=True):
            each = [value / members for value in values]
            yield Finding(f"CPU time of a message on a screen, {kind}, {where}", each, None, " µs")
        limit = statistics.median(rates)
        for part in PARTS:
            _, middle, slow, _ = zip(
                *(talk.measure(limit * part) for _ in range(rounds)), strict=True
            )
            how = f"{limit * part:.0f} messages a second, {where}"
            yield Finding(f"latency, 50th percentile, {how}", list(middle), None, " ms")
            yield Finding(f"latency, 99th percentile, {how}", list(slow), None, " ms")


def measure(rounds: int) -> list[Finding]:
    """Return the findings; none if there is no PostgreSQL here."""
    try:
        with running(*DEFAULTS) as postgresql:
            findings = store_findings(postgresql, rounds)
            for members in MEMBERS:
                findings += chat_findings(postgresql, members, rounds)
            return findings
    except Missing as reason:
        print(reason, file=sys.stderr)
        return []


def main() -> None:
    """Measure, and print a line for each finding."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--node", nargs=3, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.node:
        number, address, speakers = arguments.node
        run_node(address, int(number), int(speakers))
        return
    for finding in measure(arguments.rounds):
        print(finding)


if __name__ == "__main__":
    main()
