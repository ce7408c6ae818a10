"""Queries of a room's history.

The SQL is common to SQLite and PostgreSQL. Times are seconds of Unix time.
"""

from __future__ import annotations

from collections.abc import AsyncIterable
from dataclasses import dataclass
from typing import NamedTuple, Protocol

from dbxs import many, maybe, one, query, statement

from twisted_lab.rooms.history import Said
from twisted_lab.storage import row


@dataclass(frozen=True)
class Client:
    """A client that has spoken: its slot, counted from 1, and its highest count."""

    slot: int
    count: int


class Places(NamedTuple):
    """A range of places: after `before`, up to and including `last`."""

    before: int
    last: int


@dataclass(frozen=True)
class Newest:
    """The newest message: its place, and the size of all messages up to it, in bytes."""

    place: int
    upto: int


FREE_SLOT = (
    "SELECT coalesce((SELECT slot FROM clients WHERE (SELECT max(slot) FROM clients) >= {most} "
    "ORDER BY place LIMIT 1), (SELECT coalesce(max(slot), 0) + 1 FROM clients))"
)

# Three index searches, each limited to `most` places. A single condition with OR would read all
# private messages of other members in between.
SAID_SINCE = (
    "SELECT place, name, text, addressee, speaker, count, listener, time FROM said "
    "WHERE place IN (SELECT place FROM (SELECT place FROM said WHERE addressee = '' "
    "AND place > {place} AND place <= {newest} ORDER BY place LIMIT {most}) AS to_all "
    "UNION ALL SELECT place FROM (SELECT place FROM said WHERE speaker <> '' "
    "AND speaker = {client} AND place > {place} AND place <= {newest} ORDER BY place LIMIT {most}) "
    "AS by_client UNION ALL SELECT place FROM (SELECT place FROM said WHERE listener <> '' "
    "AND listener = {client} AND place > {place} AND place <= {newest} ORDER BY place "
    "LIMIT {most}) AS to_client) ORDER BY place LIMIT {most}"
)

PRUNE = (
    "DELETE FROM said WHERE place < {newest} AND place IN (SELECT place FROM (SELECT place "
    "FROM said WHERE upto <= {upto} ORDER BY upto LIMIT {most}) AS over UNION ALL SELECT place "
    "FROM (SELECT place FROM said WHERE time <= {time} ORDER BY time LIMIT {most}) AS old) "
    "RETURNING place"
)


class HistoryQueries(Protocol):
    """The queries of a room's history."""

    @query(sql="SELECT slot, count FROM clients WHERE id = {client}", load=maybe(row(Client)))
    async def client(self, client: str) -> Client | None:
        """Return a client; None if it has not spoken."""

    @query(sql=FREE_SLOT, load=one(row(int)))
    async def free_slot(self, most: int) -> int:
        """Return a new slot; if `most` are in use, that of the client that spoke longest ago."""
        ...

    @statement(
        sql="INSERT INTO clients (slot, id, count, place) "
        "VALUES ({slot}, {client}, {count}, {place}) "
        "ON CONFLICT (slot) DO UPDATE SET id = {client}, count = {count}, place = {place}"
    )
    async def set_client(self, slot: int, client: str, count: int, place: int) -> None:
        """Store the highest count of a client, and the place of its last message."""

    @statement(
        sql="INSERT INTO said (place, name, text, addressee, speaker, count, listener, time, upto) "
        "VALUES ({place}, {name}, {text}, {to}, {speaker}, {count}, {listener}, {time}, {upto})"
    )
    async def add_said(
        self,
        place: int,
        name: str,
        text: str,
        to: str,
        speaker: str,
        count: int,
        listener: str,
        time: float,
        upto: int,
    ) -> None:
        """Store a message."""

    @query(sql=PRUNE, load=many(row(int)))
    def prune(self, newest: int, upto: int, time: float, most: int) -> AsyncIterable[int]:
        """Remove messages up to a sum of bytes or up to a time, but not the newest one.

        Returns:
            The places of the removed messages, at most `most` for each limit.
        """

    @query(
        sql="SELECT coalesce((SELECT max(place) FROM said), 0), "
        "coalesce((SELECT max(upto) FROM said), 0)",
        load=one(row(Newest)),
    )
    async def newest(self) -> Newest:
        """Return the newest message; zeros if there is none."""
        ...

    @query(
        sql="SELECT coalesce(min(place), 0) - 1, coalesce(max(place), 0) FROM (SELECT place "
        "FROM said WHERE addressee = '' AND place <= {newest} ORDER BY place DESC LIMIT {most}) "
        "AS last",
        load=one(row(Places)),
    )
    async def places_of_last(self, most: int, newest: int) -> Places:
        """Return the place before the last `most` messages to all, and that of the last one.

        Messages after `newest` do not count. The result is (-1, 0) if there are none.
        """
        ...

    @query(sql=SAID_SINCE, load=many(row(Said)))
    def said_since(self, place: int, newest: int, client: str, most: int) -> AsyncIterable[Said]:
        """Return the `most` oldest messages after `place`, up to `newest`, that `client` may read.

        These are the messages to all, by `client` and to `client`, oldest first.
        """
