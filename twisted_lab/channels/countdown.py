"""Timers that count only the time in which the process runs."""

from __future__ import annotations

from collections.abc import Callable

from twisted.internet.interfaces import IReactorTime

from twisted_lab.channels.closing import cancel

STEP_SECONDS = 1.0


class Countdown:
    """A timer that calls `action` after `seconds`, counted in steps of one second.

    A pause of the process, however long, counts as one step.

    Args:
        clock: The clock for the steps.
        seconds: The time until the call.
        action: The function to call.
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
        """Stop the timer."""
        cancel(self._timer)
