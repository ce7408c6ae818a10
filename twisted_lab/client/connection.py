"""The client's end of a connection."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.error import ConnectionDone
from twisted.internet.interfaces import IHalfCloseableProtocol, IReactorTime
from twisted.internet.protocol import Protocol, connectionDone
from twisted.python.failure import Failure
from zope.interface import implementer

from twisted_lab.events import ClientEvents
from twisted_lab.peers import address_text, end_text


class HungUp(Exception):
    """The server has gone before everything owed had come; the text says how."""


@implementer(IHalfCloseableProtocol)
class ClientConnection(Protocol):
    """Sends and receives bytes, and knows whether the conversation was over when it ended.

    The client ends it by shutting down its sending side. The server then sends what it still owes
    and closes: that is the end of everything owed.

    Args:
        clock: Tells how long the connection has lasted.
        events: What happens is reported here.

    Attributes:
        deliver: Called with each piece that comes. Set it before the connection is made.
        ended: Fires with None when the server has closed after `finish`, or the client has
            abandoned it; fails with HungUp if it ends in any other way.
    """

    transport: Any  # ITCPTransport, IConsumer and IPushProducer, for which there is no one name
    deliver: Callable[[bytes], object]

    def __init__(self, clock: IReactorTime, events: ClientEvents) -> None:
        self.ended: Deferred[None] = Deferred()
        self._clock = clock
        self._events = events
        self._finished = False
        self._abandoned = False
        self._bytes_in = 0
        self._bytes_out = 0

    def connectionMade(self) -> None:
        """See `twisted.internet.interfaces.IProtocol`."""
        self.peer = address_text(self.transport.getPeer())
        self._since = self._clock.seconds()
        self._events.connected(self.peer, address_text(self.transport.getHost()))

    def dataReceived(self, data: bytes) -> None:
        """See `twisted.internet.interfaces.IProtocol`."""
        self._bytes_in += len(data)
        self._events.received(self.peer, len(data))
        self.deliver(data)

    def send(self, data: bytes) -> None:
        """Send `data`, unless the client has finished."""
        if data and not self._finished:
            self.transport.write(data)
            self._bytes_out += len(data)
            self._events.sent(self.peer, len(data))

    def finish(self) -> None:
        """Say that nothing more will be sent; what is owed still comes."""
        if not self.ended.called:
            self._finished = True
            self.transport.unregisterProducer()
            self.transport.loseWriteConnection()

    def abandon(self) -> None:
        """End it at once; nobody wants what may still come."""
        self._abandoned = True
        self.transport.abortConnection()

    def readConnectionLost(self) -> None:
        """The server sends no more."""
        self.transport.unregisterProducer()
        self.transport.loseConnection()

    def writeConnectionLost(self) -> None:
        """Our sending side is shut down, as `finish` asked."""

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        """See `twisted.internet.interfaces.IProtocol`."""
        by_client = self._finished or self._abandoned
        how = end_text(reason, "client" if by_client else "server")
        self._events.disconnected(
            self.peer, self._bytes_out, self._bytes_in, self._clock.seconds() - self._since, how
        )
        if self._abandoned or (self._finished and reason.check(ConnectionDone)):
            self.ended.callback(None)
        else:
            self.ended.errback(HungUp(how))
