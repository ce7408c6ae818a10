"""Transactions on a PostgreSQL server: broken connections, odd texts, several processes."""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, suppress
from functools import partial
from pathlib import Path
from typing import Any

import psycopg
import pytest

from tests.doubles.postgresql import PostgreSQL
from tests.processes import wait_until
from twisted_lab.accounts import AttemptHistory, LoginAttempt
from twisted_lab.accounts.commands import ALL_TABLES, AllQueries
from twisted_lab.known_peers import remember
from twisted_lab.rooms.schema import HISTORY_TABLES
from twisted_lab.storage import (
    CannotStore,
    Database,
    Migrations,
    Tables,
    Unusable,
    open_database,
    together,
)
from twisted_lab.storage.database import Unavailable
from twisted_lab.storage.postgresql import STORE_LOCK, PostgreSQLDatabase
from twisted_lab.storage.postgresql_server import connect

pytestmark = pytest.mark.xdist_group("postgresql")

EVERYTHING: Tables[Any] = Tables(
    lambda connection: connection, [*ALL_TABLES.migrations, *HISTORY_TABLES.migrations]
)


@pytest.fixture
def address(postgresql: PostgreSQL) -> Iterator[str]:
    with postgresql.new_database() as made:
        yield made


@pytest.fixture
def admin(address: str) -> Iterator[psycopg.Connection[Any]]:
    """A connection that watches, or makes trouble."""
    with psycopg.connect(address, autocommit=True) as connection:
        yield connection


@pytest.fixture
def database(address: str) -> Iterator[Database[AllQueries]]:
    with closing(open_database(address, ALL_TABLES)) as opened:
        yield opened


# Tables of what several processes share.
ONLY_ON_SERVER = ["writers", "login_clock", "room", "nodes", "members", "looks", "cookie_secrets"]
# The processes of the server that wait for a standby.
WAITING = "SELECT pid FROM pg_stat_activity WHERE wait_event = 'SyncRep'"


async def names(kept: AllQueries) -> list[str]:
    return [peer.name async for peer in kept.peers.peers()]


async def named(kept: AllQueries, name: str) -> str | None:
    return await remember(kept.peers, name, name, 1.0)


def name(text: str) -> Any:
    return partial(named, name=text)


def process(database: Database[Any]) -> int:
    """Return the server's process of a connection."""
    assert isinstance(database, PostgreSQLDatabase)
    return database.open().info.backend_pid


class TestTables:
    def test_a_server_has_the_columns_and_indexes_of_a_file(
        self, tmp_path: Path, address: str, admin: psycopg.Connection[Any]
    ) -> None:
        path = str(tmp_path / "file.sqlite3")
        for each in (path, address):
            open_database(each, EVERYTHING).close()
        with closing(sqlite3.connect(path)) as file:
            columns = file.execute(
                "SELECT tables.name, columns.name, lower(columns.type), columns.pk > 0 "
                "FROM sqlite_master AS tables, pragma_table_info(tables.name) AS columns "
                "WHERE tables.type = 'table'"
            ).fetchall()
            indexes = file.execute("SELECT name FROM sqlite_master WHERE type = 'index'").fetchall()
        on_server = admin.execute(
            "SELECT table_name, column_name, data_type, EXISTS (SELECT FROM "
            "information_schema.key_column_usage AS keys NATURAL JOIN "
            "information_schema.table_constraints AS kinds WHERE kinds.constraint_type = "
            "'PRIMARY KEY' AND (keys.table_schema, keys.table_name, keys.column_name) = "
            "(columns.table_schema, columns.table_name, columns.column_name)) "
            "FROM information_schema.columns WHERE table_schema = current_schema "
            "AND table_name <> ALL(%s)",
            [ONLY_ON_SERVER],
        ).fetchall()
        assert sorted(on_server) == sorted((*each[:3], bool(each[3])) for each in columns)
        found = admin.execute(
            "SELECT indexname FROM pg_indexes WHERE schemaname = current_schema "
            "AND indexname !~ '_(p)?key$' AND tablename <> ALL(%s)",
            [ONLY_ON_SERVER],
        )
        assert sorted(found) == sorted(each for each in indexes if "autoindex" not in each[0])

    def test_texts_are_ordered_by_their_bytes(
        self, address: str, admin: psycopg.Connection[Any]
    ) -> None:
        open_database(address, EVERYTHING).close()
        collations = admin.execute(
            "SELECT DISTINCT collation_name FROM information_schema.columns "
            "WHERE table_schema = current_schema AND data_type = 'text' "
            "AND table_name NOT IN ('writers', 'schema_versions')"
        ).fetchall()
        assert collations == [("C",)]

    def test_processes_that_start_at_once_make_the_tables_once(
        self, address: str, admin: psycopg.Connection[Any]
    ) -> None:
        together_at = threading.Barrier(4)

        def start(_: int) -> None:
            together_at.wait()
            open_database(address, ALL_TABLES).close()

        with ThreadPoolExecutor(4) as pool:
            list(pool.map(start, range(4)))
        assert admin.execute("SELECT count(*) FROM keys").fetchone() == (1,)
        assert admin.execute("SELECT count(*) FROM writers").fetchone() == (0,)

    def test_newer_tables_are_refused(self, address: str) -> None:
        def game(*steps: str) -> Tables[Any]:
            return Tables(
                lambda connection: connection, [Migrations("game", [[each] for each in steps])]
            )

        first = "CREATE TABLE scores (score INTEGER)"
        open_database(address, game(first, "INSERT INTO scores VALUES (7)")).close()
        with pytest.raises(Unusable, match=r"newer version of game \(schema 2, this one knows 1\)"):
            open_database(address, game(first))

    def test_a_failed_step_changes_nothing(
        self, address: str, admin: psycopg.Connection[Any]
    ) -> None:
        steps = [["CREATE TABLE scores (score INTEGER)", "CREATE TABEL x"]]
        tables: Tables[Any] = Tables(lambda connection: connection, [Migrations("game", steps)])
        with pytest.raises(Unusable, match="TABEL"):
            open_database(address, tables)
        assert admin.execute("SELECT to_regclass('scores')").fetchone() == (None,)


class Cut:
    """Work that stores a name while its own connection is cut, `times` times."""

    def __init__(self, admin: psycopg.Connection[Any], pid: Callable[[], int], times: int) -> None:
        self._admin = admin
        self._pid = pid
        self._times = times

    async def __call__(self, kept: AllQueries) -> str | None:
        if self._times:
            self._times -= 1
            terminate(self._admin, self._pid())
        return await named(kept, "Cut")


def terminate(admin: psycopg.Connection[Any], pid: int) -> None:
    # With a time, in milliseconds, it waits for the end.
    assert admin.execute("SELECT pg_terminate_backend(%s, 60000)", [pid]).fetchone() == (True,)


class TestBrokenConnections:
    def test_one_that_broke_while_idle_is_made_anew(
        self, database: Database[AllQueries], admin: psycopg.Connection[Any]
    ) -> None:
        terminate(admin, process(database))
        assert database.run_all([name("Anna"), name("Berta")]) == ["Anna", "Berta"]

    def test_work_is_done_once_more_if_it_broke_before_the_commit(
        self, database: Database[AllQueries], admin: psycopg.Connection[Any]
    ) -> None:
        cut = Cut(admin, lambda: process(database), 1)
        assert database.run_all([name("Anna"), cut, name("Berta")]) == ["Anna", "Cut", "Berta"]
        assert database.run(names) == ["Anna", "Berta", "Cut"]

    def test_work_fails_if_it_broke_again(
        self, database: Database[AllQueries], admin: psycopg.Connection[Any]
    ) -> None:
        results = database.run_all([name("Anna"), Cut(admin, lambda: process(database), 2)])
        assert all(isinstance(result, CannotStore) for result in results)
        assert database.run(names) == []
        assert database.run(name("Anna")) == "Anna"

    def test_work_fails_if_it_broke_before_the_commit_was_done(
        self, database: Database[AllQueries], admin: psycopg.Connection[Any]
    ) -> None:
        # A deferred trigger runs at COMMIT.
        admin.execute(
            "CREATE FUNCTION cut() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
            "PERFORM pg_terminate_backend(pg_backend_pid()); RETURN NULL; END $$"
        )
        admin.execute(
            "CREATE CONSTRAINT TRIGGER cutting AFTER INSERT ON peers "
            "DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION cut()"
        )
        assert all(
            isinstance(result, CannotStore)
            for result in database.run_all([name("Anna"), name("Berta")])
        )
        admin.execute("DROP TRIGGER cutting ON peers")
        assert database.run(names) == []
        assert database.run(name("Anna")) == "Anna"

    def test_work_succeeds_once_if_it_broke_after_the_commit(
        self, address: str, admin: psycopg.Connection[Any]
    ) -> None:
        open_database(address, ALL_TABLES).close()
        cut_off: list[int] = []

        def connect_patiently() -> psycopg.Connection[Any]:
            connection = connect(address)
            connection.execute("SET synchronous_commit = on")
            return connection

        def cut() -> None:
            """Cut the connection that waits for a standby; then no longer wait for one."""
            with psycopg.connect(address, autocommit=True) as other:

                def waiting() -> list[int]:
                    return [pid for [pid] in other.execute(WAITING)]

                try:
                    wait_until(waiting)
                    cut_off.extend(waiting())
                    terminate(other, cut_off[0])
                finally:
                    set_standby("")

        def set_standby(standby: str) -> None:
            admin.execute(f"ALTER SYSTEM SET synchronous_standby_names = '{standby}'")
            admin.execute("SELECT pg_reload_conf()")
            shown = f"SELECT current_setting('synchronous_standby_names') = '{standby}'"
            wait_until(lambda: admin.execute(shown).fetchone() == (True,))

        queries = ALL_TABLES.queries
        with closing(PostgreSQLDatabase(connect_patiently, queries, lambda: 0.0)) as database:
            assert database.run(name("Anna")) == "Anna"
            process_before = process(database)
            set_standby("nobody")
            cutting = threading.Thread(target=cut)
            cutting.start()
            results = database.run_all([name("Berta"), name("Carla")])
            cutting.join()
            assert cut_off == [process_before]
            assert process(database) != process_before
            assert results == ["Berta", "Carla"]
            assert database.run(names) == ["Anna", "Berta", "Carla"]

    def test_a_transaction_that_has_changed_nothing_leaves_no_mark(self, address: str) -> None:
        with closing(open_database(address, ALL_TABLES)) as database:
            assert isinstance(database, PostgreSQLDatabase)
            database.run(name("Anna"))
            mark = "SELECT batch FROM writers"
            [before] = database.open().execute(mark).fetchall()
            database.run(names)
            assert database.open().execute(mark).fetchall() == [before]
            database.run(name("Berta"))
            assert database.open().execute(mark).fetchall() > [before]


class TestTexts:
    @pytest.mark.parametrize(("text", "error"), [("A\0", CannotStore), ("\ud800", UnicodeError)])
    def test_a_text_that_no_server_stores_does_not_affect_others(
        self, database: Database[AllQueries], text: str, error: type[Exception]
    ) -> None:
        first, failed, last = database.run_all([name("Anna"), name(text), name("Berta")])
        assert (first, last) == ("Anna", "Berta")
        assert isinstance(failed, error)
        assert database.run(names) == ["Anna", "Berta"]

    def test_all_other_characters_are_stored(self, database: Database[AllQueries]) -> None:
        texts = ["\x01\x7f\x85\u2028\ufeff", "e\u0301", "é", "\U0010ffff", "%s {0} ' \\ $$"]
        assert database.run_all([name(text) for text in texts]) == texts
        assert database.run(names) == sorted(texts)


class TestTogether:
    def test_results_come_in_the_order_of_the_queries(self, database: Database[AllQueries]) -> None:
        database.run_all([name("Anna"), name("Berta")])

        async def look(kept: AllQueries) -> list[str | None]:
            asked = ("Berta", "nobody", "Anna")
            found = await together(*(kept.peers.peer(address) for address in asked))
            return [peer.name if peer else None for peer in found]

        assert database.run(look) == ["Berta", None, "Anna"]


class TestSeveralProcesses:
    def test_one_that_falls_silent_within_a_transaction_does_not_block_the_others(
        self, address: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        timeouts = ("statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout")
        settings = [f"SET {timeout} = '300ms'" for timeout in timeouts]
        monkeypatch.setattr("twisted_lab.storage.postgresql_server._SETTINGS", settings)
        with ExitStack() as stack:
            database = stack.enter_context(closing(open_database(address, ALL_TABLES)))
            silent = stack.enter_context(closing(connect(address)))
            stack.enter_context(suppress(psycopg.Error))
            stack.enter_context(silent.pipeline())
            silent.execute("BEGIN")
            silent.execute(f"SELECT pg_advisory_xact_lock({STORE_LOCK})").fetchone()
            with pytest.raises(Unavailable):
                database.run(name("Anna"))
            assert database.run(name("Anna")) == "Anna"

    def test_the_clock_of_the_server_counts(self, database: Database[AllQueries]) -> None:
        # One node's clock is an hour ahead, and the other's is right: both see the failures.
        def begin(seconds: float) -> AttemptHistory:
            attempt = LoginAttempt("anna", "192.0.2.1")
            now = time.time() + seconds

            async def work(kept: AllQueries) -> AttemptHistory:
                history = await attempt.begin(kept.accounts, now, True)
                if history.may_proceed:
                    await attempt.failed(kept.accounts, now)
                return history

            return database.run(work)

        assert begin(3600).may_proceed
        for seconds in (3600.0, 0.0):
            assert 0 < begin(seconds).delay <= 1

    def test_an_address_gets_one_name(self, address: str) -> None:
        # Otherwise both find it unknown, and each greets it by the name that it was told.
        async def remember_as(kept: AllQueries, as_name: str, number: int) -> str | None:
            return await remember(kept.peers, f"192.0.2.{number}", as_name, 1.0)

        def run(who: str) -> list[Any]:
            with closing(open_database(address, ALL_TABLES)) as database:
                ready.wait()
                return [
                    database.run(partial(remember_as, as_name=who, number=number))
                    for number in range(50)
                ]

        ready = threading.Barrier(2)
        with ThreadPoolExecutor(2) as pool:
            one, other = pool.map(run, ["Anna", "Berta"])
        assert one == other
