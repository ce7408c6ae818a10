"""Fan-out: the same messages in the same order to many members, in slices."""

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

# Sends in one turn of the reactor, each of at most SEND_BYTES; they take about 3 ms. So other peers
# wait for one slice, not for 10,000 members. A batch that fits into a slice is not split, so a turn
# has less than twice as many sends.
SLICE_SENDS = 500
SEND_BYTES = 1024
# Cost of a text for one member, such as a line of the history, in sends.
TELL_SENDS = 5
# Waiting messages are sent in batches of up to this size, because many small messages cost little
# more than one.
BATCH_MESSAGES = 64
BATCH_BYTES = 65_536

Encode = Callable[[str], bytes]
Relay = Callable[[list[str], list[bytes], bytes], object]
RelayToAll = Callable[[list[Any], list[bytes]], object]


class Listener(Protocol):
    """The part of a channel that a fan-out uses; see `FanOut.add`."""

    def say(self, text: str) -> None:
        """Send a message."""
        ...


@dataclass(slots=True)
class _Batch:
    """Messages that are sent together.

    Attributes:
        first: The number of the first message.
        only: The only recipient; None for all members.
        texts: The messages, each as one text for each group.
        size: The size in bytes, with the longest text of each message.
        members: The recipients, determined when the batch is first sent.
        next: The index of the next recipient.
        waiting: The Deferreds to fire once the batch is sent.
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
        """The largest number of sends that one recipient takes."""
        if self.only is not None:
            return TELL_SENDS + self.size // SEND_BYTES
        return max(len(self.texts), 1 + self.size // SEND_BYTES)


class _Kind:
    """Members that get the same bytes.

    Args:
        group: The index of their text in each message.
        encode: Returns the bytes of a text; None for channels that only accept texts.
        are_streams: Whether their channels accept a whole batch in one send.
        relay_to_all: Sends to many of them at once; None to send to each one separately.

    Attributes:
        batch: The last encoded batch.
        texts: Their texts in the batch.
        pieces: The bytes of each text.
        joined: The bytes of all texts.
        cost: The number of sends that each of them takes.
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
        """Return the function that sends to `channel`, at the latest at the end of the slice."""
        if self._relay_to_all is not None:
            return lambda *_: self._gathered.append(channel)
        return getattr(channel, "relay", None) or _say_each(channel)

    def end_slice(self) -> None:
        """Send to the members that were collected for one call of `relay_to_all`."""
        if self._gathered and self._relay_to_all is not None:
            self._relay_to_all(self._gathered, self.pieces)
            self._gathered = []

    def turn_to(self, batch: _Batch) -> None:
        """Encode the texts of `batch` for these members."""
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


def _pass_on(channel: Listener) -> Callable[[str], object]:
    # A message of another member must not end the connection of this one.
    return getattr(channel, "pass_on", channel.say)


def _say_each(channel: Listener) -> Relay:
    def say_each(texts: list[str], *_: object) -> None:
        pass_on = _pass_on(channel)
        for text in texts:
            pass_on(text)

    return say_each


class FanOut:
    """Sends the same messages in the same order to all members.

    If a turn of the reactor allows no more sends, messages wait for the next turn, in order. The
    log has one line per message, regardless of the number of members.

    Args:
        clock: The clock, which schedules the next turn.
        events: The reporter of relayed messages.
    """

    def __init__(self, clock: IReactorTime, events: ServiceEvents) -> None:
        self._clock = clock
        self._events = events
        self._members: dict[Listener, _Member] = {}
        self._kinds: dict[tuple[int, Encode | None, bool, RelayToAll | None], _Kind] = {}
        self._gathering: list[_Kind] = []  # the kinds that have relay_to_all
        self._queue: deque[_Batch] = deque()
        self._last: _Batch | None = None  # the batch that the next message joins
        self._count = 0
        self._added = 0  # the number of the first message that the newest member gets
        self._left = SLICE_SENDS
        self._next_turn: IDelayedCall | None = None

    def add(self, channel: Listener, group: int = 0) -> None:
        """Send all further messages to `channel`.

        Args:
            channel: The member. In addition to `say` it may have `encode` (returns the bytes of a
                message), `relay` (sends several messages at once), `relay_to_all` (does that for
                many members that share the function), and `pass_on` (replaces `say`).
            group: The index of the member's text among the arguments of `say`.
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
        """Send no further messages to `channel`."""
        self._members.pop(channel, None)

    def say(self, *texts: str) -> None:
        """Send a message to all members, as one text for each group."""
        if self._last is None or self._last.is_full:
            self._last = _Batch(self._count)
            self._queue.append(self._last)
        self._last.add(texts)
        self._count += 1
        self._begin()

    def tell(self, channel: Listener, text: str) -> None:
        """Send `text` to `channel` only, after all earlier messages."""
        if self._queue or self._left <= 0:
            batch = _Batch(self._count, _Member(_say_each(channel), _Kind(0, None, False), 0))
            batch.add((text,))
            self._last = None
            self._queue.append(batch)
            self._begin()
        else:  # Cheaper than a batch: a history has many lines.
            _pass_on(channel)(text)
            self._left -= TELL_SENDS + byte_length(text) // SEND_BYTES
            self._end_turn()

    async def sent(self) -> None:
        """Wait until the members' channels have all messages so far."""
        if self._queue:
            waiting: Deferred[None] = Deferred()
            self._queue[-1].waiting.append(waiting)
            await waiting

    @asynccontextmanager
    async def heard_out(self) -> AsyncIterator[None]:
        """Wait at the end of the block until all messages are `sent`, unless it is cancelled.

        A member that leaves thus gets all messages from before its departure.
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
        """Wait while more than a batch is waiting."""
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
                    # In a later turn, because no waiting conversation may run inside this call.
                    self._clock.callLater(0, self._go_on, batch.waiting)
        self._end_turn()

    def _end_turn(self) -> None:
        if self._left <= 0 and self._next_turn is None:
            self._next_turn = self._clock.callLater(0, self._begin_turn)

    def _send_slice(self, batch: _Batch) -> bool:
        """Send as much of `batch` as the turn allows; tell whether that was all."""
        if not batch.members:
            batch.members = [batch.only] if batch.only else self._told(batch)
        rest = batch.members[batch.next :]
        left = inf if len(rest) * batch.cost <= SLICE_SENDS else self._left
        cost = 0
        try:
            for member in rest:
                if cost >= left:
                    break
                kind = member.kind
                if kind.batch is not batch:
                    kind.turn_to(batch)
                batch.next += 1
                member.relay(kind.texts, kind.pieces, kind.joined)
                cost += kind.cost
        finally:
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
