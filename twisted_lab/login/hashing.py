"""Password hashing on a pool of threads."""

from __future__ import annotations

import os
from collections.abc import Callable
from math import ceil
from typing import TypeVar

from twisted.internet.defer import Deferred, fail
from twisted.internet.interfaces import IDelayedCall
from twisted.internet.threads import deferToThreadPool
from twisted.python.failure import Failure
from twisted.python.threadpool import ThreadPool

from twisted_lab.accounts import Passwords
from twisted_lab.channels.channel import TOO_LITTLE_MEMORY
from twisted_lab.interfaces import Reactor
from twisted_lab.login.hash_queue import HashQueue, Job
from twisted_lab.peers import site
from twisted_lab.resources import Unable
from twisted_lab.token_bucket import NetworkBuckets

Result = TypeVar("Result")

# Queued hashes per thread; the last of them waits for two or three seconds.
QUEUE_PER_THREAD = 64
# Rate limit of one network. The burst lets a whole class log in at once. Hashes over the limit are
# delayed, but not for longer than LONGEST_WAIT.
RATE = 5.0  # hashes per second
BURST = 200  # hashes
LONGEST_WAIT = 30.0  # seconds
# After this many hashes for clients in their own networks, a waiting stranger's hash comes next.
MOST_IN_A_ROW = 3


class Hashing:
    """Password hasher that does not block the reactor.

    Sites take turns, and each network has a rate limit. Clients in networks of their accounts get
    three of four hashes while strangers wait as well.

    Args:
        reactor: The reactor, in whose thread results are delivered.
        passwords: Computes the hashes.
        threads: The number of threads; by default the number of usable cores.
        burst: The number of hashes that a network may request before RATE limits it.
    """

    def __init__(
        self,
        reactor: Reactor,
        passwords: Passwords,
        threads: int | None = None,
        burst: int = BURST,
    ) -> None:
        threads = threads or len(os.sched_getaffinity(0))
        self.passwords = passwords
        self._reactor = reactor
        self._pool = ThreadPool(threads, threads, "hashing")
        # Twice the number of threads, so that an idle thread need not wait for the reactor.
        self._most_running = 2 * threads
        self._running = 0
        self._own = HashQueue(threads * QUEUE_PER_THREAD)
        self._strangers = HashQueue(threads * QUEUE_PER_THREAD)
        self._in_a_row = 0
        # Separate limits, so that new accounts do not delay logins.
        self._checks = NetworkBuckets(RATE, burst)
        self._new_hashes = NetworkBuckets(RATE, burst)
        self._delayed: dict[Job, IDelayedCall] = {}

    def open(self) -> None:
        """Start the threads."""
        self._pool.start()

    @property
    def queued(self) -> int:
        """The number of queued hashes."""
        return len(self._own) + len(self._strangers)

    def matches(
        self, hashed: str, password: str, network: str = "", is_own: bool = False
    ) -> Deferred[bool]:
        """See `Passwords.matches`.

        Args:
            hashed: The hash.
            password: The password.
            network: The client's network; hashes without one have no rate limit.
            is_own: Whether the network is one of the account's.

        Returns:
            A Deferred that fails with Unable if the network is over its rate limit, if the queue is
                full and the client's site has the most hashes in it, or if there is no memory.
        """
        work = self.passwords.matches
        return self._make(self._checks, is_own, network, work, hashed, password)

    def hash(self, password: str, network: str = "", is_own: bool = False) -> Deferred[str]:
        """See `Passwords.hash`.

        Args:
            password: The password.
            network: The client's network; hashes without one have no rate limit.
            is_own: Whether the client has logged in.

        Returns:
            See `matches`.
        """
        return self._make(self._new_hashes, is_own, network, self.passwords.hash, password)

    def _make(
        self,
        rates: NetworkBuckets,
        is_own: bool,
        network: str,
        work: Callable[..., Result],
        *arguments: str,
    ) -> Deferred[Result]:
        now = self._reactor.seconds()
        wait = rates.take(network, now, LONGEST_WAIT) if network else 0.0
        if wait > LONGEST_WAIT:
            why = f"too many logins from your network; try again in {ceil(wait)} s"
            return fail(Unable(why, "its rate of hashes"))
        queue = self._own if is_own else self._strangers

        def cancel(_: object) -> None:
            if job in queue:  # A running job cannot be stopped.
                queue.remove(job)

        result: Deferred[Result] = Deferred(cancel)
        job = Job(site(network), work, arguments, result)
        if wait:
            self._enqueue_later(wait, queue, job)
        else:
            self._enqueue(queue, job)
        return result

    def _enqueue_later(self, wait: float, queue: HashQueue, job: Job) -> None:
        def enqueue() -> None:
            del self._delayed[job]
            if not job.result.called:
                self._enqueue(queue, job)

        self._delayed[job] = self._reactor.callLater(wait, enqueue)

    def _enqueue(self, queue: HashQueue, job: Job) -> None:
        if (surplus := queue.add(job)) is not None:
            text = "too many logins at once; try again"
            surplus.result.errback(Unable(text, "the hash queue is full"))
        self._start_next()

    def _next_queue(self) -> HashQueue:
        is_turn_of_strangers = self._strangers and self._in_a_row >= MOST_IN_A_ROW
        if self._own and not is_turn_of_strangers:
            self._in_a_row += 1
            return self._own
        self._in_a_row = 0
        return self._strangers

    def _start_next(self) -> None:
        while self._running < self._most_running and self.queued:
            job = self._next_queue().pop()
            self._running += 1
            made = deferToThreadPool(self._reactor, self._pool, job.work, *job.arguments)
            made.addBoth(self._done, job)

    def _done(self, result: object, job: Job) -> None:
        self._running -= 1
        self._start_next()
        if not job.result.called:
            job.result.callback(_explained(result))

    async def close(self) -> None:
        """Finish the running hashes, fail the queued and delayed ones, and end the threads."""
        jobs = [job for job in self._delayed if not job.result.called]
        for timer in self._delayed.values():
            timer.cancel()
        self._delayed.clear()
        for queue in (self._own, self._strangers):
            while queue:
                jobs.append(queue.pop())
        for job in jobs:
            job.result.errback(Unable("the server is stopping", "the hash queue is closed"))
        self._pool.stop()

    def discard(self) -> None:
        """See `twisted_lab.serving.Resource`."""
        self._pool.stop()


def _explained(result: object) -> object:
    if isinstance(result, Failure) and result.check(MemoryError):
        return Failure(Unable(TOO_LITTLE_MEMORY, result.getErrorMessage()))
    return result
