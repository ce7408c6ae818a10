"""Limit of the work on messages in one turn of the reactor."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

from twisted.internet.interfaces import IDelayedCall, IReactorTime

# All channels together handle messages for this many seconds, or this many messages, in one turn of
# the reactor. After that the reactor serves other peers, and sends output.
TURN_SECONDS = 0.01
TURN_MESSAGES = 2048
# Waiting channels get shares of a turn of this size.
SHARE_SECONDS = 0.001
SHARE_MESSAGES = 256


class TurnBudget:
    """The work on messages that all channels of a process may do in one turn of the reactor.

    A channel handles a first batch of messages immediately, and asks before each further one. If
    the budget is spent, the channel waits in a queue, which is served from the next turn on.

    Args:
        clock: The clock, which also schedules the next turn.

    Attributes:
        began: The start time of the work that has not been counted yet; the working channel sets
            it.
        waiting: The queue of waiting channels, each as the function that does its work.
    """

    def __init__(self, clock: IReactorTime) -> None:
        self.began = 0.0
        self.waiting: deque[Callable[[], object]] = deque()
        self._clock = clock
        self._next_turn: IDelayedCall | None = None
        self._is_serving = False
        # Work of this turn, and of earlier ones while no timer marks the end of a turn.
        self._seconds = 0.0
        self._messages = 0
        self._share_ends = SHARE_SECONDS, SHARE_MESSAGES

    def allows(self, messages: int) -> bool:
        """Count `messages` and the time that they took; tell whether more may follow now."""
        self._count(messages)
        if self._next_turn is None and not self._is_serving:
            if self._seconds < SHARE_SECONDS and self._messages < SHARE_MESSAGES:
                return True  # So little work is not worth a timer.
            self._next_turn = self._clock.callLater(0, self._begin_turn)
        return not self._is_over and not (self.waiting and self._is_share_over)

    def wait(self, work: Callable[[], object]) -> None:
        """Call `work` when the channel gets a share."""
        if self._is_share_over:
            self.waiting.append(work)
        else:  # The turn ended before the channel's share, so the channel is next.
            self.waiting.appendleft(work)
        if self._next_turn is None and not self._is_serving:
            self._next_turn = self._clock.callLater(0, self._begin_turn)

    def _count(self, messages: int) -> None:
        now = self._clock.seconds()
        # The time is capped, because the conversation may have waited for other work meanwhile.
        self._seconds += min(now - self.began, TURN_SECONDS)
        self._messages += messages
        self.began = now

    @property
    def _is_over(self) -> bool:
        return self._seconds >= TURN_SECONDS or self._messages >= TURN_MESSAGES

    @property
    def _is_share_over(self) -> bool:
        seconds, messages = self._share_ends
        return not self._is_serving or self._seconds >= seconds or self._messages >= messages

    def _begin_turn(self) -> None:
        self._next_turn = None
        self._seconds = 0.0
        self._messages = 0
        self._is_serving = True
        try:
            while self.waiting and not self._is_over:
                self.began = self._clock.seconds()
                self._share_ends = self._seconds + SHARE_SECONDS, self._messages + SHARE_MESSAGES
                self.waiting.popleft()()
                self._count(0)
        finally:
            self._is_serving = False
            if self.waiting:
                self._next_turn = self._clock.callLater(0, self._begin_turn)
