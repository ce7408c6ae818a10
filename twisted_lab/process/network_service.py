"""A network service: it listens, can be paused, and drains on shutdown."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from types import MappingProxyType
from typing import NamedTuple, Protocol

from twisted.application.service import Service
from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IAddress, IProtocolFactory, IReactorTime
from twisted.logger import LogLevel

from twisted_lab.channels import Connection, Connections
from twisted_lab.eventlog.counters import Measure
from twisted_lab.eventlog.events import ServiceEvents
from twisted_lab.ports.listening import Listener
from twisted_lab.process.counts import Counts, WorkerState
from twisted_lab.process.service_ports import ServicePorts
from twisted_lab.resources import Outage


class Process(Protocol):
    """The part of `ServiceProcess` that its services use."""

    drain_seconds: float
    outages: list[Callable[[], Outage | None]]

    @property
    def reactor(self) -> IReactorTime:
        """The reactor, as a clock."""
        ...

    def name_of(self, service: str, connection: Connection) -> str:
        """Return the service's name for a connected peer; "" for none."""
        ...

    def measures_of(self, service: NetworkService) -> list[Measure]:
        """Return the measures that the service's counts include."""
        ...

    def fail(self, reason: str, events: ServiceEvents) -> None:
        """End the process, because a service cannot serve."""
        ...


class Word(NamedTuple):
    """A command that only one service has, for ``python -m twisted_lab.control tell``.

    Attributes:
        answer: Does it with the argument ("" if there is none), and returns lines for the operator.
            It raises ValueError to refuse; the text says why.
        argument: The name of the argument, in brackets if it is optional; "" if there is none.
    """

    answer: Callable[[str], str]
    argument: str = ""

    def takes(self, argument: str) -> bool:
        """Tell whether an argument, or "" for none, is what the command needs."""
        return self.argument.startswith("[") or bool(self.argument) == bool(argument)


class NetworkService(Service):
    """A service on its listening ports.

    Args:
        process: The process that the service belongs to.
        events: The reporter of the service's events.
        listeners: The places to listen on.
        factory: Builds a protocol for each connection.
        connections: The factory's open connections.

    Attributes:
        is_public: Whether it serves clients rather than the operator.
        connections: See above.
        events: See above.
        words: Commands that only this service has.
    """

    is_public = True
    words: Mapping[str, Word] = MappingProxyType({})

    def __init__(
        self,
        process: Process,
        events: ServiceEvents,
        listeners: Sequence[Listener],
        factory: IProtocolFactory,
        connections: Connections,
    ) -> None:
        self.setName(events.service)
        self.connections = connections
        self.events = events
        self._process = process
        fail = partial(process.fail, events=events)
        self._ports = ServicePorts(listeners, factory, connections, events, fail)

    @property
    def addresses(self) -> list[IAddress]:
        """The addresses on which it listens, or will listen again."""
        return self._ports.addresses

    @property
    def is_paused(self) -> bool:
        """Whether the service is paused."""
        return self._ports.is_paused

    def counts(self) -> Counts:
        """Return a snapshot of the service's counters."""
        return Counts.of(self.events.counters, self.connections, self._process.measures_of(self))

    def workers(self) -> list[WorkerState]:
        """Return the state of each worker."""
        return []

    async def ask(self, word: str, *arguments: str) -> list[tuple[str, object]]:
        """Call `do` in each process that serves the service's clients.

        Returns:
            The name and the answer of each process; None for one that did not answer.
        """
        return [(self.events.service, self.do(word, *arguments))]

    def do(self, word: str, *arguments: str) -> object:
        """List peers or outages, disconnect a peer, or leave, in this process; return JSON."""
        actions: dict[str, Callable[..., object]] = {
            "connections": self._connection_rows,
            "disconnect": self._disconnect,
            "leave": self._leave,
            "outages": lambda: [each for read in self._process.outages if (each := read())],
        }
        return actions[word](*arguments)

    def _connection_rows(self) -> list[dict[str, object]]:
        now = self._process.reactor.seconds()
        return [
            {
                "peer": connection.label,
                "name": self._process.name_of(self.events.service, connection),
                "seconds": now - connection.since,
                "bytes_in": connection.traffic().bytes_in,
                "bytes_out": connection.traffic().bytes_out,
            }
            for connection in self.connections
        ]

    def _disconnect(self, peer: str) -> int:
        found = [
            connection
            for connection in self.connections
            if peer in (connection.label, connection.label.rpartition(":")[0].strip("[]"))
        ]
        for connection in found:
            connection.abort()
        return len(found)

    def _leave(self) -> None:
        self.connections.leave()
        Deferred.fromCoroutine(self._ports.close_streams())

    async def leave(self) -> None:
        """Admit nobody new from now on; peers that can continue elsewhere are told to do so."""
        await self.ask("leave")

    def log_from(self, level: LogLevel) -> None:
        """Set the log level of the service's workers, if it has any."""

    def privilegedStartService(self) -> None:
        """Start listening, while the process still has the right to bind low ports."""
        super().privilegedStartService()
        self._ports.open()

    def announce(self) -> None:
        """Report the addresses on which it listens."""
        self._ports.announce()

    def stopService(self) -> Deferred[None]:
        """Stop listening, and let each connection send its pending output."""
        super().stopService()

        async def stop() -> None:
            await self._ports.close_streams()
            await self.drain()
            await self._ports.close()

        return Deferred.fromCoroutine(stop())

    def drain(self) -> Deferred[None]:
        """Let all connections send their pending output and close, within the drain timeout."""
        return self.connections.drain(self._process.reactor, self._process.drain_seconds)

    def abort(self) -> None:
        """Abort all connections."""
        self.connections.abort()

    async def pause(self) -> None:
        """Stop listening; connected peers stay connected.

        A UDP port stays open for them; new peers are refused.

        Raises:
            CannotListen: The ports could not be opened again later, so the service continues.
        """
        await self._ports.pause()

    async def resume(self) -> None:
        """Start listening again.

        Raises:
            CannotListen: A port cannot be opened; the service stays paused.
        """
        await self._ports.resume()

    def discard(self) -> None:
        """Close the ports without a reactor, after a failed start."""
        self._ports.discard()
