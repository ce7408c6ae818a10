"""Speed of identifications, logins and stored messages on both kinds of databases.

    python -m bench.databases [--rounds N]

SQLite and PostgreSQL take turns. Both are on this machine's disk, with the durability of a service:
PostgreSQL's settings are its defaults.
"""

from __future__ import annotations

import argparse
import asyncio
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from itertools import count
from pathlib import Path

from twisted.internet.defer import Deferred, gatherResults

from bench.accounts import AT_ONCE, IDENTIFICATIONS, identify, logins, seconds, server
from bench.targets import Finding
from tests.doubles.postgresql import Missing, running
from twisted_lab.interfaces import global_reactor
from twisted_lab.rooms import Said
from twisted_lab.rooms.kept_history import KeptHistory
from twisted_lab.rooms.schema import HISTORY_TABLES
from twisted_lab.storage.threads import Storage

SPEAKERS = 200  # at once
MESSAGES = 100  # of each of them, one after another
DEFAULTS = ("shared_buffers=128MB", "autovacuum=on")


async def _speak(history: KeptHistory, speaker: str, messages: int) -> None:
    """Store messages, one after another."""
    said = Said(
        0, "Anna", "a message of sixty letters, as people write them in a chat..", "", speaker
    )
    for _ in range(messages):
        now = time.time()
        # The time is the count, because a client never uses a count again.
        again = replace(said, place=int(now * 1e6), count=time.time_ns(), time=now)
        assert await history.add(again)


async def _store(history: KeptHistory, messages: int) -> None:
    speakers = [_speak(history, f"{number:032x}", messages) for number in range(SPEAKERS)]
    await gatherResults([Deferred.fromCoroutine(each) for each in speakers])


def store(name: str) -> None:
    """Print how many messages of a room are stored in a second, in a database."""
    reactor = global_reactor()
    storage = Storage(reactor, name)
    history = KeptHistory(storage.of(HISTORY_TABLES))
    storage.open()

    async def measured() -> None:
        await _store(history, 1)  # Now all clients are known.
        started = time.perf_counter()
        await _store(history, MESSAGES)
        print(SPEAKERS * MESSAGES / (time.perf_counter() - started))
        await storage.close()
        reactor.stop()

    reactor.callWhenRunning(lambda: Deferred.fromCoroutine(measured()))
    reactor.run()


class Rates:
    """The rates of a kind of database, by measurement; each has a value for each round.

    Args:
        name: The name of the database.
        ports: The ports of auth, ident and echo on it.
    """

    def __init__(self, name: str, ports: list[int]) -> None:
        self.identifications: list[float] = []
        self.logins: list[float] = []
        self.messages: list[float] = []
        self._name = name
        self._ports = ports
        self._numbers = count()

    def measure(self, turn: int) -> None:
        """Measure a turn."""
        auth_port, ident_port, echo_port = self._ports
        some = iter([next(self._numbers) for _ in range(IDENTIFICATIONS)])
        took = asyncio.run(seconds([identify(ident_port, some) for _ in range(AT_ONCE)]))
        self.identifications.append(IDENTIFICATIONS / took)
        self.logins.append(logins(auth_port, echo_port, turn)[0])
        command = [sys.executable, "-m", "bench.databases", "--store", self._name]
        self.messages.append(float(subprocess.check_output(command)))


def measure(rounds: int) -> list[Finding]:
    """Return the measured rates, from alternating rounds; none if there is no PostgreSQL here."""
    with ExitStack() as stack:
        directory = stack.enter_context(tempfile.TemporaryDirectory(prefix="bench"))
        try:
            postgresql = stack.enter_context(running(*DEFAULTS))
        except Missing as reason:
            print(reason, file=sys.stderr)
            return []
        names = (
            str(Path(directory, "bench.sqlite3")),
            stack.enter_context(postgresql.new_database()),
        )
        rates = [Rates(name, stack.enter_context(server(name))) for name in names]
        for turn in range(rounds):
            for each in rates if turn % 2 else rates[::-1]:
                each.measure(turn)
    return [*_findings(*rates)]


def _findings(sqlite: Rates, postgresql: Rates) -> Iterator[Finding]:
    for what, wanted, one, other in (
        ("identifications", 0.3, sqlite.identifications, postgresql.identifications),
        ("logins", None, sqlite.logins, postgresql.logins),
        ("stored messages", None, sqlite.messages, postgresql.messages),
    ):
        yield Finding(f"{what} a second, SQLite", one, None, "")
        least = 5000 if one is sqlite.messages else None
        yield Finding(f"{what} a second, PostgreSQL", other, least, "")
        ratios = [second / first for first, second in zip(one, other, strict=True)]
        yield Finding(f"{what}, PostgreSQL to SQLite", ratios, wanted, " x SQLite")


def main() -> None:
    """Measure, and print a line for each finding."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--store", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.store:
        store(arguments.store)
        return
    for finding in measure(arguments.rounds):
        print(finding)


if __name__ == "__main__":
    main()
