"""Parts that the simulated networks share."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from twisted.internet.interfaces import IDelayedCall, IReactorTime
from twisted.internet.task import Clock

from twisted_lab.faults.engine.spec import Place, check, named, read_toxic
from twisted_lab.faults.engine.toxic import Toxics


def read_toxics(texts: Iterable[str], place: Place) -> Toxics:
    """Return the toxics that `texts` describe, such as ``loss=20%``.

    Raises:
        ValueError: A text describes none, or one that cannot act there.
    """
    toxics = named(map(read_toxic, texts))
    check(toxics, [place])
    return toxics


def advance(clock: Clock, seconds: float) -> None:
    """Let time pass, so that each call of `clock` is made at its own time.

    `Clock.advance` first sets the time to the end, and then makes all calls. With it, a reply that
    one of them sends would be late.
    """
    end = clock.seconds() + seconds
    while (calls := clock.getDelayedCalls()) and calls[0].getTime() <= end:
        clock.advance(max(calls[0].getTime() - clock.seconds(), 0.0))
    clock.advance(max(end - clock.seconds(), 0.0))


class Timer:
    """Calls a function at a deadline that changes.

    Args:
        clock: The clock.
        deadline: Returns the current deadline; None for never.
        on_due: Called at the deadline; it has to call `update`.
    """

    def __init__(
        self,
        clock: IReactorTime,
        deadline: Callable[[], float | None],
        on_due: Callable[[], object],
    ) -> None:
        self._clock = clock
        self._deadline = deadline
        self._on_due = on_due
        self._call: IDelayedCall | None = None
        self._at: float | None = None

    def update(self) -> None:
        """Schedule the call again, after the deadline may have changed."""
        at = self._deadline()
        is_active = self._call is not None and self._call.active()
        if at == self._at and is_active:
            return
        if self._call is not None and is_active:
            self._call.cancel()
        self._at = at
        if at is not None:
            self._call = self._clock.callLater(max(at - self._clock.seconds(), 0.0), self._on_due)
