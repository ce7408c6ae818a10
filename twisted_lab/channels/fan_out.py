"""Fan-out: the same message to many, in one order, a slice of it in each turn of the reactor."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IDelayedCall, IReactorTime

from twisted_lab.channels.channel import Channel
from twisted_lab.events import ServiceEvents

# Sends in one turn of the reactor, each of at most SEND_CHARACTERS: about 2 ms. Then other peers
# have their turn, so that a neighbour waits for a slice, and not for 10,000 members.
SLICE_SENDS = 250
SEND_CHARACTERS = 1024

Encode = Callable[[str], bytes]


@dataclass(frozen=True, slots=True)
class _Member:
    group: int
    first: int  # the number of the first message that it is told


@dataclass(slots=True)
class _Message:
    number: int
    texts: tuple[str, ...]
    to: dict[Channel, _Member]
    members: list[tuple[Channel, _Member]] | None = None  # once its turn has come
    next: int = 0  # which of them is told next
    encoded: dict[tuple[Encode, int], bytes] = field(default_factory=dict)
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
        self._members[channel] = _Member(group, self._count)

    def remove(self, channel: Channel) -> None:
        """Tell `channel` nothing more."""
        self._members.pop(channel, None)

    def say(self, *texts: str) -> None:
        """Say a message to all members; each group has a text of its own."""
        self._add(_Message(self._count, texts, self._members))
        self._count += 1

    def tell(self, channel: Channel, text: str) -> None:
        """Say `text` to `channel` alone, behind all that was said before."""
        if self._queue:
            self._add(_Message(self._count, (text,), {channel: _Member(0, 0)}))
        else:
            channel.say(text)

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
                if message.to is self._members:
                    self._report(message)
                if message.waiting:
                    # In a later turn: a conversation that waits is not to run inside of this.
                    self._clock.callLater(0, self._go_on, message.waiting)
        if self._left <= 0 and self._next_turn is None:
            self._next_turn = self._clock.callLater(0, self._begin_turn)

    def _send_slice(self, message: _Message) -> bool:
        """Send as much of it as this turn has left; tell whether that was all."""
        if message.members is None:
            message.members = list(message.to.items())
        cost = 1 + max(map(len, message.texts)) // SEND_CHARACTERS
        end = message.next + max(self._left // cost, 1)
        members = message.members[message.next : end]
        for channel, member in members:
            if member.first <= message.number:
                self._send_to(channel, member.group, message)
        self._left -= len(members) * cost
        message.next = end
        return end >= len(message.members)

    def _send_to(self, channel: Channel, group: int, message: _Message) -> None:
        text = message.texts[group]
        encode: Encode | None = getattr(channel, "encode", None)
        message.told += 1
        if encode is None:
            channel.say(text)
            return
        data = message.encoded.get((encode, group))
        if data is None:
            data = message.encoded[encode, group] = encode(text)
        channel.say(text, data)  # type: ignore[call-arg]

    def _go_on(self, waiting: list[Deferred[None]]) -> None:
        for speaker in waiting:
            if not speaker.called:
                speaker.callback(None)

    def _report(self, message: _Message) -> None:
        if self._events.traffic and message.told:
            data = next(iter(message.encoded.values()), b"")
            self._events.relayed(message.told, len(data), data)
