"""Deadlines that a pause of the process does not use up."""

from __future__ import annotations

from collections.abc import Callable

from twisted.internet.interfaces import IReactorTime

from twisted_lab.channels.closing import cancel

STEP_SECONDS = 1.0


class Countdown:
    """Calls `action` after so many seconds, in which the process was running.

    It counts them one by one: a pause of the process, however long, counts as one of them.

    Args:
        clock: Waits.
        seconds: For how long.
        action: What is called then.
    """

    def __init__(self, clock: IReactorTime, seconds: float, action: Callable[[], object]) -> None:
        self._clock = clock
        self._left = seconds
        self._action = action
        self._step()

    def _step(self) -> None:
        step = min(self._left, STEP_SECONDS)
        self._left -= step
        self._timer = self._clock.callLater(step, self._step if self._left > 0 else self._action)

    def cancel(self) -> None:
        """Do not call it any more."""
        cancel(self._timer)
