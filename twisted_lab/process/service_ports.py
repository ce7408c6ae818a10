"""Life cycle of a service's listening ports: open, paused, resumed, closed."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from twisted.internet.abstract import FileDescriptor
from twisted.internet.address import IPv4Address, IPv6Address
from twisted.internet.defer import CancelledError, Deferred, DeferredLock, maybeDeferred
from twisted.internet.error import ConnectionDone
from twisted.internet.interfaces import (
    IAddress,
    IListeningPort,
    IProtocolFactory,
    IUDPTransport,
)
from twisted.python.failure import Failure

from twisted_lab.channels import Connections
from twisted_lab.eventlog.events import ServiceEvents
from twisted_lab.peers import address_text
from twisted_lab.ports.listening import CannotListen, Listener
from twisted_lab.text.language import N_, message_of


class ServicePorts:
    """The listening ports of a service.

    Args:
        listeners: The places to listen on.
        factory: Builds a protocol for each connection.
        connections: Refuses new peers during a pause, in which a UDP port stays open.
        events: The reporter of open ports and pauses.
        fail: Called with the reason when a port cannot be opened.

    Attributes:
        is_paused: Whether the service is paused.
    """

    def __init__(
        self,
        listeners: Sequence[Listener],
        factory: IProtocolFactory,
        connections: Connections,
        events: ServiceEvents,
        fail: Callable[[str], object],
    ) -> None:
        self.is_paused = False
        self._listeners = listeners
        self._factory = factory
        self._connections = connections
        self._events = events
        self._fail = fail
        self._opening: list[Deferred[None]] = []
        self._open: list[tuple[Listener, IListeningPort]] = []
        self._paused: list[IAddress] = []  # the addresses to listen on again
        self._is_announced = False
        self._is_closing = False
        self._lock = DeferredLock()  # serialises pause, resume and close

    @property
    def addresses(self) -> list[IAddress]:
        """The addresses on which the service listens, or will listen again."""
        return [port.getHost() for _, port in self._open] + self._paused

    def open(self) -> None:
        """Start listening."""
        self._opening = [
            listener.listen(self._factory).addCallbacks(
                self._opened, self._refused, callbackArgs=(listener,)
            )
            for listener in self._listeners
        ]

    def _opened(self, port: IListeningPort, listener: Listener) -> None:
        self._open.append((listener, port))
        if self._is_announced:
            self._announce(port, listener)

    def _refused(self, failure: Failure) -> None:
        if not failure.check(CancelledError):
            assert failure.value is not None
            self._fail(message_of(failure.value))

    def announce(self) -> None:
        """Report the open ports, and from now on each port as soon as it is open."""
        self._is_announced = True
        for listener, port in self._open:
            self._announce(port, listener)

    def _announce(self, port: IListeningPort, listener: Listener) -> None:
        address, wanted = port.getHost(), listener.wanted
        if isinstance(address, (IPv4Address, IPv6Address)) and wanted not in (None, address.port):
            self._events.port_busy(wanted, address.port)
        self._events.listening(address_text(address))

    async def pause(self) -> None:
        """Close all ports except those for UDP, which refuse new peers instead.

        Raises:
            CannotListen: The ports could not be opened again later, so they stay open.
        """
        await self._lock.run(self._pause)

    async def _pause(self) -> None:
        if self.is_paused:
            return
        streams = [each for each in self._open if not _is_for_datagrams(each)]
        self._listeners = [listener.relisten(port.getHost()) for listener, port in streams]
        self._paused = [port.getHost() for _, port in streams]
        self.is_paused = self._connections.pausing = True
        await self._close_streams()
        self._events.paused()

    async def resume(self) -> None:
        """Start listening again.

        Raises:
            CannotListen: A port cannot be opened; the service stays paused.
        """
        await self._lock.run(self._resume)

    async def _resume(self) -> None:
        if self._is_closing:
            raise CannotListen(N_("the service is stopping"))
        while self.is_paused and self._listeners:
            listener = self._listeners[0]
            port = await listener.listen(self._factory)
            self._listeners, self._paused = self._listeners[1:], self._paused[1:]
            self._opened(port, listener)
        self.is_paused = self._connections.pausing = False

    async def close_streams(self) -> None:
        """Close all ports except those for UDP, which pending output still needs."""
        self._is_closing = True
        for opening in self._opening:
            opening.cancel()
        await self._lock.run(self._close_streams)

    async def _close_streams(self) -> None:
        ports = self._open
        self._open = [each for each in ports if _is_for_datagrams(each)]
        for each in ports:
            if not _is_for_datagrams(each):
                await maybeDeferred(each[1].stopListening)

    async def close(self) -> None:
        """Close the remaining ports."""
        for _, port in self._open:
            await maybeDeferred(port.stopListening)

    def discard(self) -> None:
        """Close the ports without a reactor, and remove the files of unix sockets."""
        for _, port in self._open:
            if isinstance(port, FileDescriptor):
                port.connectionLost(Failure(ConnectionDone()))
            else:
                port.stopListening()


def _is_for_datagrams(port: tuple[Listener, IListeningPort]) -> bool:
    return IUDPTransport.providedBy(port[1])
