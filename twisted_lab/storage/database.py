"""Database access in whole transactions."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Awaitable, Generator, Mapping, Sequence
from typing import Any, Generic, Protocol

from dbxs.async_dbapi import ParamStyle
from dbxs.dbapi import DBAPIColumnDescription, DBAPIConnection, DBAPICursor
from twisted.internet.defer import Deferred

from twisted_lab.storage.migrations import Upgrade
from twisted_lab.storage.tables import Q, Result, Work


class Store(Protocol[Q]):
    """A database that runs work asynchronously."""

    def run(self, work: Work[Q, Result]) -> Awaitable[Result]:
        """Run `work` in a transaction; return its result once that is on disk.

        Raises:
            Exception: The work raised it, or the result cannot be stored; nothing is changed then.
        """
        ...

    def keep(self, work: Work[Q, Result]) -> Awaitable[Result]:
        """Do the same as `run`, but ignore cancellation, because other callers need the result."""
        ...

    def read(self, work: Work[Q, Result]) -> Awaitable[Result]:
        """Run `work`, which changes nothing, without making `run` and `keep` wait.

        Results come in the order of the calls of `read`, but in any order relative to those of
        `run` and `keep`: the work may find data before the caller that stores them gets its result.
        """
        ...


class Uncancelled(Deferred[Result]):
    """A Deferred that ignores cancellation: its work will be done."""

    def cancel(self) -> None:
        """Do nothing."""


class CannotStore(Exception):
    """The request has failed without any change; the text says why."""


class Unavailable(CannotStore):
    """The database cannot do any work now."""


class _Pause:
    """What a query yields before it needs its result; see `together`."""

    def __await__(self) -> Generator[_Pause, None, None]:
        yield self


_PAUSE = _Pause()


class _Cursor:
    """A cursor for dbxs, whose methods never wait for anything but the database."""

    def __init__(self, cursor: DBAPICursor) -> None:
        self._cursor = cursor

    async def description(self) -> Sequence[DBAPIColumnDescription] | None:
        return self._cursor.description

    async def rowcount(self) -> int:
        return self._cursor.rowcount

    async def fetchone(self) -> Sequence[Any] | None:
        await _PAUSE
        return self._cursor.fetchone()

    async def fetchall(self) -> Sequence[Sequence[Any]]:
        await _PAUSE
        return self._cursor.fetchall()

    async def execute(
        self, operation: str, parameters: Sequence[object] | Mapping[str, object] = ()
    ) -> object:
        return self._cursor.execute(operation, parameters)

    async def close(self) -> None:
        self._cursor.close()


class Connection:
    """A connection for dbxs, whose methods never wait for anything but the database.

    Args:
        connection: The connection of a driver.
        paramstyle: How the driver writes parameters (PEP 249).
    """

    def __init__(self, connection: DBAPIConnection, paramstyle: ParamStyle) -> None:
        self._connection = connection
        self.paramstyle = paramstyle

    async def cursor(self) -> _Cursor:
        """Return a new cursor."""
        return _Cursor(self._connection.cursor())

    async def commit(self) -> None:
        """Refuse: the transaction is shared, and ends after all its pieces of work."""
        raise RuntimeError("a piece of work cannot end its transaction, which others share")

    rollback = close = commit


def drive(work: Awaitable[Result]) -> Result:
    """Run work to its end, and return its result.

    Raises:
        RuntimeError: It waits for something else than the database.
        Exception: The work raised it.
    """
    steps = work.__await__()
    try:
        while next(steps) is _PAUSE:
            pass
    except StopIteration as end:
        result: Result = end.value
        return result
    steps.close()
    raise RuntimeError("a transaction must not wait for anything but the database")


async def together(*queries: Awaitable[Result]) -> list[Result]:
    """Run queries that do not need each other's results, and return these in the same order.

    A database server gets all queries before the first result is read, so that they cost the
    network's delay once.

    Raises:
        Exception: The first query that has failed raised it; all others have ended, too.
    """
    results: dict[int, Result] = {}
    errors: list[Exception] = []
    running = {number: query.__await__() for number, query in enumerate(queries)}
    while running:
        for number, steps in [*running.items()]:
            try:
                next(steps)
            except StopIteration as end:
                results[number] = end.value
                del running[number]
            except Exception as error:
                errors.append(error)
                del running[number]
    if errors:
        raise errors[0]
    return [results[number] for number in range(len(queries))]


class Database(ABC, Generic[Q]):
    """An open database, used by one thread at a time; `open_database` creates it.

    Attributes:
        is_new: Whether it had no tables before it was opened.
        upgrade: The upgrade of older tables when it was opened; None if there was none.
        weak: The settings of a server that may lose acknowledged data, because they are off.
    """

    is_new = False
    upgrade: Upgrade | None = None
    weak: Sequence[str] = ()

    @abstractmethod
    def run_all(
        self, works: Sequence[Work[Q, Result]], has_own_locks: bool = False
    ) -> list[Result | Exception]:
        """Run several pieces of work in one transaction, which is on disk on return.

        A piece that raises changes nothing, and does not affect the others. One transaction is
        fast, because it waits for the disk only once.

        Args:
            works: The pieces of work.
            has_own_locks: Whether all of them have; see `Tables`. A file ignores it.

        Returns:
            The result of each piece, or the exception that it raised; CannotStore after an error of
            the database.
        """

    @abstractmethod
    def read(self, work: Work[Q, Result]) -> Result:
        """Run one piece of work that changes nothing.

        Raises:
            CannotStore: The transaction has failed, or the work tries to change something.
            Exception: The work raised it.
        """

    @abstractmethod
    def close(self) -> None:
        """Close the connection, or the file."""

    def discard(self) -> None:
        """Close it after a start that has failed."""
        self.close()

    def run(self, work: Work[Q, Result]) -> Result:
        """Run one piece of work in a transaction, which is on disk on return.

        Raises:
            CannotStore: The transaction has failed.
            Exception: The work raised it; nothing is changed then.
        """
        [result] = self.run_all([work])
        if isinstance(result, Exception):
            raise result
        return result
