"""Database files of older programs, in which all tables shared one version."""

from __future__ import annotations

import sqlite3
from contextlib import closing

from twisted_lab.peers import network
from twisted_lab.text.user_names import skeletons

COUNTED = (
    "INSERT INTO totals (subject, count) SELECT 'rows', count(*) FROM rows",
    "CREATE TRIGGER rows_added AFTER INSERT ON rows BEGIN "
    "UPDATE totals SET count = count + 1 WHERE subject = 'rows'; END",
    "CREATE TRIGGER rows_removed AFTER DELETE ON rows BEGIN "
    "UPDATE totals SET count = count - 1 WHERE subject = 'rows'; END",
)


def _counted(table: str) -> tuple[str, ...]:
    """Return the statements that make triggers count the rows of a table."""
    return tuple(statement.replace("rows", table) for statement in COUNTED)


STEPS: tuple[tuple[str, ...], ...] = (
    (
        """
        CREATE TABLE peers (
            address TEXT PRIMARY KEY,
            name TEXT NOT NULL,
            since DOUBLE PRECISION NOT NULL
        )
        """,
        "CREATE INDEX peers_by_name ON peers (name)",
    ),
    (
        """
        CREATE TABLE accounts (
            key TEXT PRIMARY KEY,
            name TEXT NOT NULL,
            password TEXT NOT NULL,
            since DOUBLE PRECISION NOT NULL
        )
        """,
        """
        CREATE TABLE sessions (
            digest TEXT PRIMARY KEY,
            account TEXT NOT NULL REFERENCES accounts (key) ON DELETE CASCADE,
            origin TEXT NOT NULL,
            since DOUBLE PRECISION NOT NULL,
            used DOUBLE PRECISION NOT NULL,
            ends DOUBLE PRECISION NOT NULL
        )
        """,
        "CREATE INDEX sessions_by_account ON sessions (account)",
        "CREATE INDEX sessions_by_end ON sessions (ends)",
        """
        CREATE TABLE failures (
            subject TEXT PRIMARY KEY,
            count INTEGER NOT NULL,
            last DOUBLE PRECISION NOT NULL
        )
        """,
        "CREATE INDEX failures_of_addresses ON failures (last) "
        "WHERE substr(subject, 1, 8) = 'address '",
        "CREATE TABLE keys (purpose TEXT PRIMARY KEY, secret TEXT NOT NULL)",
        "INSERT INTO keys (purpose, secret) VALUES ('unknown names', hex(randomblob(32)))",
    ),
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
        # Before this version the place was the time in microseconds.
        "UPDATE said SET time = place / 1000000.0",
        """
        CREATE TABLE clients (
            slot INTEGER PRIMARY KEY,
            id TEXT NOT NULL UNIQUE,
            count BIGINT NOT NULL,
            place BIGINT NOT NULL
        )
        """,
        "CREATE INDEX clients_by_place ON clients (place)",
        "INSERT INTO clients (slot, id, count, place) "
        "SELECT row_number() OVER (ORDER BY max(place) DESC), speaker, max(count), max(place) "
        "FROM said WHERE speaker <> '' GROUP BY speaker ORDER BY 1 LIMIT 100000",
        "DROP INDEX said_by_client",
    ),
    (
        # The sum of `Said.size` up to and including this message.
        "ALTER TABLE said ADD COLUMN upto BIGINT NOT NULL DEFAULT 0",
        "UPDATE said SET upto = sums.upto FROM (SELECT place, sum(length(CAST(text AS BLOB)) + "
        "length(CAST(name AS BLOB)) + length(CAST(addressee AS BLOB)) + 250) "
        "OVER (ORDER BY place) AS upto FROM said) AS sums WHERE sums.place = said.place",
        # Each index covers its queries: a row is read only for sending.
        "CREATE INDEX said_to_all ON said (place, addressee) WHERE addressee = ''",
        "CREATE INDEX said_by_speaker ON said (speaker, place) WHERE speaker <> ''",
        "CREATE INDEX said_to_listener ON said (listener, place) WHERE listener <> ''",
        "CREATE INDEX said_by_size ON said (upto, place)",
        "CREATE INDEX said_by_time ON said (time, place)",
    ),
    (
        # Failures belong to a name and a network. Earlier ones are dropped.
        "DROP TABLE failures",
        """
        CREATE TABLE failures (
            subject TEXT NOT NULL,
            network TEXT NOT NULL,
            count INTEGER NOT NULL,
            last DOUBLE PRECISION NOT NULL,
            PRIMARY KEY (subject, network)
        )
        """,
        "CREATE INDEX failures_by_time ON failures (last)",
        "CREATE INDEX failures_of_places ON failures (last) "
        "WHERE network <> 'elsewhere' AND subject <> 'registrations'",
        """
        CREATE TABLE networks (
            account TEXT NOT NULL REFERENCES accounts (key) ON DELETE CASCADE,
            network TEXT NOT NULL,
            last DOUBLE PRECISION NOT NULL,
            PRIMARY KEY (account, network)
        )
        """,
        "ALTER TABLE sessions ADD COLUMN reason TEXT NOT NULL DEFAULT ''",
        "DROP INDEX sessions_by_account",
        "CREATE INDEX sessions_by_account ON sessions (account, since)",
    ),
    (
        # New lookalike names are refused (`user_names.skeletons`); old ones may share a skeleton.
        """
        CREATE TABLE skeletons (
            skeleton TEXT NOT NULL,
            account TEXT NOT NULL REFERENCES accounts (key) ON DELETE CASCADE,
            PRIMARY KEY (skeleton, account)
        )
        """,
        "CREATE INDEX skeletons_by_account ON skeletons (account)",
        "INSERT INTO skeletons (skeleton, account) SELECT skeleton_of(name, 0), key FROM accounts "
        "UNION SELECT skeleton_of(name, 1), key FROM accounts",
        "ALTER TABLE peers ADD COLUMN network TEXT NOT NULL DEFAULT ''",
        "ALTER TABLE peers ADD COLUMN used DOUBLE PRECISION NOT NULL DEFAULT 0",
        # The time of the last visit is unknown.
        "UPDATE peers SET network = network_of(address), "
        "used = CAST(strftime('%s', 'now') AS DOUBLE PRECISION)",
        "CREATE INDEX peers_by_network ON peers (network, used)",
        "CREATE INDEX peers_by_use ON peers (used)",
        # Counting a million rows takes 20 ms.
        "CREATE TABLE totals (subject TEXT PRIMARY KEY, count BIGINT NOT NULL)",
        *_counted("peers"),
        *_counted("failures"),
        *_counted("accounts"),
    ),
)


def make_old_file(path: str, version: int) -> None:
    """Create a file of a version from 1 to 7."""
    with closing(sqlite3.connect(path)) as connection:
        connection.create_function("skeleton_of", 2, lambda name, number: skeletons(name)[number])
        connection.create_function("network_of", 1, network)
        connection.execute("PRAGMA journal_mode = WAL")
        for step in STEPS[:version]:
            for statement in step:
                connection.execute(statement)
        connection.execute(f"PRAGMA application_id = {0x6E6C6162}")
        connection.execute(f"PRAGMA user_version = {version}")
        connection.commit()
