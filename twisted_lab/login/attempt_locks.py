"""Locks that limit how many attempts to log in are made at once."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, nullcontext
from weakref import WeakValueDictionary

from twisted.internet.defer import DeferredSemaphore

from twisted_lab.peers import network, site

# At most this many attempts from one network are made at once, as long as none has failed.
MOST_AT_ONCE = 8


class AttemptLocks:
    """Locks of networks and names; each is kept while an attempt holds it or waits for it."""

    def __init__(self) -> None:
        self._locks: WeakValueDictionary[str, DeferredSemaphore] = WeakValueDictionary()

    @asynccontextmanager
    async def hold(self, key: str, address: str, is_alone: bool) -> AsyncIterator[None]:
        """Wait until an attempt may be made, and hold its locks meanwhile.

        - At most 8 attempts from one network are made at once.
        - From a network with failures, they are made one at a time, or else many could be made
          before the first of them has failed.
        - For one name from one site, they are made one at a time, or else the second one would take
          the first one, which is counted already, for a failure.

        Args:
            key: The key of the name that was given.
            address: The IP address from which the attempt comes. The first rule holds for attempts
                that have one.
            is_alone: Whether its network has failures.
        """
        place = network(address)
        several = self._lock(f"several {place}", MOST_AT_ONCE) if address else nullcontext()
        alone = self._lock(f"alone {place}", 1) if is_alone else nullcontext()
        # Always in this order, so that no two attempts wait for each other.
        async with several, alone, self._lock(f"name {site(address)} {key}", 1):
            yield

    def _lock(self, subject: str, at_once: int) -> DeferredSemaphore:
        return self._locks.setdefault(subject, DeferredSemaphore(at_once))
