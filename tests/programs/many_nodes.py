"""A room on many nodes, without sockets: what each node and the server do in a second.

    python -m tests.programs.many_nodes [--nodes N] [--members N] [--rate N] [--seconds N]

The nodes are the real ones of a shared room, on a simulated clock, with a server in memory. Each
has one member that listens; the other members have no channels. Some of them speak. At the end a
node dies, and the others must hear of each of its members once. All listeners must have heard the
same.
"""

from __future__ import annotations

import sys
import time
from dataclasses import dataclass

from twisted.internet.defer import Deferred

from tests.doubles.shared_nodes import Nodes, Stay
from twisted_lab.codecs import byte_length
from twisted_lab.rooms import Said, client_id
from twisted_lab.text import option
from twisted_lab.text.command_line import Options

STEP = 0.01  # seconds
REQUEST = 0.002  # seconds of each request to the server, and of each answer
TEXT = "a message of sixty letters, as people write them in a chat.."


class NodesOptions(Options):
    """The options of a run."""

    command = "tests.programs.many_nodes"
    exit_status = 2
    nodes = option.number("Number of nodes.", default=100)
    members = option.number("Number of members of all nodes.", default=10_000)
    rate = option.number("Messages of all members in a second.", default=100)
    seconds = option.number("Seconds of talk.", default=12)


@dataclass
class Counted:
    """Counts of a second.

    Attributes:
        entries: The entries that a node read.
        reads: The reads of a node.
        commits: The commits of all nodes.
        notifications: The notifications of all nodes.
        renewals: The renewals of all leases.
        cpu_us: The CPU time of a node for an entry, in microseconds; its listener's line included.
    """

    entries: float
    reads: float
    commits: float
    notifications: float
    renewals: float
    cpu_us: float


class Simulation:
    """A room on many nodes.

    Args:
        nodes: The number of nodes.
        members: The number of members of all nodes.
    """

    def __init__(self, nodes: int, members: int) -> None:
        self.nodes = Nodes(nodes, lambda: REQUEST)
        self._members = members
        self.listeners: list[Stay] = []
        self._spoken = 0

    def start(self) -> None:
        """Let all become members."""
        all_nodes = self.nodes.nodes
        self.nodes.advance(1)
        self.listeners = [node.join(f"L{number}n") for number, node in enumerate(all_nodes)]
        for number in range(self._members - len(all_nodes)):
            log = all_nodes[number % len(all_nodes)].log
            entering = log.enter(f"P{number}n", client_id(str(number)), f"seat{number}", 0.0)
            Deferred.fromCoroutine(entering)
        while any(node.room.members < self._members for node in all_nodes):
            self.nodes.advance(1)
        self.nodes.advance(12, 0.5)

    def talk(self, rate: int, seconds: int) -> Counted:
        """Let members speak, and return what happened."""
        server, logs = self.nodes.server, [node.log for node in self.nodes.nodes]

        def count() -> list[int]:
            return [
                sum(log.read_entries for log in logs),
                sum(log.reads for log in logs),
                server.commits,
                server.notifications,
                sum(log.renewals for log in logs),
            ]

        before, started = count(), time.process_time()
        due = 0.0
        for _ in range(round(seconds / STEP)):
            due += rate * STEP
            while due >= 1:
                due -= 1
                self._say(self._spoken)
                self._spoken += 1
            self.nodes.advance(STEP, STEP)
        cpu = time.process_time() - started
        found = [after - first for after, first in zip(count(), before, strict=True)]
        entries, reads, commits, notifications, renewals = (each / seconds for each in found)
        nodes = len(logs)
        return Counted(
            entries / nodes,
            reads / nodes,
            commits,
            notifications,
            renewals,
            1e6 * cpu / max(found[0], 1),
        )

    def _say(self, number: int) -> None:
        now = self.nodes.clock.seconds()
        speaker = number % max(self._members - len(self.listeners), 1)
        log = self.nodes.nodes[speaker % len(self.nodes.nodes)].log
        said = Said(0, f"P{speaker}n", TEXT, "", client_id(str(speaker)), number + 1, time=now)
        Deferred.fromCoroutine(log.add(said))

    def kill(self) -> float:
        """Kill the last node; return the seconds until all others know that its members are gone.

        Raises:
            AssertionError: A node does not know in a minute.
        """
        *rest, dead = self.nodes.nodes
        dead.is_running = False
        gone = sum(node == dead.log.id for _, node in self.nodes.server.members.values())
        wanted = len(self.nodes.server.members) - gone
        started = self.nodes.clock.seconds()
        while any(node.room.members != wanted for node in rest):
            self.nodes.advance(0.1)
            assert self.nodes.clock.seconds() < started + 60, "members of a dead node are left"
        self.nodes.advance(1)
        for stay in self.listeners[:-1]:
            silent = sum(text.endswith(" has gone silent") for text in stay.texts)
            assert silent == gone, f"{silent} of {gone} have gone silent"
        return self.nodes.clock.seconds() - started - 1

    def check(self) -> None:
        """Check that all have heard the same.

        Raises:
            AssertionError: They have not.
        """
        first, *others = self.listeners[:-1]
        said = first.said
        assert len(said) == self._spoken, f"{len(said)} of {self._spoken} messages"
        assert all(stay.said == said for stay in others), "another order, or other messages"
        assert len({node.room._names.here() for node in self.nodes.nodes[:-1]}) == 1


def main() -> None:
    """Simulate, and print a line for each finding."""
    options = NodesOptions()
    options.parseOptions(sys.argv[1:])
    simulation = Simulation(options.nodes, options.members)
    simulation.start()
    counted = simulation.talk(options.rate, options.seconds)
    who = simulation.nodes.server.names.here()
    seconds = simulation.kill()
    simulation.check()
    print(f"{options.nodes} nodes, {options.members:,} members, {options.rate} messages a second")
    print(f"entries that a node reads in a second: {counted.entries:,.1f}")
    print(f"reads of a node in a second: {counted.reads:,.1f}")
    print(f"commits in a second: {counted.commits:,.1f}")
    print(f"notifications in a second, all nodes together: {counted.notifications:,.0f}")
    print(f"renewals in a second, all nodes together: {counted.renewals:,.1f}")
    print(f"CPU time of a node for an entry: {counted.cpu_us:.1f} us")
    print(f"bytes of an answer to /who: {byte_length(who):,}")
    print(f"seconds from the death of a node until all others know: {seconds:.1f}")
    print("All members that listen have heard the same, in the same order.")


if __name__ == "__main__":
    main()
