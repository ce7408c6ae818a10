"""The work on messages that fits into one turn of the reactor."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

from twisted.internet.interfaces import IDelayedCall, IReactorTime

# All channels together work on messages for this many seconds in one turn of the reactor, or on
# this many messages; then others have their turn, and output for them can be sent.
TURN_SECONDS = 0.01
TURN_MESSAGES = 2048
# Channels that wait take turns in shares of this size.
SHARE_SECONDS = 0.001
SHARE_MESSAGES = 256


class TurnBudget:
    """One budget for all channels of a process.

    A channel works on a first batch of messages at once. For a further one it asks; if it gets
    none, it waits in a queue, which is served from the reactor's next turn on.

    Args:
        clock: Has the reactor's next turn.

    Attributes:
        began: When the work began that has not been counted yet; set by the channel that begins.
        waiting: The channels that wait for their share, as the functions that give it to them.
    """

    def __init__(self, clock: IReactorTime) -> None:
        self.began = 0.0
        self.waiting: deque[Callable[[], object]] = deque()
        self._clock = clock
        self._next_turn: IDelayedCall | None = None
        self._is_serving = False
        # Work of this turn. While no timer shows where a turn ends, also work of turns before.
        self._seconds = 0.0
        self._messages = 0
        self._share_ends = SHARE_SECONDS, SHARE_MESSAGES

    def allows(self, messages: int) -> bool:
        """Count `messages`, and the time that they took; tell whether there may be more now."""
        self._count(messages)
        if self._next_turn is None and not self._is_serving:
            if self._seconds < SHARE_SECONDS and self._messages < SHARE_MESSAGES:
                return True  # To see where the turn ends would cost more than it is worth.
            self._next_turn = self._clock.callLater(0, self._begin_turn)
        return not self._is_over and not (self.waiting and self._is_share_over)

    def wait(self, work: Callable[[], object]) -> None:
        """Call `work` when it is its turn."""
        if self._is_share_over:
            self.waiting.append(work)
        else:  # The turn ended before the share did.
            self.waiting.appendleft(work)
        if self._next_turn is None and not self._is_serving:
            self._next_turn = self._clock.callLater(0, self._begin_turn)

    def _count(self, messages: int) -> None:
        now = self._clock.seconds()
        # A conversation may have waited for something else than messages meanwhile.
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
