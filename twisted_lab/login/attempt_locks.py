"""Locks that limit how many attempts to log in are made at once."""

from __future__ import annotations

from weakref import WeakValueDictionary

from twisted.internet.defer import DeferredSemaphore


class AttemptLocks:
    """Locks of accounts and networks; each is kept while an attempt holds it or waits for it."""

    def __init__(self) -> None:
        self._turns: WeakValueDictionary[str, DeferredSemaphore] = WeakValueDictionary()

    def of(self, subject: str, at_once: int) -> DeferredSemaphore:
        """Return the lock of `subject`, which at most `at_once` attempts hold at once."""
        return self._turns.setdefault(subject, DeferredSemaphore(at_once))
