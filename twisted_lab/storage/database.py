"""Database access in whole transactions."""

from __future__ import annotations

import sqlite3
from collections.abc import Awaitable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Generic, Protocol

from dbxs.dbapi import DBAPIColumnDescription

from twisted_lab.storage.migrations import Upgrade
from twisted_lab.storage.tables import Q, Result, Work
from twisted_lab.text.language import N_


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


class CannotStore(Exception):
    """The request has failed without any change; the text says why."""


class _Cursor:
    """A cursor for dbxs, whose methods never wait."""

    def __init__(self, cursor: sqlite3.Cursor) -> None:
        self._cursor = cursor

    async def description(self) -> Sequence[DBAPIColumnDescription] | None:
        return self._cursor.description

    async def rowcount(self) -> int:
        return self._cursor.rowcount

    async def fetchone(self) -> Sequence[Any] | None:
        row: Sequence[Any] | None = self._cursor.fetchone()
        return row

    async def fetchall(self) -> Sequence[Sequence[Any]]:
        return self._cursor.fetchall()

    async def execute(
        self, operation: str, parameters: Sequence[object] | Mapping[str, object] = ()
    ) -> object:
        return self._cursor.execute(operation, parameters)

    async def close(self) -> None:
        self._cursor.close()


class Connection:
    """A connection for dbxs, whose methods never wait."""

    paramstyle = sqlite3.paramstyle

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    async def cursor(self) -> _Cursor:
        """Return a new cursor."""
        return _Cursor(self._connection.cursor())

    async def commit(self) -> None:
        """Refuse: the transaction is shared, and ends after all its pieces of work."""
        raise RuntimeError("a piece of work cannot end its transaction, which others share")

    rollback = close = commit


def _drive(work: Awaitable[Result]) -> Result:
    steps = work.__await__()
    try:
        next(steps)
    except StopIteration as end:
        result: Result = end.value
        return result
    steps.close()
    raise RuntimeError("a transaction must not wait for anything but the database")


def _identity(path: Path) -> tuple[int, int] | None:
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_dev, status.st_ino


class Database(Generic[Q]):
    """An open database, used by one thread at a time; `open_database` creates it.

    Args:
        connection: The connection, in autocommit mode.
        queries: The queries that each piece of work gets.
        path: The file; None for a database in memory.
        begin: The statement that begins a transaction.
        upgrade: The upgrade of older tables when the file was opened.

    Attributes:
        upgrade: See above.
    """

    def __init__(
        self,
        connection: sqlite3.Connection,
        queries: Q,
        path: str | None,
        begin: str = "BEGIN IMMEDIATE",
        upgrade: Upgrade | None = None,
    ) -> None:
        self.upgrade = upgrade
        self._connection = connection
        self._begin = begin
        self._file = (Path(path), _identity(Path(path))) if path else None
        self._queries = queries

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

    def read(self, work: Work[Q, Result]) -> Result:
        """Run one piece of work that changes nothing.

        Raises:
            CannotStore: The transaction has failed, or the work tries to change something.
            Exception: The work raised it.
        """
        begin, self._begin = self._begin, "BEGIN"
        self._connection.execute("PRAGMA query_only = ON")
        try:
            return self.run(work)
        finally:
            self._connection.execute("PRAGMA query_only = OFF")
            self._begin = begin

    def run_all(self, works: Sequence[Work[Q, Result]]) -> list[Result | Exception]:
        """Run several pieces of work in one transaction, which is on disk on return.

        A piece that raises changes nothing, and does not affect the others. One transaction is
        fast, because it waits for the disk only once.

        Returns:
            The result of each piece, or the exception that it raised; CannotStore after an error of
            SQLite.
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
                # One piece, or none, is the cause: run each in a transaction of its own.
                return [self.run_all([work])[0] for work in works]
            return [CannotStore(str(error)) for _ in works]

    def _transact(self, works: Sequence[Work[Q, Result]]) -> list[Result | Exception]:
        execute = self._connection.execute
        results: list[Result | Exception] = []
        for work in works:
            execute("SAVEPOINT work")
            try:
                results.append(_drive(work(self._queries)))
            except sqlite3.Error:
                raise
            except Exception as error:
                execute("ROLLBACK TO work")
                results.append(error)
            execute("RELEASE work")
        execute("COMMIT")
        if self._file is not None and _identity(self._file[0]) != self._file[1]:
            return [
                CannotStore(N_("{file} was removed or replaced", file=self._file[0])) for _ in works
            ]
        return results

    def close(self) -> None:
        """Close the file."""
        self._connection.close()
