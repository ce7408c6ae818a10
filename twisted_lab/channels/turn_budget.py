"""Limit of the work on messages in one turn of the reactor."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from itertools import cycle

from twisted.internet.interfaces import IDelayedCall, IReactorTime

# All channels together handle messages for this many seconds, or this many messages, in one turn of
# the reactor. After that the reactor serves other peers, and sends output.
TURN_SECONDS = 0.01
TURN_MESSAGES = 8192
# Waiting channels get shares of a turn of this size.
SHARE_SECONDS = 0.001
SHARE_MESSAGES = 1024
# Less work than this is not worth a timer that marks the end of the turn.
TIMER_SECONDS = 0.005
TIMER_MESSAGES = 4096
MOST_BATCH = 256
# The first batch after an input is small, because the time of its messages is unknown; it is larger
# if the messages of the channel have been fast.
FIRST_BATCH = 8
MOST_FIRST = 64

Work = Callable[[float], object]
"""The work of a channel; the argument is the time."""


class TurnBudget:
    """The work on messages that all channels of a process may do in one turn of the reactor.

    Channels work at once while the turn has budget left. Then they wait, and each further turn
    serves them, a share each. Channels that have used up their share wait in another queue than
    channels with new input, and the queues alternate. So a peer with few messages does not wait
    behind busy ones.

    Args:
        clock: The clock, which also schedules the next turn.

    Attributes:
        is_over: Whether the budget of the turn is spent.
        began: The time from which work has not been counted yet; None while that is unknown.
    """

    def __init__(self, clock: IReactorTime) -> None:
        self.is_over = False
        self.began: float | None = None
        self._new: deque[Work] = deque()
        self._busy: deque[Work] = deque()
        self._queues = cycle((self._new, self._busy))
        self._clock = clock
        self._now = clock.seconds  # faster
        self._next_turn: IDelayedCall | None = None
        self._is_serving = False
        self._counted = 0.0  # when work was counted last
        # Work of this turn, and of earlier ones while no timer marks the end of a turn.
        self._seconds = 0.0
        self._messages = 0
        self._share_ends = SHARE_SECONDS, SHARE_MESSAGES

    def count(self, messages: int) -> int:
        """Count `messages` and the time that they took; return a size for the next first batch.

        So many messages take half a share, if each takes as long as these.
        """
        self._counted = now = self._now()
        batch = FIRST_BATCH
        if self.began is not None:
            took = now - self.began
            self._seconds += took
            self.began = None
            if took * MOST_FIRST * 2 <= SHARE_SECONDS * messages:
                batch = MOST_FIRST
        self._messages += messages
        if self._seconds >= TIMER_SECONDS or self._messages >= TIMER_MESSAGES:
            self.is_over = self._seconds >= TURN_SECONDS or self._messages >= TURN_MESSAGES
            self._mark_end()
        return batch

    def allows(self, messages: int) -> int:
        """Count a batch of `messages`; return how many more fit, if each takes as long.

        If it is 0, the channel must wait.
        """
        before = self._seconds
        self.count(messages)
        self.began = self._counted
        seconds, most = TURN_SECONDS, TURN_MESSAGES
        if self._is_serving and self._has_waiting:
            seconds, most = self._share_ends
        took, left = self._seconds - before, seconds - self._seconds
        room = min(MOST_BATCH, most - self._messages)
        if left <= 0 or room <= 0:
            return 0
        if took * room <= left * messages:
            return room
        return int(left * messages / took)

    def wait(self, work: Work, is_new: bool) -> None:
        """Call `work` when the channel gets a share.

        Args:
            work: The work of the channel.
            is_new: Whether the work has not begun yet.
        """
        queue = self._new if is_new else self._busy
        queue.append(work)
        self._mark_end()

    @property
    def _has_waiting(self) -> bool:
        return bool(self._new or self._busy)

    def _mark_end(self) -> None:
        if self._next_turn is None and not self._is_serving:
            self._next_turn = self._clock.callLater(0, self._begin_turn)

    def _begin_turn(self) -> None:
        self._next_turn = None
        self.is_over = False
        self._seconds = 0.0
        self._messages = 0
        self._is_serving = True
        try:
            while self._has_waiting and not self.is_over:
                queue = next(self._queues)
                if queue:
                    self._share_ends = (
                        self._seconds + SHARE_SECONDS,
                        self._messages + SHARE_MESSAGES,
                    )
                    queue.popleft()(self._clock.seconds())
        finally:
            self._is_serving = False
            if self._messages or self._has_waiting:
                self._mark_end()
