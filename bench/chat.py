"""Speed of a room's datagrams, and the latency from one member's keyboard to another's screen.

    python -m bench.chat [--rounds N]

The rate of datagrams is compared with a bare loop around `sendto` and with Twisted's
`transport.write` to the same addresses, in alternating rounds.
"""

from __future__ import annotations

import argparse
import selectors
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from itertools import cycle
from pathlib import Path
from typing import Any

from twisted.internet.task import Clock, LoopingCall
from twisted.logger import LogLevel

from bench.frames import report
from tests.doubles.rooms import open_chat
from twisted_lab.channels import Connections
from twisted_lab.channels.datagram_server import DatagramServer
from twisted_lab.client.chat_client import ChatClient
from twisted_lab.client.servers import Server, Servers
from twisted_lab.client.udp import UDPWire
from twisted_lab.eventlog.events import ServiceEvents
from twisted_lab.ports.addresses import ALL_IPV4
from twisted_lab.ports.udp_port import DatagramPort
from twisted_lab.rooms import Line, MemoryHistory

MEMBERS = 200
MESSAGES = 20  # per round
SPEAKERS = 10
SAMPLES = 400
INTERVAL = 0.04  # seconds: each speaker stays below 4 messages a second
HOST = "127.0.0.1"


@contextmanager
def plain_members(count: int) -> Iterator[list[socket.socket]]:
    """Yield `count` sockets with buffers for all datagrams of a round."""
    members = [socket.socket(type=socket.SOCK_DGRAM) for _ in range(count)]
    for member in members:
        member.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
        member.bind((HOST, 0))
        member.settimeout(0.2)
    yield members
    for member in members:
        member.close()


def drain(member: socket.socket) -> int:
    """Read the received datagrams; return their number."""
    count = 0
    with suppress(BlockingIOError):
        while member.recv(2048):
            count += 1
    return count


class FanOut:
    """A room in this process with members; the first one speaks.

    Args:
        members: Their sockets.
        interface: Where the server listens.
    """

    def __init__(self, members: list[socket.socket], interface: str) -> None:
        from twisted.internet import reactor

        self.clock = Clock()
        self.members = members
        self.addresses = [member.getsockname() for member in members]
        events = ServiceEvents("bench", lambda event: None, LogLevel.warn)
        self.server = DatagramServer(
            self.clock,
            events,
            open_chat(MemoryHistory(), self.clock).converse,
            Connections(),
            1e9,
        )
        self.port = DatagramPort(0, self.server, interface, 2048, reactor)
        self.port.startListening()
        there = HOST, self.port.getHost().port
        for number, member in enumerate(members):
            member.sendto(b"/join member%d\n" % number, there)
            self.port.doRead()
            member.sendto(member.recv(2048), there)
            self.port.doRead()
            member.setblocking(False)
        self.first = next(iter(self.server._peers))
        while sum(map(drain, members)):
            self.clock.advance(0.1)  # More of the members that have joined wait for the next turn.

    def ours(self) -> None:
        """Let the first member speak."""
        self.clock.advance(1.0)
        self.server.datagramReceived(b"hello", self.first)

    def bare(self) -> None:
        """Send the same bytes in as many datagrams with `sendto`."""
        sendto, data = self.port.socket.sendto, b"member0: hello\n"
        for address in self.addresses:
            sendto(data, address)

    def stock(self) -> None:
        """Send them with Twisted's `transport.write`."""
        write, data = self.port.write, b"member0: hello\n"
        for address in self.addresses:
            write(data, address)

    def rate(self, send: Callable[[], None]) -> float:
        """Return datagrams per second."""
        started = time.perf_counter()
        for _ in range(MESSAGES):
            send()
        seconds = time.perf_counter() - started
        assert sum(map(drain, self.members)) == MESSAGES * MEMBERS, "datagrams were lost"
        return MESSAGES * MEMBERS / seconds


def fan_out(rounds: int, interface: str) -> None:
    """Measure datagrams per second, and print the results."""
    print(f"--interface {interface}")
    with plain_members(MEMBERS) as members:
        room = FanOut(members, interface)
        rates: dict[str, list[float]] = {"ours": [], "bare": [], "stock": []}
        ways = [("ours", room.ours), ("bare", room.bare), ("stock", room.stock)]
        for number in range(rounds):
            for name, send in ways if number % 2 else ways[::-1]:
                rates[name].append(room.rate(send))
    for name, some in rates.items():
        print(f"datagrams per second, {MEMBERS} members, {name}: {statistics.median(some):,.0f}")
    # With a wildcard address each datagram carries its source address.
    least = "at least 0.8" if interface == HOST else "at least 0.6"
    for peer, wanted in (("bare", least), ("stock", "at least 1")):
        ratios = [ours / theirs for ours, theirs in zip(rates["ours"], rates[peer], strict=True)]
        report(f"datagrams per second, ours to {peer}", ratios, wanted)


def listen(port: int) -> None:
    """Run all plain members, which read their datagrams until the parent ends."""
    with plain_members(MEMBERS - SPEAKERS - 1) as members, selectors.EpollSelector() as selector:
        for number, member in enumerate(members):
            answer = b""
            while not answer.startswith(b"/join"):
                member.sendto(b"/join plain%d\n" % number, (HOST, port))
                with suppress(TimeoutError):
                    answer = member.recv(2048)
            member.sendto(answer, (HOST, port))
            member.setblocking(False)
            selector.register(member, selectors.EVENT_READ)
        print("joined", flush=True)
        while True:
            for key, _ in selector.select():
                assert isinstance(key.fileobj, socket.socket)
                drain(key.fileobj)


@contextmanager
def process(*arguments: str) -> Iterator[subprocess.Popen[str]]:
    """Run another Python during the block."""
    child = subprocess.Popen([sys.executable, *arguments], stdout=subprocess.PIPE, text=True)
    try:
        yield child
    finally:
        child.kill()
        child.communicate()


def latency() -> None:
    """Measure the time from a speaker's `say` to a listener's `show`, and print it."""
    from twisted.internet import reactor

    r: Any = reactor
    with socket.socket(type=socket.SOCK_DGRAM) as free:
        free.bind((HOST, 0))
        port = free.getsockname()[1]
    trips: list[float] = []

    def show(line: Line) -> None:
        speaker, _, said = line.text.partition(": ")
        if speaker.startswith("speaker"):
            trips.append((time.perf_counter() - float(said)) * 1000)

    clients = [
        ChatClient(
            r, f"speaker{n}" if n else "listener", show if not n else lambda line: None, print
        )
        for n in range(SPEAKERS + 1)
    ]
    turns = cycle(clients[1:])
    told = iter(range(SAMPLES))

    def say() -> None:
        if next(told, None) is None:
            saying.stop()
            r.callLater(1.0, r.stop)
        else:
            next(turns).say(repr(time.perf_counter()))

    saying = LoopingCall(say)

    def begin() -> None:
        if all(client.room.is_in for client in clients):
            saying.start(INTERVAL)
        else:
            r.callLater(0.1, begin)

    options = ["--port", str(port), "--interface", HOST, "--strict-port", "--log-level", "warn"]
    twistd = str(Path(sys.executable).with_name("twistd"))
    with (
        process(twistd, "-n", "--pidfile=", "netlab-chat", *options),
        process("-m", "bench.chat", "--listen", str(port)) as plain,
    ):
        assert plain.stdout is not None
        assert plain.stdout.readline() == "joined\n"
        for client in clients:
            UDPWire(r, client, Servers([Server(HOST, port)])).open()
        begin()
        r.run()
    assert len(trips) == SAMPLES, f"{SAMPLES - len(trips)} were lost"
    slow = statistics.quantiles(trips, n=100)[98]
    print(
        f"ms from one member's keyboard to another's screen, {MEMBERS} members: "
        f"{statistics.median(trips):.1f}, 99th percentile {slow:.1f} "
        f"(of {len(trips)}, {min(trips):.1f} to {max(trips):.1f})"
    )


def main() -> None:
    """Measure, and print the results."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--rounds", type=int, default=21)
    parser.add_argument("--listen", type=int, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.listen:
        listen(arguments.listen)
        return
    for interface in (HOST, ALL_IPV4):
        fan_out(arguments.rounds, interface)
    latency()


if __name__ == "__main__":
    main()
