"""One service on its ports: it listens, can pause, and drains before it ends."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Protocol

from twisted.application.service import Service
from twisted.internet.defer import CancelledError, Deferred, DeferredLock, maybeDeferred
from twisted.internet.error import ConnectionDone
from twisted.internet.interfaces import (
    IListeningPort,
    IProtocolFactory,
    IReactorTime,
    IUDPTransport,
)
from twisted.logger import LogLevel
from twisted.python.failure import Failure

from twisted_lab.eventlog.counters import Measure
from twisted_lab.eventlog.event_log import EventLog
from twisted_lab.eventlog.events import ServiceEvents
from twisted_lab.peers import address_text
from twisted_lab.ports.listening import CannotListen, Listener
from twisted_lab.process.counts import Counts


class Served(Protocol):
    """The served peers, such as `Connections`.

    Attributes:
        pausing: Whether no new peer is to be served for now.
    """

    pausing: bool

    def drain(self, clock: IReactorTime, seconds: float) -> Deferred[None]:
        """Finish with all peers, within `seconds`."""
        ...

    def abort(self) -> None:
        """Finish at once."""
        ...


class Process(Protocol):
    """The interface of the process that a service belongs to; see `ServiceProcess`."""

    reactor: Any
    log: EventLog
    drain_seconds: float

    def name_of(self, service: str, connection: object) -> str:
        """Return a service's name for a connected peer."""
        ...

    def measures_of(self, service: NetworkService) -> list[Measure]:
        """Return the measures of a service."""
        ...

    def cannot_start(self, reason: str, events: ServiceEvents) -> Exception:
        """Report the reason, and close what is open."""
        ...

    def end(self) -> None:
        """End the process."""
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
        is_paused: Whether it does not listen for now.
    """

    is_public = True

    def __init__(
        self,
        process: Process,
        events: ServiceEvents,
        listeners: Sequence[Listener],
        factory: IProtocolFactory,
        connections: Served,
    ) -> None:
        self.setName(events.service)
        self.connections: Any = connections  # Any: its users need more than `Served` has
        self.is_paused = False
        self.events = events
        self._process = process
        self._listeners = listeners
        self._factory = factory
        self._listening: list[Deferred[None]] = []
        self._ports: list[tuple[Listener, Any]] = []
        self._left: list[Any] = []  # the addresses at which it will listen again
        self._problem = ""
        self._turn = DeferredLock()  # held while it pauses or resumes

    @property
    def addresses(self) -> list[Any]:
        """The addresses where it listens, or will again."""
        return [port.getHost() for _, port in self._ports] + self._left

    def counts(self) -> Counts:
        """Return what it has counted."""
        return Counts.of(self.events.tally, self.connections, self._process.measures_of(self))

    def workers(self) -> list[tuple[int, int | None, Counts]]:
        """Return number, process and counts of each of the processes that serve for it."""
        return []

    async def ask(self, word: str, *arguments: str) -> list[tuple[str, Any]]:
        """Have each of the processes that serve for it `do` something.

        Returns:
            The name of each, and its answer; None for one that has not answered.
        """
        return [(self.events.service, self.do(word, *arguments))]

    def do(self, word: str, *arguments: str) -> Any:
        """List connected peers, or disconnect a peer, in this process; the answer fits JSON."""
        actions: dict[str, Callable[..., Any]] = {
            "connections": self._connection_rows,
            "disconnect": self._disconnect,
        }
        return actions[word](*arguments)

    def _connection_rows(self) -> list[dict[str, Any]]:
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
        """Listen, while the process still has the right to take low ports.

        Raises:
            CannotStart: It cannot listen.
        """
        super().privilegedStartService()
        for listener in self._listeners:
            listening = listener.listen(self._factory).addCallbacks(
                self._listens, self._refused, callbackArgs=(listener,)
            )
            if self._problem:
                raise self._process.cannot_start(self._problem, self.events)
            self._listening.append(listening)

    def startService(self) -> None:
        """See `twisted.application.service.IService`."""
        super().startService()
        # A daemon reports that it listens while it has a console.
        for listener, port in self._ports:
            if self._process.log.is_daemon:
                self._announce(port, listener.wanted)
            else:
                self._process.reactor.callWhenRunning(self._announce, port, listener.wanted)

    def stopService(self) -> Deferred[None]:
        """Stop listening, and let each connection send its pending output."""
        super().stopService()

        async def stop() -> None:
            for listening in self._listening:
                listening.cancel()
            # The pending output to the peers of a UDP port needs the port itself.
            last = await self._turn.run(self._stop_listening)
            await self.connections.drain(self._process.reactor, self._process.drain_seconds)
            for _, port in last:
                await maybeDeferred(port.stopListening)

        return Deferred.fromCoroutine(stop())

    async def _stop_listening(self) -> list[tuple[Listener, Any]]:
        """Close all ports but those for UDP, which are returned."""
        ports, self._ports = self._ports, []
        for _, port in ports:
            if not IUDPTransport.providedBy(port):
                await maybeDeferred(port.stopListening)
        return [each for each in ports if IUDPTransport.providedBy(each[1])]

    async def pause(self) -> None:
        """Stop listening; connected peers stay connected.

        A UDP port stays open for them, and new peers are refused.

        Raises:
            CannotListen: It could not listen again; it goes on.
        """
        await self._turn.run(self._pause)

    async def _pause(self) -> None:
        if self.is_paused:
            return
        left = [each for each in self._ports if not IUDPTransport.providedBy(each[1])]
        again = [listener.relisten(port.getHost()) for listener, port in left]
        self._left = [port.getHost() for _, port in left]
        self.is_paused = self.connections.pausing = True
        self._listeners = again
        self._ports = await self._stop_listening()
        self.events.paused()

    async def resume(self) -> None:
        """Listen again.

        Raises:
            CannotListen: It cannot; it stays as it is.
        """
        await self._turn.run(self._resume)

    async def _resume(self) -> None:
        if not self.running:
            raise CannotListen("it stops")
        while self.is_paused and self._listeners:
            listener = self._listeners[0]
            port = await listener.listen(self._factory)
            self._listeners, self._left = self._listeners[1:], self._left[1:]
            self._listens(port, listener)
        self.is_paused = self.connections.pausing = False

    def let_go(self) -> None:
        """Close the ports without a reactor; a unix socket would leave its file behind."""
        for _, port in self._ports:
            port.connectionLost(Failure(ConnectionDone()))

    def _listens(self, port: IListeningPort, listener: Listener) -> None:
        self._ports.append((listener, port))
        if self.running:
            self._announce(port, listener.wanted)

    def _announce(self, port: IListeningPort, wanted: int | None) -> None:
        address: Any = port.getHost()
        if wanted is not None and address.port != wanted:
            self.events.port_busy(wanted, address.port)
        self.events.listening(address_text(address))

    def _refused(self, failure: Failure) -> None:
        if failure.check(CancelledError):
            return
        self._problem = failure.getErrorMessage()
        if self.running:
            self._process.cannot_start(self._problem, self.events)
            self._process.end()
