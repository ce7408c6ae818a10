"""Password hashes, on threads of their own."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from twisted.internet.defer import Deferred, fail
from twisted.internet.threads import deferToThreadPool
from twisted.python.failure import Failure
from twisted.python.threadpool import ThreadPool

from twisted_lab.accounts import Passwords
from twisted_lab.channels import Unable
from twisted_lab.channels.channel import TOO_LITTLE_MEMORY

Result = TypeVar("Result")

# At most this many wait for each thread: the last one of them for two or three seconds.
QUEUE_PER_THREAD = 64


@dataclass(eq=False)
class _Job:
    network: str
    result: Deferred[Any]
    work: Callable[..., Any]
    arguments: tuple[str, ...]


class Hashing:
    """Makes and checks hashes without making the reactor wait.

    Networks take turns, so that one that wants many hashes does not make others wait.

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
        self._most_running = 2 * threads
        self._running = 0
        self._most_waiting = threads * QUEUE_PER_THREAD
        self._waiting: dict[str, deque[_Job]] = {}  # by network, the next one's turn first

    def open(self) -> None:
        """Start the threads."""
        self._pool.start()

    @property
    def queued(self) -> int:
        """How many passwords wait to be hashed."""
        return sum(map(len, self._waiting.values()))

    def matches(self, hashed: str, password: str, network: str = "") -> Deferred[bool]:
        """See `Passwords.matches`.

        Args:
            hashed: The hash.
            password: The password.
            network: Whose turn it takes.

        Returns:
            A Deferred that fails with Unable if too many are waiting, most of them of this network;
            or if there is no memory for it.
        """
        return self._enqueue(network, self.passwords.matches, hashed, password)

    def hash(self, password: str, network: str = "") -> Deferred[str]:
        """See `Passwords.hash`.

        Args:
            password: The password.
            network: Whose turn it takes.

        Returns:
            A Deferred that fails with Unable if too many are waiting, most of them of this network;
            or if there is no memory for it.
        """
        return self._enqueue(network, self.passwords.hash, password)

    def _enqueue(
        self, network: str, work: Callable[..., Result], *arguments: str
    ) -> Deferred[Result]:
        if self.queued >= self._most_waiting:
            longest = max(self._waiting.values(), key=len)
            # Of networks with as many, the newcomer is refused, not the one that has waited.
            if len(longest) <= len(self._waiting.get(network, ())) + 1:
                return fail(_queue_is_full())
            self._remove(last := longest[-1])
            last.result.errback(_queue_is_full())
        job = _Job(network, Deferred(lambda _: self._cancel(job)), work, arguments)
        self._waiting.setdefault(network, deque()).append(job)
        self._start_next()
        return job.result

    def _cancel(self, job: _Job) -> None:
        # One that is being made keeps its thread until it is done.
        if job in self._waiting.get(job.network, ()):
            self._remove(job)

    def _remove(self, job: _Job) -> None:
        jobs = self._waiting[job.network]
        jobs.remove(job)
        if not jobs:
            del self._waiting[job.network]

    def _start_next(self) -> None:
        while self._waiting and self._running < self._most_running:
            network = next(iter(self._waiting))
            jobs = self._waiting.pop(network)
            job = jobs.popleft()
            if jobs:
                self._waiting[network] = jobs
            self._running += 1
            made = deferToThreadPool(self._reactor, self._pool, job.work, *job.arguments)
            made.addBoth(self._done, job)

    def _done(self, result: Any, job: _Job) -> None:
        self._running -= 1
        self._start_next()
        if not job.result.called:
            job.result.callback(_explained(result))

    async def close(self) -> None:
        """Finish the hashes that are being made, refuse those that wait, and end the threads."""
        waiting, self._waiting = self._waiting, {}
        for jobs in waiting.values():
            for job in jobs:
                job.result.errback(Unable("the server is stopping", "the hash queue is closed"))
        self._pool.stop()

    def abandon(self) -> None:
        """See `twisted_lab.serving.Resource`."""
        self._pool.stop()


def _queue_is_full() -> Unable:
    return Unable("too many are logging in at once; try again", "the hash queue is full")


def _explained(result: Any) -> Any:
    if isinstance(result, Failure) and result.check(MemoryError):
        return Failure(Unable(TOO_LITTLE_MEMORY, result.getErrorMessage()))
    return result
