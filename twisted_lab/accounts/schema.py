"""Tables of accounts, their sessions and failures, as migration steps."""

from __future__ import annotations

from dbxs import accessor

from twisted_lab.accounts.queries import Queries
from twisted_lab.storage import Migrations, Tables, counted, counted_on_server
from twisted_lab.text.user_names import skeletons

# Statements of steps in both kinds of databases; those of a released step never change,
# not even in their indentation, which SQLite stores.
_FAILURES_OF_NETWORKS = (
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
)
_SKELETONS = (
    """
        CREATE TABLE skeletons (
            skeleton TEXT NOT NULL,
            account TEXT NOT NULL REFERENCES accounts (key) ON DELETE CASCADE,
            PRIMARY KEY (skeleton, account)
        )
        """,
    "CREATE INDEX skeletons_by_account ON skeletons (account)",
)

# Those in progress; see `LoginAttempt`.
_ATTEMPTS = (
    "CREATE TABLE attempts (id TEXT PRIMARY KEY, subject TEXT NOT NULL, place TEXT NOT NULL, "
    "network TEXT NOT NULL, ends DOUBLE PRECISION NOT NULL)"
)

STEPS: tuple[tuple[str, ...], ...] = (
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
        # Failures now have a network. Earlier ones lack it and are dropped.
        "DROP TABLE failures",
        *_FAILURES_OF_NETWORKS,
        "ALTER TABLE sessions ADD COLUMN reason TEXT NOT NULL DEFAULT ''",
        "DROP INDEX sessions_by_account",
        "CREATE INDEX sessions_by_account ON sessions (account, since)",
    ),
    (
        # Two new names cannot have the same skeleton (`user_names.skeletons`); older names can.
        *_SKELETONS,
        "INSERT INTO skeletons (skeleton, account) SELECT skeleton_of(name, 0), key FROM accounts "
        "UNION SELECT skeleton_of(name, 1), key FROM accounts",
        *counted("failures"),
        *counted("accounts"),
    ),
    # Processes that share a file have one clock: their own.
    (_ATTEMPTS, "CREATE VIEW login_clock AS SELECT NULL AS now"),
)

SERVER_STEPS: tuple[tuple[str, ...], ...] = (
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
            ends DOUBLE PRECISION NOT NULL,
            reason TEXT NOT NULL DEFAULT ''
        )
        """,
        "CREATE INDEX sessions_by_account ON sessions (account, since)",
        "CREATE INDEX sessions_by_end ON sessions (ends)",
        *_FAILURES_OF_NETWORKS,
        *_SKELETONS,
        "CREATE TABLE keys (purpose TEXT PRIMARY KEY, secret TEXT NOT NULL)",
        # Two random UUIDs have 244 random bits.
        "INSERT INTO keys (purpose, secret) "
        "VALUES ('unknown names', gen_random_uuid()::text || gen_random_uuid()::text)",
        *counted_on_server("failures"),
        *counted_on_server("accounts"),
    ),
    # The clocks of nodes differ, so that of the server counts.
    (
        _ATTEMPTS,
        "CREATE VIEW login_clock AS "
        "SELECT CAST(extract(epoch FROM now()) AS DOUBLE PRECISION) AS now",
    ),
)

ACCOUNT_TABLES = Tables(
    accessor(Queries),
    [
        Migrations(
            "accounts",
            STEPS,
            {"skeleton_of": lambda name, number: skeletons(name)[number]},
            SERVER_STEPS,
        )
    ],
)
