"""SQLite file: checks, upgrade, opening."""

from __future__ import annotations

import os
import sqlite3
import stat
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from itertools import chain, count
from pathlib import Path

from twisted_lab.storage.database import Connection
from twisted_lab.storage.migrations import (
    APPLICATION_ID,
    FORMAT,
    StepFailed,
    file_version,
    package_versions,
    upgrade,
)
from twisted_lab.storage.sqlite_database import SQLiteDatabase
from twisted_lab.storage.tables import Migrations, Q, Tables
from twisted_lab.text.language import N_
from twisted_lab.text.system_errors import reason_of

DEFAULT_FILE = "netlab.sqlite3"
SMALLEST_PAGE = 512
# A larger file is checked at the start only if it was not closed properly: at about 200 MB/s, a
# start must not wait for gigabytes. Damage found later causes one line in the log.
CHECKED_BYTES = 64 * 2**20
SQLITE_FILES = 4  # that SQLite opens at once: the database, its log, their index, the directory
# Seconds to wait for other writing processes, such as `python -m twisted_lab.accounts`.
BUSY_SECONDS = 5.0
# Seconds to wait at the start, when another process may be upgrading a large file.
UPGRADE_SECONDS = 60.0


class Unusable(Exception):
    """The file cannot be used as a database; the text says why, and what to do."""


def open_file(path: str, tables: Tables[Q]) -> SQLiteDatabase[Q]:
    """Open the database in the file `path`, and create the file if there is none.

    Older tables are upgraded, after a copy of the file was made beside it. Tables of other packages
    are left alone.

    Args:
        path: The file's name; ``:memory:`` for a database in memory.
        tables: The required tables.

    Raises:
        Unusable: The file cannot be opened, is not a database of twisted_lab, is damaged, or was
            written by a newer version. It is unchanged then.
    """
    with explained(path), ExitStack() as on_error:
        is_made = path != ":memory:" and _make(path)
        if path != ":memory:":
            if is_made:
                on_error.callback(_remove_empty, Path(path))
            inspect(path, tables.migrations)
            # A restored copy may be readable by other users, who must not see its content.
            Path(path).chmod(0o600)
        connection = _connect(path)
        try:
            # Other processes can read during a write, and acknowledged data are on disk.
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = FULL")
            connection.execute("PRAGMA foreign_keys = ON")
            # Deleted data must not remain in the file.
            connection.execute("PRAGMA secure_delete = ON")
            connection.execute(f"PRAGMA busy_timeout = {UPGRADE_SECONDS * 1000:.0f}")
            is_new = path != ":memory:" and file_version(connection) == 0
            done = upgrade(connection, tables.migrations, lambda end: _copy(path, end))
            connection.execute(f"PRAGMA busy_timeout = {BUSY_SECONDS * 1000:.0f}")
        except BaseException:
            connection.close()
            raise
        on_error.pop_all()
    queries = tables.queries(Connection(connection, sqlite3.paramstyle))
    file = None if path == ":memory:" else path
    return SQLiteDatabase(connection, queries, file, upgrade=done, is_new=is_new, is_made=is_made)


def open_file_for_reading(path: str, tables: Tables[Q]) -> SQLiteDatabase[Q]:
    """Open the file `path` once more, after `open_file`, for reads.

    The connection changes nothing. A transaction sees the data stored before it begins, and neither
    waits for a writer nor makes one wait.

    Raises:
        Unusable: The file cannot be opened.
    """
    with explained(path):
        connection = _connect(path)
        try:
            connection.execute("PRAGMA query_only = ON")
            connection.execute("PRAGMA schema_version")  # Open the file now, not later.
        except BaseException:
            connection.close()
            raise
    queries = tables.queries(Connection(connection, sqlite3.paramstyle))
    return SQLiteDatabase(connection, queries, path, "BEGIN")


def _connect(path: str) -> sqlite3.Connection:
    return sqlite3.connect(
        path, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False
    )


@contextmanager
def explained(path: str) -> Iterator[None]:
    """Raise the errors of a block as `Unusable`, with advice."""
    try:
        yield
    except OSError as error:
        raise Unusable(
            N_("cannot open the database {path}: {reason}", path=path, reason=reason_of(error))
        ) from None
    except StepFailed as error:
        raise Unusable(
            N_("cannot upgrade the database {path}: {error}", path=path, error=error)
        ) from None
    except sqlite3.Error as error:
        raise Unusable(
            N_(
                "cannot use {path} as a database: {error}; {advice}",
                path=path,
                error=error,
                advice=_advice(error),
            )
        ) from None


def _advice(error: sqlite3.Error) -> str:
    # SQLite reports its own error, but not the underlying one of the operating system.
    name = getattr(error, "sqlite_errorname", "")
    try:
        with ExitStack() as files:
            for _ in range(SQLITE_FILES):
                files.callback(os.close, os.open(os.devnull, os.O_RDONLY))
    except OSError as problem:
        return N_("{reason} (ulimit -n raises the limit)", reason=reason_of(problem))
    if name.startswith(("SQLITE_READONLY", "SQLITE_CANTOPEN", "SQLITE_PERM", "SQLITE_AUTH")):
        return N_("the file and its directory must be writable")
    if name.startswith(("SQLITE_FULL", "SQLITE_IOERR")):
        return N_("check the disk for free space and errors")
    if name.startswith(("SQLITE_BUSY", "SQLITE_LOCKED")):
        return N_("another program uses it: try again when that has ended")
    if name == "SQLITE_NOMEM":
        return N_("there is too little memory")
    return N_("restore a copy of it, or choose another file")


def _make(path: str) -> bool:
    """Create the file for its owner only, unless it exists, and return whether it did.

    An existing file is not opened: to close it again would release all locks of this process on the
    file, including those of its other connections.
    """
    try:
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))
    except FileExistsError:
        status = Path(path).stat()
        if not stat.S_ISREG(status.st_mode):
            raise Unusable(N_("{path} is not a file; choose one", path=path)) from None
        # SQLite would treat a file of a few bytes as an empty one.
        if 0 < status.st_size < SMALLEST_PAGE:
            raise sqlite3.DatabaseError("file is not a database") from None
        return False
    return True


def _remove_empty(path: Path) -> None:
    """Remove a file that was made in vain: it would look like a database that has lost its data."""
    if path.stat().st_size == 0:
        path.unlink()


def inspect(path: str, migrations: Sequence[Migrations]) -> None:
    """Check that a file is a database of twisted_lab, sound, and not newer than `migrations`.

    Raises:
        OSError, sqlite3.Error, Unusable: It is not.
    """
    # After a proper close, the write-ahead log is missing or empty.
    log = Path(f"{path}-wal")
    is_checked = Path(path).stat().st_size <= CHECKED_BYTES or (
        log.exists() and log.stat().st_size > 0
    )
    with closing(sqlite3.connect(f"{Path(path).absolute().as_uri()}?mode=ro", uri=True)) as file:
        file.execute("BEGIN")  # One snapshot, even while another process creates the tables.
        [application] = file.execute("PRAGMA application_id").fetchone()
        version = file_version(file)
        [tables] = file.execute("SELECT count(*) FROM sqlite_master").fetchone()
        if application != APPLICATION_ID and (tables or version):
            raise Unusable(
                N_("{path} is the database of another program; choose another file", path=path)
            )
        _refuse_newer(path, "twisted_lab", version, FORMAT)
        versions = package_versions(file)
        for each in migrations:
            _refuse_newer(path, each.package, versions.get(each.package, 0), len(each.steps))
        [health] = file.execute("PRAGMA quick_check(1)").fetchone() if is_checked else ("ok",)
        if health != "ok":
            raise sqlite3.DatabaseError(
                N_("it is damaged ({problem})", problem=" ".join(health.split()))
            )


def _refuse_newer(path: str, program: str, version: int, known: int) -> None:
    if version > known:
        raise Unusable(
            N_(
                "{path} was written by a newer version of {program} (schema {version}, this "
                "one knows {known}); use that one, or choose another file",
                path=path,
                program=program,
                version=version,
                known=known,
            )
        )


def _copy(path: str, suffix: str) -> str:
    """Copy the file under a name that no other file has, and return the suffix of that name."""
    names = chain([suffix], (f"{suffix}.{number}" for number in count(2)))
    free = next(name for name in names if not os.path.lexists(f"{path}.{name}"))
    copy = f"{path}.{free}"
    # Under a temporary name until it is complete, so that an interrupted copy cannot pass for one.
    unfinished = f"{copy}.unfinished"
    Path(unfinished).unlink(missing_ok=True)
    _make(unfinished)
    with closing(sqlite3.connect(path)) as source, closing(sqlite3.connect(unfinished)) as target:
        source.backup(target)
    Path(unfinished).replace(copy)
    return free
