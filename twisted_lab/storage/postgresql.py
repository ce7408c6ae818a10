"""Transactions on a PostgreSQL server."""

from __future__ import annotations

import logging
import secrets
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any, cast

import psycopg
from dbxs.async_dbapi import AsyncConnection
from dbxs.dbapi import DBAPIConnection

from twisted_lab.storage.database import CannotStore, Connection, Database, Unavailable, drive
from twisted_lab.storage.tables import Q, Result, Work
from twisted_lab.text.language import N_

FIRST_DELAY = 0.1  # seconds until the second try to connect; it doubles with each further one
LONGEST_DELAY = 5.0
# The lock of those who store at the same time: "nlac".
STORE_LOCK = 0x6E6C6163

# Who has committed what: see `_settle`.
WRITERS = (
    "CREATE TABLE IF NOT EXISTS writers (id TEXT PRIMARY KEY, batch BIGINT NOT NULL, "
    "seen TIMESTAMP WITH TIME ZONE NOT NULL)"
)
_ENTER = "INSERT INTO writers (id, batch, seen) VALUES (%s, 0, now()) ON CONFLICT DO NOTHING"
_LEAVE_OLD = "DELETE FROM writers WHERE seen < now() - interval '1 day' AND id <> %s"
# Transactions that store wait for each other, as in SQLite: otherwise two processes could each find
# an address unknown, and greet it by two names. Work that locks its rows itself does not need it.
_LOCK = f"SELECT pg_advisory_xact_lock({STORE_LOCK})"
# A transaction that has changed nothing must not wait for the disk.
_MARK = (
    "UPDATE writers SET batch = %s, seen = now() "
    "WHERE id = %s AND pg_current_xact_id_if_assigned() IS NOT NULL"
)
# Waits for the end of a transaction that the server may still be working on.
_MARKED = "UPDATE writers SET seen = now() WHERE id = %s RETURNING batch"
# A timeout that ends the wait for a synchronous standby would make COMMIT succeed without it.
_PATIENTLY = "SET LOCAL statement_timeout = 0"

# The timeouts of the server do not end a transaction whose client is silent between two pipelined
# statements: a process that is paused, or cut off without a word. What it has locked would stay
# locked. So whoever has waited in vain for a lock ends such transactions of the same user.
_END_STUCK = (
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
    "WHERE datname = current_database() AND usename = current_user AND pid <> pg_backend_pid() "
    "AND state = 'active' AND wait_event = 'ClientRead' AND state_change < clock_timestamp() - "
    "current_setting('idle_in_transaction_session_timeout')::interval"
)

# It warns on standard error of a connection that is lost, which is reported elsewhere.
logging.getLogger("psycopg").addHandler(logging.NullHandler())


_TIMEOUTS = {"55P03", "57014"}  # of locks, and of statements


def reason_of(error: psycopg.Error) -> str:
    """Return what the server, or the network, said: one line, without passwords."""
    return " ".join(str(error).split())


def _is_server_at_fault(error: psycopg.Error) -> bool:
    """Tell whether any other work would fail in the same way now: each would wait as long."""
    # Read-only, insufficient resources, operator intervention (also timeouts), system error.
    state = error.sqlstate or ""
    return state == "25006" or state[:2] in {"53", "57", "58"} or state in _TIMEOUTS


class PostgreSQLDatabase(Database[Q]):
    """A connection to a server, used by one thread at a time. It is made anew when it breaks.

    Statements are sent without waiting for the results of those before, as far as no result is
    needed (pipeline mode), because each wait costs the network's delay.

    Args:
        connect: Makes a connection in autocommit mode, or raises `psycopg.Error`.
        queries: Returns the queries for a connection.
        clock: The monotonic clock, in seconds.
        begin: The statement that begins a transaction; one with READ ONLY never writes.
    """

    def __init__(
        self,
        connect: Callable[[], psycopg.Connection[Any]],
        queries: Callable[[AsyncConnection], Q],
        clock: Callable[[], float],
        begin: str = "BEGIN",
    ) -> None:
        self._connect = connect
        self._make_queries = queries
        self._clock = clock
        self._begin = begin
        self._id = "" if "READ ONLY" in begin else secrets.token_hex(16)
        self._batch = 0
        self._connection: psycopg.Connection[Any] | None = None
        self._queries: Q | None = None
        self._delay = 0.0
        self._next_try = 0.0
        self._problem = psycopg.Error()

    def run_all(
        self, works: Sequence[Work[Q, Result]], has_own_locks: bool = False
    ) -> list[Result | Exception]:
        """See `Database.run_all`."""
        locks = [] if has_own_locks or self._begin != "BEGIN" else [_LOCK]
        return self._try(works, locks) or self._try(works, locks, is_last=True)

    def read(self, work: Work[Q, Result]) -> Result:
        """See `Database.read`."""
        begin, self._begin = self._begin, "BEGIN READ ONLY"
        try:
            return self.run(work)
        finally:
            self._begin = begin

    def close(self) -> None:
        """Close the connection."""
        connection, self._connection = self._connection, None
        if connection is not None:
            with suppress(psycopg.Error):
                if self._id:
                    connection.execute("DELETE FROM writers WHERE id = %s", [self._id])
            connection.close()

    def open(self) -> psycopg.Connection[Any]:
        """Return the connection; make it if there is none.

        Raises:
            psycopg.Error: There is none, and it is not the time for the next try, or that failed.
        """
        if self._connection is not None:
            return self._connection
        if self._clock() < self._next_try:
            raise self._problem
        try:
            connection = self._connect()
            if self._id:
                connection.execute(_ENTER, [self._id])
                connection.execute(_LEAVE_OLD, [self._id])
        except psycopg.Error as error:
            self._problem = error
            self._delay = min(max(2 * self._delay, FIRST_DELAY), LONGEST_DELAY)
            self._next_try = self._clock() + self._delay
            raise
        self._delay = 0.0
        self._connection = connection
        # Its cursors have more arguments than those of PEP 249.
        self._queries = self._make_queries(
            Connection(cast(DBAPIConnection, connection), "pyformat")
        )
        return connection

    def _try(
        self, works: Sequence[Work[Q, Result]], locks: Sequence[str], is_last: bool = False
    ) -> list[Result | Exception]:
        """Do the same as `run_all`; return [] if a broken connection is the cause of a failure."""
        try:
            connection = self.open()
        except psycopg.Error as error:
            return [Unavailable(reason_of(error)) for _ in works]
        results: list[Result | Exception] = []
        try:
            self._transact(connection, works, locks, results)
        except psycopg.Error as error:
            if not connection.closed:
                connection.rollback()
                if error.sqlstate in _TIMEOUTS:
                    with suppress(psycopg.Error):
                        connection.execute(_END_STUCK)
                if _is_server_at_fault(error):
                    return [Unavailable(reason_of(error)) for _ in works]
                if len(works) > 1:
                    # One piece is the cause: run each in a transaction of its own.
                    return [self.run_all([work], not locks)[0] for work in works]
                return [CannotStore(reason_of(error))]
            self._connection = None
            if len(results) < len(works):  # It had not come to the end.
                return [] if not is_last else [Unavailable(reason_of(error)) for _ in works]
            return self._settle(results, error)
        except BaseException:
            connection.close()
            self._connection = None
            raise
        return results

    def _transact(
        self,
        connection: psycopg.Connection[Any],
        works: Sequence[Work[Q, Result]],
        locks: Sequence[str],
        results: list[Result | Exception],
    ) -> None:
        assert self._queries is not None
        execute = connection.execute
        with connection.pipeline():
            execute(self._begin)
            for lock in locks:
                execute(lock)
            is_alone = len(works) == 1  # and needs no savepoint
            for work in works:
                if not is_alone:
                    execute("SAVEPOINT work")
                try:
                    results.append(drive(work(self._queries)))
                except psycopg.Error:
                    raise
                except Exception as error:
                    execute("ROLLBACK AND CHAIN" if is_alone else "ROLLBACK TO work")
                    results.append(error)
                if not is_alone:
                    execute("RELEASE work")
            if self._begin == "BEGIN":
                self._batch += 1
                execute(_MARK, [self._batch, self._id])
                execute(_PATIENTLY)
            execute("COMMIT")

    def _settle(
        self, results: list[Result | Exception], error: psycopg.Error
    ) -> list[Result | Exception]:
        """Return the results if the transaction was committed before the connection broke."""
        if self._begin != "BEGIN":
            return [Unavailable(reason_of(error)) for _ in results]
        try:
            connection = self.open()
            with connection.transaction():
                # It is a change, too, so that a synchronous standby has both when it is committed.
                connection.execute(_PATIENTLY)
                marked = connection.execute(_MARKED, [self._id]).fetchone()
        except psycopg.Error:
            reason = N_(
                "{reason}; whether it is stored will be known when the server is there again",
                reason=reason_of(error),
            )
            return [Unavailable(reason) for _ in results]
        if marked == (self._batch,):
            return results
        return [Unavailable(reason_of(error)) for _ in results]
