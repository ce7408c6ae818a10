"""Kills servers while they store data: all acknowledged data must survive.

    python -m tests.programs.kill [--count N] [--seed N] [--database sqlite|postgresql]

With PostgreSQL its server is killed, too, alone or together with the others. The seed determines
the moments of the kills, but not what the servers do then.
"""

from __future__ import annotations

import argparse
import os
import random
import signal
import socket
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import partial
from ipaddress import IPv4Address
from itertools import count
from pathlib import Path

from tests.doubles.postgresql import Missing, PostgreSQL, running
from tests.processes import DEADLINE, Server, children, suspend, wait_until
from twisted_lab.accounts import (
    TOKEN_PREFIX,
    name_key,
    token_digest,
)
from twisted_lab.accounts.commands import ALL_TABLES, AllQueries
from twisted_lab.storage import Unusable, open_database

THREADS = 4  # of clients for each server
SAMPLE = 100  # data of earlier rounds that each round checks
WORKERS = (1, 1, 1, 2)  # choices for the number of a server's processes
SOONEST, LATEST = 0.02, 0.5  # seconds, after which the servers are killed
# What a kill on PostgreSQL hits, one after another.
VICTIMS = ("services", "server", "both")
PASSWORD = "correct horse"


class Wrong(Exception):
    """A server lost data or misbehaved; the text gives details."""


@dataclass
class Acknowledged:
    """Acknowledged data: the names of addresses and tokens, and the accounts."""

    names: dict[str, str] = field(default_factory=dict)
    accounts: dict[str, str] = field(default_factory=dict)
    tokens: dict[str, str] = field(default_factory=dict)

    def add(self, other: Acknowledged) -> None:
        self.names |= other.names
        self.accounts |= other.accounts
        self.tokens |= other.tokens

    def sample(self, chance: random.Random, size: int) -> Acknowledged:
        def some(known: dict[str, str]) -> dict[str, str]:
            return dict(chance.sample(list(known.items()), min(size, len(known))))

        return Acknowledged(some(self.names), some(self.accounts), some(self.tokens))

    def __str__(self) -> str:
        return (
            f"{len(self.names)} names, {len(self.accounts)} accounts, {len(self.tokens)} tokens "
            "acknowledged"
        )


class Peer:
    """A client of a server, with its own IP address."""

    def __init__(self, port: int, address: str) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port), DEADLINE, (address, 0))
        self._lines = self._socket.makefile()

    def __enter__(self) -> Peer:
        return self

    def __exit__(self, *_: object) -> None:
        self._lines.close()
        self._socket.close()

    def say(self, text: str) -> None:
        self._socket.sendall(f"{text}\n".encode())

    def hear(self) -> str:
        line = self._lines.readline()
        if not line.endswith("\n"):
            raise ConnectionError("the server is gone")
        if line.startswith("error: cannot "):  # The server has no database.
            raise ConnectionError(line)
        return line[:-1]

    def expect(self, wanted: str) -> None:
        heard = self.hear()
        if heard != wanted:
            raise Wrong(f"received {heard!r} instead of {wanted!r}")


def name_peers(port: int, addresses: Iterator[str], acknowledged: Acknowledged) -> None:
    """Name addresses until the server is gone."""
    for address in addresses:
        name = f"peer {address}"
        with Peer(port, address) as peer:
            peer.expect("What's your name?")
            peer.say(name)
            peer.expect(f"Hello, {name}")
        acknowledged.names[address] = name


def open_accounts(port: int, addresses: Iterator[str], acknowledged: Acknowledged) -> None:
    """Register and log in until the server is gone."""
    for address in addresses:
        name = f"Account {address}"
        with Peer(port, address) as peer:
            peer.expect("Name or token?")
            peer.say(name)
            peer.expect("New name. Choose a password:")
            peer.say(PASSWORD)
            peer.expect("Repeat the password:")
            peer.say(PASSWORD)
            peer.expect(f"Hello, {name}")
            acknowledged.accounts[name_key(name)] = name
            acknowledged.tokens[hear_token(peer)] = name
        with Peer(port, address) as peer:
            peer.expect("Name or token?")
            peer.say(name)
            peer.expect("Password?")
            peer.say(PASSWORD)
            peer.expect(f"Hello, {name}")
            acknowledged.tokens[hear_token(peer)] = name


def hear_token(peer: Peer) -> str:
    label, token, *_ = [*peer.hear().split(), "", ""]
    if label != "Token:" or not token.startswith(TOKEN_PREFIX):
        raise Wrong(f"received '{label} {token}' instead of a token")
    return token


class Clients:
    """Clients on threads, which run until their servers, or the database's, are killed."""

    def __init__(self) -> None:
        self.acknowledged = Acknowledged()
        self.trouble = threading.Event()
        self._problems: list[str] = []
        self._killed = False
        self._threads: list[threading.Thread] = []

    def begin(
        self,
        work: Callable[[int, Iterator[str], Acknowledged], None],
        port: int,
        addresses: Iterator[str],
    ) -> None:
        def go_on() -> None:
            try:
                work(port, addresses, self.acknowledged)
            except OSError as error:
                if not self._killed:
                    self._report(f"{work.__name__}: {error}")
            except Wrong as error:
                self._report(f"{work.__name__}: {error}")

        thread = threading.Thread(target=go_on)
        self._threads.append(thread)
        thread.start()

    def _report(self, problem: str) -> None:
        self._problems.append(problem)
        self.trouble.set()

    def stop(self, *kills: Callable[[], None]) -> None:
        """Kill, and wait until the clients notice."""
        self._killed = True
        for kill in kills:
            kill()
        for thread in self._threads:
            thread.join()
        if self._problems:
            raise Wrong("; ".join(self._problems))


def kill_services(services: list[Server], chance: random.Random) -> None:
    """Kill all processes of the services in random order."""
    for service in services:
        suspend(service.process.pid)  # It must not replace killed workers.
        processes = [service.process.pid, *children(service.process.pid)]
        for process in chance.sample(processes, len(processes)):
            os.kill(process, signal.SIGKILL)


def check_database(name: str, wanted: Acknowledged) -> None:
    """Check that the database is valid and has all acknowledged data."""

    async def find_lost(kept: AllQueries) -> list[str]:
        lost = []
        for address, name in wanted.names.items():
            peer = await kept.peers.peer(address)
            if peer is None or peer.name != name:
                lost.append(f"address {address}")
        for key, name in wanted.accounts.items():
            account = await kept.accounts.account(key)
            if account is None or account.name != name:
                lost.append(f"account {name}")
        for token, name in wanted.tokens.items():
            session = await kept.accounts.session(token_digest(token))
            if session is None or session.account != name_key(name):
                lost.append(f"token {token} of {name}")
        return lost

    try:
        database = open_database(name, ALL_TABLES)
    except Unusable as error:
        raise Wrong(str(error)) from None
    try:
        lost = database.run(find_lost)
    finally:
        database.close()
    if lost:
        raise Wrong(f"lost: {', '.join(lost)}")


def check_servers(ident: int, auth: int, addresses: Iterator[str], wanted: Acknowledged) -> None:
    """Check that the servers know all acknowledged clients."""
    for address, name in wanted.names.items():
        with Peer(ident, address) as peer:
            peer.expect(f"Hello, {name}")
    for token, name in wanted.tokens.items():
        with Peer(auth, next(addresses)) as peer:
            peer.expect("Name or token?")
            peer.say(token)
            peer.expect(f"Welcome back, {name}")


class Run:
    """Rounds on one database; each starts with the state after the previous kill.

    Args:
        directory: The working directory of the services.
        chance: The choices.
        database: The database's server; None for a file.

    Attributes:
        acknowledged: The data of all rounds.
        kills: The number of kills.
    """

    def __init__(self, directory: Path, chance: random.Random, database: PostgreSQL | None) -> None:
        self.acknowledged = Acknowledged()
        self.kills = 0
        self._directory = directory
        self._database = database
        self._name = database.address if database else str(directory / "kill.sqlite3")
        self._chance = chance
        # All of 127.0.0.0/8 belongs to this machine.
        self._addresses = (str(IPv4Address("127.1.0.0") + number) for number in count())
        self._lock = threading.Lock()
        self._latest = Acknowledged()

    def _fresh(self) -> Iterator[str]:
        while True:
            with self._lock:
                address = next(self._addresses)
            yield address

    def _server(self, service: str, *options: str) -> Server:
        return Server(
            self._directory,
            service,
            *("--port", "0", "--interface", "127.0.0.1", "--log-level", "warn"),
            *("--database", self._name, *options),
            *("--workers", str(self._chance.choice(WORKERS))),
            twistd=("--pidfile=",),
        )

    def round(self) -> None:
        """Start, check the state after the last kill, run clients, and kill."""
        wanted = self.acknowledged.sample(self._chance, SAMPLE)
        wanted.add(self._latest)
        # Opening the file repairs it, but the servers must also get it unrepaired.
        is_checked_first = self._chance.random() < 0.5
        if is_checked_first:
            check_database(self._name, wanted)
        with ExitStack() as stack:
            services = [
                stack.enter_context(self._server("netlab-ident")),
                # Sessions must outlast a long run.
                stack.enter_context(self._server("netlab-auth", "--token-idle", "500000")),
            ]
            ident, auth = [service.wait_for_port() for service in services]
            check_servers(ident, auth, self._fresh(), self._latest.sample(self._chance, 1))
            if not is_checked_first:
                check_database(self._name, wanted)
            clients = Clients()
            for _ in range(THREADS):
                clients.begin(name_peers, ident, self._fresh())
                clients.begin(open_accounts, auth, self._fresh())
            clients.trouble.wait(self._chance.uniform(SOONEST, LATEST))
            self._latest = clients.acknowledged
            kill = partial(kill_services, services, self._chance)
            if self._database is None:
                clients.stop(kill)
            else:
                self._kill_with(self._database, kill, clients, partial(check_servers, ident, auth))
        self.acknowledged.add(self._latest)
        self.kills += 1

    def _kill_with(
        self,
        database: PostgreSQL,
        kill: Callable[[], None],
        clients: Clients,
        check: Callable[[Iterator[str], Acknowledged], None],
    ) -> None:
        """Kill the services, the database's server, or both; start that server again."""
        what = VICTIMS[self.kills % len(VICTIMS)]
        kills = [kill] * (what != "server") + [database.stop] * (what != "services")
        clients.stop(*self._chance.sample(kills, len(kills)))
        if what != "services":
            database.start()
        if what == "server":
            # The services are still there, and find it again.
            wanted = self._latest.sample(self._chance, 1)

            def is_back() -> bool:
                try:
                    check(self._fresh(), wanted)
                except ConnectionError:
                    return False
                return True

            wait_until(is_back)

    def check_all(self) -> None:
        check_database(self._name, self.acknowledged)


def main() -> None:
    """Kill `--count` times."""
    parser = argparse.ArgumentParser(prog="python -m tests.programs.kill")
    parser.add_argument("--count", type=int, default=200)
    parser.add_argument("--seed", type=int, default=time.time_ns())
    parser.add_argument("--database", choices=["sqlite", "postgresql"], default="sqlite")
    arguments = parser.parse_args()
    with ExitStack() as stack:
        directory = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        try:
            server = stack.enter_context(running()) if arguments.database == "postgresql" else None
        except Missing as reason:
            parser.error(str(reason))
        run = Run(directory, random.Random(arguments.seed), server)
        try:
            for _ in range(arguments.count):
                run.round()
            run.check_all()
        except (Wrong, AssertionError) as error:
            print(f"--seed {arguments.seed}, after kill {run.kills}: {error}; {run.acknowledged}")
            sys.exit(1)
        print(f"{arguments.count} kills, {run.acknowledged}; no data lost")


if __name__ == "__main__":
    main()
