"""Password hashes, on threads of their own."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any, TypeVar

from twisted.internet.defer import Deferred, DeferredSemaphore, fail
from twisted.internet.threads import deferToThreadPool
from twisted.python.failure import Failure
from twisted.python.threadpool import ThreadPool

from twisted_lab.accounts import Passwords
from twisted_lab.channels import Unable
from twisted_lab.channels.channel import TOO_LITTLE_MEMORY

Result = TypeVar("Result")

# So many may wait for each thread; the last one of them waits for two or three seconds.
QUEUE_PER_THREAD = 64


class Hashing:
    """Makes and checks hashes without making the reactor wait.

    Args:
        reactor: Where results are delivered.
        passwords: How it is done.
        threads: How many are made at once; by default as many as the process has cores.
    """

    def __init__(self, reactor: Any, passwords: Passwords, threads: int | None = None) -> None:
        threads = threads or len(os.sched_getaffinity(0))
        self.passwords = passwords
        self._reactor = reactor
        self._pool = ThreadPool(threads, threads, "hashing")
        # Twice as many, so that no thread waits for the reactor to give it the next one.
        self._free = DeferredSemaphore(2 * threads)
        self._most_waiting = threads * QUEUE_PER_THREAD

    def open(self) -> None:
        """Start the threads."""
        self._pool.start()

    @property
    def queued(self) -> int:
        """How many passwords wait to be hashed."""
        return len(self._free.waiting)

    def matches(self, hashed: str, password: str) -> Deferred[bool]:
        """See `Passwords.matches`.

        Returns:
            A Deferred that fails with Unable, at once, if too many are waiting; or if there is no
            memory for it.
        """
        return self._run(self.passwords.matches, hashed, password)

    def hash(self, password: str) -> Deferred[str]:
        """See `Passwords.hash`.

        Returns:
            A Deferred that fails with Unable, at once, if too many are waiting; or if there is no
            memory for it.
        """
        return self._run(self.passwords.hash, password)

    def _run(self, work: Callable[..., Result], *arguments: str) -> Deferred[Result]:
        if self.queued >= self._most_waiting:
            return fail(
                Unable("too many are logging in at once; try again", "the hash queue is full")
            )
        running = self._free.run(deferToThreadPool, self._reactor, self._pool, work, *arguments)
        return running.addErrback(_explain)

    async def close(self) -> None:
        """Finish the hashes that are being made, and end the threads."""
        self._pool.stop()

    def abandon(self) -> None:
        """See `twisted_lab.serving.Resource`."""
        self._pool.stop()


def _explain(failure: Failure) -> Failure:
    if failure.check(MemoryError):
        return Failure(Unable(TOO_LITTLE_MEMORY, failure.getErrorMessage()))
    return failure
