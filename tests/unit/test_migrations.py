"""Migrations of old files, and packages that are removed and return."""

from __future__ import annotations

import os
import sqlite3
import stat
import time
from collections.abc import AsyncIterable
from contextlib import closing
from functools import partial
from itertools import accumulate
from pathlib import Path
from typing import Any, Protocol

from dbxs import accessor, many, query, statement
from dbxs.async_dbapi import AsyncConnection
from twisted.internet.task import Clock
from twisted.logger import LogLevel
from twisted.trial.unittest import SynchronousTestCase

from tests.doubles.old_files import STEPS, make_old_file
from tests.doubles.recording import recorded_events
from twisted_lab.accounts import ACCOUNT_TABLES, register
from twisted_lab.known_peers import PEER_TABLES
from twisted_lab.rooms import Said
from twisted_lab.rooms.queries import Client, HistoryQueries
from twisted_lab.rooms.schema import HISTORY_TABLES
from twisted_lab.storage import Migrations, Tables, Unusable, open_database, row
from twisted_lab.storage.migrations import FORMAT
from twisted_lab.storage.tables import Q
from twisted_lab.storage.threads import Storage

NEWEST_OLD = len(STEPS)
ALL: Tables[AsyncConnection] = Tables(
    lambda connection: connection,
    [
        each
        for tables in (ACCOUNT_TABLES, PEER_TABLES, HISTORY_TABLES)
        for each in tables.migrations
    ],
)


class Scores(Protocol):
    @statement(sql="INSERT INTO scores (score) VALUES ({score})")
    async def add(self, score: int) -> None: ...

    @query(sql="SELECT score FROM scores ORDER BY score", load=many(row(int)))
    def all(self) -> AsyncIterable[int]: ...


def game(*more: str) -> Tables[Scores]:
    """Return the tables of an outside package, with further migration steps."""
    steps = [("CREATE TABLE scores (score INTEGER NOT NULL)",), *((each,) for each in more)]
    return Tables(accessor(Scores), [Migrations("guessing_game", steps)])


class MigrationCase(SynchronousTestCase):
    def setUp(self) -> None:
        self.path = self.mktemp()

    def update(self, tables: Tables[Q], path: str | None = None) -> None:
        open_database(path or self.path, tables).close()

    def rows(self, statement: str, path: str | None = None) -> list[Any]:
        with closing(sqlite3.connect(path or self.path)) as file:
            return file.execute(statement).fetchall()

    def change(self, statement: str, *rows: tuple[object, ...]) -> None:
        with closing(sqlite3.connect(self.path)) as file:
            file.executemany(statement, rows)
            file.commit()

    def versions(self) -> dict[object, object]:
        return dict(self.rows("SELECT package, version FROM schema_versions"))

    def copies(self) -> list[str]:
        """Return the suffixes of all copies."""
        file = Path(self.path)
        names = (path.name.removeprefix(f"{file.name}.") for path in file.parent.iterdir())
        return sorted(name for name in names if not name.startswith(file.name))


class OldFileTests(MigrationCase):
    def make(self, version: int) -> None:
        """Create an old file with a peer, an account and a message, as far as it has the tables."""
        make_old_file(self.path, version)
        self.change(
            "INSERT INTO peers (address, name, since) VALUES ('192.0.2.1', 'Anna', 1.0)", ()
        )
        if version >= 2:
            self.change("INSERT INTO accounts VALUES ('anna', 'Anna', 'hash', 1.0)", ())
        if version >= 3:
            self.change(
                "INSERT INTO said (place, name, text, addressee, speaker, count, listener) "
                "VALUES (1, 'Anna', 'hello', '', 'a', 7, '')",
                (),
            )

    def test_each_version_is_upgraded_to_the_newest(self) -> None:
        self.update(ALL)
        tables = "SELECT name, sql FROM sqlite_master ORDER BY name"
        new = self.rows(tables)
        for version in range(1, NEWEST_OLD + 1):
            self.path = self.mktemp()
            self.make(version)
            self.update(ALL)
            self.assertEqual(self.rows(tables), new)
            self.assertEqual(self.versions(), {"accounts": 4, "known_peers": 2, "rooms": 3})
            self.assertEqual(self.rows("SELECT name FROM peers"), [("Anna",)])
            self.assertEqual(self.rows("SELECT name FROM accounts"), [("Anna",)] * (version >= 2))
            self.assertEqual(self.rows("SELECT text FROM said"), [("hello",)] * (version >= 3))
            totals = self.rows("SELECT subject, count FROM totals ORDER BY subject")
            self.assertEqual(
                totals, [("accounts", int(version >= 2)), ("failures", 0), ("peers", 1)]
            )
            self.assertEqual(self.copies(), [f"version-{version}"])
            copy = f"{self.path}.version-{version}"
            self.assertEqual(self.rows("PRAGMA user_version", copy), [(version,)])
            self.assertEqual(self.rows("SELECT name FROM peers", copy), [("Anna",)])

    def test_older_programs_refuse_a_newer_file(self) -> None:
        self.update(PEER_TABLES)
        self.assertEqual(self.rows("PRAGMA user_version"), [(FORMAT,)])
        self.assertGreater(FORMAT, NEWEST_OLD)

    def test_packages_are_upgraded_one_after_another(self) -> None:
        self.make(3)
        self.update(HISTORY_TABLES)
        self.assertEqual(self.versions(), {"accounts": 1, "known_peers": 1, "rooms": 3})
        self.assertEqual(self.copies(), ["version-3"])
        self.update(ALL)
        self.assertEqual(self.versions(), {"accounts": 4, "known_peers": 2, "rooms": 3})
        self.assertEqual(self.copies(), ["accounts-1.known_peers-1", "version-3"])

    def opened_by_a_server(self) -> list[str]:
        """Open and close the file as a server does, and return what that has reported."""
        events, recorder = recorded_events(LogLevel.error)  # the console shows it at any level
        reactor: Any = Clock()
        storage = Storage(reactor, self.path, events)
        storage.of(ALL)
        storage.open()
        storage.discard()
        return recorder.messages

    def test_a_server_reports_a_new_file(self) -> None:
        path = Path(self.path).absolute()
        report = f"created a new database {path}: it has no accounts and no history"
        self.assertEqual(self.opened_by_a_server(), [report])
        with closing(open_database(self.path, ALL)):
            pass
        self.assertEqual(self.opened_by_a_server(), [])
        Path(self.path).write_bytes(b"")
        self.assertEqual(self.opened_by_a_server(), [report])

    def test_a_file_of_a_failed_start_is_removed_unless_it_is_used(self) -> None:
        self.opened_by_a_server()
        self.assertFalse(list(Path().glob(f"{self.path}*")))
        made = open_database(self.path, game())
        with closing(open_database(self.path, game())):
            made.discard()
        self.assertTrue(Path(self.path).exists())
        Path(self.path).unlink()
        made = open_database(self.path, game())
        with closing(open_database(self.path, game())) as other:
            other.run(lambda scores: scores.add(7))
        made.discard()
        self.assertTrue(Path(self.path).exists())

    def test_a_damaged_file_does_not_hide_why_a_start_failed(self) -> None:
        open_database(self.path, ALL).close()
        database = open_database(self.path, ALL)
        os.truncate(self.path, 0)
        database.discard()
        self.assertTrue(Path(self.path).exists())

    def test_a_new_database_in_memory_is_no_news(self) -> None:
        with closing(open_database(":memory:", ALL)) as database:
            self.assertFalse(database.is_new)

    def test_an_earlier_copy_is_never_overwritten(self) -> None:
        self.make(1)
        for suffix in ("version-1", "version-1.2"):
            Path(f"{self.path}.{suffix}").write_bytes(b"older")
        path = Path(self.path).absolute()
        [report] = self.opened_by_a_server()
        self.assertTrue(report.endswith(f"the old file is kept as {path}.version-1.3"), report)
        self.assertEqual(Path(f"{self.path}.version-1").read_bytes(), b"older")
        self.assertEqual(self.copies(), ["version-1", "version-1.2", "version-1.3"])

    def test_an_upgrade_is_reported_with_the_name_of_the_copy(self) -> None:
        self.make(7)
        reports = [self.opened_by_a_server(), self.opened_by_a_server()]
        path = Path(self.path).absolute()
        message = (
            f"upgraded the database {path} (accounts 3 -> 4, file 7 -> 8); "
            f"the old file is kept as {path}.version-7"
        )
        self.assertEqual(reports, [[message], []])

    def test_only_the_owner_can_read_a_copy(self) -> None:
        self.make(1)
        Path(self.path).chmod(0o644)
        self.update(ALL)
        copy = Path(f"{self.path}.version-1")
        self.assertEqual(stat.S_IMODE(copy.stat().st_mode), 0o600)

    def test_a_copy_can_be_used(self) -> None:
        self.make(1)
        self.update(ALL)
        self.update(ALL, f"{self.path}.version-1")

    def test_an_interrupted_copy_is_made_again(self) -> None:
        self.make(1)
        Path(f"{self.path}.version-1.unfinished").write_bytes(b"half a copy")
        self.update(ALL)
        self.assertEqual(self.copies(), ["version-1"])
        self.assertEqual(self.rows("SELECT name FROM peers", f"{self.path}.version-1"), [("Anna",)])

    def test_no_copy_is_made_without_older_tables(self) -> None:
        for tables in (PEER_TABLES, ALL, ALL):
            self.update(tables)
        self.assertEqual(self.copies(), [])

    def test_old_accounts_get_skeletons_even_if_they_look_alike(self) -> None:
        make_old_file(self.path, 2)
        self.change(
            "INSERT INTO accounts VALUES (?, ?, '', 1.0)",
            *[("anna", "Anna"), ("аnna", "аnna"), ("ivan", "Ivan"), ("\u0301", "\u0301")],
        )
        self.update(ACCOUNT_TABLES)
        self.assertEqual(
            self.rows("SELECT skeleton, account FROM skeletons ORDER BY 1, 2"),
            [
                ("anna", "anna"),
                ("anna", "аnna"),
                ("ivan", "ivan"),
                ("lvan", "ivan"),
                ("\u0301",) * 2,
            ],
        )
        with closing(open_database(self.path, ACCOUNT_TABLES)) as database:
            for name in ("АNNA", "lvan"):
                work = partial(register, name=name, hashed="", now=1.0)
                self.assertFalse(database.run(work))
            database.run(lambda queries: queries.forget_account("ivan"))
            self.assertTrue(database.run(partial(register, name="lvan", hashed="", now=1.0)))

    def test_old_peers_get_their_networks_and_another_year(self) -> None:
        addresses = ("192.0.2.1", "2001:db8::1", "fe80::1%eth0", "unix")
        make_old_file(self.path, 1)
        self.change(
            "INSERT INTO peers VALUES (?, 'Anna', 1.0)", *[(address,) for address in addresses]
        )
        began = int(time.time())
        self.update(PEER_TABLES)
        self.assertEqual(
            self.rows("SELECT network FROM peers ORDER BY address"),
            [("192.0.2.1",), ("2001:db8::",), ("fe80::",), ("unix",)],
        )
        [[first]] = self.rows("SELECT min(used) FROM peers")
        assert isinstance(first, float)
        self.assertGreaterEqual(first, began)

    def test_old_messages_get_their_times_and_clients(self) -> None:
        make_old_file(self.path, 3)
        self.change(
            "INSERT INTO said VALUES (?, 'Анна', 'здравствуйте', '', ?, ?, '')",
            *[(1, "a", 7), (2, "b", 3), (3, "a", 2), (1700000000250000, "", 0)],
        )

        async def said(queries: HistoryQueries) -> list[Said]:
            return [said async for said in queries.said_since(0, 2**62, "", 9)]

        async def clients(queries: HistoryQueries) -> list[Client | None]:
            return [await queries.client(client) for client in ("a", "b", "")]

        with closing(open_database(self.path, HISTORY_TABLES)) as database:
            messages = database.run(said)
            self.assertEqual(database.run(clients), [Client(1, 7), Client(2, 3), None])
        self.assertEqual(messages[-1].time, 1_700_000_000.25)
        sizes = list(accumulate(message.size for message in messages))
        self.assertEqual(
            self.rows("SELECT upto FROM said ORDER BY place"), [(size,) for size in sizes]
        )


class OutsidePackageTests(MigrationCase):
    def scores(self, tables: Tables[Scores]) -> list[int]:
        async def work(scores: Scores) -> list[int]:
            return [score async for score in scores.all()]

        with closing(open_database(self.path, tables)) as database:
            return database.run(work)

    def add(self, score: int) -> None:
        with closing(open_database(self.path, game())) as database:
            database.run(lambda scores: scores.add(score))

    def test_a_returning_package_finds_its_tables(self) -> None:
        self.update(PEER_TABLES)
        self.add(7)
        self.update(ALL)  # without the package
        self.assertEqual(self.versions()["guessing_game"], 1)
        self.assertEqual(self.scores(game()), [7])
        self.assertEqual(self.copies(), [])

    def test_tables_of_a_package_are_upgraded_after_a_copy(self) -> None:
        self.add(7)
        self.assertEqual(self.scores(game("UPDATE scores SET score = score + 1")), [8])
        self.assertEqual(self.versions(), {"guessing_game": 2})
        self.assertEqual(
            self.rows("SELECT score FROM scores", f"{self.path}.guessing_game-1"), [(7,)]
        )

    def test_newer_tables_of_a_package_are_refused_to_it_alone(self) -> None:
        self.add(7)
        self.update(game("UPDATE scores SET score = 9"))
        error = self.assertRaises(Unusable, open_database, self.path, game())
        self.assertIn("a newer version of guessing_game (schema 2, this one knows 1)", str(error))
        self.update(ALL)
        self.assertEqual(self.rows("SELECT score FROM scores"), [(9,)])

    def test_a_failed_step_changes_nothing(self) -> None:
        self.add(7)
        broken = game("UPDATE scores SET score = 9", "CREATE TABLE scores (x)")
        both = Tables(broken.queries, [*PEER_TABLES.migrations, *broken.migrations])
        error = self.assertRaises(Unusable, open_database, self.path, both)
        self.assertIn("table scores already exists", str(error))
        self.assertEqual(self.versions(), {"guessing_game": 1})
        self.assertEqual(self.scores(game()), [7])

    def test_a_wrong_step_is_reported_as_the_authors_mistake(self) -> None:
        error = self.assertRaises(Unusable, open_database, self.path, game("CREATE TABEL x"))
        self.assertEqual(
            str(error),
            f"cannot upgrade the database {self.path}: step 2 of the tables of guessing_game "
            'failed: near "TABEL": syntax error',
        )
        two = game("UPDATE scores SET score = 1; UPDATE scores SET score = 2")
        error = self.assertRaises(Unusable, open_database, self.path, two)
        self.assertIn("step 2 of the tables of guessing_game failed: You can only", str(error))

    def test_a_package_needs_a_plain_name_and_lists_of_statements(self) -> None:
        self.assertRaises(ValueError, Migrations, "lab/quiz", [])
        self.assertRaises(ValueError, Migrations, "quiz", ["CREATE TABLE quiz (x)"])

    def test_two_packages_with_one_name_are_an_error(self) -> None:
        reactor: Any = Clock()
        storage = Storage(reactor, self.path)
        storage.of(game())
        storage.of(game())
        error = self.assertRaises(ValueError, storage.of, game("DROP TABLE scores"))
        self.assertEqual(str(error), "two packages called guessing_game have tables")

    def test_tables_cannot_be_added_to_an_open_file(self) -> None:
        reactor: Any = Clock()
        storage = Storage(reactor, self.path)
        storage.open()
        self.assertRaises(RuntimeError, storage.of, game())
        storage.discard()
