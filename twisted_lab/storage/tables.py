"""Tables of a package: queries and migration steps."""

from __future__ import annotations

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


@dataclass(frozen=True)
class Migrations:
    """The permanent steps from an empty database to the newest tables of a package.

    Attributes:
        package: The package's name. No other package may use the names of its tables.
        steps: The SQL statements of each step. Tables of version N have had the first N steps, so a
            released step is never changed.
        functions: SQL functions that the steps call, by name.
    """

    package: str
    steps: Sequence[Sequence[str]]
    functions: Mapping[str, Callable[..., str]] = field(default_factory=dict)


@dataclass(frozen=True)
class Tables(Generic[Q]):
    """The tables that some work needs, of one package or several.

    Attributes:
        queries: Returns the queries for a connection: `dbxs.accessor` of a `typing.Protocol`, or a
            function that combines several of them.
        migrations: The steps of each package.
    """

    queries: Callable[[AsyncConnection], Q]
    migrations: Sequence[Migrations]

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
