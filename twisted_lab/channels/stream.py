"""A channel over a stream transport: TCP, TLS or a unix socket."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Any

from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.interfaces import (
    IDelayedCall,
    IHalfCloseableProtocol,
    IPushProducer,
    ISSLTransport,
)
from twisted.internet.protocol import Protocol, connectionDone
from twisted.python.failure import Failure
from zope.interface import implementer

from twisted_lab.channels.channel import PeerGone, PeerSilent
from twisted_lab.codecs import MessageError, StreamDecoder, decode
from twisted_lab.peers import Peer, end_text

if TYPE_CHECKING:
    from twisted_lab.channels.factory import ConversationFactory

# Reading stops while so many bytes wait to be heard; the next read may bring 64 KiB more.
INBOX_BYTES = 65_536
# So many messages at most are decoded ahead, because a short text takes far more memory than its
# bytes did.
INBOX_MESSAGES = 64
# A peer that is so far behind, after the transport's buffer and the kernel's, is cut off.
BEHIND_BYTES = 262_144
# How long a peer that we have hung up on may take to close its side. Until then its input is read
# and dropped: to close with input unread would reset the connection and lose what was said last.
LINGER_SECONDS = 2.0


@implementer(IHalfCloseableProtocol, IPushProducer)
class StreamChannel(Protocol):
    """What the channels over a stream share; a subclass cuts and joins messages.

    Messages stay bytes until they are asked for, so that a peer's input costs no more memory than
    its bytes. What is said while input is being worked on goes out together, in one write.

    Args:
        decoder: Cuts what comes into messages.
        patience: After so many seconds of silence `hear` raises PeerSilent.
    """

    factory: ConversationFactory
    transport: Any  # ITCPTransport and IConsumer

    def __init__(self, decoder: StreamDecoder, patience: float) -> None:
        self._decoder = decoder
        self._inbox: deque[str] = deque()
        self._patience = patience
        self._hearing: Deferred[str] | None = None
        self._over: Exception | None = None  # what hear() raises when there is nothing to hear
        self._deaf = False  # what comes is dropped
        self._reading = True
        self._read_all = False
        self._outbox: deque[bytes] = deque()
        self._owed = 0
        self._batches = True
        self._batching = False
        self._pushing = False
        self._congested = False  # the transport's buffer is full
        self._holding = False  # the peer should take what was said before more is heard
        self._hung_up = False
        self._closing = False
        self._conversing = True
        self._connected = True
        self._linger: IDelayedCall | None = None
        self._closed_by = "client"
        self._bytes_in = 0
        self._bytes_out = 0

    def connectionMade(self) -> None:
        """See `twisted.internet.interfaces.IProtocol`."""
        self.peer = Peer.of(self.transport.getPeer())
        self._clock = self.factory.clock
        self._events = self.factory.events
        self._traffic = self._events.traffic
        self._since = self._last_heard = self._clock.seconds()
        self._silence = self._clock.callLater(self._patience, self._check_silence)
        self.transport.registerProducer(self, True)
        self.factory.connections.add(self)
        self._events.connected(self.peer.text)
        self._batching = True
        self._conversation = Deferred.fromCoroutine(self.factory.converse(self))
        self._conversation.addErrback(self._conversation_failed)
        self._conversation.addBoth(self._conversation_ended)
        self._end_batch()

    # Hearing

    async def hear(self) -> str:
        """See `twisted_lab.channels.Channel`."""
        if self._inbox and not self._holding:
            return self._inbox.popleft()
        message = self._take()
        if message is None:
            self._hearing = Deferred(self._forget_hearing)
            message = await self._hearing
        return message

    def _forget_hearing(self, _: Deferred[str]) -> None:
        self._hearing = None

    def _take(self) -> str | None:
        """Return the next message; None if there is none yet, or the peer should read first."""
        if self._holding and (self._inbox or not self._deaf):
            return None
        if not self._inbox and not self._deaf:
            self._fill_inbox()
        if self._inbox:
            return self._inbox.popleft()
        if self._over is not None:
            raise self._over
        return None

    def _fill_inbox(self) -> None:
        traffic = self._traffic
        try:
            # In a log that shows both, an answer stands after what it answers.
            messages = self._decoder.take(1 if traffic else INBOX_MESSAGES)
            if not self._reading and (not messages or self._decoder.size < INBOX_BYTES):
                self._resume_reading()
            for message in messages:
                self._inbox.append(decode(message))
                if traffic:
                    self._events.received(self.peer.text, len(message))
        except MessageError as error:
            self._deaf = True
            self._over = error

    def _advance(self) -> None:
        """Give the conversation what it waits for, if that has come."""
        if self._hearing is None:
            return
        try:
            message = self._take()
        except Exception as error:
            hearing, self._hearing = self._hearing, None
            hearing.errback(error)
        else:
            if message is not None:
                hearing, self._hearing = self._hearing, None
                hearing.callback(message)

    def _deafen(self, reason: Exception) -> None:
        self._deaf = True
        self._over = reason
        self._inbox.clear()

    def dataReceived(self, data: bytes) -> None:
        """See `twisted.internet.interfaces.IProtocol`."""
        self._bytes_in += len(data)
        self._last_heard = self._clock.seconds()
        if self._deaf:
            return
        self._work_on(data)
        if (
            self._decoder.size >= INBOX_BYTES
            and self._reading
            and (self._hearing is None or self._holding)
        ):
            self._reading = False
            self.transport.pauseProducing()

    def _work_on(self, data: bytes) -> None:
        self._decoder.feed(data)
        self._batching = self._batches
        self._advance()
        self._end_batch()

    def _resume_reading(self) -> None:
        self._reading = True
        self.transport.resumeProducing()

    def _check_silence(self) -> None:
        # One timer a connection, which looks at the clock, rather than one reset by each message.
        silent = self._clock.seconds() - self._last_heard
        if silent >= self._patience:
            if self._hung_up:
                self._cut_off()
                return
            if self._hearing is not None:
                hearing, self._hearing = self._hearing, None
                hearing.errback(PeerSilent(f"nothing heard for {self._patience:g} s"))
            silent = 0
        self._silence = self._clock.callLater(self._patience - silent, self._check_silence)

    # Saying

    def encode(self, text: str) -> bytes:
        """Make the bytes of a message."""
        raise NotImplementedError

    def say(self, text: str) -> None:
        """See `twisted_lab.channels.Channel`."""
        self.send(self.encode(text))

    def send(self, data: bytes) -> None:
        """Send the bytes of a message."""
        if self._hung_up:
            return
        size = len(data)
        self._outbox.append(data)
        self._owed += size
        self._bytes_out += size
        if self._traffic:
            self._events.sent(self.peer.text, size)
        if not self._batching or self._owed >= BEHIND_BYTES:
            self._flush()

    def _end_batch(self) -> None:
        self._batching = False
        self._flush()

    def _flush(self) -> None:
        """Pass on what was said, if the transport has room, and close if that was all."""
        if self._congested:
            if self._owed > BEHIND_BYTES:
                self._push()
            return
        if self._outbox:
            data = b"".join(self._outbox)
            self._outbox.clear()
            self._owed = 0
            self.transport.write(data)
        if self._hung_up:
            self._close()

    def _push(self) -> None:
        # The transport sends when the reactor has its next turn, but a fan-out may say much within
        # one turn. Before a peer is held to be behind, the kernel is asked; an error that it gives
        # comes again, and is dealt with, in the reactor.
        send = getattr(self.transport, "doWrite", None)
        if send is not None:
            self._pushing = True
            send()
            self._pushing = False
        if self._owed > BEHIND_BYTES:
            self._drop()

    def _drop(self) -> None:
        self._events.behind(self.peer.text, BEHIND_BYTES)
        self._cut_off()

    def pauseProducing(self) -> None:
        """The transport has no room: see `twisted.internet.interfaces.IPushProducer`."""
        self._congested = self._holding = True

    def resumeProducing(self) -> None:
        """The transport has room again: see `twisted.internet.interfaces.IPushProducer`."""
        self._congested = False
        self._flush()
        self._holding = bool(self._outbox)
        if self._pushing:
            # Somebody else's conversation is in the middle of its say().
            self._clock.callLater(0, self._advance)
        else:
            self._advance()

    def stopProducing(self) -> None:
        """The connection is lost: see `twisted.internet.interfaces.IPushProducer`."""

    # Ending

    def hang_up(self) -> None:
        """See `twisted_lab.channels.Channel`."""
        if not self._hung_up:
            self._hung_up = True
            if not self._read_all:
                self._closed_by = "server"
            self._deafen(PeerGone("hung up on"))
            self._advance()
            if not self._batching:
                self._flush()

    def finish(self) -> None:
        """Hear nothing more; what the conversation is saying is still said."""
        self._closed_by = "server"
        self._deafen(PeerGone("the server stops"))
        self._advance()

    def abort(self) -> None:
        """Close at once, and end the conversation, whatever it waits for."""
        self._cut_off()
        self._advance()
        if self._conversing:
            self._conversation.cancel()

    def _cut_off(self) -> None:
        self._closed_by = "server"
        self._hung_up = True
        self._deafen(PeerGone("cut off"))
        self._outbox.clear()
        self._owed = 0
        self.transport.abortConnection()

    def _close(self) -> None:
        if self._closing or not self._connected:
            return
        self._closing = True
        # With a producer registered, the transport would wait for it before it closes.
        self.transport.unregisterProducer()
        if self._read_all or ISSLTransport.providedBy(self.transport):
            self.transport.loseConnection()
        else:
            self.transport.loseWriteConnection()
            if not self._reading:
                self._resume_reading()

    def writeConnectionLost(self) -> None:
        """The peer has all that was said; now it should close, too."""
        self._linger = self._clock.callLater(LINGER_SECONDS, self.transport.loseConnection)

    def readConnectionLost(self) -> None:
        """The peer says no more; what it has said before is still heard and answered."""
        self._read_all = True
        if self._closing:
            self.transport.loseConnection()
        elif not self._deaf:
            self._over = PeerGone("closed by the client")
            self._work_on(b"")

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        """See `twisted.internet.interfaces.IProtocol`."""
        self._hung_up = True
        self._congested = self._holding = False
        self._outbox.clear()
        for timer in (self._silence, self._linger):
            if timer is not None and timer.active():
                timer.cancel()
        how = end_text(reason, self._closed_by)
        seconds = self._clock.seconds() - self._since
        self._events.disconnected(self.peer.text, self._bytes_in, self._bytes_out, seconds, how)
        self._connected = False
        if self._conversing:
            self._over = self._over or PeerGone(how)
            self._advance()
        else:
            self.factory.connections.remove(self)

    def _conversation_failed(self, failure: Failure) -> None:
        error = failure.value
        if isinstance(error, MessageError | PeerSilent):
            self._events.hung_up(self.peer.text, str(error))
            self.say(f"error: {error}")
        elif not isinstance(error, PeerGone | CancelledError):
            self._events.conversation_failed(self.peer.text, failure)

    def _conversation_ended(self, _: object) -> None:
        self._conversing = False
        self.hang_up()
        if not self._connected:
            self.factory.connections.remove(self)
