"""The common part of the channels over datagrams."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Any, Protocol

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IReactorTime

from twisted_lab.channels.channel import Conversation, PeerGone, PeerSilent
from twisted_lab.channels.connections import Connections
from twisted_lab.channels.conversation_runner import ConversationRunner
from twisted_lab.codecs import MessageError, decode, too_long
from twisted_lab.disconnects import Disconnect, Reason
from twisted_lab.eventlog.counters import Traffic
from twisted_lab.eventlog.events import ServiceEvents
from twisted_lab.peers import Peer

# The peer's host and port, and further data that the transport needs for a reply, such as the local
# address that the peer used. The whole is a peer's key, as in TCP: the same host and port at
# another local address is a new peer, or a session that moves. So a reply always leaves from the
# local address that the peer used, and a forged datagram cannot change that. A cookie covers host
# and port only: it proves the peer's address, whichever local address the peer used.
Address = tuple[str, int, *tuple[Any, ...]]

# While this many messages, or characters in them, wait to be heard, further ones are dropped; the
# reliable protocol sends them again.
INBOX_MESSAGES = 64
INBOX_CHARACTERS = 65_536
# A peer's turn ends after this many messages, or after this many seconds of work on them; then
# others have theirs.
TURN_MESSAGES = 64
TURN_SECONDS = 0.01


class Host(Protocol):
    """The interface of the object that made a channel; see `DatagramServer`.

    A room's message to many is encoded once, and takes one list of addresses: that makes a fan-out
    nearly as fast as a bare loop around `sendto`.

    Attributes:
        said: The text that `begin` was called with.
        size: How many bytes it has.
        addresses: The addresses to send it to; the caller adds to them.
        in_turn: Whether all is sent at the end of this turn; if not, `flush_soon` is to be called.
    """

    clock: IReactorTime
    events: ServiceEvents
    connections: Connections
    converse: Conversation
    patience: float
    max_message: int

    said: str | None
    size: int
    addresses: list[Address]
    in_turn: bool

    def begin(self, text: str, data: bytes) -> None:
        """Send `text`, whose bytes are `data`, to those whose `addresses` follow."""
        ...

    def flush_soon(self) -> None:
        """In the reactor's next turn, send everything and pump the channels given to `touch`."""
        ...

    def send(self, data: bytes, address: Address) -> None:
        """Send a datagram, in this turn of the reactor or the next."""
        ...

    def touch(self, channel: DatagramChannel) -> None:
        """Call the channel's `pump`, in this turn of the reactor or the next."""
        ...

    def hung_up(self, channel: DatagramChannel) -> None:
        """The channel's conversation has ended."""
        ...

    def forget(self, channel: DatagramChannel) -> None:
        """The channel has ended."""
        ...


class DatagramChannel:
    """The common part of both kinds.

    Args:
        host: The object that made it.
        address: The peer's address.
    """

    # Makes the bytes of a message.
    encode: Callable[[str], bytes]

    def __init__(self, host: Host, address: Address) -> None:
        self.peer = Peer.of_datagram(*address[:2])
        self.address = address
        self._host = host
        self.patience = host.patience
        self.since = self._last_heard = host.clock.seconds()
        self._inbox: deque[str] = deque()
        self._inbox_characters = 0
        self._over: Exception | None = None
        self._taking: Deferred[None] | None = None
        self._turn_left = TURN_MESSAGES
        self._time_left = TURN_SECONDS
        self._turn_ends = float("inf")  # known while the conversation works on messages
        self._hung_up = False
        self._conversing = True
        self._ended = False
        self._closed_by = Disconnect.CLOSED_BY_SERVER
        self._bytes_in = self._bytes_out = self._messages_in = self._messages_out = 0

    def begin(self) -> None:
        """Begin the conversation."""
        self._host.connections.add(self, self.peer.host)
        self._host.events.connected(self.peer.text)
        self._conversation = ConversationRunner(
            self._host.converse, self, self._host.events, self._conversation_ended
        )
        self._conversation.begin()

    def _conversation_ended(self) -> None:
        self._conversing = False
        self.hang_up()
        self._release()

    def _release(self) -> None:
        if self._ended and not self._conversing:
            self._host.connections.remove(self)

    # Hearing

    async def hear(self) -> str:
        """See `twisted_lab.channels.Channel`."""
        if not self._inbox or self._is_holding():
            if self._over is not None and not self._inbox:
                raise self._over
            return await self._conversation.next_message()
        return self._next()

    def _next(self) -> str:
        self._turn_left -= 1
        if not self._turn_left:
            self._end_turn()
        message = self._inbox.popleft()
        self._inbox_characters -= len(message)
        return message

    def _has_room(self) -> bool:
        """Tell whether one more message may wait to be heard."""
        return len(self._inbox) < INBOX_MESSAGES and self._inbox_characters < INBOX_CHARACTERS

    def _clear_inbox(self) -> None:
        self._inbox.clear()
        self._inbox_characters = 0

    def _end_turn(self) -> None:
        self._turn_left = 0
        self._host.clock.callLater(0, self._begin_turn)

    def _begin_turn(self) -> None:
        self._turn_left = TURN_MESSAGES
        self._time_left = TURN_SECONDS
        self._work()

    def _is_holding(self) -> bool:
        """Tell whether no more should be heard just now."""
        if self._turn_left and self._host.clock.seconds() >= self._turn_ends:
            self._end_turn()
        return not self._turn_left

    def received(self, data: bytes) -> None:
        """Take a received message."""
        self._last_heard = self._host.clock.seconds()
        if self._over is not None:
            self._bytes_in += len(data)
            return
        try:
            self._keep(data)
        except MessageError as error:
            self._over = error
        self._work()

    def _keep(self, data: bytes) -> None:
        """Keep a message until it is heard.

        Raises:
            MessageError: It is too long, or no text.
        """
        self._bytes_in += len(data)
        self._messages_in += 1
        if self._host.events.traffic:
            self._host.events.received(self.peer.text, len(data))
        if len(data) > self._host.max_message:
            raise too_long(len(data), self._host.max_message)
        message = decode(data)
        self._inbox.append(message)
        self._inbox_characters += len(message)

    def _work(self) -> None:
        """Give the conversation the message it waits for, if that has come."""
        if not self._conversation.is_waiting:
            return
        if self._inbox:
            self._turn_ends = self._host.clock.seconds() + self._time_left
            if not self._is_holding():
                self._conversation.give(self._next())
                self._time_left = self._turn_ends - self._host.clock.seconds()
            self._turn_ends = float("inf")
        elif self._over is not None:
            self._conversation.fail(self._over)

    def _deafen(self, reason: Exception) -> None:
        self._clear_inbox()
        self._over = reason
        if self._conversation.is_waiting or self._taking is not None:
            # In a later turn: this may be within the say() of another conversation.
            self._host.clock.callLater(0, self._go_on)

    def _go_on(self) -> None:
        """Have the conversation go on with what it waits for, taking or hearing."""
        if self._taking is not None:
            taking, self._taking = self._taking, None
            taking.callback(None)
        self._work()

    # Saying

    def say(self, text: str) -> None:
        """See `twisted_lab.channels.Channel`."""
        if not self._hung_up:
            self._say(text, data := self.encode(text))
            if self._host.events.traffic and not self._hung_up:
                self._host.events.sent(self.peer.text, len(data))

    def relay(self, texts: list[str], pieces: list[bytes], _: bytes) -> None:
        """Say several texts of a fan-out, whose bytes are `pieces`; `FanOut` logs them."""
        for text, data in zip(texts, pieces, strict=True):
            if not self._hung_up:
                self._say(text, data)

    def _say(self, text: str, data: bytes) -> None:
        """Send a message whose bytes are `data`."""
        raise NotImplementedError

    def pump(self) -> None:
        """Send what is due."""

    async def taken(self) -> None:
        """See `twisted_lab.channels.Channel`."""
        if not self.is_gone and self._is_behind():
            self._taking = Deferred()
            await self._taking
        if self.is_gone:
            raise self._over or PeerGone(Disconnect.CLOSED_BY_SERVER.reason())

    @property
    def is_gone(self) -> bool:
        """See `twisted_lab.channels.Channel`."""
        return self._hung_up

    def _is_behind(self) -> bool:
        """Tell whether the peer should take pending output before the conversation says more."""
        raise NotImplementedError

    # Counting

    @property
    def label(self) -> str:
        """See `twisted_lab.channels.Connection`."""
        return self.peer.text

    def traffic(self) -> Traffic:
        """See `twisted_lab.channels.Connection`."""
        return Traffic(self._bytes_in, self._bytes_out, self._messages_in, self._messages_out)

    # Ending

    def hang_up(self) -> None:
        """See `twisted_lab.channels.Channel`."""
        if not self._hung_up:
            self._hung_up = True
            self._deafen(PeerGone(Disconnect.CLOSED_BY_SERVER.reason()))
            self._host.hung_up(self)
            self._close()

    def _close(self) -> None:
        self.end(self._closed_by.reason())

    def finish(self) -> None:
        """Hear nothing more; output that the conversation is still producing is sent."""
        self._deafen(PeerGone(Disconnect.CLOSED_BY_SERVER.reason()))

    def abort(self) -> None:
        """Close at once, and end the conversation, whatever it waits for."""
        self.end(Disconnect.CUT_OFF_BY_SERVER.reason())
        if self._conversing:
            self._host.clock.callLater(0, self._conversation.cancel)

    def end(self, how: Reason) -> None:
        """It has ended: the peer is gone, or has all pending output."""
        if self._ended:
            return
        self._ended = self._hung_up = True
        self._deafen(PeerGone(how))
        seconds = self._host.clock.seconds() - self.since
        self._host.events.disconnected(
            self.peer.text, self._bytes_in, self._bytes_out, seconds, how
        )
        self._host.forget(self)
        self._release()

    # Time

    def deadline(self) -> float | None:
        """See `twisted_lab.channels.deadlines.Timed`."""
        return self._last_heard + self.patience if not self._ended else None

    def extend_timeouts(self, seconds: float, now: float) -> None:
        """See `twisted_lab.channels.deadlines.Timed`."""
        self._last_heard = min(self._last_heard + seconds, now)

    def tick(self, now: float) -> None:
        """See `twisted_lab.channels.deadlines.Timed`."""
        if now >= self._last_heard + self.patience:
            self._last_heard = now
            silence = PeerSilent(Disconnect.NOTHING_HEARD.reason(seconds=self.patience))
            if self._conversation.is_waiting:
                self._conversation.fail(silence)
            elif self._taking is not None:
                taking, self._taking = self._taking, None
                taking.errback(silence)
