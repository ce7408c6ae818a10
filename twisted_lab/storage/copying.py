"""Copies tables from one database to another: all rows or none, and as they are."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from itertools import islice
from pathlib import Path
from typing import NamedTuple, Protocol

from twisted_lab.storage import copying_sqlite
from twisted_lab.storage.copied_tables import CannotCopy, CopiedTable, Row, Side
from twisted_lab.storage.names import is_server, shown
from twisted_lab.storage.opening import open_database
from twisted_lab.storage.tables import Migrations, Tables
from twisted_lab.text.language import N_

BATCH = 1000  # rows in memory at once


class Copy(NamedTuple):
    """A copied table: its name, the number of its rows, and their digest."""

    table: str
    rows: int
    digest: str


def is_in_use(name: str) -> bool:
    """Tell whether other processes have a database open.

    Raises:
        Unusable: It cannot be opened.
    """
    return _engine(name).is_in_use(name)


def copy(
    source: str, target: str, migrations: Sequence[Migrations], tables: Sequence[CopiedTable]
) -> list[Copy]:
    """Copy tables, with their rows as of one moment.

    The rows are read back from the target before its transaction ends: it has all of them, or none.

    Args:
        source: The name of the database that is copied. Nothing in it changes.
        target: The name of the other one. It is created, or is empty.
        migrations: The steps of the tables' packages.
        tables: The tables; others are left alone. A table comes after those that it refers to.

    Raises:
        CannotCopy: The source has other versions, or rows that the target cannot have; or the
            target is not empty.
        Unusable: One of them cannot be used.
    """
    with _engine(source).reading(source) as old:
        versions = old.versions()
        known = [each for each in migrations if each.package in versions]
        _check_versions(shown(source), versions, known, is_server(source))
        if is_server(target) or Path(target).exists():
            # An upgrade must not change a target that is refused.
            with _engine(target).reading(target) as existing:
                _check_empty(shown(target), existing, tables)
        open_database(target, Tables(lambda connection: connection, known)).close()
        copied = [table for table in tables if versions.keys() & {*table.packages}]
        with _engine(target).writing(target, [table.name for table in copied]) as new:
            _check_empty(shown(target), new, copied)
            for table in copied:
                if table.is_new_filled:
                    new.clear(table)
            return [_copy_table(old, new, table) for table in copied]


def _copy_table(old: Side, new: Side, table: CopiedTable) -> Copy:
    read = _Digest()
    new.put(table, read.through(old.rows(table)))
    stored = _Digest()
    for _ in stored.through(new.rows(table)):
        pass
    if read.copy(table.name) != stored.copy(table.name):
        raise CannotCopy(
            N_(
                "the table {table} has other rows in the copy: {stored} instead of {read}",
                table=table.name,
                stored=stored.copy(table.name),
                read=read.copy(table.name),
            )
        )
    return read.copy(table.name)


class _Digest:
    """SHA-256 of rows, of which each is a line of JSON."""

    def __init__(self) -> None:
        self._hash = hashlib.sha256()
        self._rows = 0

    def through(self, rows: Iterator[Row]) -> Iterator[Row]:
        """Yield the rows again."""
        encode = json.JSONEncoder(separators=(",", ":")).encode
        while batch := list(islice(rows, BATCH)):
            lines = [encode([*row]) + "\n" for row in batch]
            self._hash.update("".join(lines).encode())
            self._rows += len(batch)
            yield from batch

    def copy(self, table: str) -> Copy:
        return Copy(table, self._rows, self._hash.hexdigest())


def _check_versions(
    name: str, versions: dict[str, int], known: Sequence[Migrations], is_on_server: bool
) -> None:
    if not known:
        raise CannotCopy(N_("{name} has no tables of a lab", name=name))
    for each in known:
        newest = len(each.server_steps if is_on_server else each.steps)
        if versions[each.package] != newest:
            raise CannotCopy(
                N_(
                    "{name} has version {version} of the tables of {package}, not {newest}; a "
                    "start of the services with it upgrades older ones",
                    name=name,
                    version=versions[each.package],
                    package=each.package,
                    newest=newest,
                )
            )


def _check_empty(name: str, side: Side, tables: Sequence[CopiedTable]) -> None:
    for table in tables:
        if not table.is_new_filled and not side.is_empty(table):
            raise CannotCopy(
                N_(
                    "{name} has rows in the table {table}; choose a new database",
                    name=name,
                    table=table.name,
                )
            )


class _Engine(Protocol):
    def reading(self, name: str, /) -> AbstractContextManager[Side]: ...
    def writing(self, name: str, tables: Sequence[str], /) -> AbstractContextManager[Side]: ...
    def is_in_use(self, name: str, /) -> bool: ...


def _engine(name: str) -> _Engine:
    if is_server(name):
        from twisted_lab.storage import copying_postgresql

        return copying_postgresql
    return copying_sqlite
