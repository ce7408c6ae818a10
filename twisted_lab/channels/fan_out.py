"""Fan-out: the same messages to many, in one order, a slice in each turn of the reactor."""

from __future__ import annotations

from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from math import inf
from typing import Any, Protocol

from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.interfaces import IDelayedCall, IReactorTime

from twisted_lab.channels.stream import StreamChannel
from twisted_lab.codecs import byte_length
from twisted_lab.eventlog.events import ServiceEvents

# Sends in one turn of the reactor, each of at most SEND_BYTES: about 3 ms. Then other peers
# have their turn, so that a neighbour waits for a slice, and not for 10,000 members. A batch that
# fits into a slice is not cut, so a turn sends less than two slices.
SLICE_SENDS = 500
SEND_BYTES = 1024
# A text for one member alone, such as a line of the history, takes as long as this many sends.
TELL_SENDS = 5
# Messages that wait for their turn are sent together, up to this many: to send many small ones
# costs little more than to send one.
BATCH_MESSAGES = 64
BATCH_BYTES = 65_536

Encode = Callable[[str], bytes]
Relay = Callable[[list[str], list[bytes], bytes], object]
RelayToAll = Callable[[list[Any], list[bytes]], object]


class Listener(Protocol):
    """A channel, as far as a fan-out uses it; see `FanOut.add`."""

    def say(self, text: str) -> None:
        """Send a message."""
        ...


@dataclass(slots=True)
class _Batch:
    """Messages that go out together.

    Attributes:
        first: The number of the first one.
        only: The one member that gets them; None for all.
        texts: Each one, in the words of each group.
        size: Their bytes, in the longest words.
        members: The members that get them; known once their turn has come.
        next: The index of the next member that gets them.
        waiting: Fired when all members have them.
    """

    first: int
    only: _Member | None = None
    texts: list[tuple[str, ...]] = field(default_factory=list)
    size: int = 0
    members: list[_Member] = field(default_factory=list)
    next: int = 0
    waiting: list[Deferred[None]] = field(default_factory=list)

    def add(self, texts: tuple[str, ...]) -> None:
        self.texts.append(texts)
        self.size += max(map(byte_length, texts))

    @property
    def is_full(self) -> bool:
        return len(self.texts) >= BATCH_MESSAGES or self.size >= BATCH_BYTES

    @property
    def cost(self) -> int:
        """The most sends that it takes to tell one member."""
        if self.only is not None:
            return TELL_SENDS + self.size // SEND_BYTES
        return max(len(self.texts), 1 + self.size // SEND_BYTES)


class _Kind:
    """Members that get the same bytes.

    Args:
        group: Which text of each message they get.
        encode: Makes the bytes; None for channels that take texts alone.
        are_streams: Whether they take all bytes in one send.
        relay_to_all: Sends to many of them at once; None if each is sent to on its own.

    Attributes:
        batch: The last batch that was encoded.
        texts: The texts that they get.
        pieces: The bytes of each text.
        joined: All of them.
        cost: The sends that it takes to tell one of them.
    """

    def __init__(
        self,
        group: int,
        encode: Encode | None,
        are_streams: bool,
        relay_to_all: RelayToAll | None = None,
    ) -> None:
        self.texts: list[str] = []
        self.pieces: list[bytes] = []
        self.joined = b""
        self.cost = 0
        self._are_streams = are_streams
        self._group = group
        self._encode = encode
        self._relay_to_all = relay_to_all
        self._gathered: list[Listener] = []
        self.batch: _Batch | None = None

    def relay_of(self, channel: Listener) -> Relay:
        """Return the function that sends to `channel`, by the end of the slice."""
        if self._relay_to_all is not None:
            return lambda *_: self._gathered.append(channel)
        return getattr(channel, "relay", None) or _say_each(channel)

    def end_slice(self) -> None:
        """Send to those that are to be sent to at once."""
        if self._gathered and self._relay_to_all is not None:
            self._relay_to_all(self._gathered, self.pieces)
            self._gathered = []

    def turn_to(self, batch: _Batch) -> None:
        """Encode the texts that they get."""
        self.batch = batch
        self.cost = 1 + batch.size // SEND_BYTES if self._are_streams else batch.cost
        self.texts = [texts[self._group] for texts in batch.texts]
        if self._encode is not None:
            self.pieces = [self._encode(text) for text in self.texts]
            self.joined = b"".join(self.pieces)


@dataclass(frozen=True, slots=True)
class _Member:
    relay: Relay
    kind: _Kind
    first: int  # the number of the first message that it gets


def _say_each(channel: Listener) -> Relay:
    def say_each(texts: list[str], *_: object) -> None:
        for text in texts:
            channel.say(text)

    return say_each


class FanOut:
    """Sends its members the same messages in the same order.

    Messages that need more sends than a turn of the reactor has wait for the next turn, and all
    later messages wait behind them. The log has one line for each message, however many get it.

    Args:
        clock: Has the reactor's next turn.
        events: What was sent is reported here.
    """

    def __init__(self, clock: IReactorTime, events: ServiceEvents) -> None:
        self._clock = clock
        self._events = events
        self._members: dict[Listener, _Member] = {}
        self._kinds: dict[tuple[int, Encode | None, bool, RelayToAll | None], _Kind] = {}
        self._gathering: list[_Kind] = []  # the kinds whose members are sent to at once
        self._queue: deque[_Batch] = deque()
        self._last: _Batch | None = None  # the batch that the next message may join
        self._count = 0
        self._added = 0  # the number of the first message that the newest member gets
        self._left = SLICE_SENDS
        self._next_turn: IDelayedCall | None = None

    def add(self, channel: Listener, group: int = 0) -> None:
        """Send `channel` all messages from here on.

        Args:
            channel: The member. Beside `say` it may have `encode` (makes the bytes of a message),
                `relay` (says several messages at once), and `relay_to_all` (does so for many
                members that have the same one).
            group: Which of the texts that `say` takes it gets.
        """
        encode = getattr(channel, "encode", None)
        are_streams = isinstance(channel, StreamChannel)
        relay_to_all = getattr(channel, "relay_to_all", None)
        key = (group, encode, are_streams, relay_to_all)
        kind = self._kinds.get(key)
        if kind is None:
            kind = self._kinds[key] = _Kind(*key)
            if relay_to_all is not None:
                self._gathering.append(kind)
        self._members[channel] = _Member(kind.relay_of(channel), kind, self._count)
        self._added = self._count
        self._last = None

    def remove(self, channel: Listener) -> None:
        """Send `channel` nothing more."""
        self._members.pop(channel, None)

    def say(self, *texts: str) -> None:
        """Say a message to all members; each group has a text of its own."""
        if self._last is None or self._last.is_full:
            self._last = _Batch(self._count)
            self._queue.append(self._last)
        self._last.add(texts)
        self._count += 1
        self._begin()

    def tell(self, channel: Listener, text: str) -> None:
        """Say `text` to `channel` alone, behind all earlier messages."""
        if self._queue or self._left <= 0:
            batch = _Batch(self._count, _Member(_say_each(channel), _Kind(0, None, False), 0))
            batch.add((text,))
            self._last = None
            self._queue.append(batch)
            self._begin()
        else:  # The same at less cost: the history has many lines.
            channel.say(text)
            self._left -= TELL_SENDS + byte_length(text) // SEND_BYTES
            self._end_turn()

    async def sent(self) -> None:
        """Wait until all messages so far are sent, as far as the members take them."""
        if self._queue:
            waiting: Deferred[None] = Deferred()
            self._queue[-1].waiting.append(waiting)
            await waiting

    @asynccontextmanager
    async def heard_out(self) -> AsyncIterator[None]:
        """Have a conversation, and wait at its end, unless it is cancelled, until all is `sent`.

        A member that leaves gets the messages of the time that it was there.
        """
        try:
            yield
        except CancelledError:
            raise
        except Exception:
            await self.sent()
            raise
        await self.sent()

    async def has_room(self) -> None:
        """Wait while more than a batch waits to be sent."""
        if len(self._queue) > 2 or (self._queue and self._queue[-1].is_full):
            await self.sent()

    def _begin(self) -> None:
        if self._next_turn is None:
            self._send()

    def _begin_turn(self) -> None:
        self._next_turn = None
        self._left = SLICE_SENDS
        self._send()

    def _send(self) -> None:
        while self._queue and self._left > 0:
            batch = self._queue[0]
            if batch is self._last:
                self._last = None
            if self._send_slice(batch):
                self._queue.popleft()
                if batch.waiting:
                    # In a later turn: a conversation that waits is not to run inside of this.
                    self._clock.callLater(0, self._go_on, batch.waiting)
        self._end_turn()

    def _end_turn(self) -> None:
        if self._left <= 0 and self._next_turn is None:
            self._next_turn = self._clock.callLater(0, self._begin_turn)

    def _send_slice(self, batch: _Batch) -> bool:
        """Send as much of it as this turn has left; tell whether that was all."""
        if not batch.members:
            batch.members = [batch.only] if batch.only else self._told(batch)
        rest = batch.members[batch.next :]
        left = inf if len(rest) * batch.cost <= SLICE_SENDS else self._left
        cost = 0
        for member in rest:
            if cost >= left:
                break
            kind = member.kind
            if kind.batch is not batch:
                kind.turn_to(batch)
            member.relay(kind.texts, kind.pieces, kind.joined)
            cost += kind.cost
            batch.next += 1
        for kind in self._gathering:
            kind.end_slice()
        self._left -= cost
        if batch.next < len(batch.members):
            return False
        batch.members.clear()
        return True

    def _told(self, batch: _Batch) -> list[_Member]:
        members = list(self._members.values())
        if batch.first < self._added:
            members = [member for member in members if member.first <= batch.first]
        if self._events.traffic and members:
            kind = members[0].kind
            kind.turn_to(batch)
            for data in kind.pieces:
                self._events.relayed(len(members), len(data), data)
        return members

    def _go_on(self, waiting: list[Deferred[None]]) -> None:
        for speaker in waiting:
            if not speaker.called:
                speaker.callback(None)
