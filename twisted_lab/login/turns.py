"""Who may try at the same time."""

from __future__ import annotations

from weakref import WeakValueDictionary

from twisted.internet.defer import DeferredSemaphore


class Turns:
    """Turns of accounts and addresses; each is kept for as long as somebody holds it or waits."""

    def __init__(self) -> None:
        self._turns: WeakValueDictionary[str, DeferredSemaphore] = WeakValueDictionary()

    def of(self, subject: str, at_once: int) -> DeferredSemaphore:
        """Return the turn of `subject`, which so many can have at once."""
        return self._turns.setdefault(subject, DeferredSemaphore(at_once))
