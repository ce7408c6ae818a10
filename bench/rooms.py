"""Speed of a room that several nodes share, on PostgreSQL.

    python -m bench.rooms [--rounds N] [--only store|chat]

The room store alone: nodes, each a process, store messages, notify each other, and read the
messages of all. The chat: nodes of `netlab-chat`, with members of all of them, and the latency from
the keyboard of a member of one node to the screen of a member of another one. PostgreSQL, nodes and
members are on this machine, PostgreSQL with its defaults: a message is on the disk before it is
acknowledged.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from typing import Any

from twisted.internet.defer import Deferred, gatherResults
from twisted.internet.task import deferLater

from bench.databases import DEFAULTS
from bench.targets import Finding
from tests.doubles.postgresql import Missing, PostgreSQL, running
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
SECONDS = 5.0
TEXT = "a message of sixty letters, as people write them in a chat.."
LEAST = 5000  # durable messages a second


def nothing(*_: object) -> None:
    """Do nothing."""


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
            nothing,
        )
        self.notifications = Notifications(self.reactor, address, CHANNEL, self.room.wake)
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
        await deferLater(self.reactor, SECONDS / 5)
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
def child(*arguments: str) -> Iterator[subprocess.Popen[str]]:
    """Run this module in another process during the block."""
    pipe = subprocess.PIPE
    process = subprocess.Popen(
        [sys.executable, "-m", "bench.rooms", *arguments], stdin=pipe, stdout=pipe, text=True
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def answer(process: subprocess.Popen[str]) -> list[str]:
    """Return the words of the next line of a process."""
    assert process.stdout is not None
    return process.stdout.readline().split()


def go(process: subprocess.Popen[str]) -> None:
    """Let a process go on."""
    assert process.stdin is not None
    process.stdin.write("\n")
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
            stack.enter_context(child("--node", str(number), *options)) for number in range(nodes)
        ]
        for each in running:
            assert answer(each) == ["ready"]
        for each in running:
            go(each)
        server = postgresql.pid
        time.sleep(SECONDS / 5)
        before, started = cpu_seconds(server), time.perf_counter()
        found = [list(map(float, answer(each))) for each in running]
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


def measure(rounds: int) -> list[Finding]:
    """Return the findings; none if there is no PostgreSQL here."""
    try:
        with running(*DEFAULTS) as postgresql:
            return store_findings(postgresql, rounds)
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
