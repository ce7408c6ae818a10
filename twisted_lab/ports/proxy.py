"""Clients behind a proxy that names them in a PROXY header (HAProxy's, version 1 or 2)."""

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

# A proxy sends the header first, within this many seconds.
HEADER_SECONDS = 10.0


@implementer(IHalfCloseableProtocol, ITransport)
class ProxiedConnection(ProtocolWrapper):
    """A connection whose client is the one that its PROXY header names.

    The client gets nothing before the header is there, and a peer that sends no header is cut off.
    """

    factory: ProxiedFactory
    transport: StreamTransport
    wrappedProtocol: IProtocol

    def __init__(self, factory: ProxiedFactory, protocol: IProtocol) -> None:
        # The service's protocol is connected once the header is there.
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
        """Return the address of the client."""
        source = self._header and self._header.source
        return self.transport.getPeer() if source is None else _address(source)

    def getHost(self) -> IAddress:
        """Return the address that the client has connected to."""
        destination = self._header and self._header.destination
        return self.transport.getHost() if destination is None else _address(destination)

    def readConnectionLost(self) -> None:
        """The client sends no more."""
        # By its class: Twisted's TLS says of itself that it provides whatever its transport does.
        if IHalfCloseableProtocol.implementedBy(type(self.wrappedProtocol)):
            IHalfCloseableProtocol(self.wrappedProtocol).readConnectionLost()
        else:
            self.transport.loseConnection()

    def writeConnectionLost(self) -> None:
        """Our sending side is shut down, which only a protocol that knows of it does."""
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
    """Builds what another factory builds, for clients that come through a proxy."""

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
    """A listener that only proxies connect to. Their header comes first, even before TLS.

    Args:
        listener: Where it listens.
        clock: Waits for headers.
        events: Refused connections are reported here.
    """

    clock: IReactorTime
    events: ServiceEvents

    def listen(self, factory: IProtocolFactory) -> Deferred[IListeningPort]:
        """See `Listener.listen`."""
        return self.listener.listen(factory).addCallback(self._wrap)

    def _wrap(self, port: IListeningPort) -> IListeningPort:
        # An endpoint such as ssl: has wrapped the service's factory by now. Any: by Twisted's types
        # a port has none but a factory of unknown protocols.
        known: Any = known_port(port)
        known.factory = ProxiedFactory(known.factory, self.clock, self.events)
        return port
