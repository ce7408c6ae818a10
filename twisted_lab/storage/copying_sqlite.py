"""SQLite files that are copied from or to."""

from __future__ import annotations

import fcntl
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path

from twisted_lab.storage.copied_tables import CopiedTable, Row
from twisted_lab.storage.migrations import package_versions
from twisted_lab.storage.sqlite_file import explained, inspect

# Each connection to a file with a write-ahead log has a shared lock of this byte of the log's index
# (DMS in SQLite's os_unix.c).
CONNECTED = 128


class SQLiteSide:
    """See `twisted_lab.storage.copied_tables.Side`.

    Args:
        path: The file.
        connection: A connection to it, in a transaction.
    """

    def __init__(self, path: str, connection: sqlite3.Connection) -> None:
        self._path = path
        self._connection = connection

    def versions(self) -> dict[str, int]:
        """See `Side.versions`."""
        return package_versions(self._connection)

    def is_empty(self, table: CopiedTable) -> bool:
        """See `Side.is_empty`."""
        exists = "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = ?"
        if self._connection.execute(exists, [table.name]).fetchone() is None:
            return True
        found = self._connection.execute(table.first)
        return found.fetchone() is None

    def rows(self, table: CopiedTable) -> Iterator[Row]:
        """See `Side.rows`."""
        with explained(self._path):
            yield from self._connection.execute(table.rows)

    def clear(self, table: CopiedTable) -> None:
        """See `Side.clear`."""
        self._connection.execute(table.clear)

    def put(self, table: CopiedTable, rows: Iterable[Row]) -> None:
        """See `Side.put`."""
        places = ", ".join("?" * len(table.columns))
        statement = f"INSERT INTO {table.target} VALUES ({places})"  # noqa: S608
        with explained(self._path):
            self._connection.executemany(statement, rows)


def is_in_use(path: str) -> bool:
    """See `copying.is_in_use`. It must not be called while this process has the file open."""
    try:
        with Path(f"{path}-shm").open("r+b") as index:
            fcntl.lockf(index, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, CONNECTED)
    except BlockingIOError:
        return True
    except OSError:
        pass  # No process has the file open, because the index is missing; or it is another user's.
    return False


@contextmanager
def reading(path: str) -> Iterator[SQLiteSide]:
    """Begin a transaction that reads a file as it is now.

    Raises:
        Unusable: It cannot be opened, is not a database of twisted_lab, or is damaged.
    """
    with explained(path):
        inspect(path, [])
        connection = sqlite3.connect(path, isolation_level=None)
    with closing(connection):
        with explained(path):
            connection.execute("PRAGMA query_only = ON")
            connection.execute("BEGIN")
        yield SQLiteSide(path, connection)


@contextmanager
def writing(path: str, _tables: Sequence[str], /) -> Iterator[SQLiteSide]:
    """Begin a transaction that changes tables; it is on disk after the block.

    Raises:
        Unusable: It cannot be begun or ended.
    """
    with explained(path):
        connection = sqlite3.connect(path, isolation_level=None)
    with closing(connection):
        with explained(path):
            connection.execute("PRAGMA synchronous = FULL")
            connection.execute("PRAGMA foreign_keys = ON")
            connection.execute("PRAGMA secure_delete = ON")
            connection.execute("BEGIN IMMEDIATE")
        yield SQLiteSide(path, connection)
        with explained(path):
            connection.execute("COMMIT")
