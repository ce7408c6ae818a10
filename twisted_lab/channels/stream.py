"""A channel over a stream transport: TCP, TLS or a unix socket."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Any
from typing import Protocol as Interface

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IDelayedCall, IHalfCloseableProtocol, IReactorTime
from twisted.internet.protocol import Protocol, connectionDone
from twisted.python.failure import Failure
from zope.interface import implementer

from twisted_lab.channels.channel import Conversation, PeerGone, PeerSilent
from twisted_lab.channels.closing import LINGER_SECONDS, cancel, shut_down
from twisted_lab.channels.connections import Connections
from twisted_lab.channels.conversation_runner import ConversationRunner, unless_refused
from twisted_lab.channels.idleness import LOOK_AGAIN_SECONDS, may_look_again
from twisted_lab.channels.outbox import PIECE_BYTES, Outbox, acknowledged
from twisted_lab.codecs import MessageError, StreamDecoder, decode
from twisted_lab.disconnects import Disconnect, end_reason
from twisted_lab.eventlog.counters import Traffic
from twisted_lab.eventlog.events import ServiceEvents
from twisted_lab.peers import Peer

# Reading stops while this many bytes wait to be heard; the next read may bring 128 KiB more.
INBOX_BYTES = 65_536
# Limit of pending output, in addition to the output that the transport and the kernel hold: a
# peer that is further behind is cut off. The limit is four of the largest messages if that is more.
BEHIND_BYTES = 262_144
# At most this many messages are decoded ahead, because a short text takes far more memory than
# its bytes did.
INBOX_MESSAGES = 256
# A peer's turn ends after this many messages or seconds; then other peers have theirs, and output
# for them can be sent. The clock is read between batches of messages, because a read before each
# message would cost too much. The first batch has this many messages; each further one has twice
# as many as the one before while there is time.
TURN_MESSAGES = 2048
TURN_SECONDS = 0.01
FIRST_BATCH = 8


class Host(Interface):
    """The interface of the factory that made a channel; see `ConversationFactory`."""

    clock: IReactorTime
    events: ServiceEvents
    connections: Connections
    converse: Conversation


@implementer(IHalfCloseableProtocol)
class StreamChannel(Protocol):
    """The common part of the channels over a stream; a subclass cuts and joins messages.

    Messages stay bytes until the conversation asks for them, so that a peer's input costs no more
    memory than its bytes. Output said while input is processed goes out together, in one write.

    Args:
        decoder: Cuts the received bytes into messages.
        patience: Idle timeout: after this many seconds of silence `hear` raises PeerSilent.
    """

    factory: Host
    transport: Any  # ITCPTransport and IConsumer
    # Makes the bytes of a message; the same function in all channels that make the same bytes.
    encode: Callable[[str], bytes]

    def __init__(self, decoder: StreamDecoder, patience: float) -> None:
        self._decoder = decoder
        self._behind_bytes = max(BEHIND_BYTES, 4 * decoder.limit)
        self._patience = patience
        self._inbox: deque[str] = deque()
        self._may_have_more = False  # whether the decoder may have a whole message
        self._turn_left = TURN_MESSAGES
        self._turn_began = 0.0
        self._batch = FIRST_BATCH
        self._next_turn: IDelayedCall | None = None
        self._taking: Deferred[None] | None = None
        self._acknowledged = 0  # bytes, at the last check of the peer's progress
        self._over: Exception | None = None  # what hear() raises when there is nothing to hear
        self._deaf = False  # received bytes are dropped
        self._reading = True
        self._read_all = False
        self._hung_up = False
        self._closing = False
        self._conversing = True
        self._connected = True
        self._linger: IDelayedCall | None = None
        self._closed_by_client = True
        self._bytes_in = self._messages_in = self._messages_out = 0

    def connectionMade(self) -> None:
        """See `twisted.internet.interfaces.IProtocol`."""
        self.peer = Peer.of(self.transport)
        self._clock = self.factory.clock
        self._events = self.factory.events
        self._outbox = Outbox(
            self.transport, self._clock, self._has_room, self._fell_behind, self._behind_bytes
        )
        self.since = self._last_heard = self._turn_began = self._clock.seconds()
        self._silence = self._clock.callLater(self._patience, self._check_silence)
        refusal = self.factory.connections.add(self, self.peer.host)
        self._events.connected(self.peer.text)
        self._outbox.begin_batch()
        self._conversation = ConversationRunner(
            unless_refused(refusal, self.factory.converse),
            self,
            self._events,
            self._conversation_ended,
        )
        if refusal and not self.factory.connections.is_told(self):
            self._cut_off()
        self._conversation.begin()
        self._outbox.end_batch()

    # Hearing

    async def hear(self) -> str:
        """See `twisted_lab.channels.Channel`."""
        if self._inbox and not self._outbox.holding:
            return self._inbox.popleft()
        message = self._take()
        if message is None:
            message = await self._conversation.next_message()
        return message

    def _take(self) -> str | None:
        """Return the next message; None if there is none yet, or the peer should read first."""
        if self._outbox.holding and (self._inbox or not self._deaf):
            return None
        if not self._inbox and self._may_have_more and not self._deaf:
            if self._is_turn_over():
                if self._next_turn is None:
                    self._next_turn = self._clock.callLater(0, self._begin_turn)
                return None
            self._fill_inbox()
        if self._inbox:
            return self._inbox.popleft()
        if self._over is not None:
            raise self._over
        return None

    def _is_turn_over(self) -> bool:
        if 0 < self._turn_left < TURN_MESSAGES:
            if self._clock.seconds() < self._turn_began + TURN_SECONDS:
                self._batch = min(2 * self._batch, INBOX_MESSAGES)
            else:
                self._turn_left = 0
                self._batch = FIRST_BATCH
        return self._turn_left <= 0

    def _fill_inbox(self) -> None:
        try:
            # In a log of both directions, an answer stands after its message.
            messages = self._decoder.take(1 if self._events.traffic else self._batch)
            # Fewer messages than requested may also mean that the next one is too long.
            self._may_have_more = bool(messages) and self._decoder.size > 0
            if not self._reading and (not messages or self._decoder.size < INBOX_BYTES):
                self._resume_reading()
            if self._events.traffic:
                for message in messages:
                    self._events.received(self.peer.text, len(message), message)
            try:
                self._inbox.extend([message.decode() for message in messages])
            except UnicodeDecodeError:
                # Slower, but it keeps the messages before the error, and raises the right one.
                for message in messages:
                    self._inbox.append(decode(message))
            self._turn_left -= len(messages)
            self._messages_in += len(messages)
        except MessageError as error:
            self._deaf = True
            self._over = error

    def _work(self) -> None:
        """Give the conversation the message it waits for, if there is one, for at most a turn."""
        if self._next_turn is None:
            self._turn_left = TURN_MESSAGES
        if not self._conversation.is_waiting:
            return
        self._outbox.begin_batch()
        try:
            message = self._take()
        except Exception as error:
            self._conversation.fail(error)
        else:
            if message is not None:
                self._conversation.give(message)
        self._outbox.end_batch()

    def _begin_turn(self) -> None:
        self._next_turn = None
        self._last_heard = self._turn_began = self._clock.seconds()
        self._work()

    def _deafen(self, reason: Exception) -> None:
        self._deaf = True
        self._over = reason
        self._inbox.clear()
        if self._conversation.is_waiting or self._taking is not None:
            # In a later turn: this may be within the say() of another conversation.
            self._clock.callLater(0, self._has_room)

    def dataReceived(self, data: bytes) -> None:
        """See `twisted.internet.interfaces.IProtocol`."""
        self._bytes_in += len(data)
        if self._deaf:
            return
        self._last_heard = self._turn_began = self._clock.seconds()
        self._decoder.feed(data)
        self._may_have_more = True
        self._work()
        if (
            self._may_have_more
            and self._reading
            and self._decoder.size >= INBOX_BYTES
            and not self._is_incomplete()
        ):
            self._reading = False
            self.transport.pauseProducing()

    def _is_incomplete(self) -> bool:
        """Tell whether the conversation waits for the rest of a message, however long it is."""
        return self._conversation.is_waiting and self._turn_left > 0 and not self._outbox.holding

    def _resume_reading(self) -> None:
        self._reading = True
        self.transport.resumeProducing()

    @property
    def patience(self) -> float:
        """See `twisted_lab.channels.Channel`."""
        return self._patience

    @patience.setter
    def patience(self, seconds: float) -> None:
        self._patience = seconds
        if self._silence.active():
            left = self._last_heard + seconds - self._clock.seconds()
            self._silence.reset(max(left, 0.0))

    def _check_silence(self, looks: int = 0) -> None:
        # One timer per connection, which looks at the clock, rather than one reset by each message.
        silent = self._clock.seconds() - self._last_heard
        if self._next_turn is not None:
            silent = 0  # Its messages wait for their turn.
        if silent >= self._patience:
            # Back-pressure: a peer that does not take its answers is not read, for ever.
            is_heard = self._reading and not (self._deaf or self._read_all)
            longest = self._patience if is_heard else LOOK_AGAIN_SECONDS
            if may_look_again(self.transport, looks, longest):
                self._silence = self._clock.callLater(
                    LOOK_AGAIN_SECONDS, self._check_silence, looks + 1
                )
                return
            if self._hung_up:
                self._cut_off()
                return
            if self._conversation.is_waiting:
                self._conversation.fail(
                    PeerSilent(Disconnect.NOTHING_HEARD.reason(seconds=self._patience))
                )
            elif not self._has_taken():
                self._end_taking(
                    Failure(PeerSilent(Disconnect.NOTHING_TAKEN.reason(seconds=self._patience)))
                )
            silent = 0
        self._silence = self._clock.callLater(self._patience - silent, self._check_silence)

    def _has_taken(self) -> bool:
        """Tell whether the peer has taken something since the last call."""
        before, self._acknowledged = self._acknowledged, acknowledged(self.transport)
        return self._acknowledged > before

    # Saying

    def say(self, text: str) -> None:
        """See `twisted_lab.channels.Channel`."""
        if self._hung_up:
            return
        data = self.encode(text)
        if self._events.traffic:
            self._events.sent(self.peer.text, len(data), data)
        self._messages_out += 1
        gathering = self._outbox.gathering
        if gathering is not None and len(gathering) < PIECE_BYTES:
            gathering += data
        else:
            self._outbox.add(data)

    def relay(self, texts: list[str], pieces: list[bytes], joined: bytes) -> None:
        """Say several texts of a fan-out, whose bytes are `pieces`; `FanOut` logs them."""
        if self._hung_up:
            return
        self._messages_out += len(texts)
        if self._outbox.pace:
            for data in pieces:
                self._outbox.add(data)
        else:
            self._outbox.add_batch(joined)

    @property
    def is_gone(self) -> bool:
        """See `twisted_lab.channels.Channel`."""
        return self._hung_up

    async def taken(self) -> None:
        """See `twisted_lab.channels.Channel`."""
        if self._outbox.is_full() and not self._hung_up:
            self._last_heard = self._clock.seconds()  # starts the idle timeout anew
            self._has_taken()
            self._taking = Deferred()
            await self._taking
        if self._hung_up:
            raise self._over or PeerGone(Disconnect.CLOSED_BY_SERVER.reason())

    def _has_room(self) -> None:
        self._end_taking(None)
        self._turn_began = self._clock.seconds()
        self._work()

    def _end_taking(self, result: Failure | None) -> None:
        if self._taking is not None:
            taking, self._taking = self._taking, None
            taking.callback(result)

    def _fell_behind(self) -> None:
        self._events.behind(self.peer.text, self._behind_bytes)
        self._cut_off()

    # Counting

    @property
    def label(self) -> str:
        """See `twisted_lab.channels.Connection`."""
        return self.peer.text

    def traffic(self) -> Traffic:
        """See `twisted_lab.channels.Connection`."""
        return Traffic(
            self._bytes_in, self._outbox.bytes_out, self._messages_in, self._messages_out
        )

    # Ending

    def hang_up(self) -> None:
        """See `twisted_lab.channels.Channel`."""
        if not self._hung_up:
            self._hung_up = True
            self._last_heard = self._clock.seconds()  # starts the idle timeout of the close
            if not self._read_all:
                self._closed_by_client = False
            self._deafen(PeerGone(Disconnect.CLOSED_BY_SERVER.reason()))
            self._outbox.close(self._close)

    def finish(self) -> None:
        """Hear nothing more; output that the conversation is still producing is sent."""
        self._closed_by_client = False
        self._deafen(PeerGone(Disconnect.CLOSED_BY_SERVER.reason()))

    def abort(self) -> None:
        """Close at once, and end the conversation, whatever it waits for."""
        self._cut_off()
        if self._conversing:
            self._clock.callLater(0, self._conversation.cancel)

    def _cut_off(self) -> None:
        self._closed_by_client = False
        self._hung_up = True
        self._deafen(PeerGone(Disconnect.CUT_OFF_BY_SERVER.reason()))
        self._outbox.discard()
        self.transport.abortConnection()

    def _close(self) -> None:
        self._closing = True
        if self._read_all:
            self.transport.loseConnection()
        else:
            self._linger = shut_down(self.transport, self._clock)

    def writeConnectionLost(self) -> None:
        """The peer has all output; now it should close, too."""
        self._linger = self._clock.callLater(LINGER_SECONDS, self.transport.loseConnection)

    def readConnectionLost(self) -> None:
        """The peer has half-closed; messages received before are still heard and answered."""
        self._read_all = True
        if self._closing:
            self.transport.loseConnection()
        elif not self._deaf:
            self._over = PeerGone(Disconnect.CLOSED_BY_CLIENT.reason())
            self._work()

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        """See `twisted.internet.interfaces.IProtocol`."""
        self._connected = False
        self._hung_up = True
        self._outbox.discard()
        cancel(self._silence)
        cancel(self._linger)
        how = end_reason(reason, self._closed_by_client)
        seconds = self._clock.seconds() - self.since
        self._events.disconnected(
            self.peer.text, self._bytes_in, self._outbox.bytes_out, seconds, how
        )
        self._over = self._over or PeerGone(how)
        if self._conversing:
            self._has_room()
        else:
            self.factory.connections.remove(self)

    def _conversation_ended(self) -> None:
        self._conversing = False
        self.hang_up()
        if not self._connected:
            self.factory.connections.remove(self)
