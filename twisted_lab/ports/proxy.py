"""Connections through a proxy that sends HAProxy's PROXY header, version 1 or 2."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from twisted.internet.address import IPv4Address, IPv6Address, UNIXAddress
from twisted.internet.defer import Deferred
from twisted.internet.interfaces import (
    IAddress,
    IHalfCloseableProtocol,
    IListeningPort,
    IProtocol,
    IProtocolFactory,
    IReactorTime,
    ITransport,
)
from twisted.internet.protocol import Protocol, connectionDone
from twisted.protocols.policies import ProtocolWrapper, WrappingFactory
from twisted.python.failure import Failure
from zope.interface import implementer

from twisted_lab.channels import cancel
from twisted_lab.channels.idleness import LOOK_AGAIN_SECONDS, may_look_again
from twisted_lab.codecs import MessageError
from twisted_lab.codecs.proxy_header import Endpoint, ProxyHeader, read_proxy_header
from twisted_lab.disconnects import Disconnect, Reason
from twisted_lab.eventlog.events import ServiceEvents
from twisted_lab.interfaces import StreamTransport
from twisted_lab.peers import address_text
from twisted_lab.ports.listening import Wrapping, known_port

HEADER_SECONDS = 10.0  # timeout of the header


@implementer(IHalfCloseableProtocol, ITransport)
class ProxiedConnection(ProtocolWrapper):
    """A connection whose peer is the client in its PROXY header.

    Nothing is sent before the header has arrived. A connection without a valid header is aborted.
    """

    factory: ProxiedFactory
    transport: StreamTransport
    wrappedProtocol: IProtocol

    def __init__(self, factory: ProxiedFactory, protocol: IProtocol) -> None:
        # The service's protocol gets its connection once the header has arrived.
        super().__init__(factory, Protocol())
        self._protocol = protocol
        self._received = b""
        self._header: ProxyHeader | None = None
        self._is_refused = False

    def makeConnection(self, transport: ITransport) -> None:
        """See `twisted.internet.interfaces.IProtocol`."""
        super().makeConnection(transport)
        self._patience = self.factory.clock.callLater(HEADER_SECONDS, self._look)

    def _look(self, looks: int = 0) -> None:
        if may_look_again(self.transport, looks, HEADER_SECONDS):
            self._patience = self.factory.clock.callLater(LOOK_AGAIN_SECONDS, self._look, looks + 1)
        else:
            self._refuse(Disconnect.NO_HEADER_IN_TIME.reason(seconds=HEADER_SECONDS))

    def dataReceived(self, data: bytes) -> None:
        """See `twisted.internet.interfaces.IProtocol`."""
        if self._header:
            self.wrappedProtocol.dataReceived(data)
        elif not self._is_refused:
            self._received += data
            try:
                self._header = read_proxy_header(self._received)
            except MessageError as error:
                self._refuse(Disconnect.NO_HEADER.reason(problem=error))
            if self._header:
                self._begin(self._received[self._header.size :])

    def _refuse(self, reason: Reason) -> None:
        self._is_refused = True
        cancel(self._patience)
        self.factory.events.hung_up(address_text(self.transport.getPeer()), reason)
        self.transport.abortConnection()

    def _begin(self, rest: bytes) -> None:
        cancel(self._patience)
        self._received = b""
        self.wrappedProtocol = self._protocol
        self._protocol.makeConnection(self)
        if rest:
            self._protocol.dataReceived(rest)

    def getPeer(self) -> IAddress:
        """Return the address of the client, from the header if it has one."""
        source = self._header and self._header.source
        return self.transport.getPeer() if source is None else _address(source)

    def getHost(self) -> IAddress:
        """Return the address to which the client connected, from the header if it has one."""
        destination = self._header and self._header.destination
        return self.transport.getHost() if destination is None else _address(destination)

    def readConnectionLost(self) -> None:
        """Pass a half-close on to the service's protocol, or close if it does not support that."""
        # The class is asked, because an instance of Twisted's TLS claims all of its transport's
        # interfaces.
        if IHalfCloseableProtocol.implementedBy(type(self.wrappedProtocol)):
            IHalfCloseableProtocol(self.wrappedProtocol).readConnectionLost()
        else:
            self.transport.loseConnection()

    def writeConnectionLost(self) -> None:
        """Pass on that our half-close is done; only a protocol with half-close starts one."""
        IHalfCloseableProtocol(self.wrappedProtocol).writeConnectionLost()

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        """See `twisted.internet.interfaces.IProtocol`."""
        cancel(self._patience)
        super().connectionLost(reason)


def _address(end: Endpoint) -> IAddress:
    if isinstance(end, bytes):
        return UNIXAddress(end)
    host, port = end
    return IPv6Address("TCP", host, port) if ":" in host else IPv4Address("TCP", host, port)


class ProxiedFactory(WrappingFactory[ProxiedConnection]):
    """Factory that wraps another factory's protocols in a `ProxiedConnection`."""

    noisy = False
    protocol = ProxiedConnection

    def __init__(
        self, factory: IProtocolFactory, clock: IReactorTime, events: ServiceEvents
    ) -> None:
        super().__init__(factory)
        self.clock = clock
        self.events = events


@dataclass(frozen=True)
class BehindProxy(Wrapping):
    """A listener for proxies, which send the PROXY header first, even before TLS.

    Args:
        listener: The listener for the connections.
        clock: The clock for the header timeout.
        events: The reporter of refused connections.
    """

    clock: IReactorTime
    events: ServiceEvents

    def listen(self, factory: IProtocolFactory) -> Deferred[IListeningPort]:
        """See `Listener.listen`."""
        return self.listener.listen(factory).addCallback(self._wrap)

    def _wrap(self, port: IListeningPort) -> IListeningPort:
        # Wrapped only now, because an endpoint such as ssl: has wrapped the service's factory, and
        # the PROXY header precedes TLS. Any: Twisted's types do not fit a factory of ours.
        known: Any = known_port(port)
        known.factory = ProxiedFactory(known.factory, self.clock, self.events)
        return port
