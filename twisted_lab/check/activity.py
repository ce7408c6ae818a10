"""Waiting for conditions, instead of sleeping."""

from __future__ import annotations

from collections.abc import Callable
from math import inf

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IDelayedCall, IReactorTime
from twisted.internet.task import deferLater

from twisted_lab.check.outcomes import NotChecked
from twisted_lab.text.language import _

LOOK_SECONDS = 0.004  # how often conditions are looked at that nothing announces
LATE_SECONDS = 0.1  # a checker that is later than this cannot judge what is slow


class Activity:
    """Wakes coroutines once what they wait for is true.

    Args:
        clock: Counts the seconds; the reactor, or a fake clock in tests.

    Attributes:
        lateness: The longest delay of the checker itself, in seconds, in waits whose time ran out
            since it was last set to 0. What is seen in time is true however late it is seen.
        ends: When all waiting ends, in seconds of the clock: no program may keep the checker busy
            for hours.
        turns: How often timers have gone off; all that had arrived was read between two of them.
    """

    def __init__(self, clock: IReactorTime) -> None:
        self.clock = clock
        self.lateness = 0.0
        self.ends = inf
        self.turns = 0
        self._waiters: set[_Waiter] = set()

    @property
    def is_late(self) -> bool:
        """Whether the checker itself was too late to judge what is slow."""
        return self.lateness > LATE_SECONDS

    def happened(self) -> None:
        """Have all conditions looked at again: something was received, or has ended."""
        for waiter in tuple(self._waiters):
            waiter.look()

    async def until(self, condition: Callable[[], bool], seconds: float) -> bool:
        """Wait until a condition is true.

        Args:
            condition: It is called often, and must not block. What it raises is raised here.
            seconds: How long to wait for it.

        Returns:
            Whether it became true in time.

        Raises:
            NotChecked: The time is over, see `ends`.
        """
        now = self.clock.seconds()
        if now >= self.ends:
            raise NotChecked(_("The program is so slow that the checker's time was over."))
        waiter = _Waiter(self, condition, now + seconds)
        self._waiters.add(waiter)
        waiter.look()
        try:
            is_true = await waiter.found
        finally:
            self._waiters.discard(waiter)
            waiter.stop()
        if not is_true:
            self.lateness = max(self.lateness, waiter.lateness)
        return is_true

    async def pause(self, seconds: float) -> None:
        """Wait where time itself is what is tested: two sends apart, or an idle program."""
        await deferLater(self.clock, seconds)


class _Waiter:
    def __init__(self, activity: Activity, condition: Callable[[], bool], ends: float) -> None:
        self.found: Deferred[bool] = Deferred()
        self.lateness = 0.0
        self._activity = activity
        self._condition = condition
        self._ends = ends
        self._timer: IDelayedCall | None = None
        self._is_looking = False

    def look(self) -> None:
        """End the wait if the condition is true, or its time is over."""
        if self.found.called or self._is_looking:
            return
        self._is_looking = True  # what a condition reads may announce something
        try:
            is_true = self._condition()
        except Exception:
            self.found.errback()
            return
        finally:
            self._is_looking = False
        now = self._activity.clock.seconds()
        if is_true or now >= self._ends:
            self.found.callback(is_true)
        elif self._timer is None:
            self._timer = self._activity.clock.callLater(
                min(LOOK_SECONDS, self._ends - now), self._look_again
            )

    def _look_again(self) -> None:
        assert self._timer is not None
        late = self._activity.clock.seconds() - self._timer.getTime()
        self.lateness = max(self.lateness, late)
        self._timer = None
        self._activity.turns += 1
        self.look()

    def stop(self) -> None:
        """Look no more."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
