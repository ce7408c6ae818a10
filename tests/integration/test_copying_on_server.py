"""Copies of a lab between files and PostgreSQL databases."""

from __future__ import annotations

import math
import subprocess
import sys
from collections.abc import Sequence
from contextlib import closing
from typing import Any

import psycopg
import pytest

from tests.integration.test_on_server import OnServer
from tests.unit import test_copying
from tests.unit.test_copying import SAID, CopyCase, said
from twisted_lab.accounts.copying import TABLES
from twisted_lab.storage import CannotCopy, Unusable, is_in_use, is_server

pytestmark = pytest.mark.xdist_group("postgresql")


class ServerCase(OnServer, CopyCase):
    def execute(self, name: str, query: str, *rows: Sequence[object]) -> list[Any]:
        if not is_server(name):
            return super().execute(name, query, *rows)
        with psycopg.connect(name) as connection:
            cursor = connection.cursor()
            if rows:
                cursor.executemany(query.replace("?", "%s").encode(), rows)
                return []
            cursor.execute(query.encode())
            return cursor.fetchall() if cursor.description else []


class ToServerTests(ServerCase, test_copying.CopyTests):
    def new_target(self) -> str:
        return self.new_database()

    def test_a_text_with_nul_is_refused(self) -> None:
        self.fill(self.source)
        self.execute(self.source, SAID, said(777, "a\0b"))
        self.refuse("a text of the row 777 of said has a NUL character")
        self.execute(self.source, "DELETE FROM said WHERE place = 777")
        self.copy(self.source, self.target)


class FromServerTests(ServerCase, test_copying.CopyTests):
    def new_source(self) -> str:
        return self.new_database()

    def test_numbers_that_a_file_changes_are_refused(self) -> None:
        self.make(self.source)
        for number, kind, reason in (
            (-0.0, CannotCopy, "has other rows"),
            (math.nan, Unusable, "NOT NULL"),
        ):
            self.execute(self.source, SAID, said(1, "", number))
            error = self.assertRaises(kind, self.copy, self.source, self.target)
            self.assertIn(reason, str(error))
            self.execute(self.source, "DELETE FROM said")
        self.copy(self.source, self.target)


class BetweenServersTests(ServerCase):
    def test_databases_of_one_server(self) -> None:
        source, target = self.new_database(), self.new_database()
        self.fill(source)
        self.copy(source, target)
        self.assertEqual(self.rows(target), self.rows(source))
        self.assertRaises(CannotCopy, self.copy, source, target)


class OnServerTests(ServerCase):
    def test_all_columns_have_the_types_of_the_server(self) -> None:
        name = self.new_database()
        self.make(name)
        types = {"text": "text", "bigint": "int8", "integer": "int8", "double precision": "float8"}
        found: dict[str, dict[str, str]] = {}
        for table, column, kind in self.execute(
            name,
            "SELECT table_name, column_name, data_type FROM information_schema.columns WHERE "
            "table_schema = current_schema() AND table_name NOT IN "
            "('schema_versions', 'writers', 'attempts', 'login_clock', 'room', 'nodes', 'members', "
            "'looks', 'cookie_secrets')",
        ):
            found.setdefault(table, {})[column] = types[kind]
        self.assertEqual(found, {table.name: table.columns for table in TABLES})

    def test_a_database_in_use(self) -> None:
        name = self.new_database()
        self.make(name)
        self.assertFalse(is_in_use(name))
        with psycopg.connect(name, application_name="twisted_lab"):
            self.assertTrue(is_in_use(name))


class InUseTests(CopyCase):
    def test_a_file_that_another_process_has_open(self) -> None:
        self.make(self.source)
        program = (
            "import sqlite3, sys; connection = sqlite3.connect(sys.argv[1]); "
            "connection.execute('SELECT * FROM accounts'); print(flush=True); sys.stdin.read()"
        )
        with subprocess.Popen(
            [sys.executable, "-c", program, self.source],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        ) as other:
            assert other.stdout is not None
            with closing(other.stdout):
                other.stdout.readline()
                self.assertTrue(is_in_use(self.source))
                self.copy(self.source, self.target)
                assert other.stdin is not None
                other.stdin.close()
        self.assertFalse(is_in_use(self.source))
