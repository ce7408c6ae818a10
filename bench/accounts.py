"""Speed of identifications and logins, and their effect on the delay of an echo.

    python -m bench.accounts [--rounds N]

Logins are compared with the bare argon2 library on as many threads, in alternating rounds.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import selectors
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Awaitable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager
from functools import partial
from pathlib import Path

from twisted.logger import LogLevel

from bench.frames import report
from twisted_lab.accounts import ACCOUNT_TABLES, Lifetimes, Passwords, register
from twisted_lab.channels import ConversationFactory, TextChannel
from twisted_lab.eventlog.events import ServiceEvents
from twisted_lab.interfaces import global_reactor
from twisted_lab.known_peers import PEER_TABLES
from twisted_lab.login import AccountRealm, Hashing
from twisted_lab.services.auth import Authentication
from twisted_lab.services.echo import EchoFactory
from twisted_lab.services.ident import Identification
from twisted_lab.storage import open_database
from twisted_lab.storage.threads import Storage

PEERS = 50
LOGINS = 4  # of each peer, one after another
IDENTIFICATIONS = 2000
AT_ONCE = 200
PASSWORD = "correct horse battery"


def serve(name: str) -> None:
    """Serve auth, ident and echo on one reactor, until the parent ends."""
    reactor = global_reactor()
    events = ServiceEvents("bench", lambda event: None, LogLevel.warn)
    storage = Storage(reactor, name)
    hashing = Hashing(reactor, Passwords())
    realm = AccountRealm(storage.of(ACCOUNT_TABLES), hashing, reactor, Lifetimes())
    names = Identification(storage.of(PEER_TABLES), time.time, time.monotonic)
    for resource in (storage, hashing):
        resource.open()
    login = Authentication(realm, events)
    factories = [
        ConversationFactory(reactor, events, converse, lambda: TextChannel(600))
        for converse in (login.converse, names.converse)
    ]
    for factory in (*factories, EchoFactory(reactor, events)):
        port = reactor.listenTCP(0, factory, 1024, "127.0.0.1")
        print(port.getHost().port, flush=True)
    reactor.run()


@contextmanager
def server(name: str) -> Iterator[list[int]]:
    """Run a server with an account for each peer; yield the ports of auth, ident and echo.

    Args:
        name: The name of its new database.
    """
    with closing(open_database(name, ACCOUNT_TABLES)) as database:
        hashed = Passwords().hash(PASSWORD)
        for number in range(PEERS):
            database.run(partial(register, name=f"peer{number}", hashed=hashed, now=1.0))
    command = [sys.executable, "-m", "bench.accounts", "--serve", name]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    try:
        yield [int(process.stdout.readline()) for _ in range(3)]
    finally:
        process.kill()
        process.communicate()


def log_in(waiting: list[list[socket.socket]]) -> None:
    """Log in all peers, each one connection after another.

    One thread does this, which takes little CPU time from the server.
    """
    with selectors.EpollSelector() as selector:

        def begin(number: int) -> None:
            client = waiting[number].pop()
            client.sendall(f"peer{number}\n{PASSWORD}\n".encode())
            selector.register(client, selectors.EVENT_READ, number)

        for number in range(len(waiting)):
            begin(number)
        while selector.get_map():
            for key, _ in selector.select():
                client, number = key.fileobj, key.data
                assert isinstance(client, socket.socket)
                if b"valid until" in client.recv(1024):
                    selector.unregister(client)
                    if waiting[number]:
                        begin(number)


async def identify(port: int, numbers: Iterator[int]) -> None:
    """Introduce new addresses, one after another."""
    for number in numbers:
        source = f"127.{1 + number // 62500}.{number // 250 % 250}.{1 + number % 250}"
        reader, writer = await asyncio.open_connection("127.0.0.1", port, local_addr=(source, 0))
        writer.write(f"name{number}\n".encode())
        said = await reader.read(-1)
        assert said.endswith(f"Hello, name{number}\n".encode()), said
        writer.close()


def echo(port: int, done: threading.Event) -> list[float]:
    """Return the seconds of each round trip until `done` is set."""
    trips = []
    with socket.create_connection(("127.0.0.1", port)) as client:
        while not done.wait(0.05):
            started = time.perf_counter()
            client.sendall(b"x" * 1024)
            client.recv(1024, socket.MSG_WAITALL)
            trips.append(time.perf_counter() - started)
    return trips


async def seconds(work: list[Awaitable[None]]) -> float:
    """Return the seconds that all of it takes."""
    started = time.perf_counter()
    await asyncio.gather(*work)
    return time.perf_counter() - started


def logins(auth_port: int, echo_port: int, turn: int) -> tuple[float, float]:
    """Return logins per second, and the 99th percentile of the echo's delay in milliseconds.

    A login lasts from the name to the greeting, on connections opened before. Those of each turn
    come from an address of their own, because the server limits the hashes for one.
    """
    source = (f"127.0.1.{turn}", 0)
    done = threading.Event()
    with ExitStack() as connections, ThreadPoolExecutor(1) as prober:
        clients = [
            [
                connections.enter_context(
                    socket.create_connection(("127.0.0.1", auth_port), source_address=source)
                )
                for _ in range(LOGINS)
            ]
            for _ in range(PEERS)
        ]
        for several in clients:
            for client in several:
                assert client.recv(1024) == b"Name or token?\n"
        trips = prober.submit(echo, echo_port, done)
        started = time.perf_counter()
        log_in(clients)
        took = time.perf_counter() - started
        done.set()
    return PEERS * LOGINS / took, statistics.quantiles(trips.result(), n=100)[98] * 1000


def bare() -> float:
    """Return hashes per second of the bare library."""
    passwords = Passwords()
    hashed = passwords.hash(PASSWORD)
    threads = len(os.sched_getaffinity(0))
    with ThreadPoolExecutor(threads) as pool:
        started = time.perf_counter()
        for _ in range(PEERS * LOGINS):
            pool.submit(passwords.matches, hashed, PASSWORD)
        pool.shutdown()
        return PEERS * LOGINS / (time.perf_counter() - started)


def main() -> None:
    """Measure, and print the results."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--serve", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.serve:
        serve(arguments.serve)
        return
    ratios, slowest, rates = [], [], []
    with (
        tempfile.TemporaryDirectory() as directory,
        server(str(Path(directory, "bench.sqlite3"))) as (auth_port, ident_port, echo_port),
    ):
        numbers = iter(range(IDENTIFICATIONS * arguments.rounds))
        for turn in range(arguments.rounds):
            rate, slow = logins(auth_port, echo_port, turn)
            ratios.append(rate / bare())
            slowest.append(slow)
            some = iter([next(numbers) for _ in range(IDENTIFICATIONS)])
            took = asyncio.run(seconds([identify(ident_port, some) for _ in range(AT_ONCE)]))
            rates.append(IDENTIFICATIONS / took)
    report("logins per second, 50 simultaneous peers, ours to bare argon2", ratios, "at least 0.9")
    report("ms of the slowest 1% of echoes during logins", slowest, "under 20")
    report("identifications per second, 200 simultaneous peers", rates, "at least 1000")


if __name__ == "__main__":
    main()
