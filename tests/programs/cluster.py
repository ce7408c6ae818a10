"""Breaks a chat room on three nodes: no member may miss a message, get one twice or be stuck.

    python -m tests.programs.cluster [--count N] [--seed N] [--faults NAMES] [--members N]

Each node is a process; all use one PostgreSQL server, and each has a way of its own to it. The
members are in this process, know all nodes, and lose a fifth of all datagrams in each direction.
They talk all the time. In each round something breaks for a while. Soon after its end all members
must be in the room, with all messages confirmed; each must have got each message once, and all in
the same order. The seed determines the faults and their lengths, but not what the nodes do then.
"""

from __future__ import annotations

import random
import re
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack
from itertools import pairwise
from pathlib import Path
from typing import Any

from twisted.internet.defer import Deferred, gatherResults
from twisted.internet.task import LoopingCall, deferLater, react
from twisted.internet.threads import deferToThread

from tests.doubles.cluster import ClusterMember, Node, PlainMember
from tests.doubles.postgresql import Missing, PostgreSQL, running
from twisted_lab.text import option
from twisted_lab.text.command_line import Options

NODES = 3
RECOVERY = 20.0  # seconds from the end of a fault
SPEAK_EVERY = 0.05  # seconds; one member after the other
TALK_AFTER = 2.0  # seconds after the end of a fault
SLOW = ("commit_siblings = 0", "commit_delay = 100000")  # Each commit takes 0.1 s longer.
# Words that a node reports only for mistakes of its own.
TROUBLE = ("Traceback", "Unhandled", "conversation failed", "deadlock")


class Wrong(Exception):
    """The room does not keep its promises; the text gives details."""


class ClusterOptions(Options):
    """The options of a run."""

    command = "tests.programs.cluster"
    exit_status = 2
    count = option.number("Number of rounds.", default=200)
    seed = option.number("Seed of the faults.", default=None, least=0)
    members = option.number("Number of members.", default=60)
    faults = option.text("The faults, one after another, with commas between them.", default="")
    longest = option.seconds("The longest fault, in seconds.", default=15)
    shows = option.flag("Show what members and nodes report.")


class Cluster:
    """Three nodes, their database and their members.

    Args:
        reactor: The reactor.
        folder: The folder of the nodes.
        database: The database's server.
        options: The options.
        chance: The choices.
    """

    def __init__(
        self,
        reactor: Any,
        folder: Path,
        database: PostgreSQL,
        options: ClusterOptions,
        chance: random.Random,
    ) -> None:
        self.rounds = self.messages = self.heard_by_plain = 0
        self.worst = 0.0
        self._reactor = reactor
        self._database = database
        self._options = options
        self._chance = chance
        self._nodes = [Node(reactor, folder / f"n{number}", database) for number in range(NODES)]
        self._members: list[ClusterMember] = []
        self._plain: list[PlainMember] = []
        self._said: list[str] = []
        self._order: dict[str, int] = {}  # the places of all messages so far
        self._next = 0

    # Time

    async def _sleep(self, seconds: float) -> None:
        await deferLater(self._reactor, seconds)

    async def _until(self, condition: Callable[[], bool], seconds: float, what: str) -> float:
        """Wait for a condition, and return how long that took."""
        start = time.monotonic()
        while not condition():
            if time.monotonic() > start + seconds:
                raise Wrong(f"after {seconds} s not {what}")
            await self._sleep(0.05)
        return time.monotonic() - start

    # Members

    async def begin(self) -> None:
        """Start the nodes, and have all members join."""
        for node in self._nodes:
            node.start()
        await self._until(lambda: all(each.is_open for each in self._nodes), 30, "all nodes open")
        ports = [node.port for node in self._nodes]
        for number in range(self._options.members):
            own = number % NODES
            chance = random.Random(self._chance.random())
            name = f"m{number}"
            self._members.append(
                ClusterMember(self._reactor, name, [*ports[own:], *ports[:own]], chance)
            )
            self._members[-1].wire.open()
        self._plain = [
            PlainMember(self._reactor, f"p{number}", node)
            for number, node in enumerate(self._nodes)
        ]
        try:
            await self._settle(60)
        except Wrong:
            self._show()
            raise
        self._check()

    async def _settle(self, seconds: float) -> float:
        """Wait until all members are in the room, have all messages and know each other."""
        try:
            return await self._until(self._is_settled, seconds, "settled")
        except Wrong as error:
            raise Wrong(f"{error}: {self._unsettled()}") from None

    def _is_settled(self) -> bool:
        return not self._unsettled()

    def _unsettled(self) -> str:
        stuck = [each for each in self._members if not each.is_settled()]
        if stuck:
            return f"{len(stuck)} members are stuck, such as {stuck[0].condition}"
        for each in self._members:
            if len(each.heard) < len(self._said):
                missing = {*self._said} - {*each.heard}
                return f"{each.name} misses {len(missing)} messages, such as {min(missing)}"
            known = {name for name in each.client.room.others if name.startswith("m")}
            if wrong := known ^ {other.name for other in self._members} ^ {each.name}:
                return f"{each.name} is wrong about {sorted(wrong)}, {each.present[-5:]}"
        return ""

    def _speak(self) -> None:
        member = self._members[self._next % len(self._members)]
        self._next += 1
        text = f"{self.rounds} {self._next}"
        self._said.append(f"{member.name}: {text}")
        member.client.say(text)

    def _check(self) -> None:
        """Check what the members have heard in a round, and forget it."""
        for member in self._members:
            if member.trouble:
                raise Wrong(f"{member.name}: {member.trouble}")
            doubled = [text for text, number in Counter(member.heard).items() if number > 1]
            if doubled:
                raise Wrong(
                    f"{member.name} got {len(doubled)} messages twice, such as {doubled[0]}"
                )
            if {*member.heard} != {*self._said}:
                raise Wrong(
                    f"{member.name} got others: {sorted({*member.heard} ^ {*self._said})[:5]}"
                )
            if member.heard != self._members[0].heard:
                raise Wrong(f"{member.name} and m0 got different orders")
        for text in self._members[0].heard:
            self._order[text] = len(self._order)
        for plain in self._plain:
            # It may get the last messages of a round only now.
            places = [self._order[text] for text in plain.heard]
            if any(later <= before for before, later in pairwise([plain.place, *places])):
                raise Wrong(f"{plain.name} got messages twice, or in another order")
            plain.place = max([plain.place, *places])
            self.heard_by_plain += len(plain.heard)
            plain.heard.clear()
        self.messages += len(self._said)
        self._said.clear()
        for member in self._members:
            member.heard.clear()
            member.present.clear()
            member.told.clear()

    # Rounds

    def _choose(self) -> dict[str, float]:
        """Return one fault, or two at once, with their lengths in seconds."""
        if self._options.faults:
            faults = self._options.faults.split(",")
            names = [faults[self.rounds % len(faults)]]
        elif self._chance.random() < 0.3:
            names = [self._chance.choice(OF_NODES), self._chance.choice(OF_DATABASE)]
        else:
            names = [self._chance.choice([*FAULTS])]
        return {name: self._chance.uniform(0.2, self._options.longest) for name in names}

    async def round(self) -> None:
        """Break something for a while, and check."""
        faults = self._choose()
        for plain in self._plain:
            plain.join()
        speaking = LoopingCall(self._speak)
        speaking.clock = self._reactor
        ended: Deferred[Any] = speaking.start(SPEAK_EVERY)
        ended.addErrback(lambda failure: print(failure))
        await self._sleep(self._chance.uniform(0.5, 1.5))
        results = await gatherResults(
            [
                Deferred.fromCoroutine(FAULTS[name](self, seconds))
                for name, seconds in faults.items()
            ],
            consumeErrors=True,
        )
        details = " and ".join(
            f"{what} for {seconds:.1f} s"
            for what, seconds in zip(results, faults.values(), strict=True)
        )
        for node in self._nodes:
            node.restart_if_ended()
        end = time.monotonic()
        await self._sleep(TALK_AFTER)
        speaking.stop()
        try:
            await self._settle(RECOVERY - TALK_AFTER)
        except Wrong as error:
            self._show()
            raise Wrong(f"{details}; {error}") from None
        recovery = time.monotonic() - end
        gone = [
            line for line in self._members[0].present if re.match(r"\* m\d+ has (gone|left)", line)
        ]
        moved = sum("moved" in line for each in self._members for line in each.told)
        messages = len(self._said)
        if self._options.shows:
            self._show()
        self._check()
        has_left = {*faults} <= POLITE and any("left" in line for line in gone)
        if has_left or (gone and not {*faults} & SEEN):
            raise Wrong(f"{details}, but {gone}")
        self.rounds += 1
        self.worst = max(self.worst, recovery)
        print(
            f"round {self.rounds}: {details}; all well {recovery:.1f} s after it; "
            f"{messages} messages, {moved} moves, {len(gone)} gone for a while",
            flush=True,
        )

    def _show(self) -> None:
        for member in self._members[:3]:
            print(member.name, member.present, member.told)
        for number, node in enumerate(self._nodes):
            for console in node.consoles:
                print(f"n{number}:", *console[-12:], sep="\n    ")

    def check_logs(self) -> None:
        """Check that no node reports a mistake of its own."""
        for node in self._nodes:
            for console in node.consoles:
                for line in console:
                    if any(word in line for word in TROUBLE):
                        raise Wrong("\n".join(console))
        if "deadlock" in self._database.log:
            raise Wrong(self._database.log)

    def _any(self) -> tuple[str, Node]:
        """Return a node, probably one with many members: they gather on those that run longest."""
        port = self._chance.choice(self._members).client.servers.current.port
        [found] = [(f"n{at}", node) for at, node in enumerate(self._nodes) if node.port == port]
        return found

    # Faults; each returns what it has done

    async def _kill_node(self, seconds: float) -> str:
        name, node = self._any()
        node.kill()
        await self._sleep(seconds)
        node.start()
        return f"{name} killed"

    async def _kill_all_nodes(self, seconds: float) -> str:
        for node in self._nodes:
            node.kill()
        await self._sleep(seconds / 3)
        for node in self._nodes:
            node.start()
        return "all nodes killed"

    async def _stop(self, seconds: float) -> str:
        name, node = self._any()
        node.signal(signal.SIGTERM)
        return f"{name} stopped{await self._ended(name, node, seconds)}"

    async def _drain(self, seconds: float) -> str:
        name, node = self._any()
        self._plain[self._nodes.index(node)].leave()  # A drain waits for it.
        await deferToThread(node.drain)
        return f"{name} drained{await self._ended(name, node, seconds)}"

    async def _ended(self, name: str, node: Node, seconds: float) -> str:
        took = await self._until(lambda: node.has_ended, 30, f"{name} ended")
        node.ended()
        await self._sleep(seconds / 3)
        node.start()
        return f" within {took:.1f} s"

    async def _pause(self, seconds: float) -> str:
        name, node = self._any()
        node.signal(signal.SIGSTOP)
        await self._sleep(seconds)
        node.signal(signal.SIGCONT)
        return f"{name} paused"

    async def _cut(self, seconds: float) -> str:
        name, node = self._any()
        node.way.cut()
        await self._sleep(seconds)
        node.way.heal()
        return f"{name} cut from the database"

    async def _cut_silently(self, seconds: float) -> str:
        name, node = self._any()
        node.way.silence()
        await self._sleep(seconds)
        node.way.heal()
        return f"{name} cut silently"

    async def _stop_database(self, seconds: float) -> str:
        await deferToThread(self._database.stop)
        await self._sleep(seconds)
        await deferToThread(self._database.start)
        return "database stopped"

    async def _kill_database(self, seconds: float) -> str:
        await self._set(*SLOW)  # Now it is nearly always in the middle of a commit.
        await self._sleep(self._chance.uniform(0.5, 1.0))
        self._database.kill()
        await self._sleep(seconds)
        await deferToThread(self._database.start)
        await self._set()
        return "database killed"

    async def _hang_database(self, seconds: float) -> str:
        self._database.signal_all(signal.SIGSTOP)
        await self._sleep(seconds)
        self._database.signal_all(signal.SIGCONT)
        return "database paused"

    async def _refuse(self, seconds: float) -> str:
        database = self._database
        allow = "ALTER DATABASE postgres ALLOW_CONNECTIONS"
        with await deferToThread(database.connect, "template1") as connection:
            await deferToThread(connection.execute, f"{allow} false")
            await deferToThread(
                connection.execute,
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = 'postgres'",
            )
            await self._sleep(seconds)
            await deferToThread(connection.execute, f"{allow} true")
        return "database refuses connections"

    async def _read_only(self, seconds: float) -> str:
        await self._set("default_transaction_read_only = on")
        await self._sleep(seconds)
        await self._set()
        return "database is read-only"

    async def _slow(self, seconds: float) -> str:
        await self._set(*SLOW)
        await self._sleep(seconds)
        await self._set()
        return "slow disk"

    async def _lock(self, seconds: float) -> str:
        with await deferToThread(self._database.connect) as connection:
            # In a thread: this process forwards what the lock may wait for.
            await deferToThread(connection.execute, "BEGIN")
            await deferToThread(connection.execute, "SELECT * FROM room FOR UPDATE")
            await self._sleep(seconds)
        return "the room is locked"

    async def _set(self, *settings: str) -> None:
        """Change settings of the database's server; reset all others."""

        def change() -> None:
            with self._database.connect() as connection:
                connection.execute("ALTER SYSTEM RESET ALL")
                for setting in settings:
                    connection.execute(f"ALTER SYSTEM SET {setting}")
                connection.execute("SELECT pg_reload_conf()")

        await deferToThread(change)

    def end(self) -> None:
        """Kill all nodes."""
        for node in self._nodes:
            node.kill()
            node.way.cut()


FAULTS: dict[str, Callable[[Cluster, float], Any]] = {
    "kill": Cluster._kill_node,
    "kill-all": Cluster._kill_all_nodes,
    "drain": Cluster._drain,
    "stop": Cluster._stop,
    "pause": Cluster._pause,
    "cut": Cluster._cut,
    "silent-cut": Cluster._cut_silently,
    "stop-database": Cluster._stop_database,
    "kill-database": Cluster._kill_database,
    "pause-database": Cluster._hang_database,
    "refuse": Cluster._refuse,
    "read-only": Cluster._read_only,
    "slow": Cluster._slow,
    "lock": Cluster._lock,
}
OF_NODES = ("kill", "drain", "stop", "pause", "cut", "silent-cut")
OF_DATABASE = ("stop-database", "kill-database", "pause-database", "read-only", "slow")
# A member that moves from a node after its lease has ended seems to have gone. But after an outage
# of the database alone no node may remove another one's members.
SEEN = {"kill-all", *OF_NODES}
POLITE = {"drain", "stop"}


async def run(reactor: Any, options: ClusterOptions) -> None:
    """Run the rounds.

    Raises:
        SystemExit: With status 1, if a check failed.
    """
    seed = options.seed if options.seed is not None else time.time_ns() % 10**9
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        try:
            database = stack.enter_context(running())
        except Missing as reason:
            raise SystemExit(str(reason)) from None
        cluster = Cluster(reactor, folder, database, options, random.Random(seed))
        try:
            await cluster.begin()
            for _ in range(options.count):
                await cluster.round()
            cluster.check_logs()
        except Wrong as error:
            print(f"--seed {seed}, round {cluster.rounds + 1}: {error}")
            raise SystemExit(1) from None
        finally:
            cluster.end()
    print(
        f"{cluster.rounds} rounds, {cluster.messages} messages, each got once and in one order by "
        f"{options.members} members, which were well at most {cluster.worst:.1f} s after a fault; "
        f"three plain members got {cluster.heard_by_plain}, none twice"
    )


def main() -> None:
    """Run with the options of the command line."""
    options = ClusterOptions()
    options.parseOptions(sys.argv[1:])
    react(run, (options,))


if __name__ == "__main__":
    main()
