"""Copies of a lab between files, and on a server in tests/integration/test_copying_on_server.py."""

from __future__ import annotations

import math
import shutil
import sqlite3
import tempfile
from collections.abc import Sequence
from contextlib import closing
from itertools import count
from pathlib import Path
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from tests.doubles.old_files import make_old_file
from twisted_lab.accounts.copying import MIGRATIONS, TABLES
from twisted_lab.known_peers import PEER_TABLES
from twisted_lab.storage import (
    CannotCopy,
    Tables,
    Unusable,
    copy,
    copying,
    is_in_use,
    open_database,
)
from twisted_lab.storage.copied_tables import CopiedTable, Side
from twisted_lab.storage.copying import Copy

ODD_TEXTS = (
    "",
    " ",
    "\\N",
    "a\tb\nc\rd\\.\v\f\x01\x7f",
    "'\"%s{}",
    "\u0430\u0301\u202e",
    "\ufeff\ufffe\uffff",
    *(chr(0x10000 * plane + 0x100 + plane) * 3 for plane in range(17)),
    "x" * 100_000,
)
ODD = [text for text in ODD_TEXTS if len(text) < 1000]  # that may be keys
ODD_NUMBERS = (
    0.1 + 0.2,
    5e-324,
    1.7976931348623157e308,
    -2.2250738585072014e-308,
    math.inf,
    -math.inf,
    2.0**63,
    1.0,
)
SAID = (
    "INSERT INTO said (place, name, text, addressee, speaker, count, listener, time, upto) "
    "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"
)


def said(place: int, text: str, time: float = 1.0) -> Sequence[object]:
    """Return what SAID adds to the table `said`."""
    return place, "Anna", text, "", "", -(2**63), "", time, 2**63 - 1


class CopyCase(SynchronousTestCase):
    """Copies from a file to another one."""

    def setUp(self) -> None:
        self.folder = tempfile.mkdtemp()
        self.addCleanup(shutil.rmtree, self.folder)
        self.numbers = count()
        self.source, self.target = self.new_source(), self.new_target()

    def new_source(self) -> str:
        """Return the name of a database without tables."""
        return self.new_file()

    def new_target(self) -> str:
        """Return the name of another one."""
        return self.new_file()

    def new_file(self) -> str:
        """Return the name of a file that does not exist."""
        return str(Path(self.folder, f"{next(self.numbers)}.sqlite3"))

    def execute(self, name: str, query: str, *rows: Sequence[object]) -> list[Any]:
        """Execute a query with each of the rows, or without any; return the result."""
        with closing(sqlite3.connect(name)) as connection, connection:
            if rows:
                connection.executemany(query, rows)
                return []
            return connection.execute(query).fetchall()

    def make(self, name: str) -> None:
        """Make the tables of a lab."""
        open_database(name, Tables(lambda connection: connection, MIGRATIONS)).close()

    def fill(self, name: str) -> None:
        """Make a lab with odd data."""
        self.make(name)
        self.execute(
            name, "INSERT INTO accounts VALUES (?, ?, 'hash', 1)", *((text, text) for text in ODD)
        )
        self.execute(name, "INSERT INTO skeletons VALUES (?, ?)", *((text, text) for text in ODD))
        self.execute(
            name,
            "INSERT INTO peers (address, name, since, network, used) VALUES (?, '', ?, '', 1)",
            *((str(each), each) for each in ODD_NUMBERS),
        )
        rows = (said(number, text) for number, text in enumerate(ODD_TEXTS))
        self.execute(name, SAID, *rows)

    def copy(self, source: str, target: str) -> list[Copy]:
        return copy(source, target, MIGRATIONS, TABLES)

    def refuse(self, reason: str) -> None:
        error = self.assertRaises(CannotCopy, self.copy, self.source, self.target)
        self.assertIn(reason, str(error))

    def rows(self, name: str) -> list[list[Any]]:
        """Return all rows of all tables."""
        return [[tuple(row) for row in self.execute(name, table.rows)] for table in TABLES]


class CopyTests(CopyCase):
    def test_odd_rows_are_copied_as_they_are(self) -> None:
        self.fill(self.source)
        self.patch(copying, "BATCH", 7)  # does not divide the numbers of rows
        copies = self.copy(self.source, self.target)
        rows = self.rows(self.source)
        self.assertEqual(self.rows(self.target), rows)
        self.assertEqual(rows[[table.name for table in TABLES].index("totals")][0][1], len(ODD))
        counts = {each.table: each.rows for each in copies}
        self.assertEqual(counts["said"], len(ODD_TEXTS))
        back = self.new_source()
        self.assertEqual(self.copy(self.target, back), copies)
        self.assertEqual(self.rows(back), rows)

    def test_digests_tell_what_differs(self) -> None:
        self.fill(self.source)
        first = self.copy(self.source, self.target)
        self.execute(self.source, "UPDATE said SET text = 'y' WHERE place = 0")
        second = self.copy(self.source, self.new_target())
        differ = [one.table for one, other in zip(first, second, strict=True) if one != other]
        self.assertEqual(differ, ["said"])

    def test_a_target_with_rows_is_refused(self) -> None:
        self.fill(self.source)
        self.make(self.target)
        peer = (
            "INSERT INTO peers (address, name, since, network, used) VALUES ('', 'Eva', 1, '', 1)"
        )
        self.execute(self.target, peer)
        before = self.rows(self.target)
        self.refuse("has rows in the table peers; choose a new database")
        self.assertEqual(self.rows(self.target), before)

    def test_an_interrupted_copy_leaves_nothing_and_can_be_repeated(self) -> None:
        self.fill(self.source)
        original = copying._copy_table

        def interrupt(old: Side, new: Side, table: CopiedTable) -> Copy:
            done = original(old, new, table)
            if table.name == "said":
                raise KeyboardInterrupt
            return done

        self.patch(copying, "_copy_table", interrupt)
        self.assertRaises(KeyboardInterrupt, self.copy, self.source, self.target)
        empty = {table.name for table in TABLES if not table.is_new_filled}
        for table, rows in zip(TABLES, self.rows(self.target), strict=True):
            self.assertEqual(bool(rows), table.name not in empty, table.name)
        self.patch(copying, "_copy_table", original)
        self.copy(self.source, self.target)
        self.assertEqual(self.rows(self.target), self.rows(self.source))

    def test_a_source_of_another_version_is_refused(self) -> None:
        self.make(self.source)
        self.execute(self.source, "UPDATE schema_versions SET version = 0 WHERE package = 'rooms'")
        self.refuse("has version 0 of the tables of rooms, not ")

    def test_a_source_without_chat_makes_a_target_without_chat(self) -> None:
        open_database(self.source, PEER_TABLES).close()
        copies = self.copy(self.source, self.target)
        self.assertEqual([each.table for each in copies], ["peers", "totals"])
        found = self.execute(self.target, "SELECT package FROM schema_versions")
        self.assertEqual(found, [("known_peers",)])

    def test_a_source_without_tables_is_refused(self) -> None:
        open_database(self.source, Tables(lambda connection: connection, [])).close()
        self.refuse("has no tables of a lab")

    def test_another_transaction_sees_the_copy_when_it_is_whole(self) -> None:
        self.fill(self.source)
        self.make(self.target)
        seen = []
        original = copying._copy_table

        def look(old: Side, new: Side, table: CopiedTable) -> Copy:
            done = original(old, new, table)
            self.execute(self.source, "UPDATE accounts SET name = name || '!'")
            seen.append(self.execute(self.target, "SELECT count(*) FROM accounts")[0][0])
            return done

        self.patch(copying, "_copy_table", look)
        before = self.execute(self.source, "SELECT key, name FROM accounts ORDER BY key")
        self.copy(self.source, self.target)
        self.assertEqual(seen, [0] * len(TABLES))
        after = self.execute(self.target, "SELECT key, name FROM accounts ORDER BY key")
        self.assertEqual(after, before)


class TablesTests(CopyCase):
    def test_all_tables_and_columns_are_copied(self) -> None:
        self.make(self.source)
        types = {"TEXT": "text", "BIGINT": "int8", "INTEGER": "int8", "DOUBLE PRECISION": "float8"}
        names = self.execute(
            self.source,
            "SELECT name FROM sqlite_master WHERE type = 'table' "
            "AND name NOT IN ('schema_versions', 'attempts')",
        )
        self.assertEqual({name for [name] in names}, {table.name for table in TABLES})
        for table in TABLES:
            columns = self.execute(self.source, f"PRAGMA table_info({table.name})")
            found = {name: types[kind] for _, name, kind, *_ in columns}
            self.assertEqual(found, table.columns)
            keys = sorted((key, name) for _, name, _, _, _, key in columns if key)
            self.assertEqual([name for _, name in keys], [*table.columns][: table.key])

    def test_totals_are_those_of_the_lab(self) -> None:
        self.make(self.source)
        [totals] = (table for table in TABLES if table.name == "totals")
        self.assertEqual(
            self.execute(self.source, totals.rows),
            self.execute(self.source, "SELECT subject, count FROM totals ORDER BY subject"),
        )


class FileTests(CopyCase):
    def test_old_files_are_refused_and_not_upgraded(self) -> None:
        make_old_file(self.source, 6)
        before = Path(self.source).read_bytes()
        self.refuse("has version 2 of the tables of accounts, not 4")
        self.assertEqual(Path(self.source).read_bytes(), before)
        self.assertFalse(Path(self.target).exists())

    def test_an_old_target_with_rows_is_not_upgraded(self) -> None:
        self.fill(self.source)
        make_old_file(self.target, 6)
        self.execute(self.target, "INSERT INTO accounts VALUES ('eva', 'Eva', 'hash', 1)")
        before = Path(self.target).read_bytes()
        self.refuse("has rows in the table")
        self.assertEqual(Path(self.target).read_bytes(), before)

    def test_missing_and_foreign_files_are_refused(self) -> None:
        error = self.assertRaises(Unusable, self.copy, self.source, self.target)
        self.assertIn("No such file", str(error))
        self.execute(self.source, "CREATE TABLE theirs (x)")
        error = self.assertRaises(Unusable, self.copy, self.source, self.target)
        self.assertIn("another program", str(error))
        self.assertFalse(Path(self.target).exists())

    def test_texts_with_nul_are_copied_between_files(self) -> None:
        self.make(self.source)
        self.execute(self.source, SAID, said(1, "a\0b"))
        self.copy(self.source, self.target)
        self.assertEqual(self.rows(self.target), self.rows(self.source))

    def test_a_file_that_nobody_has_open_is_not_in_use(self) -> None:
        self.assertFalse(is_in_use(self.source))
        self.make(self.source)
        self.assertFalse(is_in_use(self.source))

    def test_only_the_owner_can_read_a_copy(self) -> None:
        self.make(self.source)
        self.copy(self.source, self.target)
        self.assertEqual(Path(self.target).stat().st_mode & 0o777, 0o600)
