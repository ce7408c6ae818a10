"""One service on its ports: it listens, can pause, and drains before it ends."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Protocol

from twisted.application.service import Service
from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IAddress, IProtocolFactory, IReactorTime
from twisted.logger import LogLevel

from twisted_lab.channels import Connection, Connections
from twisted_lab.eventlog.counters import Measure
from twisted_lab.eventlog.events import ServiceEvents
from twisted_lab.ports.listening import Listener
from twisted_lab.process.counts import Counts
from twisted_lab.process.service_ports import ServicePorts


class Process(Protocol):
    """The interface of the process that a service belongs to; see `ServiceProcess`."""

    drain_seconds: float

    @property
    def reactor(self) -> IReactorTime:
        """The clock."""
        ...

    def name_of(self, service: str, connection: Connection) -> str:
        """Return a service's name for a connected peer."""
        ...

    def measures_of(self, service: NetworkService) -> list[Measure]:
        """Return the measures of a service."""
        ...

    def fail(self, reason: str, events: ServiceEvents) -> None:
        """End, because a service cannot serve."""
        ...


class NetworkService(Service):
    """One service on its listening ports.

    Args:
        process: The process that it belongs to.
        events: Events are reported here.
        listeners: Where to listen.
        factory: Builds a protocol for each connection.
        connections: The factory's open connections.

    Attributes:
        is_public: Whether it serves peers, not the operator.
        connections: See above.
        events: See above.
    """

    is_public = True

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
        """The addresses where it listens, or will again."""
        return self._ports.addresses

    @property
    def is_paused(self) -> bool:
        """Whether it does not listen for now."""
        return self._ports.is_paused

    def counts(self) -> Counts:
        """Return what it has counted."""
        return Counts.of(self.events.tally, self.connections, self._process.measures_of(self))

    def workers(self) -> list[tuple[int, int | None, Counts]]:
        """Return number, process and counts of each of the processes that serve for it."""
        return []

    async def ask(self, word: str, *arguments: str) -> list[tuple[str, object]]:
        """Have each of the processes that serve for it `do` something.

        Returns:
            The name of each, and its answer; None for one that has not answered.
        """
        return [(self.events.service, self.do(word, *arguments))]

    def do(self, word: str, *arguments: str) -> object:
        """List connected peers, or disconnect a peer, in this process; the answer fits JSON."""
        actions: dict[str, Callable[..., object]] = {
            "connections": self._connection_rows,
            "disconnect": self._disconnect,
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

    def log_from(self, level: LogLevel) -> None:
        """Have its processes log from `level` up; the process's own log does already."""

    def privilegedStartService(self) -> None:
        """Listen, while the process still has the right to take low ports."""
        super().privilegedStartService()
        self._ports.open()

    def announce(self) -> None:
        """Report where it listens."""
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
        """Finish with all peers, within the time that a drain may take."""
        return self.connections.drain(self._process.reactor, self._process.drain_seconds)

    def abort(self) -> None:
        """Finish with all peers at once."""
        self.connections.abort()

    async def pause(self) -> None:
        """Stop listening; connected peers stay connected.

        A UDP port stays open for them, and new peers are refused.

        Raises:
            CannotListen: It could not listen again; it goes on.
        """
        await self._ports.pause()

    async def resume(self) -> None:
        """Listen again.

        Raises:
            CannotListen: It cannot; it stays as it is.
        """
        await self._ports.resume()

    def discard(self) -> None:
        """Close the ports, without a reactor: the process cannot start."""
        self._ports.discard()
