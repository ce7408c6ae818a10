"""One service on its ports: it listens, can pause, and ends in good order."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Protocol

from twisted.application.service import Service
from twisted.internet.defer import CancelledError, Deferred, maybeDeferred
from twisted.internet.error import ConnectionDone
from twisted.internet.interfaces import (
    IListeningPort,
    IProtocolFactory,
    IReactorTime,
    IUDPTransport,
)
from twisted.python.failure import Failure

from twisted_lab.events import ServiceEvents
from twisted_lab.peers import address_text
from twisted_lab.serving.listening import Listener

if TYPE_CHECKING:
    from twisted_lab.serving.lab import Lab


class Served(Protocol):
    """Those who are served, such as `Connections`."""

    def drain(self, clock: IReactorTime, seconds: float) -> Deferred[None]:
        """Finish with everybody, in so many seconds."""
        ...

    def abort(self) -> None:
        """Finish at once."""
        ...


class NetworkService(Service):
    """One service on its listening ports.

    Args:
        lab: What it belongs to.
        events: What happens is reported here.
        listeners: Where to listen.
        factory: What to build for each connection.
        connections: The factory's open connections.

    Attributes:
        addresses: Where it listens.
        connections: See above.
        events: See above.
    """

    def __init__(
        self,
        lab: Lab,
        events: ServiceEvents,
        listeners: Sequence[Listener],
        factory: IProtocolFactory,
        connections: Served,
    ) -> None:
        self.setName(events.service)
        self.addresses: list[Any] = []
        self.connections = connections
        self.events = events
        self._lab = lab
        self._listeners = listeners
        self._factory = factory
        self._listening: list[Deferred[IListeningPort | None]] = []
        self._ports: list[tuple[Any, int | None]] = []
        self._problem = ""

    def privilegedStartService(self) -> None:
        """Listen, while the process still has the right to take low ports.

        Raises:
            CannotStart: It cannot listen.
        """
        super().privilegedStartService()
        for listener in self._listeners:
            listening: Deferred[IListeningPort | None] = listener.listen(
                self._factory
            ).addCallbacks(self._accepted, self._refused, callbackArgs=(listener.wanted,))
            if self._problem:
                raise self._lab.cannot_start(self._problem, self.events)
            self._listening.append(listening)

    def startService(self) -> None:
        """See `twisted.application.service.IService`."""
        super().startService()
        # A daemon tells that it is there while it has a console.
        for port, wanted in self._ports:
            if self._lab.log.is_daemon:
                self._announce(port, wanted)
            else:
                self._lab.reactor.callWhenRunning(self._announce, port, wanted)

    def stopService(self) -> Deferred[None]:
        """Stop listening, and let each connection finish what it owes."""
        super().stopService()

        async def stop() -> None:
            last: list[IListeningPort] = []
            for listening in self._listening:
                listening.cancel()
                port = await listening
                if IUDPTransport.providedBy(port):
                    last.append(port)  # What is owed goes out by the port itself.
                elif port is not None:
                    await maybeDeferred(port.stopListening)
            await self.connections.drain(self._lab.reactor, self._lab.drain_seconds)
            for port in last:
                await maybeDeferred(port.stopListening)

        return Deferred.fromCoroutine(stop())

    def let_go(self) -> None:
        """Close the ports without a reactor; a unix socket would leave its file behind."""
        for port, _ in self._ports:
            port.connectionLost(Failure(ConnectionDone()))

    def _accepted(self, port: IListeningPort, wanted: int | None) -> IListeningPort:
        self._ports.append((port, wanted))
        if self.running:
            self._announce(port, wanted)
        return port

    def _announce(self, port: IListeningPort, wanted: int | None) -> None:
        address: Any = port.getHost()
        if wanted is not None and address.port != wanted:
            self.events.port_busy(wanted, address.port)
        self.addresses.append(address)
        self.events.listening(address_text(address))

    def _refused(self, failure: Failure) -> None:
        if failure.check(CancelledError):
            return
        self._problem = failure.getErrorMessage()
        if self.running:
            self._lab.cannot_start(self._problem, self.events)
            self._lab.end()
