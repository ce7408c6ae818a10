"""Deadlines of many objects on one timer."""

from __future__ import annotations

import heapq
from collections.abc import Callable
from itertools import count
from typing import Protocol

from twisted.internet.interfaces import IDelayedCall, IReactorTime

from twisted_lab.channels.closing import cancel

# Unread datagrams may move a deadline, above all after a pause of the process, so they are read
# first. In a flood some are always unread, so this limits the delay of a deadline, in seconds.
READ_SECONDS = 0.1
# The timer fires at least this often, so a longer gap between two readings of the clock is a pause.
STEP_SECONDS = 1.0
PAUSE_SECONDS = 2.0


class Timed(Protocol):
    """An object with a deadline."""

    def deadline(self) -> float | None:
        """Return the current deadline; None for never."""
        ...

    def tick(self, now: float) -> None:
        """Do the work that is due at `now`, if any."""
        ...

    def extend_timeouts(self, seconds: float, now: float) -> None:
        """Extend timeouts by the `seconds` before `now`, in which the process was paused."""
        ...


class Deadlines:
    """Calls the `tick` of each object at its `deadline`.

    A deadline that moves to a later time costs nothing until the earlier time. So a deadline that
    moves with every packet costs no more than a fixed one.

    A pause of more than PAUSE_SECONDS extends all timeouts, because the kernel buffers only few
    datagrams during it and drops the others.

    Args:
        clock: The clock for the timer.
        has_unread: Tells whether there are unread datagrams; these are read first.
    """

    def __init__(self, clock: IReactorTime, has_unread: Callable[[], bool]) -> None:
        self._clock = clock
        self._has_unread = has_unread
        self._put_off_since: float | None = None
        self._heap: list[tuple[float, int, Timed]] = []
        self._next: dict[Timed, float] = {}
        self._order = count()
        self._timer: IDelayedCall | None = None
        self._seen = 0.0  # time of the last reading of the clock

    def look(self, timed: Timed) -> None:
        """Schedule `timed` again, after its deadline may have changed."""
        self._notice_pause(self._clock.seconds())
        when = timed.deadline()
        if when is not None and when < self._next.get(timed, float("inf")):
            self._next[timed] = when
            heapq.heappush(self._heap, (when, next(self._order), timed))
            self._drop_old()
            if self._heap[0][2] is timed:
                self._arm()

    def _notice_pause(self, now: float) -> None:
        seconds, self._seen = now - self._seen, now
        if seconds > PAUSE_SECONDS:
            for timed in self._next:
                timed.extend_timeouts(seconds, now)

    def forget(self, timed: Timed) -> None:
        """Stop calling `timed`."""
        self._next.pop(timed, None)
        self._drop_old()

    def _drop_old(self) -> None:
        # The heap keeps an obsolete entry until its time: of a forgotten object, or of a deadline
        # that moved to an earlier time.
        if len(self._heap) > 2 * len(self._next) + 64:
            self._heap = [entry for entry in self._heap if self._next.get(entry[2]) == entry[0]]
            heapq.heapify(self._heap)

    def _arm(self) -> None:
        now = self._clock.seconds()
        wait = min(max(self._heap[0][0] - now, 0.0), STEP_SECONDS)
        if self._timer is not None and self._timer.active():
            self._timer.reset(wait)
        else:
            self._timer = self._clock.callLater(wait, self._fire)

    def _fire(self) -> None:
        now = self._clock.seconds()
        self._notice_pause(now)
        if self._has_unread():
            if self._put_off_since is None:
                self._put_off_since = now
            if now < self._put_off_since + READ_SECONDS:
                self._timer = self._clock.callLater(0, self._fire)
                return
        self._put_off_since = None
        due: list[Timed] = []
        while self._heap and self._heap[0][0] <= now:
            when, _, timed = heapq.heappop(self._heap)
            if self._next.get(timed) == when:
                del self._next[timed]
                due.append(timed)
        for timed in due:
            timed.tick(now)
            self.look(timed)
        if self._heap:
            self._arm()

    def stop(self) -> None:
        """Stop calling all objects."""
        self._heap.clear()
        self._next.clear()
        cancel(self._timer)
