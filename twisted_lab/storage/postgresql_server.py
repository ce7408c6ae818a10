"""PostgreSQL server: connections, checks, tables."""

from __future__ import annotations

import time
from collections.abc import Sequence
from functools import partial
from typing import Any

import psycopg
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
    "client_encoding": "utf8",
    "keepalives_idle": 5,
    "keepalives_interval": 2,
    "keepalives_count": 3,
    "tcp_user_timeout": STATEMENT_SECONDS * 1000,
}


def connect(address: str) -> psycopg.Connection[Any]:
    """Connect to a database.

    Args:
        address: Its address, ``postgresql://USER@HOST/NAME``, as libpq understands it; also the
            environment (PGPASSFILE, PGSSLMODE ...) counts.

    Raises:
        psycopg.Error: The server cannot be reached, or refuses.
    """
    missing = {
        name: value for name, value in _DEFAULTS.items() if name not in conninfo_to_dict(address)
    }
    connection = psycopg.connect(make_conninfo(address, **missing), autocommit=True)
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
    try:
        with connect(address) as connection:
            _check(address, connection)
            _upgrade(address, connection, tables.migrations)
        database = PostgreSQLDatabase(partial(connect, address), tables.queries, time.monotonic)
        database.open()
    except psycopg.Error as error:
        raise Unusable(
            N_(
                "cannot use the database {address}: {reason}",
                address=shown(address),
                reason=reason_of(error),
            )
        ) from None
    return database


def open_server_for_reading(address: str, tables: Tables[Q]) -> PostgreSQLDatabase[Q]:
    """Open a database once more, after `open_server`, for reads.

    Raises:
        Unusable: It cannot be reached.
    """
    database = PostgreSQLDatabase(
        partial(connect, address), tables.queries, time.monotonic, "BEGIN READ ONLY"
    )
    try:
        database.open()
    except psycopg.Error as error:
        raise Unusable(
            N_(
                "cannot use the database {address}: {reason}",
                address=shown(address),
                reason=reason_of(error),
            )
        ) from None
    return database


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
