"""Fan-out: the same message to many, in one order, a slice of it in each turn of the reactor."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IDelayedCall, IReactorTime

from twisted_lab.channels.channel import Channel
from twisted_lab.events import ServiceEvents

# Sends in one turn of the reactor, each of at most SEND_CHARACTERS: about 3 ms. Then other peers
# have their turn, so that a neighbour waits for a slice, and not for 10,000 members. What is begun
# and fits into a slice is not cut, so a turn has less than two.
SLICE_SENDS = 500
# What is told to one alone, such as a line of the history, takes as long as this many sends.
TELL_SENDS = 5
SEND_CHARACTERS = 1024


class _Kind:
    """Members that are told the same bytes.

    Attributes:
        group: Which text they are told.
        encode: Makes the bytes of it; None for channels that take the text alone.
        number: The number of the message that was encoded last.
        data: Its bytes.
    """

    def __init__(self, group: int, encode: Callable[[str], bytes] | None) -> None:
        self.group = group
        self.encode = encode
        self.number = -1
        self.data = b""


@dataclass(frozen=True, slots=True)
class _Member:
    say: Callable[..., object]
    kind: _Kind
    first: int  # the number of the first message that it is told


@dataclass(slots=True)
class _Message:
    number: int
    texts: tuple[str, ...]
    only: _Member | None = None  # None if it is for all
    members: list[_Member] | None = None  # once its turn has come
    next: int = 0  # which of them is told next
    told: int = 0
    waiting: list[Deferred[None]] = field(default_factory=list)


class FanOut:
    """Tells its members the same messages in the same order.

    A message that needs more sends than a turn of the reactor has waits for the next turn, and all
    that is said later waits behind it. The log has one line for it, however many are told.

    Args:
        clock: Has the reactor's next turn.
        events: What was sent is reported here.
    """

    def __init__(self, clock: IReactorTime, events: ServiceEvents) -> None:
        self._clock = clock
        self._events = events
        self._members: dict[Channel, _Member] = {}
        self._kinds: dict[tuple[int, Callable[[str], bytes] | None], _Kind] = {}
        self._queue: deque[_Message] = deque()
        self._count = 0
        self._left = SLICE_SENDS
        self._next_turn: IDelayedCall | None = None

    def add(self, channel: Channel, group: int = 0) -> None:
        """Tell `channel` what is said from here on.

        Args:
            channel: The member.
            group: Which text it is told, of those that `say` gets.
        """
        encode = getattr(channel, "encode", None)
        kind = self._kinds.setdefault((group, encode), _Kind(group, encode))
        self._members[channel] = _Member(channel.say, kind, self._count)

    def remove(self, channel: Channel) -> None:
        """Tell `channel` nothing more."""
        self._members.pop(channel, None)

    def say(self, *texts: str) -> None:
        """Say a message to all members; each group has a text of its own."""
        self._add(_Message(self._count, texts))
        self._count += 1

    def tell(self, channel: Channel, text: str) -> None:
        """Say `text` to `channel` alone, behind all that was said before."""
        self._add(_Message(self._count, (text,), _Member(channel.say, _Kind(0, None), 0)))

    async def sent(self) -> None:
        """Wait until all that was said so far is sent, as far as the members take it."""
        if self._queue:
            waiting: Deferred[None] = Deferred()
            self._queue[-1].waiting.append(waiting)
            await waiting

    def _add(self, message: _Message) -> None:
        self._queue.append(message)
        if self._next_turn is None:
            self._send()

    def _begin_turn(self) -> None:
        self._next_turn = None
        self._left = SLICE_SENDS
        self._send()

    def _send(self) -> None:
        while self._queue and self._left > 0:
            message = self._queue[0]
            if self._send_slice(message):
                self._queue.popleft()
                if message.only is None:
                    self._report(message)
                if message.waiting:
                    # In a later turn: a conversation that waits is not to run inside of this.
                    self._clock.callLater(0, self._go_on, message.waiting)
        if self._left <= 0 and self._next_turn is None:
            self._next_turn = self._clock.callLater(0, self._begin_turn)

    def _send_slice(self, message: _Message) -> bool:
        """Send as much of it as this turn has left; tell whether that was all."""
        if message.members is None:
            message.members = [message.only] if message.only else list(self._members.values())
        number, texts = message.number, message.texts
        cost = (TELL_SENDS if message.only else 1) + max(map(len, texts)) // SEND_CHARACTERS
        left = len(message.members) - message.next
        most = left if left * cost <= SLICE_SENDS else max(self._left // cost, 1)
        end = message.next + most
        members = message.members[message.next : end]
        for member in members:
            if member.first > number:
                continue
            kind = member.kind
            message.told += 1
            if kind.encode is None:
                member.say(texts[kind.group])
                continue
            if kind.number != number:
                kind.number, kind.data = number, kind.encode(texts[kind.group])
            member.say(texts[kind.group], kind.data)
        self._left -= len(members) * cost
        message.next = end
        return end >= len(message.members)

    def _go_on(self, waiting: list[Deferred[None]]) -> None:
        for speaker in waiting:
            if not speaker.called:
                speaker.callback(None)

    def _report(self, message: _Message) -> None:
        if self._events.traffic and message.told:
            data = next((k.data for k in self._kinds.values() if k.number == message.number), b"")
            self._events.relayed(message.told, len(data), data)
