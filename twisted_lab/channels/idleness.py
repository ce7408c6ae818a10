"""Connections that have been silent for too long, found without a timer for each or a clock."""

from __future__ import annotations

from collections.abc import Callable

from twisted.internet.interfaces import IDelayedCall, IReactorTime

# A connection is looked at so often within its patience, and so hung up on up to a tenth too late.
LOOKS = 10


class Idleness:
    """Has all connections looked at, now and then, for as long as there are any.

    Args:
        clock: Waits.
        patience: A connection may be silent for so many seconds.
        look: Looks at each of them, and tells whether there are any.
    """

    def __init__(self, clock: IReactorTime, patience: float, look: Callable[[], bool]) -> None:
        self.patience = patience
        self._clock = clock
        self._look = look
        self._timer: IDelayedCall | None = None

    def watch(self) -> None:
        """There is a connection."""
        if self._timer is None:
            self._timer = self._clock.callLater(self.patience / LOOKS, self._fire)

    def _fire(self) -> None:
        self._timer = None
        if self._look():
            self.watch()
