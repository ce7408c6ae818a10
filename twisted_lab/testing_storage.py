"""Support for tests of services that keep data: a store in memory, without threads."""

from __future__ import annotations

from typing import Generic

from twisted.internet.defer import Deferred, execute, fail

from twisted_lab.resources import Unable
from twisted_lab.storage import Tables, Work, open_database
from twisted_lab.storage.tables import Q, Result


class MemoryStorage(Generic[Q]):
    """A `twisted_lab.storage.Store` that returns results immediately.

    Args:
        tables: The tables that it has.
        path: The database's file; by default the database is in memory.

    Attributes:
        database: The `twisted_lab.storage.Database`, to inspect and to close.
        full: Whether all work fails with Unable, as on a full disk; initially False.
    """

    def __init__(self, tables: Tables[Q], path: str = ":memory:") -> None:
        self.database = open_database(path, tables)
        self.full = False

    def run(self, work: Work[Q, Result]) -> Deferred[Result]:
        """See `Store`."""
        if self.full:
            return fail(Unable("cannot store that now", "database or disk is full"))
        return execute(self.database.run, work)

    def keep(self, work: Work[Q, Result]) -> Deferred[Result]:
        """See `Store`."""
        return self.run(work)

    def read(self, work: Work[Q, Result]) -> Deferred[Result]:
        """See `Store`."""
        return self.run(work)
