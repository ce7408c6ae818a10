"""Checks that the decisions of netlab-faults repeat: each seed twice, on real sockets, under load.

    python -m tests.programs.decisions [--seeds N]

The clients of a run connect in another order than those of the other run, cut their messages in
other places, and pause at other times.
"""

from __future__ import annotations

import random
import subprocess
import sys
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from typing import Any

from twisted.internet.defer import Deferred, DeferredList
from twisted.internet.endpoints import TCP4ClientEndpoint, connectProtocol
from twisted.internet.error import ConnectError
from twisted.internet.protocol import DatagramProtocol, Factory, Protocol
from twisted.internet.task import deferLater, react
from twisted.python.failure import Failure

from twisted_lab.channels import Connections
from twisted_lab.eventlog.events import ServiceEvents
from twisted_lab.faults.engine.actions import Action
from twisted_lab.faults.engine.framing import NO_FRAMING, Lines
from twisted_lab.faults.engine.link import Lane
from twisted_lab.faults.engine.link_names import LinkNames
from twisted_lab.faults.engine.pipe import Output
from twisted_lab.faults.engine.spec import Place, named, read_toxic
from twisted_lab.faults.engine.units import Kind, Unit
from twisted_lab.faults.proxies.datagram_proxy import DatagramProxy
from twisted_lab.faults.proxies.held_memory import HeldMemory
from twisted_lab.faults.proxies.listening import StreamFactory
from twisted_lab.faults.proxies.proxy import Common, Proxy, UnitCounts
from twisted_lab.faults.proxies.upstream import Target, Upstream
from twisted_lab.ports.udp_port import LARGEST_DATAGRAM, DatagramPort
from twisted_lab.text import option
from twisted_lab.text.command_line import Options

HOST = "127.0.0.1"
CLIENTS, MESSAGES = 3, 8  # of each proxy
TOGETHER = 50  # seeds
BURNERS = 2  # processes that keep both cores busy
TOXICS = (
    *("loss=20%", "duplicate=20%", "reorder=20%,delay=5ms", "corrupt=20%", "rebind=10%"),
    *("truncate=3,probability=10%", "latency=2ms,jitter=2ms", "slicer=4,probability=20%"),
    *("coalesce=2,probability=10%", "half_close,nth=6,toxicity=20%", "hold=1%", "refuse=5%"),
    "reset_peer=5ms,nth=6,toxicity=20%,direction=upstream",
)
FURTHER = ("loss=50%,toxicity=0,name=never", "slow_close=1ms", "blackhole=0%")

# By kind of proxy, link, direction, kind and number of the unit.
Decisions = dict[tuple[str, str, str, Kind, int], tuple[bytes, list[Action]]]


class Collector:
    """An observer that keeps the decisions of one proxy."""

    def __init__(self, kind: str, decisions: Decisions) -> None:
        self._kind = kind
        self._decisions = decisions

    def decided(self, lane: Lane, unit: Unit, actions: list[Action], now: float) -> None:
        key = self._kind, lane.link.name, str(lane.direction), unit.kind, unit.number
        assert key not in self._decisions, key
        self._decisions[key] = unit.data, [each for each in actions if each.toxic != "slow_close"]

    def delivered(self, lane: Lane, output: Output, now: float) -> None:
        pass


class Sink(Protocol):
    """A server that says nothing, and a client that waits for the end."""

    def __init__(self) -> None:
        self.ended: Deferred[None] = Deferred()

    def connectionLost(self, reason: Failure = Failure(ConnectError())) -> None:  # noqa: B008
        self.ended.callback(None)


class Run:
    """One run of one seed.

    Args:
        reactor: The reactor.
        seed: The seed of the decisions.
        order: The source of all that differs between runs.
        toxics: The toxics.

    Attributes:
        decisions: All decisions of the run.
    """

    def __init__(
        self, reactor: Any, seed: int, order: random.Random, toxics: tuple[str, ...]
    ) -> None:
        self.decisions: Decisions = {}
        self._reactor = reactor
        self._order = order
        self._connections = Connections()
        events = ServiceEvents("netlab-faults", lambda event: None)
        held = HeldMemory(1_000_000, lambda: len(self._connections), lambda: None)
        common = Common(reactor, events, self._connections, held, UnitCounts(), 60.0)
        self._streams, self._datagrams = (
            Proxy(place, common, seed, LinkNames("first-message"), (collector,))
            for place, collector in (
                (Place("tcp", True, Lines()), Collector("tcp", self.decisions)),
                (Place("udp", False, NO_FRAMING), Collector("udp", self.decisions)),
            )
        )
        for proxy in (self._streams, self._datagrams):
            proxy.change(named(map(read_toxic, toxics)))

    async def go(self) -> None:
        """Let all clients talk."""
        reactor, order = self._reactor, self._order
        server = reactor.listenTCP(0, Factory.forProtocol(Sink), interface=HOST)
        sink = reactor.listenUDP(0, DatagramProtocol(), HOST)
        upstream = Upstream(reactor, Target(HOST, server.getHost().port))
        port = reactor.listenTCP(0, StreamFactory(self._streams, upstream), interface=HOST)
        upstream = Upstream(reactor, Target(HOST, sink.getHost().port))
        protocol = DatagramProxy(self._datagrams, upstream, lambda _: False)
        at = DatagramPort(0, protocol, HOST, LARGEST_DATAGRAM, reactor)
        at.startListening()
        talks: list[Coroutine[Any, Any, None]] = [
            talk(port.getHost().port if talk == self._stream else at.getHost().port, number)
            for number in range(CLIENTS)
            for talk in (self._stream, self._datagram)
        ]
        order.shuffle(talks)
        await DeferredList(map(Deferred.fromCoroutine, talks), fireOnOneErrback=True)
        while sum(key[0] == "udp" and key[3] is Kind.DATA for key in self.decisions) < (
            CLIENTS * MESSAGES
        ):
            await self._pause(0.01)
        self._connections.abort()
        for each in (server, sink, port, at):
            await each.stopListening()

    def _pause(self, most: float) -> Deferred[None]:
        return deferLater(self._reactor, self._order.random() * most)

    async def _stream(self, port: int, number: int) -> None:
        client = Sink()
        await self._pause(0.02)
        await connectProtocol(TCP4ClientEndpoint(self._reactor, HOST, port), client)
        text = b"".join(b"client %d message %d\n" % (number, each) for each in range(MESSAGES))
        while text and not client.ended.called:
            size = self._order.randrange(1, 100)
            # No pause within a line: a silence would end it.
            end = text.find(b"\n", size) + 1 or len(text)
            for data in (text[:size], text[size:end]):
                client.transport.write(data)  # type: ignore[union-attr]
            text = text[end:]
            await self._pause(0.005)
        await self._pause(0.1)  # What is on hold does not end.
        client.transport.abortConnection()  # type: ignore[union-attr]

    async def _datagram(self, port: int, number: int) -> None:
        client = DatagramProtocol()
        own = self._reactor.listenUDP(0, client, HOST)
        await self._pause(0.02)
        for each in range(MESSAGES):
            own.write(b"client %d datagram %d" % (number, each), (HOST, port))
            await self._pause(0.005)
        await own.stopListening()


@contextmanager
def load() -> Iterator[None]:
    """Keep the cores busy."""
    burners = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(BURNERS)]
    try:
        yield
    finally:
        for burner in burners:
            burner.kill()
            burner.wait()


def differences(one: Decisions, other: Decisions) -> list[str]:
    """Return what was decided in two ways; the end of a link, which takes time, may be missing."""
    return [
        f"{key}: {one[key]} and {other[key]}"
        for key in one.keys() & other.keys()
        if one[key] != other[key]
    ]


async def check(reactor: Any, seeds: int, report: Callable[[str], object] = print) -> None:
    """Run each seed twice, the second time with further toxics that change nothing."""
    compared = 0
    for first in range(0, seeds, TOGETHER):
        runs = [
            Run(reactor, seed, random.Random(f"{seed} {which}"), TOXICS + more)
            for seed in range(first, min(first + TOGETHER, seeds))
            for which, more in (("one", ()), ("other", FURTHER))
        ]
        await DeferredList(
            [Deferred.fromCoroutine(run.go()) for run in runs], fireOnOneErrback=True
        )
        for number, (one, other) in enumerate(zip(runs[::2], runs[1::2], strict=True), first):
            wrong = differences(one.decisions, other.decisions)
            assert not wrong, f"seed {number}: {wrong[:3]}"
            same = len(one.decisions.keys() & other.decisions.keys())
            assert same > CLIENTS * MESSAGES * 1.5, f"seed {number}: only {same} in both runs"
            compared += same
    report(f"{seeds} seeds, each twice: {compared} decisions are equal")


class DecisionsOptions(Options):
    """The options of a run."""

    command = "tests.programs.decisions"
    seeds = option.number("Number of seeds.", default=1000)


def main() -> None:
    """Try the seeds."""
    options = DecisionsOptions()
    options.parseOptions(sys.argv[1:])
    with load():
        react(lambda reactor: Deferred.fromCoroutine(check(reactor, options.seeds)))


if __name__ == "__main__":
    main()
