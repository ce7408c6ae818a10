"""A fair queue of hash jobs, with round robin between sites."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from twisted.internet.defer import Deferred


@dataclass(eq=False)
class Job:
    """A hash to compute.

    Attributes:
        site: The site that the job belongs to.
        work: The function that computes the hash.
        arguments: The arguments of `work`.
        result: Fires with the result of `work`.
    """

    site: str
    work: Callable[..., object]
    arguments: tuple[str, ...]
    result: Deferred[Any]


class HashQueue:
    """A queue of jobs in which sites take turns: a site with many jobs does not delay others.

    Args:
        most: The maximum number of queued jobs.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._waiting: dict[str, deque[Job]] = {}  # by site; the next site's turn comes first

    def __len__(self) -> int:
        return sum(map(len, self._waiting.values()))

    def __contains__(self, job: Job) -> bool:
        return job in self._waiting.get(job.site, ())

    def add(self, job: Job) -> Job | None:
        """Queue `job`.

        Returns:
            The job that was dropped because the queue was full: the last one of the site with the
            most jobs, perhaps `job` itself. None if there was room.
        """
        surplus = None
        if len(self) >= self._most:
            longest = max(self._waiting.values(), key=len)
            # Among sites with equally many jobs, the new job is dropped rather than a queued one.
            if len(longest) <= len(self._waiting.get(job.site, ())) + 1:
                return job
            surplus = longest[-1]
            self.remove(surplus)
        self._waiting.setdefault(job.site, deque()).append(job)
        return surplus

    def remove(self, job: Job) -> None:
        """Remove `job` from the queue."""
        jobs = self._waiting[job.site]
        jobs.remove(job)
        if not jobs:
            del self._waiting[job.site]

    def pop(self) -> Job:
        """Remove and return the job whose turn it is."""
        site = next(iter(self._waiting))
        jobs = self._waiting.pop(site)
        job = jobs.popleft()
        if jobs:
            self._waiting[site] = jobs
        return job
