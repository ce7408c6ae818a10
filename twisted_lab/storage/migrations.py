"""Migrations: the tables of each package are upgraded to their newest version."""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Callable, Sequence
from itertools import chain
from typing import NamedTuple

from twisted_lab.storage.tables import Migrations
from twisted_lab.text.language import N_

# The application id in SQLite's header: "nlab".
APPLICATION_ID = 0x6E6C6162
# Files of versions 1 to 7 had one version for the tables of all packages. These are the packages
# with a step in each version.
COMMON_STEPS = (
    ("known_peers",),
    ("accounts",),
    ("rooms",),
    ("rooms",),
    ("rooms",),
    ("accounts",),
    ("accounts", "known_peers"),
)
# Since then each package has had its own version, in the table `schema_versions`.
FORMAT = len(COMMON_STEPS) + 1


def file_version(connection: sqlite3.Connection) -> int:
    """Return the version of a whole file; 0 for a new one."""
    [version] = connection.execute("PRAGMA user_version").fetchone()
    return int(version)


class Upgrade(NamedTuple):
    """An upgrade of older tables.

    Attributes:
        before: The old versions by package; that of the whole file as ``file``.
        after: The new ones.
        copy: The suffix of the copy's name.
    """

    before: dict[str, int]
    after: dict[str, int]
    copy: str


class StepFailed(Exception):
    """A step is wrong: a mistake of the package's author, not of the file."""


def package_versions(connection: sqlite3.Connection) -> dict[str, int]:
    """Return the versions of the packages that have tables in a file."""
    version = file_version(connection)
    if version < FORMAT:
        return dict(Counter(chain.from_iterable(COMMON_STEPS[:version])))
    return dict(connection.execute("SELECT package, version FROM schema_versions"))


def upgrade(
    connection: sqlite3.Connection,
    migrations: Sequence[Migrations],
    copy: Callable[[str], str],
) -> Upgrade | None:
    """Upgrade the tables of some packages in one transaction; leave other tables alone.

    Args:
        connection: The connection, in autocommit mode.
        migrations: The steps of the packages.
        copy: Copies the file before older tables are changed. Its argument is the suffix of the
            copy's name; it returns the one that it took, which may have a number more.

    Returns:
        What was upgraded; None if no older tables were.
    """
    connection.execute("BEGIN IMMEDIATE")
    version, old = file_version(connection), package_versions(connection)
    outdated = [each for each in migrations if old.get(each.package, 0) < len(each.steps)]
    before = {each.package: old[each.package] for each in outdated if each.package in old}
    after = {each.package: len(each.steps) for each in outdated if each.package in old}
    suffix = ".".join(f"{package}-{number}" for package, number in before.items())
    if 0 < version < FORMAT:
        suffix = f"version-{version}"
        before["file"], after["file"] = version, FORMAT
    if suffix:
        suffix = copy(suffix)
    if version < FORMAT:
        connection.execute(
            "CREATE TABLE schema_versions (package TEXT PRIMARY KEY, version INTEGER NOT NULL)"
        )
        connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        connection.execute(f"PRAGMA user_version = {FORMAT}")
        _note_versions(connection, old)
    for each in outdated:
        for name, function in each.functions.items():
            connection.create_function(name, -1, function)
        for number, step in enumerate(each.steps[old.get(each.package, 0) :]):
            for statement in step:
                _execute(connection, statement, each.package, old.get(each.package, 0) + number + 1)
    _note_versions(connection, {each.package: len(each.steps) for each in outdated})
    connection.execute("COMMIT")
    return Upgrade(before, after, suffix) if suffix else None


def _execute(connection: sqlite3.Connection, statement: str, package: str, step: int) -> None:
    try:
        connection.execute(statement)
    except (sqlite3.OperationalError, sqlite3.ProgrammingError) as error:
        # Python's own errors, such as for two statements in one, have no code.
        if getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR) != sqlite3.SQLITE_ERROR:
            raise
        raise StepFailed(
            N_(
                "step {step} of the tables of {package} failed: {error}",
                step=step,
                package=package,
                error=error,
            )
        ) from None


def _note_versions(connection: sqlite3.Connection, versions: dict[str, int]) -> None:
    connection.executemany(
        "INSERT INTO schema_versions (package, version) VALUES (?, ?) "
        "ON CONFLICT (package) DO UPDATE SET version = excluded.version",
        versions.items(),
    )
