"""PostgreSQL server: connections, checks, tables."""

from __future__ import annotations

import os
import time
from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Any

import psycopg
from psycopg import pq
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from twisted_lab.storage.names import shown
from twisted_lab.storage.postgresql import WRITERS, PostgreSQLDatabase, reason_of
from twisted_lab.storage.sqlite_file import Unusable
from twisted_lab.storage.tables import Migrations, Q, Tables
from twisted_lab.text.language import N_

OLDEST = 130000  # the server's version 13
CONNECT_SECONDS = 5
# A server that does not answer within these seconds counts as gone.
STATEMENT_SECONDS = 10
# The server ends a statement itself, unless it hangs, or the network has lost it.
ANSWER_SECONDS = STATEMENT_SECONDS + 5
# The lock of those who make or upgrade tables at the same time: "nlab".
UPGRADE_LOCK = 0x6E6C6162

# Also when another node of the cluster dies in the middle of a transaction.
_SETTINGS = (
    f"SET statement_timeout = '{STATEMENT_SECONDS}s'",
    f"SET idle_in_transaction_session_timeout = '{STATEMENT_SECONDS}s'",
    f"SET lock_timeout = '{STATEMENT_SECONDS}s'",
)
_DEFAULTS: dict[str, str | int] = {
    "connect_timeout": CONNECT_SECONDS,
    "application_name": "twisted_lab",
    # Of several servers the one that stores; a lagging standby must not answer reads either.
    "target_session_attrs": "read-write",
    "client_encoding": "utf8",
    "keepalives_idle": 5,
    "keepalives_interval": 2,
    "keepalives_count": 3,
    "tcp_user_timeout": STATEMENT_SECONDS * 1000,
}
# Settings that may lose acknowledged data if they are off.
_DURABLE = ("fsync", "full_page_writes", "synchronous_commit")


class _ImpatientConnection(psycopg.Connection[Any]):
    """A connection that ends if the server stops answering, as one that hangs does."""

    def wait(self, gen: Generator[Any, Any, Any], *args: Any, **options: Any) -> Any:
        """Wait for the server; psycopg calls this for everything but connecting."""
        return super().wait(self._bounded(gen), *args, **options)

    def _bounded(self, gen: Generator[Any, Any, Any]) -> Generator[Any, Any, Any]:
        until = time.monotonic() + ANSWER_SECONDS
        try:
            wanted = next(gen)
            while True:
                ready = yield wanted  # every 0.1 s, also if nothing is ready
                if ready:
                    until = time.monotonic() + ANSWER_SECONDS
                elif time.monotonic() > until:
                    self.pgconn.finish()
                    raise psycopg.OperationalError(
                        f"the server has not answered for {ANSWER_SECONDS} s"
                    )
                wanted = gen.send(ready)
        except StopIteration as end:
            return end.value


def connect(
    address: str, kind: type[psycopg.Connection[Any]] = psycopg.Connection
) -> psycopg.Connection[Any]:
    """Connect to a database.

    Args:
        address: Its address, ``postgresql://USER@HOST/NAME``, as libpq understands it; also the
            environment (PGPASSFILE, PGSSLMODE ...) counts.
        kind: The class of the connection.

    Raises:
        Unusable: The address has a mistake.
        psycopg.Error: The server cannot be reached, or refuses.
    """
    given = {*_parts(address)} | {
        each.keyword.decode()
        for each in pq.Conninfo.get_defaults()
        if each.envvar and each.envvar.decode() in os.environ
    }
    missing = {name: value for name, value in _DEFAULTS.items() if name not in given}
    connection = kind.connect(make_conninfo(address, **missing), autocommit=True)
    try:
        for setting in _SETTINGS:
            connection.execute(setting)
    except BaseException:
        connection.close()
        raise
    return connection


def open_server(address: str, tables: Tables[Q]) -> PostgreSQLDatabase[Q]:
    """Open a database on a server; create or upgrade the tables.

    Args:
        address: Its address; see `connect`.
        tables: The required tables.

    Raises:
        Unusable: It cannot be used; the text says why.
    """
    with explained(address):
        with connect(address) as connection:
            _check(address, connection)
            _upgrade(address, connection, tables.migrations)
            weak = _weak(connection)
        database = PostgreSQLDatabase(
            partial(connect, address, _ImpatientConnection), tables.queries, time.monotonic
        )
        database.weak = weak
        database.open()
    return database


def open_server_for_reading(address: str, tables: Tables[Q]) -> PostgreSQLDatabase[Q]:
    """Open a database once more, after `open_server`, for reads.

    Raises:
        Unusable: It cannot be reached.
    """
    database = PostgreSQLDatabase(
        partial(connect, address, _ImpatientConnection),
        tables.queries,
        time.monotonic,
        "BEGIN READ ONLY",
    )
    with explained(address):
        database.open()
    return database


@contextmanager
def explained(address: str) -> Iterator[None]:
    """Make an error of the server `Unusable`, with the address and without the password."""
    try:
        yield
    except psycopg.Error as error:
        raise Unusable(
            N_(
                "cannot use the database {address}: {reason}",
                address=shown(address),
                reason=reason_of(error),
            )
        ) from None


def _parts(address: str) -> Mapping[str, object]:
    """Return the parts of an address.

    Raises:
        Unusable: It has a mistake. libpq's message would quote it, passwords included.
    """
    has_password = shown(address) != address
    reason = ""
    try:
        parts = conninfo_to_dict(address)
    except psycopg.Error as error:
        reason = reason_of(error)
    else:
        if not (has_password and "@" in f"{parts.get('host')} {parts.get('dbname')}"):
            return parts
    if has_password:
        reason = N_(
            "write %, /, @ and ? in a password as %25, %2F, %40 and %3F, or better put the "
            "password into a file (PGPASSFILE)"
        )
    raise Unusable(
        N_("{address} is no valid address: {reason}", address=shown(address), reason=reason)
    )


def _weak(connection: psycopg.Connection[Any]) -> list[str]:
    """Return the settings that are off although acknowledged data need them."""
    off = connection.execute(
        "SELECT name FROM pg_settings WHERE name = ANY(%s) AND setting = 'off' ORDER BY name",
        [[*_DURABLE]],
    )
    return [name for [name] in off]


def _is_shared(address: str, connection: psycopg.Connection[Any]) -> bool:
    """Tell whether a pooler may give the next transaction to another process of the server.

    Without a pooler the server's process is the one that it announced. Behind one, a second
    connection shows whether the first one still has its process to itself.
    """
    process = _process(connection)
    if process == connection.info.backend_pid:
        return False
    with connect(address) as other:
        return _process(other) == process or _process(connection) != process


def _process(connection: psycopg.Connection[Any]) -> int | None:
    found = connection.execute("SELECT pg_backend_pid()").fetchone()
    return found and int(found[0])


def _check(address: str, connection: psycopg.Connection[Any]) -> None:
    if connection.info.server_version < OLDEST:
        raise Unusable(
            N_(
                "the server of {address} is too old: PostgreSQL 13 or newer is needed",
                address=shown(address),
            )
        )
    encoding = connection.info.parameter_status("server_encoding")
    if encoding != "UTF8":
        raise Unusable(
            N_(
                "the database {address} has the encoding {encoding}; create one with ENCODING "
                "'UTF8'",
                address=shown(address),
                encoding=encoding,
            )
        )
    if _is_shared(address, connection):
        raise Unusable(
            N_(
                "a pooler such as pgbouncer shares the connections to {address} between "
                "transactions; use pool_mode = session there, or the server's own port: locks, "
                "timeouts and prepared statements belong to one connection",
                address=shown(address),
            )
        )


def _upgrade(
    address: str, connection: psycopg.Connection[Any], migrations: Sequence[Migrations]
) -> None:
    with connection.transaction():
        # Two processes may start at once; the second one finds the tables made.
        connection.execute("SET LOCAL lock_timeout = 0")
        connection.execute("SET LOCAL statement_timeout = 0")
        connection.execute("SELECT pg_advisory_xact_lock(%s)", [UPGRADE_LOCK])
        connection.execute(
            "CREATE TABLE IF NOT EXISTS schema_versions "
            "(package TEXT PRIMARY KEY, version INTEGER NOT NULL)"
        )
        connection.execute(WRITERS)
        old = dict(connection.execute("SELECT package, version FROM schema_versions").fetchall())
        for each in migrations:
            steps = each.server_steps
            version = old.get(each.package, 0)
            if version > len(steps):
                raise Unusable(
                    N_(
                        "{path} was written by a newer version of {program} (schema {version}, "
                        "this one knows {known}); use that one, or choose another file",
                        path=shown(address),
                        program=each.package,
                        version=version,
                        known=len(steps),
                    )
                )
            for step in steps[version:]:
                for statement in step:
                    connection.execute(statement)
            connection.execute(
                "INSERT INTO schema_versions (package, version) VALUES (%s, %s) "
                "ON CONFLICT (package) DO UPDATE SET version = excluded.version",
                [each.package, len(steps)],
            )
