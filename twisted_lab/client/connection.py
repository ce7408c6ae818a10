"""Client's end of a stream connection."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager

from twisted.internet.defer import Deferred
from twisted.internet.error import ConnectionDone
from twisted.internet.interfaces import (
    IHalfCloseableProtocol,
    IHandshakeListener,
    IReactorTime,
    ISSLTransport,
)
from twisted.internet.protocol import Protocol, connectionDone
from twisted.python.failure import Failure
from zope.interface import implementer

from twisted_lab.channels.idleness import QuietTimer
from twisted_lab.client.framing import Framing
from twisted_lab.codecs import MessageError
from twisted_lab.codecs.likeness import looks_like
from twisted_lab.disconnects import Disconnect, end_reason
from twisted_lab.eventlog.events import ClientEvents
from twisted_lab.interfaces import StreamTransport
from twisted_lab.peers import address_text
from twisted_lab.text.language import N_

LONGEST_ERROR = 2048  # bytes
PATIENCE = 10.0  # seconds without input after `finish`


class HungUp(Exception):
    """The connection ended early, so output of the server may be missing; the text says how."""


class GaveUp(Exception):
    """After the client's last bytes the server has neither sent anything nor closed in time."""


@implementer(IHalfCloseableProtocol, IHandshakeListener)
class ClientConnection(Protocol):
    """A connection that sends and receives bytes, and tells a complete conversation from a cut one.

    The client ends the conversation with a half-close. The server then sends its pending output and
    closes, which marks the end of that output. The client waits for it as long as the server does
    not pause for PATIENCE seconds.

    Args:
        clock: Measures the duration of the connection, and pauses of the server.
        events: The reporter of the connection's events.
        framing: Converts input lines to bytes to send, and received bytes to output.

    Attributes:
        agreed: Fires when the connection is usable, with TLS after the handshake. Fails with the
            reason if the connection ends before that.
        framing: See above.
        deliver: Called with the bytes to show; to be set before the first bytes can arrive.
        ended: Fires with None when the server has closed after `finish`, or when the client has
            aborted the connection. Fails with MessageError if a message is too long, with GaveUp
            if the server takes too long to end, and with HungUp if the connection ends in any other
            way.
        was_hinted: Whether the user knows what to try with a silent server.
    """

    transport: StreamTransport
    deliver: Callable[[bytes], object]

    def __init__(self, clock: IReactorTime, events: ClientEvents, framing: Framing) -> None:
        self.ended: Deferred[None] = Deferred()
        self.agreed: Deferred[None] = Deferred()
        self.was_hinted = False
        self._is_agreed = False
        self._clock = clock
        self._events = events
        self.framing = framing
        self._error: MessageError | GaveUp | None = None
        self._finished = False
        self._aborted = False
        self._bytes_in = 0
        self._bytes_out = 0
        self._tail = b""

    @property
    def ends_with_error(self) -> bool:
        """Tell whether the last received line is ``error: ...``."""
        return self._last_line.startswith(b"error: ")

    @property
    def ends_with_question(self) -> bool:
        """Tell whether the last received line ends with a question mark."""
        return self._last_line.rstrip().endswith(b"?")

    @property
    def _last_line(self) -> bytes:
        return self._tail.rstrip(b"\r\n").rpartition(b"\n")[2]

    @property
    def is_silent(self) -> bool:
        """Tell whether the server has sent nothing."""
        return not self._bytes_in

    @property
    def is_unanswered(self) -> bool:
        """Tell whether the client has sent something, but the server has not."""
        return self._bytes_out > 0 and self.is_silent

    def connectionMade(self) -> None:
        """See `twisted.internet.interfaces.IProtocol`."""
        self.peer = address_text(self.transport.getPeer())
        self._since = self._clock.seconds()
        self._quiet = QuietTimer(self._clock, self.transport, PATIENCE, self._give_up)
        if not ISSLTransport.providedBy(self.transport):
            self.handshakeCompleted()

    def handshakeCompleted(self) -> None:
        """See `twisted.internet.interfaces.IHandshakeListener`."""
        self._is_agreed = True
        self._events.connected(self.peer, address_text(self.transport.getHost()))
        self.agreed.callback(None)

    def dataReceived(self, data: bytes) -> None:
        """See `twisted.internet.interfaces.IProtocol`."""
        is_alert = self.is_silent and len(data) == 7 and data.startswith(b"\x15\x03")
        self._bytes_in += len(data)
        if self._finished:
            self._quiet.heard()
        self._events.received(self.peer, len(data))
        with self._failing():
            if is_alert and not ISSLTransport.providedBy(self.transport):
                raise MessageError(looks_like(data[:4], 0))
            for shown in self.framing.incoming(data):
                self._tail = (self._tail + shown[-LONGEST_ERROR:])[-LONGEST_ERROR:]
                self.deliver(shown)

    def send(self, typed: bytes) -> None:
        """Send the next piece of input, unless the client has finished."""
        if not self._finished:
            with self._failing():
                self._write(self.framing.outgoing(typed))

    def _write(self, pieces: Iterable[bytes]) -> None:
        for data in filter(None, pieces):
            self.transport.write(data)
            self._bytes_out += len(data)
            self._events.sent(self.peer, len(data))

    @contextmanager
    def _failing(self) -> Iterator[None]:
        try:
            yield
        except MessageError as error:
            self._error = error
            self.transport.abortConnection()

    def finish(self) -> None:
        """Send the rest of the input, and half-close; the server's output still arrives."""
        if not self.ended.called:
            with self._failing():
                self._write(self.framing.last())
            self._finished = True
            self._quiet.heard()
            self.transport.unregisterProducer()
            if ISSLTransport.providedBy(self.transport):
                self.transport.loseConnection()  # In TLS 1.3 output still arrives.
            else:
                self.transport.loseWriteConnection()

    def _give_up(self) -> None:
        self._error = GaveUp(
            N_(
                "{peer} has neither answered nor closed for {seconds:.0f} s: the client stops "
                "waiting",
                peer=self.peer,
                seconds=PATIENCE,
            )
        )
        self.transport.abortConnection()

    def abort(self) -> None:
        """Abort the connection, and drop further output of the server."""
        self._aborted = True
        self.transport.abortConnection()

    def readConnectionLost(self) -> None:
        """Close the connection, because the server has closed its sending side."""
        self.transport.unregisterProducer()
        self.transport.loseConnection()

    def writeConnectionLost(self) -> None:
        """Do nothing: `finish` has closed the client's sending side."""

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        """See `twisted.internet.interfaces.IProtocol`."""
        self._quiet.cancel()
        if not self._is_agreed:
            if not self.agreed.called:  # `agree_on_tls` may have timed out
                self.agreed.errback(reason)
            return
        by_client = self._finished or self._aborted or self._error
        how = end_reason(reason, bool(by_client))
        if how.why is Disconnect.RESET and ISSLTransport.providedBy(self.transport):
            how = Disconnect.RESET_OVER_TLS.reason()
        self._events.disconnected(
            self.peer, self._bytes_out, self._bytes_in, self._clock.seconds() - self._since, how
        )
        if self._error is not None:
            self.ended.errback(self._error)
        elif self.framing.incomplete and not self._aborted:
            self.ended.errback(HungUp(N_("{how} in the middle of a message", how=how.text)))
        elif self._aborted or (self._finished and reason.check(ConnectionDone)):
            self.ended.callback(None)
        else:
            self.ended.errback(HungUp(how.text))
