"""Locks that limit simultaneous login attempts of one process; those of others have leases."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, nullcontext
from weakref import WeakValueDictionary

from twisted.internet.defer import DeferredSemaphore

from twisted_lab.accounts import MOST_AT_ONCE
from twisted_lab.peers import network, site


class AttemptLocks:
    """Locks per network and name; each exists while an attempt holds it or waits for it."""

    def __init__(self) -> None:
        self._locks: WeakValueDictionary[str, DeferredSemaphore] = WeakValueDictionary()

    @asynccontextmanager
    async def hold(self, key: str, address: str, is_alone: bool) -> AsyncIterator[None]:
        """Wait until an attempt may run, and hold its locks until it ends.

        - At most MOST_AT_ONCE attempts from one network run at once.
        - Attempts from a network with failures are serialised, so that many guesses cannot run
          before the first failure is counted.
        - Attempts for one name from one site are serialised, because each is counted as a failure
          until it succeeds, and would delay the next one.

        Args:
            key: The key of the given name.
            address: The client's IP address. If it is empty, the first rule does not apply.
            is_alone: Whether the network has failures, so that the second rule applies.
        """
        place = network(address)
        several = self._lock(f"several {place}", MOST_AT_ONCE) if address else nullcontext()
        alone = self._lock(f"alone {place}", 1) if is_alone else nullcontext()
        # The fixed order prevents deadlocks.
        async with several, alone, self._lock(f"name {site(address)} {key}", 1):
            yield

    def _lock(self, subject: str, at_once: int) -> DeferredSemaphore:
        return self._locks.setdefault(subject, DeferredSemaphore(at_once))
