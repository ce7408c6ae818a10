"""Tables of a package: queries and migration steps."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from dbxs.async_dbapi import AsyncConnection

Q = TypeVar("Q", covariant=True)
Result = TypeVar("Result")
Row = TypeVar("Row")
Work = Callable[[Q], Awaitable[Result]]
"""A coroutine function that runs queries and awaits nothing else.

It may be called again if other work of the same transaction fails, so it changes nothing outside
the database.
"""

# Part of released steps, so it is never changed.
COUNTED = (
    "CREATE TABLE IF NOT EXISTS totals (subject TEXT PRIMARY KEY, count BIGINT NOT NULL)",
    "INSERT INTO totals (subject, count) SELECT 'rows', count(*) FROM rows",
    "CREATE TRIGGER rows_added AFTER INSERT ON rows BEGIN "
    "UPDATE totals SET count = count + 1 WHERE subject = 'rows'; END",
    "CREATE TRIGGER rows_removed AFTER DELETE ON rows BEGIN "
    "UPDATE totals SET count = count - 1 WHERE subject = 'rows'; END",
)


# The same on PostgreSQL, for tables without rows.
COUNTED_ON_SERVER = (
    "CREATE TABLE IF NOT EXISTS totals (subject TEXT PRIMARY KEY, count BIGINT NOT NULL)",
    "INSERT INTO totals (subject, count) SELECT 'rows', count(*) FROM rows",
    "CREATE OR REPLACE FUNCTION count_rows() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
    "UPDATE totals SET count = count + CASE TG_OP WHEN 'INSERT' THEN 1 ELSE -1 END "
    "WHERE subject = TG_TABLE_NAME; RETURN NULL; END $$",
    "CREATE TRIGGER rows_counted AFTER INSERT OR DELETE ON rows "
    "FOR EACH ROW EXECUTE FUNCTION count_rows()",
)


@dataclass(frozen=True)
class Migrations:
    """The permanent steps from an empty database to the newest tables of a package.

    Attributes:
        package: The name of the distribution, in lower-case letters, digits and underscores. It
            stays the same for ever. No other package may use the names of its tables.
        steps: The SQL statements of each step. Tables of version N have had the first N steps, so a
            released step is never changed.
        functions: SQL functions that the steps call, by name.
        on_server: The steps on PostgreSQL, where they differ.
    """

    package: str
    steps: Sequence[Sequence[str]]
    functions: Mapping[str, Callable[..., str]] = field(default_factory=dict)
    on_server: Sequence[Sequence[str]] | None = None

    @property
    def server_steps(self) -> Sequence[Sequence[str]]:
        """The steps on PostgreSQL, whose order of texts is that of their bytes, as in SQLite."""
        return [
            [re.sub(r"\bTEXT\b(?! COLLATE)", 'TEXT COLLATE "C"', each) for each in step]
            for step in (self.steps if self.on_server is None else self.on_server)
        ]

    def __post_init__(self) -> None:
        if not re.fullmatch("[a-z][a-z0-9_]*", self.package):
            raise ValueError(f"a package is named like quiz_scores, not {self.package!r}")
        if any(isinstance(step, str) for step in self.steps):
            raise ValueError(f"each step of {self.package} is a list of SQL statements")


@dataclass(frozen=True)
class Tables(Generic[Q]):
    """The tables that some work needs, of one package or several.

    Attributes:
        queries: Returns the queries for a connection: `dbxs.accessor` of a `typing.Protocol`, or a
            function that combines several of them.
        migrations: The steps of each package.
        has_own_locks: Whether work that stores locks the rows that it depends on, always in the
            same order. Then it need not wait for the work of other processes on a server.
    """

    queries: Callable[[AsyncConnection], Q]
    migrations: Sequence[Migrations]
    has_own_locks: bool = False

    def bind(self, work: Work[Q, Result]) -> Work[AsyncConnection, Result]:
        """Return `work` as work that gets a connection."""
        return lambda connection: work(self.queries(connection))


def row(make: Callable[..., Row]) -> Callable[..., Row]:
    """Return a loader for dbxs that calls `make` with the columns of a row."""

    def load(_: object, *columns: object) -> Row:
        return make(*columns)

    return load


def counted(table: str) -> tuple[str, ...]:
    """Return the statements for a step that starts to count the rows of a table.

    ``SELECT count FROM totals WHERE subject = 'TABLE'`` returns the count, because counting a
    million rows takes 20 ms. The table `totals` belongs to all packages.
    """
    return tuple(statement.replace("rows", table) for statement in COUNTED)


def counted_on_server(table: str) -> tuple[str, ...]:
    """Return the same statements as `counted`, for PostgreSQL."""
    return tuple(re.sub(r"\brows(?=\b|_counted)", table, each) for each in COUNTED_ON_SERVER)
