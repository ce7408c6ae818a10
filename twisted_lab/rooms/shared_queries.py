"""Queries of a room that several nodes share, on PostgreSQL.

Leases and places are timed by the server's clock, which all nodes have in common.
"""

from __future__ import annotations

from collections.abc import AsyncIterable
from dataclasses import dataclass
from typing import Protocol

from dbxs import many, maybe, one, query, statement

from twisted_lab.rooms.history import Said
from twisted_lab.rooms.queries import Client, HistoryQueries
from twisted_lab.storage import row

_SECONDS = "* interval '1 second'"
# The rows of dead nodes stay until all their members are removed, so that this can be resumed.
_DEAD = "until = '-infinity'"
_ALIVE = "until > '-infinity'"
_MICROSECONDS = "floor(extract(epoch FROM clock_timestamp()) * 1000000)::BIGINT"


@dataclass(frozen=True)
class Top:
    """The room's own row.

    Attributes:
        place: The place after which new entries come.
        upto: The size of all entries up to it, in bytes.
        stored: The place of the newest entry.
    """

    place: int
    upto: int
    stored: int


@dataclass(frozen=True)
class Seated:
    """A member of any node.

    Attributes:
        name: The name.
        key: The key of the name.
        client: The client's id; empty if it has none.
        seat: The seat, which a client changes when it comes back over another connection.
    """

    name: str
    key: str
    client: str
    seat: str


def _pair(client: str, slot: int, count: int) -> tuple[str, Client]:
    return client, Client(slot, count)


_SEATED = "SELECT name, key, client, seat FROM members "


class SharedQueries(HistoryQueries, Protocol):
    """The queries of a room's entries, members and nodes."""

    # The room's own row

    @query(
        sql=f"SELECT greatest(place, {_MICROSECONDS}), upto, place "  # noqa: S608
        "FROM room WHERE id = 1 FOR UPDATE",
        load=one(row(Top)),
    )
    async def lock(self) -> Top:
        """Lock the room until the transaction ends.

        Returns:
            Its row. Entries get the places after that one, which is not before the time of day.
        """
        ...

    @statement(sql="UPDATE room SET place = {place}, upto = {upto} WHERE id = 1")
    async def set_top(self, place: int, upto: int) -> None:
        """Store the place of the newest entry."""

    @statement(
        sql="UPDATE room SET place = greatest(place, (SELECT coalesce(max(place), 0) FROM said)), "
        "upto = greatest(upto, (SELECT coalesce(max(upto), 0) FROM said)) WHERE id = 1"
    )
    async def raise_top(self) -> None:
        """Take account of entries that were copied from another database."""

    @statement(sql="UPDATE room SET pruned = greatest(pruned, {place}) WHERE id = 1")
    async def set_pruned(self, place: int) -> None:
        """Store the place up to which entries may have been removed."""

    @query(sql="SELECT pruned FROM room WHERE id = 1", load=one(row(int)))
    async def pruned(self) -> int:
        """Return the place up to which entries may have been removed."""
        ...

    @statement(
        sql="WITH stored AS (INSERT INTO said SELECT * FROM json_to_recordset({entries}::JSON) "
        "AS entry (place BIGINT, name TEXT, text TEXT, addressee TEXT, speaker TEXT, count BIGINT, "
        "listener TEXT, time DOUBLE PRECISION, upto BIGINT)), "
        "spoken AS (INSERT INTO clients SELECT * FROM json_to_recordset({clients}::JSON) "
        "AS client (slot INTEGER, id TEXT, count BIGINT, place BIGINT) ON CONFLICT (slot) "
        "DO UPDATE SET id = excluded.id, count = excluded.count, place = excluded.place) "
        "UPDATE room SET place = {place}, upto = {upto} FROM pg_notify({channel}, {place}::TEXT) "
        "WHERE id = 1"
    )
    async def add_entries(
        self, entries: str, clients: str, place: int, upto: int, channel: str
    ) -> None:
        """Store entries and their clients, and wake the nodes when the transaction is committed.

        JSON takes a quarter of the time of one statement for each entry, and half of that of
        arrays.

        Args:
            entries: A JSON array of objects with the columns of `said`.
            clients: A JSON array of objects with the columns of `clients`.
            place: The newest place.
            upto: The size of all entries.
            channel: The channel of the notification, whose payload is the place.
        """

    @query(sql="SELECT id, slot, count FROM clients WHERE id = ANY({ids})", load=many(row(_pair)))
    def clients(self, ids: list[str]) -> AsyncIterable[tuple[str, Client]]:
        """Return the clients that have spoken, with their ids."""

    @query(
        sql="SELECT place, name, text, addressee, speaker, count, listener, time FROM said "
        "WHERE place > {place} ORDER BY place LIMIT {most}",
        load=many(row(Said)),
    )
    def entries(self, place: int, most: int) -> AsyncIterable[Said]:
        """Return the `most` oldest entries after `place`."""

    # Members

    @query(sql=_SEATED + "ORDER BY key", load=many(row(Seated)))
    def members(self) -> AsyncIterable[Seated]:
        """Return all members."""

    @query(sql=_SEATED + "WHERE key = {key}", load=maybe(row(Seated)))
    async def member(self, key: str) -> Seated | None:
        """Return the member with a name."""

    @query(sql=_SEATED + "WHERE key = ANY({keys})", load=many(row(Seated)))
    def members_called(self, keys: list[str]) -> AsyncIterable[Seated]:
        """Return the members with some names."""

    @query(sql=_SEATED + "WHERE client = {client} AND client <> ''", load=maybe(row(Seated)))
    async def member_of(self, client: str) -> Seated | None:
        """Return the member of a client."""

    @query(sql=_SEATED + "WHERE seat = {seat}", load=maybe(row(Seated)))
    async def member_in(self, seat: str) -> Seated | None:
        """Return the member in a seat."""

    @query(sql=_SEATED + "WHERE seat = ANY({seats})", load=many(row(Seated)))
    def members_in(self, seats: list[str]) -> AsyncIterable[Seated]:
        """Return the members in some seats."""

    @query(
        sql=f"{_SEATED}WHERE node IN (SELECT id FROM nodes WHERE {_DEAD}) "  # noqa: S608
        "LIMIT {most}",
        load=many(row(Seated)),
    )
    def orphans(self, most: int) -> AsyncIterable[Seated]:
        """Return members whose node is gone."""

    @statement(
        sql="INSERT INTO members (key, name, client, node, seat) "
        "VALUES ({key}, {name}, {client}, {node}, {seat})"
    )
    async def add_member(self, key: str, name: str, client: str, node: str, seat: str) -> None:
        """Add a member."""

    @statement(sql="DELETE FROM members WHERE key = {key}")
    async def remove_member(self, key: str) -> None:
        """Remove a member."""

    @query(sql="SELECT key FROM looks WHERE skeleton = ANY({skeletons})", load=many(row(str)))
    def looks_like(self, skeletons: list[str]) -> AsyncIterable[str]:
        """Return the keys of the names with some skeletons."""

    @statement(
        sql="INSERT INTO looks (skeleton, key) VALUES ({skeleton}, {key}) ON CONFLICT DO NOTHING"
    )
    async def add_look(self, skeleton: str, key: str) -> None:
        """Add a skeleton of a name; a name may have the same one twice."""

    @statement(sql="DELETE FROM looks WHERE key = {key}")
    async def remove_looks(self, key: str) -> None:
        """Remove the skeletons of a name."""

    # Nodes

    @statement(
        sql="INSERT INTO nodes (id, until, place) VALUES ({node}, "  # noqa: S608
        f"clock_timestamp() + {{seconds}} {_SECONDS}, {{place}})"
    )
    async def add_node(self, node: str, seconds: float, place: int) -> None:
        """Add a node with a lease of some seconds, which has read the entries up to `place`."""

    @query(
        sql=f"UPDATE nodes SET until = clock_timestamp() + {{seconds}} {_SECONDS}, "  # noqa: S608
        f"place = {{place}} WHERE id = {{node}} AND {_ALIVE} RETURNING 1",
        load=maybe(row(int)),
    )
    async def renew(self, node: str, seconds: float, place: int) -> int | None:
        """Renew a node's lease; return None if there is no such node any more."""

    @query(
        sql=f"SELECT EXISTS (SELECT 1 FROM nodes WHERE id = {{node}} AND {_ALIVE})",  # noqa: S608
        load=one(row(bool)),
    )
    async def is_alive(self, node: str) -> bool:
        """Tell whether a node has not been removed.

        It is a statement of its own, after `lock`: the one that waits for the lock sees all other
        rows as they were before.
        """
        ...

    @query(sql="SELECT id FROM nodes WHERE until < clock_timestamp()", load=many(row(str)))
    def expired(self) -> AsyncIterable[str]:
        """Return the nodes whose leases have ended."""

    @statement(
        sql="UPDATE nodes SET until = '-infinity' WHERE id = {node} AND until < clock_timestamp()"
    )
    async def expire(self, node: str) -> None:
        """Note that a node is dead, if its lease has ended."""

    @statement(sql="UPDATE nodes SET until = '-infinity' WHERE id = {node}")
    async def give_up(self, node: str) -> None:
        """Note that a node is dead."""

    @statement(sql=f"DELETE FROM nodes WHERE {_DEAD}")  # noqa: S608
    async def remove_dead(self) -> None:
        """Remove the dead nodes."""

    @query(
        sql=f"SELECT coalesce(min(place), 0) FROM nodes WHERE {_ALIVE}",  # noqa: S608
        load=one(row(int)),
    )
    async def read_by_all(self) -> int:
        """Return the place up to which all nodes have read."""
        ...

    # Cookies

    @query(
        sql="SELECT floor(extract(epoch FROM clock_timestamp()) / {seconds})::BIGINT",
        load=one(row(int)),
    )
    async def period(self, seconds: float) -> int:
        """Return the number of the current period of so many seconds."""
        ...

    @query(
        sql="SELECT period, secret FROM cookie_secrets WHERE period >= {period} ORDER BY period",
        load=many(row(lambda period, secret: (period, secret))),
    )
    def secrets_from(self, period: int) -> AsyncIterable[tuple[int, str]]:
        """Return the secrets of `period` and the later ones."""

    @statement(
        sql="INSERT INTO cookie_secrets (period, secret) VALUES ({period}, {secret}) "
        "ON CONFLICT DO NOTHING"
    )
    async def add_secret(self, period: int, secret: str) -> None:
        """Add the secret of a period, unless another node has."""

    @statement(sql="DELETE FROM cookie_secrets WHERE period < {period}")
    async def remove_secrets(self, period: int) -> None:
        """Remove the secrets of the periods before `period`."""
