"""Copies a lab to another database: accounts, known peers, and the chat's messages."""

from __future__ import annotations

from twisted_lab.accounts.schema import ACCOUNT_TABLES
from twisted_lab.known_peers import PEER_TABLES
from twisted_lab.rooms.schema import HISTORY_TABLES
from twisted_lab.storage import CopiedTable, copy, shown
from twisted_lab.text.language import _, ngettext

MIGRATIONS = [
    each for tables in (ACCOUNT_TABLES, PEER_TABLES, HISTORY_TABLES) for each in tables.migrations
]


TABLES = (
    CopiedTable(
        "accounts",
        ("accounts",),
        1,
        {"key": "text", "name": "text", "password": "text", "since": "float8"},
    ),
    CopiedTable(
        "sessions",
        ("accounts",),
        1,
        {
            "digest": "text",
            "account": "text",
            "origin": "text",
            "since": "float8",
            "used": "float8",
            "ends": "float8",
            "reason": "text",
        },
    ),
    CopiedTable(
        "failures",
        ("accounts",),
        2,
        {"subject": "text", "network": "text", "count": "int8", "last": "float8"},
    ),
    CopiedTable(
        "networks", ("accounts",), 2, {"account": "text", "network": "text", "last": "float8"}
    ),
    CopiedTable("skeletons", ("accounts",), 2, {"skeleton": "text", "account": "text"}),
    CopiedTable(
        "keys", ("accounts",), 1, {"purpose": "text", "secret": "text"}, is_new_filled=True
    ),
    CopiedTable(
        "peers",
        ("known_peers",),
        1,
        {"address": "text", "name": "text", "since": "float8", "network": "text", "used": "float8"},
    ),
    CopiedTable(
        "said",
        ("rooms",),
        1,
        {
            "place": "int8",
            "name": "text",
            "text": "text",
            "addressee": "text",
            "speaker": "text",
            "count": "int8",
            "listener": "text",
            "time": "float8",
            "upto": "int8",
        },
    ),
    CopiedTable(
        "clients", ("rooms",), 1, {"slot": "int8", "id": "text", "count": "int8", "place": "int8"}
    ),
    # It has no rows while others are copied, whose triggers would change the same row each time.
    CopiedTable(
        "totals",
        ("accounts", "known_peers"),
        1,
        {"subject": "text", "count": "int8"},
        where="subject IN ('accounts', 'failures', 'peers')",
        is_new_filled=True,
    ),
)


def copy_lab(source: str, target: str) -> list[str]:
    """Copy a lab to a new database, and return the lines to show.

    Args:
        source: The name of the database that is copied.
        target: The name of the other one.

    Raises:
        CannotCopy, Unusable: See `twisted_lab.storage.copy`.
    """
    lines = [
        ngettext(
            "{table}: {n:,} row, SHA-256 {digest}",
            "{table}: {n:,} rows, SHA-256 {digest}",
            rows,
            table=table,
            digest=digest,
        )
        for table, rows, digest in copy(source, target, MIGRATIONS, TABLES)
    ]
    return [*lines, _("copied {source} to {target}", source=shown(source), target=shown(target))]
