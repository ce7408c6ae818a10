"""Password hashes, on threads of their own."""

from __future__ import annotations

import os
from collections.abc import Callable
from math import ceil
from typing import Any, TypeVar

from twisted.internet.defer import Deferred, fail
from twisted.internet.threads import deferToThreadPool
from twisted.python.failure import Failure
from twisted.python.threadpool import ThreadPool

from twisted_lab.accounts import Passwords
from twisted_lab.channels import Unable
from twisted_lab.channels.channel import TOO_LITTLE_MEMORY
from twisted_lab.login.hash_queue import HashQueue, Job
from twisted_lab.token_bucket import NetworkBuckets

Result = TypeVar("Result")

# At most this many wait for each thread: the last one of them for two or three seconds.
QUEUE_PER_THREAD = 64
# Hashes a second of one network, after a burst that lets a class in at once.
RATE = 2.0
BURST = 200


class Hashing:
    """Makes and checks hashes without making the reactor wait.

    Networks take turns, and each has a rate limit: so neither makes others wait that wants many
    hashes. What an account's own networks want comes before what strangers want.

    Args:
        reactor: Where results are delivered.
        passwords: How it is done.
        threads: How many are made at once; by default as many as the process has cores.
        burst: The hashes that a network may have at once, before RATE holds.
    """

    def __init__(
        self, reactor: Any, passwords: Passwords, threads: int | None = None, burst: int = BURST
    ) -> None:
        threads = threads or len(os.sched_getaffinity(0))
        self.passwords = passwords
        self._reactor = reactor
        self._pool = ThreadPool(threads, threads, "hashing")
        # Twice as many, so that no thread waits for the reactor to give it the next one.
        self._most_running = 2 * threads
        self._running = 0
        self._own = HashQueue(threads * QUEUE_PER_THREAD)
        self._strangers = HashQueue(threads * QUEUE_PER_THREAD)
        self._rates = NetworkBuckets(RATE, burst)

    def open(self) -> None:
        """Start the threads."""
        self._pool.start()

    @property
    def queued(self) -> int:
        """How many passwords wait to be hashed."""
        return len(self._own) + len(self._strangers)

    def matches(
        self, hashed: str, password: str, network: str = "", is_own: bool = False
    ) -> Deferred[bool]:
        """See `Passwords.matches`.

        Args:
            hashed: The hash.
            password: The password.
            network: Whose turn it takes; those without one have no rate limit.
            is_own: Whether the network is one of the account's.

        Returns:
            A Deferred that fails with Unable if the network wants too many, or too many are waiting
            and most of them are of this network; or if there is no memory for it.
        """
        queue = self._own if is_own else self._strangers
        return self._enqueue(queue, network, self.passwords.matches, hashed, password)

    def hash(self, password: str, network: str = "") -> Deferred[str]:
        """See `Passwords.hash`.

        Args:
            password: The password.
            network: Whose turn it takes; those without one have no rate limit.

        Returns:
            See `matches`.
        """
        return self._enqueue(self._strangers, network, self.passwords.hash, password)

    def _enqueue(
        self, queue: HashQueue, network: str, work: Callable[..., Result], *arguments: str
    ) -> Deferred[Result]:
        if network and (wait := self._rates.take(network, self._reactor.seconds())):
            why = f"too many passwords come from your network; try again in {ceil(wait)} s"
            return fail(Unable(why, "its rate of hashes"))

        def cancel(_: object) -> None:
            if job in queue:  # One that is being made keeps its thread until it is done.
                queue.remove(job)

        result: Deferred[Result] = Deferred(cancel)
        job = Job(network, work, arguments, result)
        if (surplus := queue.add(job)) is not None:
            text = "too many are logging in at once; try again"
            surplus.result.errback(Unable(text, "the hash queue is full"))
        self._start_next()
        return result

    def _start_next(self) -> None:
        while self._running < self._most_running and (queue := self._own or self._strangers):
            job = queue.pop()
            self._running += 1
            made = deferToThreadPool(self._reactor, self._pool, job.work, *job.arguments)
            made.addBoth(self._done, job)

    def _done(self, result: Any, job: Job) -> None:
        self._running -= 1
        self._start_next()
        if not job.result.called:
            job.result.callback(_explained(result))

    async def close(self) -> None:
        """Finish the hashes that are being made, refuse those that wait, and end the threads."""
        for queue in (self._own, self._strangers):
            while queue:
                refusal = Unable("the server is stopping", "the hash queue is closed")
                queue.pop().result.errback(refusal)
        self._pool.stop()

    def abandon(self) -> None:
        """See `twisted_lab.serving.Resource`."""
        self._pool.stop()


def _explained(result: Any) -> Any:
    if isinstance(result, Failure) and result.check(MemoryError):
        return Failure(Unable(TOO_LITTLE_MEMORY, result.getErrorMessage()))
    return result
