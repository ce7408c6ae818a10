"""A queue in which sites take turns."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from twisted.internet.defer import Deferred


@dataclass(eq=False)
class Job:
    """A hash that waits to be made.

    Attributes:
        site: The site whose turn it takes.
        work: The function that makes it.
        arguments: The arguments of `work`.
        result: Fires with the result of `work`.
    """

    site: str
    work: Callable[..., object]
    arguments: tuple[str, ...]
    result: Deferred[Any]


class HashQueue:
    """Waiting jobs, in turns of sites: a site with many of them does not make others wait.

    Args:
        most: The most jobs that wait.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._waiting: dict[str, deque[Job]] = {}  # by site, the next one's turn first

    def __len__(self) -> int:
        return sum(map(len, self._waiting.values()))

    def __contains__(self, job: Job) -> bool:
        return job in self._waiting.get(job.site, ())

    def add(self, job: Job) -> Job | None:
        """Have `job` wait.

        Returns:
            The job that does not wait any more, if there are too many: the last one of the site
            with the most, which may be `job` itself; None if there is room for all.
        """
        surplus = None
        if len(self) >= self._most:
            longest = max(self._waiting.values(), key=len)
            # Of sites with as many, the newcomer is refused, not the one that has waited.
            if len(longest) <= len(self._waiting.get(job.site, ())) + 1:
                return job
            surplus = longest[-1]
            self.remove(surplus)
        self._waiting.setdefault(job.site, deque()).append(job)
        return surplus

    def remove(self, job: Job) -> None:
        """Have `job` not wait any more."""
        jobs = self._waiting[job.site]
        jobs.remove(job)
        if not jobs:
            del self._waiting[job.site]

    def pop(self) -> Job:
        """Return the job whose turn it is, which does not wait any more."""
        site = next(iter(self._waiting))
        jobs = self._waiting.pop(site)
        job = jobs.popleft()
        if jobs:
            self._waiting[site] = jobs
        return job
