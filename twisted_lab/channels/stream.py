"""Channels over a stream transport: TCP, TLS or a unix socket."""

from __future__ import annotations

from twisted.internet.interfaces import IDelayedCall, IHalfCloseableProtocol
from twisted.internet.protocol import Protocol, connectionDone
from twisted.python.failure import Failure
from zope.interface import implementer

from twisted_lab.channels.base import TALKING, BaseChannel, Host
from twisted_lab.channels.channel import PeerGone
from twisted_lab.channels.closing import LINGER_SECONDS, cancel, shut_down
from twisted_lab.channels.idleness import LOOK_AGAIN_SECONDS, IdleTimer, may_look_again
from twisted_lab.channels.inbox import StreamInbox
from twisted_lab.channels.outbox import BEHIND_BYTES, Outbox
from twisted_lab.channels.phase import Phase
from twisted_lab.codecs import StreamDecoder
from twisted_lab.disconnects import Disconnect, end_reason
from twisted_lab.interfaces import StreamTransport
from twisted_lab.peers import Peer

# Reading stops while this many bytes are unheard; the last read may have added up to 128 KiB.
INBOX_BYTES = 65_536


@implementer(IHalfCloseableProtocol)
class StreamChannel(BaseChannel, Protocol):
    """Base class of channels over a stream; a subclass defines the framing.

    Messages stay bytes until the conversation asks for them, so that a peer's input takes no more
    memory than its bytes. Output that answers one piece of input is sent in one write.

    Args:
        decoder: Splits the received bytes into messages.
        patience: The idle timeout, in seconds, after which `hear` raises PeerSilent.
    """

    factory: Host
    transport: StreamTransport
    _inbox: StreamInbox
    _outbox: Outbox

    def __init__(self, decoder: StreamDecoder, patience: float) -> None:
        super().__init__(StreamInbox(decoder))
        self._decoder = decoder
        self._first_patience = patience
        self._reading = True
        self._has_half_closed = False  # whether the peer has
        self._linger: IDelayedCall | None = None

    def connectionMade(self) -> None:
        """See `twisted.internet.interfaces.IProtocol`."""
        clock = self.factory.clock
        idle = IdleTimer(self._first_patience, clock.seconds())
        self._silence = clock.callLater(self._first_patience, self._check_silence)
        self._begin(self.factory, Peer.of(self.transport), self._make_outbox(), idle)

    def _make_outbox(self) -> Outbox:
        clock, limit = self.factory.clock, max(BEHIND_BYTES, 4 * self._decoder.limit)
        return Outbox(self.transport, clock, self._go_on, self._fell_behind, limit)

    # Hearing

    def dataReceived(self, data: bytes) -> None:
        """See `twisted.internet.interfaces.IProtocol`."""
        self._bytes_in += len(data)
        inbox = self._inbox
        if inbox.is_shut:
            return
        now = self._idle.heard = self._clock.seconds()
        self._decoder.feed(data)
        inbox.may_have_more = True
        self._work(now)
        if (
            inbox.may_have_more
            and self._reading
            and self._decoder.size >= INBOX_BYTES
            and not self._is_incomplete()
        ):
            self._reading = False
            self.transport.pauseProducing()

    def _is_incomplete(self) -> bool:
        """Tell whether the conversation waits for the rest of a message, of whatever length."""
        is_held = self._turn.is_waiting or self._outbox.holding
        return self._conversation.is_waiting and not is_held

    def _fill(self, most: int) -> int:
        # A log of both directions needs each answer directly after its message.
        is_logged = self._events.traffic
        messages = self._inbox.fill(1 if is_logged else most)
        if not self._reading and (not messages or self._decoder.size < INBOX_BYTES):
            self._resume_reading()
        if is_logged:
            for message in messages:
                self._events.received(self.peer.text, len(message), message)
        self._messages_in += len(messages)
        return len(messages)

    def _resume_reading(self) -> None:
        self._reading = True
        self.transport.resumeProducing()

    # Idle timeout

    def _deadline_moved(self) -> None:
        if self._silence.active():
            left = self._idle.deadline - self._clock.seconds()
            self._silence.reset(max(left, 0.0))

    def _check_silence(self, looks: int = 0) -> None:
        # One timer per connection that checks the clock is cheaper than a reset for each message.
        silent = self._clock.seconds() - self._idle.heard
        if self._turn.is_waiting:
            silent = 0
        if silent >= self.patience:
            # A peer that does not take its answers is never read again (back-pressure), so its
            # unread input delays the end only briefly.
            is_heard = self._reading and not (self._inbox.is_shut or self._has_half_closed)
            longest = self.patience if is_heard else LOOK_AGAIN_SECONDS
            if may_look_again(self.transport, looks, longest):
                self._silence = self._clock.callLater(
                    LOOK_AGAIN_SECONDS, self._check_silence, looks + 1
                )
                return
            if self._phase is not TALKING:
                self._cut_off()
            elif self._conversation.is_waiting or not self._outbox.has_taken():
                self._report_silence()
            silent = 0
        # Also after a cut-off: `connectionLost` cancels the timer, which then refers to nothing. A
        # timer that has fired would still refer to the channel: a cycle.
        if self._phase is not Phase.GONE:
            self._silence = self._clock.callLater(self.patience - silent, self._check_silence)

    # Saying

    def relay(self, texts: list[str], pieces: list[bytes], joined: bytes) -> None:
        """Send several messages of a fan-out, encoded as `pieces`; `FanOut` logs them."""
        if self._phase is not TALKING:
            return
        self._messages_out += len(texts)
        if self._outbox.pace is not None:
            for data in pieces:
                self._outbox.add(data)
        else:
            self._outbox.add_batch(joined)

    def _begin_taking(self) -> None:
        self._idle.heard = self._clock.seconds()  # restarts the idle timeout
        self._outbox.has_taken()

    # Ending

    @property
    def _has_peer_closed(self) -> bool:
        return self._has_half_closed

    def _cut_off(self) -> None:
        self._closed_by = Disconnect.CLOSED_BY_SERVER
        if self._phase is not Phase.GONE:
            self._phase = Phase.ABORTED
        self._shut(Disconnect.CUT_OFF_BY_SERVER.reason())
        self._outbox.discard()
        self.transport.abortConnection()

    def _close(self) -> None:
        self._phase = Phase.CLOSING
        if self._has_half_closed:
            self.transport.loseConnection()
        else:
            self._linger = shut_down(self.transport, self._clock)

    def writeConnectionLost(self) -> None:
        """See `IHalfCloseableProtocol`; the peer has all output, and should close now, too."""
        self._linger = self._clock.callLater(LINGER_SECONDS, self.transport.loseConnection)

    def readConnectionLost(self) -> None:
        """See `IHalfCloseableProtocol`; messages received before are still heard and answered."""
        self._has_half_closed = True
        if self._phase is Phase.CLOSING:
            self.transport.loseConnection()
        elif not self._inbox.is_shut:
            self._inbox.close(PeerGone(Disconnect.CLOSED_BY_CLIENT.reason()))
            self._work(self._clock.seconds())

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        """See `twisted.internet.interfaces.IProtocol`."""
        cancel(self._silence)
        cancel(self._linger)
        self._gone(end_reason(reason, self._closed_by is Disconnect.CLOSED_BY_CLIENT))
        if self._conversation.is_running:
            self._go_on()
