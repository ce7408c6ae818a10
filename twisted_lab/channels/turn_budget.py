"""Limit of the work on messages in one turn of the reactor."""

from __future__ import annotations

from collections.abc import Callable

from twisted.internet.interfaces import IDelayedCall, IReactorTime

# A channel handles messages for this many seconds, or this many messages, in one turn of the
# reactor. After that the reactor serves other peers, and sends output.
TURN_SECONDS = 0.005
TURN_MESSAGES = 2048
# The clock is read between batches of messages, because a read before each message would cost too
# much. The first batch has this many messages; each further one has twice as many as the one before
# while less than half of the time has passed.
FIRST_BATCH = 8
MOST_BATCH = 256


class TurnBudget:
    """The work that one channel may still do in the current turn of the reactor.

    Args:
        clock: The clock, which also schedules the next turn.
        period: An input renews the budget if this many seconds have passed. It is 0 for a stream,
            which gets input once in a turn. Several datagrams may arrive in one turn, which the
            port ends after 5 ms.
        most: The most messages of a batch; few for datagrams, whose messages cost more than a look
            at the clock.
    """

    __slots__ = ("_batch", "_began", "_clock", "_left", "_most", "_next_turn", "_period")

    def __init__(self, clock: IReactorTime, period: float = 0.0, most: int = MOST_BATCH) -> None:
        self._clock = clock
        self._period = period
        self._most = most
        self._batch = min(FIRST_BATCH, most)
        self._left = TURN_MESSAGES
        self._began = clock.seconds()
        self._next_turn: IDelayedCall | None = None

    @property
    def is_waiting(self) -> bool:
        """Whether the channel waits for its next turn."""
        return self._next_turn is not None

    def renew(self, now: float) -> None:
        """Begin anew at an input, unless the channel waits for its next turn."""
        if self._next_turn is None and now >= self._began + self._period:
            self._left = TURN_MESSAGES
            self._began = now

    def next_batch(self) -> int:
        """Return how many messages to handle before the next call; if 0, call `wait`."""
        if 0 < self._left < TURN_MESSAGES:
            passed = self._clock.seconds() - self._began
            if passed >= TURN_SECONDS:
                self._left = 0
            if passed < TURN_SECONDS / 2:
                self._batch = min(2 * self._batch, self._most)
            else:
                self._batch = min(FIRST_BATCH, self._most)
        return self._batch if self._left > 0 else 0

    def count(self, messages: int) -> None:
        """Count handled messages."""
        self._left -= messages

    def wait(self, work: Callable[[float], object]) -> None:
        """Call `work` with the time, in the next turn of the reactor."""
        if self._next_turn is None:
            self._next_turn = self._clock.callLater(0, self._begin, work)

    def _begin(self, work: Callable[[float], object]) -> None:
        self._next_turn = None
        self._left = TURN_MESSAGES
        self._began = self._clock.seconds()
        work(self._began)
