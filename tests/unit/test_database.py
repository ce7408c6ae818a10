import os
import sqlite3
import stat
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any
from unittest import skipIf
from unittest.mock import Mock, patch

from dbxs.async_dbapi import AsyncConnection
from twisted.internet.defer import Deferred
from twisted.trial.unittest import SynchronousTestCase

from tests.doubles.storage import StoredCase
from twisted_lab.accounts import LoginAttempt
from twisted_lab.accounts.commands import ALL_TABLES, AllQueries
from twisted_lab.known_peers import PEER_TABLES, remember
from twisted_lab.resources import Unable
from twisted_lab.storage import (
    CannotStore,
    Tables,
    Unusable,
    open_database,
    open_for_reading,
    sqlite_file,
)
from twisted_lab.storage.database import Connection, Unavailable, drive, together
from twisted_lab.storage.migrations import FORMAT
from twisted_lab.storage.sqlite_database import SQLiteDatabase
from twisted_lab.storage.sqlite_file import open_file
from twisted_lab.storage.tables import Result, Work
from twisted_lab.testing import MemoryStorage


def mode(path: str) -> int:
    return stat.S_IMODE(Path(path).stat().st_mode)


class FileCase(SynchronousTestCase):
    def setUp(self) -> None:
        self.path = self.mktemp()

    def open(self) -> SQLiteDatabase[AllQueries]:
        database = open_file(self.path, ALL_TABLES)
        self.addCleanup(database.close)
        return database

    def filled(self) -> bytes:
        """Create a database with some peers, and return its bytes."""
        names = [f"number {number} {'x' * 100}" for number in range(200)]
        with closing(open_file(self.path, ALL_TABLES)) as database:
            database._connection.executemany(
                "INSERT OR IGNORE INTO peers (address, name, since) VALUES (?, ?, 1.0)",
                zip(names, names, strict=True),
            )
        return Path(self.path).read_bytes()

    def refuse(self, reason: str) -> None:
        error = self.assertRaises(Unusable, open_database, self.path, ALL_TABLES)
        self.assertIn(reason, str(error))
        self.assertIn(self.path, str(error))
        self.assertNotIn("\n", str(error))


async def names(kept: AllQueries) -> list[str]:
    return [peer.name async for peer in kept.peers.peers()]


async def named(kept: AllQueries, address: str, name: str) -> str | None:
    return await remember(kept.peers, address, name, 1.0)


class OpeningTests(FileCase):
    def test_stored_data_are_found_after_reopening(self) -> None:
        database = open_file(self.path, ALL_TABLES)
        database.run(lambda kept: remember(kept.peers, "192.0.2.1", "Анна", 1.0))
        database.close()
        self.assertEqual(self.open().run(names), ["Анна"])

    def test_only_the_owner_can_read_the_file(self) -> None:
        old = os.umask(0)
        self.addCleanup(os.umask, old)
        self.open().run(lambda kept: remember(kept.peers, "192.0.2.1", "Anna", 1.0))
        files = list(Path(self.path).parent.glob(f"{Path(self.path).name}*"))
        self.assertEqual(len(files), 3)  # with the -wal and -shm files
        for file in files:
            self.assertEqual(mode(str(file)), 0o600)

    def test_a_readable_file_is_restricted_to_its_owner(self) -> None:
        for permissions in (0o644, 0o660, 0o604):
            self.filled()
            Path(self.path).chmod(permissions)
            open_database(self.path, ALL_TABLES).close()
            self.assertEqual(mode(self.path), 0o600)

    def test_an_empty_file_becomes_a_database(self) -> None:
        Path(self.path).touch()
        self.assertEqual(self.open().run(names), [])

    def test_an_unusual_file_name_is_accepted(self) -> None:
        self.path += " ?mode=memory&x=%41#й"
        self.filled()
        self.assertEqual(len(self.open().run(names)), 200)

    def test_an_in_memory_database_leaves_no_file(self) -> None:
        open_database(":memory:", ALL_TABLES).close()
        self.assertFalse(Path(":memory:").exists())

    def test_two_programs_can_open_the_file(self) -> None:
        one, other = self.open(), self.open()
        one.run(lambda kept: remember(kept.peers, "192.0.2.1", "Anna", 1.0))
        other.run(lambda kept: remember(kept.peers, "192.0.2.2", "Berta", 2.0))
        self.assertEqual(one.run(names), ["Anna", "Berta"])


class RefusalTests(FileCase):
    def stays(self, content: bytes, reason: str) -> None:
        self.refuse(reason)
        self.assertEqual(Path(self.path).read_bytes(), content)

    def test_a_newer_version_is_refused(self) -> None:
        self.filled()
        with closing(sqlite3.connect(self.path)) as file:
            file.execute(f"PRAGMA user_version = {FORMAT + 1}")
        self.stays(Path(self.path).read_bytes(), f"schema {FORMAT + 1}, this one knows {FORMAT}")

    def test_a_newer_version_of_a_package_is_refused(self) -> None:
        self.filled()
        with closing(sqlite3.connect(self.path)) as file:
            file.execute("UPDATE schema_versions SET version = 9 WHERE package = 'accounts'")
            file.commit()
        self.stays(
            Path(self.path).read_bytes(),
            "was written by a newer version of accounts (schema 9, this one knows 4)",
        )

    def test_a_file_of_another_program_is_refused(self) -> None:
        for statement in ("CREATE TABLE t (x)", "PRAGMA user_version = 1"):
            Path(self.path).unlink(missing_ok=True)
            with closing(sqlite3.connect(self.path)) as file:
                file.execute(statement)
            self.stays(Path(self.path).read_bytes(), "is the database of another program")

    def test_a_file_that_is_not_a_database_is_refused(self) -> None:
        for content in (b"What is this?\n" * 99, bytes(range(256)) * 40):
            Path(self.path).write_bytes(content)
            self.stays(content, "restore a copy")

    def test_a_truncated_database_is_refused(self) -> None:
        content = self.filled()
        half = content[: len(content) // 2]
        Path(self.path).write_bytes(half)
        self.stays(half, "restore a copy")

    def test_a_damaged_page_is_refused(self) -> None:
        content = self.filled()
        for page in range(1, len(content) // 4096):
            damaged = content[: page * 4096] + b"\xa5" * 4096 + content[(page + 1) * 4096 :]
            Path(self.path).write_bytes(damaged)
            self.stays(damaged, "restore a copy")

    def test_a_directory_is_refused(self) -> None:
        Path(self.path).mkdir()
        self.refuse("is not a file")

    def test_a_file_made_on_a_full_disk_is_removed(self) -> None:
        def no_space(*_: object) -> None:
            raise sqlite3.OperationalError("database or disk is full")

        self.patch(sqlite_file, "upgrade", no_space)
        self.patch(sqlite_file, "_connect", lambda path: sqlite3.connect(":memory:"))
        self.refuse("database or disk is full")
        self.assertFalse(Path(self.path).exists())
        Path(self.path).touch()  # somebody else's
        self.refuse("database or disk is full")
        self.assertTrue(Path(self.path).exists())

    def test_a_missing_directory_is_an_error(self) -> None:
        self.path += "/missing/file"
        self.refuse("No such file or directory")
        self.assertFalse(Path(self.path).parent.exists())

    def test_a_file_as_directory_is_an_error(self) -> None:
        Path(self.path).touch()
        self.path += "/file"
        self.refuse("Not a directory")

    @skipIf(os.geteuid() == 0, "root may read everything")
    def test_an_unreadable_file_is_an_error(self) -> None:
        Path(self.path).touch(0o000)
        self.refuse("Permission denied")


async def breaks(kept: AllQueries) -> str:
    await remember(kept.peers, "192.0.2.9", "Nobody", 0.0)
    raise ValueError("broken")


async def breaks_a_rule(kept: AllQueries) -> str:
    await remember(kept.peers, "192.0.2.9", "Nobody", 0.0)
    await kept.accounts.add_session("digest", "nobody", "", 0.0, 9.0)
    return "not reached"


async def anna(kept: AllQueries) -> str | None:
    return await remember(kept.peers, "192.0.2.1", "Anna", 1.0)


async def berta(kept: AllQueries) -> str | None:
    return await remember(kept.peers, "192.0.2.2", "Berta", 2.0)


class LargeTests(FileCase):
    """A file too large for a complete check at each start."""

    def setUp(self) -> None:
        super().setUp()
        content = self.filled()
        self.patch(sqlite_file, "CHECKED_BYTES", len(content) - 1)
        # The last page contains names.
        self.damaged = content[:-4096] + b"\xa5" * 4096
        Path(self.path).write_bytes(self.damaged)

    def test_damage_is_found_when_the_page_is_read(self) -> None:
        database = self.open()
        error = self.assertRaises(CannotStore, database.run, names)
        self.assertEqual(str(error), "database disk image is malformed")
        self.assertEqual(len(database.run(lambda kept: kept.accounts.secret("unknown names"))), 64)

    def test_damage_after_a_crash_is_found_at_the_start(self) -> None:
        Path(self.path).write_bytes(self.damaged)
        Path(f"{self.path}-wal").touch()
        self.open().close()
        Path(f"{self.path}-wal").write_bytes(b"x")
        self.refuse("restore a copy")


class ReadingTests(FileCase):
    def setUp(self) -> None:
        super().setUp()
        self.database = self.open()
        self.reader = open_for_reading(self.path, ALL_TABLES)
        self.addCleanup(self.reader.close)

    def test_reads_do_not_prevent_checkpoints(self) -> None:
        log = Path(f"{self.path}-wal")
        sizes = []
        for number in range(400):
            name = "x" * 4000
            self.database.run(partial(named, address=str(number), name=name))
            self.reader.run(names)
            sizes.append(log.stat().st_size)
        self.assertLess(max(sizes), sizes[200] + 2**17)

    def test_a_missing_file_is_an_error(self) -> None:
        error = self.assertRaises(Unusable, open_for_reading, f"{self.path}/missing", ALL_TABLES)
        self.assertNotIn("\n", str(error))


class BatchTests(StoredCase):
    def setUp(self) -> None:
        self.path = self.new_database()
        self.database = open_database(self.path, ALL_TABLES)
        self.addCleanup(self.database.close)

    def new_database(self) -> str:
        path: str = self.mktemp()
        return path

    def read(self, work: Work[AllQueries, Result]) -> Result:
        """Run `work` on another connection, which reads."""
        with closing(open_for_reading(self.path, ALL_TABLES)) as reader:
            return reader.run(work)

    def stored(self) -> list[str]:
        return self.read(names)

    def test_all_work_of_a_batch_is_stored(self) -> None:
        self.assertEqual(self.database.run_all([anna, berta]), ["Anna", "Berta"])
        self.assertEqual(self.stored(), ["Anna", "Berta"])
        self.assertEqual(self.database.run_all([]), [])

    def test_each_piece_of_work_sees_the_previous_one(self) -> None:
        self.assertEqual(
            self.database.run_all([names, anna, names]),
            [[], "Anna", ["Anna"]],
        )

    def test_work_that_raises_does_not_affect_other_work(self) -> None:
        first, error, last = self.database.run_all([anna, breaks, berta])
        self.assertEqual((first, last), ("Anna", "Berta"))
        self.assertIsInstance(error, ValueError)
        self.assertEqual(self.stored(), ["Anna", "Berta"])

    def test_work_that_violates_a_constraint_does_not_affect_other_work(self) -> None:
        first, error, last = self.database.run_all([anna, breaks_a_rule, berta])
        self.assertEqual((first, last), ("Anna", "Berta"))
        self.assertIsInstance(error, CannotStore)
        self.assertIn("foreign key constraint", str(error).lower())
        self.assertEqual(self.stored(), ["Anna", "Berta"])

    def test_run_raises_the_error_of_the_work(self) -> None:
        self.assertRaises(ValueError, self.database.run, breaks)
        self.assertRaises(CannotStore, self.database.run, breaks_a_rule)
        self.assertEqual(self.stored(), [])

    def test_work_that_awaits_something_else_is_refused(self) -> None:
        async def waits(kept: AllQueries) -> str:
            await remember(kept.peers, "192.0.2.9", "Nobody", 0.0)
            await Deferred()
            return "not reached"

        _, error, _ = self.database.run_all([anna, waits, berta])
        self.assertIsInstance(error, RuntimeError)
        self.assertRaises(RuntimeError, self.database.run, waits)
        self.assertEqual(self.stored(), ["Anna", "Berta"])

    def test_reads_see_committed_data_during_a_transaction(self) -> None:
        self.database.run(anna)

        async def read_meanwhile(kept: AllQueries) -> list[str]:
            await berta(kept)
            return self.stored()

        self.assertEqual(self.database.run(read_meanwhile), ["Anna"])
        self.assertEqual(self.stored(), ["Anna", "Berta"])

    def test_the_reading_connection_cannot_write(self) -> None:
        error = self.assertRaises(CannotStore, self.read, anna)
        self.assertRegex(str(error), "readonly|read-only")

    def test_work_cannot_end_the_transaction(self) -> None:
        async def commits(connection: AsyncConnection) -> str:
            await connection.commit()
            return "not reached"

        tables = Tables(lambda connection: connection, ALL_TABLES.migrations)
        with closing(open_database(self.path, tables)) as database:
            self.assertRaises(RuntimeError, database.run, commits)


class TransactionTests(FileCase):
    def setUp(self) -> None:
        super().setUp()
        self.database = self.open()

    def stored(self) -> list[str]:
        """Return the names seen by another connection."""
        with closing(open_database(self.path, ALL_TABLES)) as other:
            return other.run(names)

    def test_a_full_disk_changes_nothing(self) -> None:
        async def many(kept: AllQueries) -> str:
            for number in range(1000):
                await remember(kept.peers, str(number), "x" * 64, 0.0)
            return "stored"

        execute = self.database._connection.execute
        [pages] = execute("PRAGMA page_count").fetchone()
        [most] = execute("PRAGMA max_page_count").fetchone()
        execute(f"PRAGMA max_page_count = {pages}")
        error = self.assertRaises(CannotStore, self.database.run, many)
        self.assertIsInstance(error, Unavailable)
        self.assertEqual(str(error), "database or disk is full")
        first, second, last = self.database.run_all([anna, many, berta])
        self.assertEqual((first, last), ("Anna", "Berta"))
        self.assertIsInstance(second, CannotStore)
        self.assertEqual(self.stored(), ["Anna", "Berta"])
        execute(f"PRAGMA max_page_count = {most}")
        self.assertEqual(self.database.run(many), "stored")
        self.assertEqual(len(self.stored()), 1002)

    def test_a_locked_file_refuses_work(self) -> None:
        self.database._connection.execute("PRAGMA busy_timeout = 0")
        with closing(sqlite3.connect(self.path)) as other:
            other.execute("BEGIN IMMEDIATE")
            error = self.assertRaises(CannotStore, self.database.run, anna)
            self.assertEqual(str(error), "database is locked")
            for result in self.database.run_all([anna, berta]):
                self.assertIsInstance(result, CannotStore)
        self.assertEqual(self.database.run(anna), "Anna")

    def test_a_closed_database_refuses_work(self) -> None:
        self.database.close()
        self.assertRaises(CannotStore, self.database.run, anna)


class LoggedCursor:
    """A cursor for queries whose results are their own texts."""

    description = None
    rowcount = -1

    def __init__(self, log: list[str]) -> None:
        self._log = log
        self._operation = ""

    def execute(self, operation: str, parameters: object = ()) -> None:
        self._operation = operation
        self._log.append(f"sent {operation}")

    def fetchall(self) -> list[tuple[str]]:
        self._log.append(f"read {self._operation}")
        return [(self._operation,)]


class TogetherTests(SynchronousTestCase):
    def test_all_queries_are_sent_before_the_first_result_is_read(self) -> None:
        log: list[str] = []
        driver: Any = Mock(cursor=lambda: LoggedCursor(log))
        connection = Connection(driver, "qmark")

        async def ask(*questions: str) -> list[Any]:
            cursor = await connection.cursor()
            answers: list[Any] = []
            for question in questions:
                await cursor.execute(question)
                answers += await cursor.fetchall()
            return answers

        found = drive(together(ask("a", "b"), ask(), ask("c")))
        self.assertEqual(found, [[("a",), ("b",)], [], [("c",)]])
        self.assertEqual(log[:2], ["sent a", "sent c"])
        self.assertEqual(sorted(log[2:]), ["read a", "read b", "read c", "sent b"])

    def test_all_end_also_if_one_fails(self) -> None:
        log: list[str] = []
        driver: Any = Mock(cursor=lambda: LoggedCursor(log))

        async def ask(question: str) -> None:
            cursor = await Connection(driver, "qmark").cursor()
            await cursor.execute(question)
            await cursor.fetchall()
            if question in "bc":
                raise ValueError(question)

        with self.assertRaisesRegex(ValueError, "b"):
            drive(together(*map(ask, "abcd")))
        self.assertEqual(log[4:], ["read a", "read b", "read c", "read d"])


class LeftAloneTests(FileCase):
    def test_another_programs_file_keeps_its_mode(self) -> None:
        with closing(sqlite3.connect(self.path)) as other:
            other.execute("CREATE TABLE theirs (x)")
        Path(self.path).chmod(0o644)
        self.refuse("another program")
        self.assertEqual(mode(self.path), 0o644)

    def test_a_file_of_one_byte_is_not_overwritten(self) -> None:
        Path(self.path).write_bytes(b"x")
        self.refuse("not a database")
        self.assertEqual(Path(self.path).read_bytes(), b"x")

    def test_a_device_is_refused(self) -> None:
        error = self.assertRaises(Unusable, open_database, "/dev/null", ALL_TABLES)
        self.assertIn("/dev/null is not a file", str(error))

    def test_advice_fits_the_problem(self) -> None:
        for name, advice in (
            ("SQLITE_READONLY_DIRECTORY", "the file and its directory must be writable"),
            ("SQLITE_CANTOPEN", "the file and its directory must be writable"),
            ("SQLITE_FULL", "check the disk for free space"),
            ("SQLITE_IOERR_WRITE", "check the disk for free space"),
            ("SQLITE_BUSY", "another program uses it"),
            ("SQLITE_NOMEM", "there is too little memory"),
            ("SQLITE_CORRUPT", "restore a copy of it"),
        ):
            problem = sqlite3.OperationalError("so")
            problem.sqlite_errorname = name
            with patch("sqlite3.connect", side_effect=problem):
                error = self.assertRaises(Unusable, open_database, self.path, ALL_TABLES)
            self.assertIn(f"so; {advice}", str(error))

    def test_a_shortage_of_files_is_explained(self) -> None:
        scarce = OSError(24, "Too many open files")
        Path(self.path).touch()
        for free in (0, 2):
            opened = [os.open(os.devnull, os.O_RDONLY) for _ in range(free)]
            with (
                patch("sqlite3.connect", side_effect=sqlite3.OperationalError("unable to open")),
                patch("os.open", side_effect=[FileExistsError(), *opened, scarce]),
            ):
                error = self.assertRaises(Unusable, open_database, self.path, ALL_TABLES)
            self.assertIn("Too many open files (ulimit -n raises the limit)", str(error))

    def test_the_file_is_locked_while_it_is_inspected(self) -> None:
        # Otherwise a file that another process is creating would look like another program's.
        refused: list[str] = []

        def connect(path: str, **options: Any) -> sqlite3.Connection:
            connection: sqlite3.Connection = real(path, **options)
            if "uri" in options:
                connection.set_trace_callback(meanwhile)
            return connection

        def meanwhile(statement: str) -> None:
            if statement == "PRAGMA user_version":
                with closing(real(self.path, timeout=0)) as other:
                    try:
                        other.execute("CREATE TABLE peers (x)")
                    except sqlite3.OperationalError as error:
                        refused.append(str(error))

        real = sqlite3.connect
        self.patch(sqlite3, "connect", connect)
        self.open()
        self.assertEqual(set(refused), {"database is locked"})


class OthersTests(FileCase):
    def test_a_batch_waits_for_a_lock_once(self) -> None:
        self.patch(sqlite_file, "BUSY_SECONDS", 0.01)
        database = self.open()
        begun: list[str] = []
        database._connection.set_trace_callback(begun.append)
        works = [partial(named, address=name, name=name) for name in "abc"]
        with closing(sqlite3.connect(self.path, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            results = database.run_all(works)
            self.assertEqual([str(result) for result in results], ["database is locked"] * 3)
            self.assertEqual(begun, ["BEGIN IMMEDIATE"])
        self.assertEqual(database.run_all(works), ["a", "b", "c"])

    def test_a_removed_file_refuses_work(self) -> None:
        database = self.open()
        for change in (
            lambda: Path(self.path).rename(f"{self.path}.old"),
            lambda: Path(self.path).touch(),
        ):
            change()
            error = self.assertRaises(
                Unavailable, database.run, lambda kept: remember(kept.peers, "a", "b", 1.0)
            )
            self.assertIn("was removed or replaced", str(error))

    def test_a_file_that_is_put_back_has_nothing_of_what_was_refused(self) -> None:
        # A login that was refused would keep the next one waiting for 40 s.
        database = self.open()
        begin = partial(LoginAttempt("anna", "192.0.2.1").begin, now=1.0, is_alone=True)
        Path(self.path).rename(f"{self.path}.old")
        with self.assertRaises(CannotStore):
            database.run(lambda kept: begin(kept.accounts))
        Path(f"{self.path}.old").rename(self.path)
        self.assertTrue(database.run(lambda kept: begin(kept.accounts)).may_proceed)

    def test_each_database_has_its_own_secret(self) -> None:
        secrets = set()
        for _ in range(2):
            with closing(open_database(":memory:", ALL_TABLES)) as database:
                secrets.add(database.run(lambda kept: kept.accounts.secret("unknown names")))
        self.assertEqual([len(secret) for secret in secrets], [64, 64])

    def test_old_failures_are_found_by_an_index(self) -> None:
        plan = self.open()._connection.execute(
            "EXPLAIN QUERY PLAN DELETE FROM failures WHERE (subject, network) IN "
            "(SELECT subject, network FROM failures WHERE last <= 1 ORDER BY last LIMIT 9)"
        )
        steps = " ".join(step[3] for step in plan)
        self.assertIn("failures_by_time (last<?)", steps)
        self.assertNotIn("SCAN", steps)


class MemoryStorageTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.storage = MemoryStorage(PEER_TABLES)
        self.addCleanup(self.storage.database.close)

    def test_reads_cannot_change_anything(self) -> None:
        work = partial(remember, address="192.0.2.1", name="Anna", now=0.0)
        self.failureResultOf(self.storage.read(work), Unable)
        self.assertEqual(self.successResultOf(self.storage.run(work)), "Anna")
        self.successResultOf(self.storage.read(lambda peers: peers.peer("192.0.2.1")))
