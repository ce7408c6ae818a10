"""TLS for a listener's connections, with half-close and a handshake timeout."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from OpenSSL import SSL
from twisted.internet.defer import Deferred
from twisted.internet.interfaces import (
    IHalfCloseableProtocol,
    IListeningPort,
    IOpenSSLServerConnectionCreator,
    IProtocolFactory,
    IReactorTime,
    ITransport,
)
from twisted.internet.protocol import connectionDone
from twisted.protocols.tls import BufferingTLSTransport, TLSMemoryBIOFactory, TLSMemoryBIOProtocol
from twisted.python.failure import Failure
from zope.interface import implementer

from twisted_lab.channels import cancel
from twisted_lab.channels.idleness import LOOK_AGAIN_SECONDS, may_look_again
from twisted_lab.disconnects import Disconnect
from twisted_lab.eventlog.events import ServiceEvents
from twisted_lab.interfaces import StreamTransport
from twisted_lab.peers import address_text
from twisted_lab.ports.listening import Wrapping


class HalfClosing:
    """An OpenSSL connection on which a peer can half-close and still receive.

    TLS 1.3 supports that (RFC 8446, section 6.1). Twisted's transport closes at once instead, which
    loses pending output.

    Args:
        connection: The connection to wrap.
        protocol: The TLS protocol that uses it.

    Attributes:
        is_half_closed: Whether the peer has half-closed the connection.
    """

    def __init__(self, connection: SSL.Connection, protocol: TLSMemoryBIOProtocol) -> None:
        self._connection = connection
        self._protocol = protocol
        self.is_half_closed = False

    def __getattr__(self, name: str) -> Any:
        return getattr(self._connection, name)

    def recv(self, size: int) -> bytes:
        """See `OpenSSL.SSL.Connection`."""
        try:
            return self._connection.recv(size)
        except SSL.ZeroReturnError:
            wrapped = IHalfCloseableProtocol(self._protocol.wrappedProtocol, None)
            if wrapped is None or self._protocol.disconnecting:
                raise
            if not self.is_half_closed:
                self.is_half_closed = True
                wrapped.readConnectionLost()
            raise SSL.WantReadError from None


@implementer(IOpenSSLServerConnectionCreator)
class HalfClosingCreator:
    """Wraps the connections of another creator in `HalfClosing`."""

    def __init__(self, creator: IOpenSSLServerConnectionCreator) -> None:
        self._creator = creator

    # Any: a HalfClosing has the methods of a Connection, but is not one.
    def serverConnectionForTLS(self, protocol: TLSMemoryBIOProtocol) -> Any:
        """See `twisted.internet.interfaces.IOpenSSLServerConnectionCreator`."""
        return HalfClosing(self._creator.serverConnectionForTLS(protocol), protocol)


@implementer(IHalfCloseableProtocol)
class TLSConnection(BufferingTLSTransport):
    """Twisted's TLS connection, with half-close and a handshake timeout."""

    factory: TLSFactory
    transport: StreamTransport

    def makeConnection(self, transport: ITransport) -> None:
        """See `twisted.internet.interfaces.IProtocol`."""
        self._patience = self.factory.clock.callLater(self.factory.patience, self._look)
        super().makeConnection(transport)

    def dataReceived(self, data: bytes) -> None:
        """See `twisted.internet.interfaces.IProtocol`."""
        # OpenSSL would buffer data after close_notify and never process it.
        if not self.getHandle().is_half_closed:
            super().dataReceived(data)

    def readConnectionLost(self) -> None:
        """Abort if the peer's TCP ends before TLS: input may have been truncated."""
        if self.disconnecting:
            # This end has closed already, and many clients answer that without close_notify.
            self._tlsShutdownFinished(None)
        elif not self.getHandle().is_half_closed:
            self.abortConnection()

    def writeConnectionLost(self) -> None:
        """See `IHalfCloseableProtocol`; this end never half-closes."""

    @property
    def _is_agreed(self) -> bool:
        return self.getHandle().get_peer_finished() is not None

    def _look(self, looks: int = 0) -> None:
        if self._is_agreed:
            return
        if may_look_again(self.transport, looks, self.factory.patience):
            self._patience = self.factory.clock.callLater(LOOK_AGAIN_SECONDS, self._look, looks + 1)
        else:
            self.factory.events.hung_up(
                address_text(self.transport.getPeer()),
                Disconnect.NO_TLS_IN_TIME.reason(seconds=self.factory.patience),
            )
            self.abortConnection()

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        """See `twisted.internet.interfaces.IProtocol`."""
        if self._patience.active() and not self._is_agreed:
            self.factory.events.counters.errors["tls"] += 1
        cancel(self._patience)
        super().connectionLost(reason)


class TLSFactory(TLSMemoryBIOFactory):
    """Factory that wraps another factory's protocols in a `TLSConnection`."""

    protocol = TLSConnection

    def __init__(
        self,
        certificate: IOpenSSLServerConnectionCreator,
        factory: IProtocolFactory,
        clock: IReactorTime,
        events: ServiceEvents,
        patience: float,
    ) -> None:
        super().__init__(HalfClosingCreator(certificate), False, factory, clock)
        self.clock = clock
        self.events = events
        self.patience = patience


@dataclass(frozen=True)
class OverTLS(Wrapping):
    """A listener for TLS connections.

    Args:
        listener: The listener for the TCP connections.
        certificate: Creates the OpenSSL connections.
        clock: The clock for handshake timeouts.
        events: The reporter of failed handshakes.
        patience: The handshake timeout, in seconds.
    """

    certificate: IOpenSSLServerConnectionCreator
    clock: IReactorTime
    events: ServiceEvents
    patience: float

    def listen(self, factory: IProtocolFactory) -> Deferred[IListeningPort]:
        """See `Listener.listen`."""
        return self.listener.listen(
            TLSFactory(self.certificate, factory, self.clock, self.events, self.patience)
        )
