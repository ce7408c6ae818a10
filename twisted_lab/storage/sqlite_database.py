"""Transactions in an SQLite file."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from twisted_lab.storage.database import CannotStore, Database, Unavailable, drive
from twisted_lab.storage.migrations import Upgrade
from twisted_lab.storage.tables import Q, Result, Work
from twisted_lab.text.language import N_

# Names of errors that other work would have met as well; damage may be in one page only.
_OUTAGES = ("SQLITE_FULL", "SQLITE_IOERR", "SQLITE_CANTOPEN", "SQLITE_READONLY")


def _refusal(error: sqlite3.Error) -> CannotStore:
    is_outage = getattr(error, "sqlite_errorname", "").startswith(_OUTAGES)
    return Unavailable(str(error)) if is_outage else CannotStore(str(error))


def _identity(path: Path) -> tuple[int, int] | None:
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_dev, status.st_ino


class SQLiteDatabase(Database[Q]):
    """An open file, used by one thread at a time; `open_file` creates it.

    Args:
        connection: The connection, in autocommit mode.
        queries: The queries that each piece of work gets.
        path: The file; None for a database in memory.
        begin: The statement that begins a transaction.
        upgrade: The upgrade of older tables when the file was opened.
        is_new: Whether the file had no tables before.
        is_made: Whether there was no file before.

    Attributes:
        upgrade: See above.
        is_new: See above.
    """

    def __init__(
        self,
        connection: sqlite3.Connection,
        queries: Q,
        path: str | None,
        begin: str = "BEGIN IMMEDIATE",
        upgrade: Upgrade | None = None,
        is_new: bool = False,
        is_made: bool = False,
    ) -> None:
        self.upgrade = upgrade
        self.is_new = is_new
        self._connection = connection
        self._begin = begin
        # Other connections change this version, our own work does not.
        self._made_version = self._data_version() if is_made else None
        self._file = (Path(path), _identity(Path(path))) if path else None
        self._queries = queries

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

    def run_all(
        self, works: Sequence[Work[Q, Result]], has_own_locks: bool = False
    ) -> list[Result | Exception]:
        """See `Database.run_all`."""
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
            return [_refusal(error) for _ in works]

    def _transact(self, works: Sequence[Work[Q, Result]]) -> list[Result | Exception]:
        execute = self._connection.execute
        results: list[Result | Exception] = []
        for work in works:
            execute("SAVEPOINT work")
            try:
                results.append(drive(work(self._queries)))
            except sqlite3.Error:
                raise
            except Exception as error:
                execute("ROLLBACK TO work")
                results.append(error)
            execute("RELEASE work")
        if self._file is not None and _identity(self._file[0]) != self._file[1]:
            # Before COMMIT: somebody may put the file back, without what was refused meanwhile.
            execute("ROLLBACK")
            problem = N_(
                "{file} was removed or replaced; put it back, or restart with a copy",
                file=self._file[0],
            )
            return [Unavailable(problem) for _ in works]
        execute("COMMIT")
        return results

    def close(self) -> None:
        """Close the file."""
        self._connection.close()

    def discard(self) -> None:
        """See `Database.discard`; a file that this start has made is removed, unless it is used.

        It would look like a database that has lost its data.
        """
        with suppress(sqlite3.Error, OSError):
            if self._file is not None and self._data_version() == self._made_version:
                # This fails at once while other connections have the file open.
                self._connection.execute("PRAGMA busy_timeout = 0")
                self._connection.execute("PRAGMA journal_mode = DELETE")
                self._connection.execute("BEGIN EXCLUSIVE")
                self._file[0].unlink()
        self.close()

    def _data_version(self) -> int:
        [version] = self._connection.execute("PRAGMA data_version").fetchone()
        return int(version)
