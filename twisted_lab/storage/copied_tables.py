"""Tables that are copied, and the two sides of a copy."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

Row = Sequence[Any]


@dataclass(frozen=True)
class CopiedTable:
    """A table that is copied.

    Attributes:
        name: Its name.
        packages: The packages that make it; see `Migrations`. One of them is enough.
        key: The number of columns of its primary key.
        columns: The types of its columns on a server, by name; those of the primary key come first.
        where: The condition of the copied rows.
        is_new_filled: Whether a new database has rows in it; the copy replaces them.
    """

    name: str
    packages: tuple[str, ...]
    key: int
    columns: dict[str, str]
    where: str = "TRUE"
    is_new_filled: bool = False

    @property
    def rows(self) -> str:
        """The query for the copied rows, in the order of their primary keys."""
        columns = ", ".join(self.columns)
        key = ", ".join([*self.columns][: self.key])
        return f"SELECT {columns} FROM {self.name} WHERE {self.where} ORDER BY {key}"  # noqa: S608

    @property
    def target(self) -> str:
        """The table with its columns in parentheses, as INSERT and COPY take it."""
        return f"{self.name} ({', '.join(self.columns)})"

    @property
    def first(self) -> str:
        """The query for any copied row."""
        return f"SELECT 1 FROM {self.name} WHERE {self.where} LIMIT 1"  # noqa: S608

    @property
    def clear(self) -> str:
        """The statement that deletes the rows which a copy replaces."""
        return f"DELETE FROM {self.name} WHERE {self.where}"  # noqa: S608


class CannotCopy(Exception):
    """Nothing was copied; the text says why."""


class Side(Protocol):
    """A database that is copied from or to, in one transaction."""

    def versions(self) -> dict[str, int]:
        """Return the versions of the packages that have tables in it."""
        ...

    def is_empty(self, table: CopiedTable) -> bool:
        """Tell whether the table has no rows, or does not exist."""
        ...

    def rows(self, table: CopiedTable) -> Iterator[Row]:
        """Yield the rows of a table in the order of their primary keys."""
        ...

    def clear(self, table: CopiedTable) -> None:
        """Delete the rows of a table."""
        ...

    def put(self, table: CopiedTable, rows: Iterable[Row]) -> None:
        """Add rows to a table."""
        ...
