"""Databases on PostgreSQL servers that are copied from or to."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from typing import Any

import psycopg

from twisted_lab.storage.copied_tables import CannotCopy, CopiedTable, Row
from twisted_lab.storage.postgresql_server import connect, explained
from twisted_lab.text.language import N_

_OTHERS = (
    "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() "
    "AND application_name = 'twisted_lab' AND pid <> pg_backend_pid()"
)


class PostgreSQLSide:
    """See `twisted_lab.storage.copied_tables.Side`.

    Args:
        address: The address of the database.
        connection: A connection to it, in a transaction.
    """

    def __init__(self, address: str, connection: psycopg.Connection[Any]) -> None:
        self._address = address
        self._connection = connection

    def versions(self) -> dict[str, int]:
        """See `Side.versions`."""
        with explained(self._address):
            if not self._exists("schema_versions"):
                return {}
            found = self._connection.execute("SELECT package, version FROM schema_versions")
            return dict(found.fetchall())

    def is_empty(self, table: CopiedTable) -> bool:
        """See `Side.is_empty`."""
        with explained(self._address):
            if not self._exists(table.name):
                return True
            return self._connection.execute(table.first.encode()).fetchone() is None

    def _exists(self, table: str) -> bool:
        found = self._connection.execute("SELECT to_regclass(%s) IS NOT NULL", [table])
        return found.fetchone() == (True,)

    def rows(self, table: CopiedTable) -> Iterator[Row]:
        """See `Side.rows`."""
        query = f"COPY ({table.rows}) TO STDOUT".encode()
        with explained(self._address), self._connection.cursor().copy(query) as copy:
            copy.set_types([*table.columns.values()])
            yield from copy.rows()

    def clear(self, table: CopiedTable) -> None:
        """See `Side.clear`."""
        with explained(self._address):
            self._connection.execute(table.clear.encode())

    def put(self, table: CopiedTable, rows: Iterable[Row]) -> None:
        """See `Side.put`.

        Raises:
            CannotCopy: A text has a NUL.
        """
        query = f"COPY {table.target} FROM STDIN".encode()
        with explained(self._address), self._connection.cursor().copy(query) as copy:
            for row in rows:
                try:
                    copy.write_row(row)
                except psycopg.DataError:
                    raise CannotCopy(
                        N_(
                            "a text of the row {key} of {table} has a NUL character, which "
                            "PostgreSQL cannot store; delete that row first",
                            key=", ".join(repr(each) for each in row[: table.key]),
                            table=table.name,
                        )
                    ) from None


def is_in_use(address: str) -> bool:
    """See `copying.is_in_use`."""
    with explained(address), closing(connect(address)) as connection:
        return connection.execute(_OTHERS).fetchone() != (0,)


@contextmanager
def reading(address: str) -> Iterator[PostgreSQLSide]:
    """Begin a transaction that reads a database as it is now.

    Raises:
        Unusable: It cannot be reached.
    """
    with _connected(address) as connection:
        with explained(address):
            connection.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
        yield PostgreSQLSide(address, connection)


@contextmanager
def writing(address: str, tables: Sequence[str], /) -> Iterator[PostgreSQLSide]:
    """Begin a transaction that changes tables, which no other one can do meanwhile.

    It is stored after the block.

    Raises:
        Unusable: It cannot be begun or ended.
    """
    with _connected(address) as connection:
        with explained(address):
            connection.execute("BEGIN")
            lock = f"LOCK TABLE {', '.join(tables)} IN SHARE ROW EXCLUSIVE MODE"
            connection.execute(lock.encode())
        yield PostgreSQLSide(address, connection)
        with explained(address):
            connection.execute("COMMIT")


@contextmanager
def _connected(address: str) -> Iterator[psycopg.Connection[Any]]:
    with explained(address):
        connection = connect(address)
    with closing(connection):
        with explained(address):
            # A large table takes longer than the services wait.
            connection.execute("SET statement_timeout = 0")
            connection.execute("SET idle_in_transaction_session_timeout = 0")
        yield connection
