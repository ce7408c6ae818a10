"""The database: queries in whole transactions."""

from __future__ import annotations

import sqlite3
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Protocol, TypeVar

from dbxs import accessor

from twisted_lab.accounts.queries import Queries

Result = TypeVar("Result")
Work = Callable[[Queries], Awaitable[Result]]
"""A coroutine function that runs queries and awaits nothing else.

It may be called again if another one of the same transaction fails, so it changes nothing outside
the database.
"""


class Store(Protocol):
    """Runs work on a database, for callers that can wait."""

    def run(self, work: Work[Result]) -> Awaitable[Result]:
        """Do `work` in a transaction, and return what it returns when that is on disk.

        Raises:
            Exception: The work raised it, or the result cannot be stored; nothing is changed then.
        """
        ...

    def keep(self, work: Work[Result]) -> Awaitable[Result]:
        """Do the same, but ignore cancellation: other callers depend on the result."""
        ...

    def read(self, work: Work[Result]) -> Awaitable[Result]:
        """Do `work`, which changes nothing, without making `run` and `keep` wait.

        Results come in the order of the calls to `read`, but in no order with those of `run` and
        `keep`: it may find data before the caller that stores them gets its result.
        """
        ...


class CannotStore(Exception):
    """The request could not be done, and nothing was changed; the text says why."""


class _Cursor:
    """A cursor that dbxs can await, which never waits."""

    def __init__(self, cursor: sqlite3.Cursor) -> None:
        self._cursor = cursor

    async def description(self) -> Any:
        return self._cursor.description

    async def rowcount(self) -> int:
        return self._cursor.rowcount

    async def fetchone(self) -> Any:
        return self._cursor.fetchone()

    async def fetchall(self) -> Any:
        return self._cursor.fetchall()

    async def execute(self, operation: str, parameters: Any = ()) -> object:
        return self._cursor.execute(operation, parameters)

    async def close(self) -> None:
        self._cursor.close()


class _Connection:
    """The same for a connection; transactions are begun and ended elsewhere."""

    paramstyle = sqlite3.paramstyle

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    async def cursor(self) -> _Cursor:
        return _Cursor(self._connection.cursor())


_queries: Callable[[Any], Queries] = accessor(Queries)


def _drive(coroutine: Coroutine[Any, Any, Result]) -> Result:
    try:
        coroutine.send(None)
    except StopIteration as end:
        result: Result = end.value
        return result
    coroutine.close()
    raise RuntimeError("a transaction must not wait for anything but the database")


def _identity(path: Path) -> tuple[int, int] | None:
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_dev, status.st_ino


class Database:
    """An open database, used by one thread at a time. `open_database` makes it.

    Args:
        connection: In autocommit mode.
        path: The file, if there is one.
        begin: The statement that begins a transaction.
    """

    def __init__(
        self, connection: sqlite3.Connection, path: str | None, begin: str = "BEGIN IMMEDIATE"
    ) -> None:
        self._connection = connection
        self._begin = begin
        self._file = (Path(path), _identity(Path(path))) if path else None
        self._queries = _queries(_Connection(connection))

    def run(self, work: Work[Result]) -> Result:
        """Do one piece of work in a transaction, which is on disk when this returns.

        Raises:
            CannotStore: It could not be done.
            Exception: The work raised it; nothing is changed then.
        """
        [result] = self.run_all([work])
        if isinstance(result, Exception):
            raise result
        return result

    def run_all(self, works: Sequence[Work[Result]]) -> list[Result | Exception]:
        """Do several pieces of work in one transaction, which is on disk when this returns.

        A piece that raises changes nothing, and does not hinder the others. It is fast because it
        waits for the disk once for all of them.

        Returns:
            The result of each, or the exception that it raised; CannotStore if it was SQLite's.
        """
        has_begun = False
        try:
            self._connection.execute(self._begin)
            has_begun = True
            return self._transact(works)
        except BaseException as error:
            with suppress(sqlite3.Error):
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")
            if not isinstance(error, sqlite3.Error):
                raise
            if has_begun and len(works) > 1:
                # It is the fault of one of them, or of none.
                return [self.run_all([work])[0] for work in works]
            return [CannotStore(str(error)) for _ in works]

    def _transact(self, works: Sequence[Work[Result]]) -> list[Result | Exception]:
        execute = self._connection.execute
        results: list[Result | Exception] = []
        for work in works:
            execute("SAVEPOINT work")
            try:
                results.append(_drive(self._ask(work)))
            except sqlite3.Error:
                raise
            except Exception as error:
                execute("ROLLBACK TO work")
                results.append(error)
            execute("RELEASE work")
        execute("COMMIT")
        if self._file is not None and _identity(self._file[0]) != self._file[1]:
            return [CannotStore(f"{self._file[0]} was removed or replaced") for _ in works]
        return results

    async def _ask(self, work: Work[Result]) -> Result:
        return await work(self._queries)

    def close(self) -> None:
        """Close the file."""
        self._connection.close()
