"""Tables of a room's history."""

from __future__ import annotations

from typing import Any

from dbxs import accessor

from twisted_lab.rooms.queries import HistoryQueries
from twisted_lab.rooms.shared_queries import SharedQueries
from twisted_lab.storage import Migrations, Tables

# Statements of steps in both kinds of databases; those of a released step never change,
# not even in their indentation, which SQLite stores.
_CLIENTS = (
    """
        CREATE TABLE clients (
            slot INTEGER PRIMARY KEY,
            id TEXT NOT NULL UNIQUE,
            count BIGINT NOT NULL,
            place BIGINT NOT NULL
        )
        """,
    "CREATE INDEX clients_by_place ON clients (place)",
)
# Each index covers its queries, so only rows that are sent are read.
_INDEXES = (
    "CREATE INDEX said_to_all ON said (place, addressee) WHERE addressee = ''",
    "CREATE INDEX said_by_speaker ON said (speaker, place) WHERE speaker <> ''",
    "CREATE INDEX said_to_listener ON said (listener, place) WHERE listener <> ''",
    "CREATE INDEX said_by_size ON said (upto, place)",
    "CREATE INDEX said_by_time ON said (time, place)",
)

STEPS: tuple[tuple[str, ...], ...] = (
    (
        """
        CREATE TABLE said (
            place BIGINT PRIMARY KEY,
            name TEXT NOT NULL,
            text TEXT NOT NULL,
            addressee TEXT NOT NULL,
            speaker TEXT NOT NULL,
            count BIGINT NOT NULL,
            listener TEXT NOT NULL
        )
        """,
        "CREATE UNIQUE INDEX said_by_client ON said (speaker, count) WHERE speaker <> ''",
    ),
    (
        "ALTER TABLE said ADD COLUMN time DOUBLE PRECISION NOT NULL DEFAULT 0",
        # Before this step the place was the time, in microseconds.
        "UPDATE said SET time = place / 1000000.0",
        *_CLIENTS,
        "INSERT INTO clients (slot, id, count, place) "
        "SELECT row_number() OVER (ORDER BY max(place) DESC), speaker, max(count), max(place) "
        "FROM said WHERE speaker <> '' GROUP BY speaker ORDER BY 1 LIMIT 100000",
        "DROP INDEX said_by_client",
    ),
    (
        # The sum of `Said.size` over the messages up to and including this one.
        "ALTER TABLE said ADD COLUMN upto BIGINT NOT NULL DEFAULT 0",
        "UPDATE said SET upto = sums.upto FROM (SELECT place, sum(length(CAST(text AS BLOB)) + "
        "length(CAST(name AS BLOB)) + length(CAST(addressee AS BLOB)) + 250) "
        "OVER (ORDER BY place) AS upto FROM said) AS sums WHERE sums.place = said.place",
        *_INDEXES,
    ),
)

SERVER_STEPS: tuple[tuple[str, ...], ...] = (
    (
        """
        CREATE TABLE said (
            place BIGINT PRIMARY KEY,
            name TEXT NOT NULL,
            text TEXT NOT NULL,
            addressee TEXT NOT NULL,
            speaker TEXT NOT NULL,
            count BIGINT NOT NULL,
            listener TEXT NOT NULL,
            time DOUBLE PRECISION NOT NULL,
            upto BIGINT NOT NULL
        )
        """,
        *_CLIENTS,
        *_INDEXES,
    ),
    (
        # One row. Whoever stores anything in the room locks it, so places are committed in order.
        "CREATE TABLE room (id INTEGER PRIMARY KEY, place BIGINT NOT NULL, upto BIGINT NOT NULL, "
        "pruned BIGINT NOT NULL)",
        "INSERT INTO room VALUES (1, 0, 0, 0)",
        "CREATE TABLE nodes (id TEXT PRIMARY KEY, until TIMESTAMP WITH TIME ZONE NOT NULL, "
        "place BIGINT NOT NULL)",
        """
        CREATE TABLE members (
            key TEXT PRIMARY KEY,
            name TEXT NOT NULL,
            client TEXT NOT NULL,
            node TEXT NOT NULL,
            seat TEXT NOT NULL UNIQUE
        )
        """,
        "CREATE UNIQUE INDEX members_by_client ON members (client) WHERE client <> ''",
        "CREATE INDEX members_by_node ON members (node)",
        "CREATE TABLE looks (skeleton TEXT PRIMARY KEY, key TEXT NOT NULL)",
        "CREATE INDEX looks_by_key ON looks (key)",
        "CREATE TABLE cookie_secrets (period BIGINT PRIMARY KEY, secret TEXT NOT NULL)",
    ),
)

_MIGRATIONS = [Migrations("rooms", STEPS, on_server=SERVER_STEPS)]
HISTORY_TABLES = Tables(accessor(HistoryQueries), _MIGRATIONS)
# An accessor has only the queries of its own protocol, not of the one that this inherits from.
_own: Any = accessor(SharedQueries)
_inherited: Any = accessor(HistoryQueries)
_SHARED: Any = type("SharedQueries", (_own, _inherited), {})
SHARED_TABLES: Tables[SharedQueries] = Tables(_SHARED, _MIGRATIONS, has_own_locks=True)
