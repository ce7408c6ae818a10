"""Known peers: names remembered by IP address, with limits, queries and tables."""

from __future__ import annotations

from collections.abc import AsyncIterable
from dataclasses import dataclass
from typing import Protocol

from dbxs import accessor, many, maybe, one, query, statement

from twisted_lab.peers import network
from twisted_lab.storage import Migrations, Tables, counted, counted_on_server, row

DAY = 24 * 60 * 60.0  # seconds
# A peer that has not come back for this time is forgotten.
UNUSED = 365 * DAY
# At most this many peers of one IPv6 /64 network. A new one then replaces a peer that has not come
# back for a week. Thus machines can change their addresses daily (RFC 8981), but no host can make
# the server forget its neighbours.
MOST_OF_NETWORK = 1000
REPLACEABLE = 7 * DAY
# At most this many peers in total: 210 MB with short names, 730 MB with the longest ones. Beyond
# that the server remembers no new peers.
MOST_PEERS = 1_000_000
# Each new peer deletes at most this many unused rows, and as many surplus rows of its network.
PIECE = 10


PEERS = "SELECT address, name, since, used FROM peers "


@dataclass(frozen=True)
class KnownPeer:
    """A peer with a remembered name; `used` is the time of its last visit, accurate to a day."""

    address: str
    name: str
    since: float
    used: float


class PeerQueries(Protocol):
    """The queries of known peers. Times are seconds of Unix time."""

    @query(
        sql=PEERS + "WHERE address = {address}",
        load=maybe(row(KnownPeer)),
    )
    async def peer(self, address: str) -> KnownPeer | None:
        """Return the peer at `address`."""

    @statement(
        sql="INSERT INTO peers (address, network, name, since, used) "
        "VALUES ({address}, {network}, {name}, {now}, {now}) ON CONFLICT (address) DO NOTHING"
    )
    async def add_peer(self, address: str, network: str, name: str, now: float) -> None:
        """Remember a peer, unless its address is known already."""

    @statement(sql="UPDATE peers SET used = {now} WHERE address = {address}")
    async def use_peer(self, address: str, now: float) -> None:
        """Record a visit of the peer at `address`."""

    @query(sql="SELECT count FROM totals WHERE subject = 'peers'", load=one(row(int)))
    async def total(self) -> int:
        """Return the number of known peers."""
        ...

    @statement(
        sql="DELETE FROM peers WHERE address IN (SELECT address FROM peers WHERE used <= {used} "
        "ORDER BY used LIMIT {most})"
    )
    async def forget_unused_peers(self, used: float, most: int) -> None:
        """Forget at most `most` peers that have not come back since `used`."""

    @statement(
        sql="DELETE FROM peers WHERE used <= {used} AND address IN (SELECT address FROM peers "
        "WHERE network = {network} ORDER BY used DESC, address LIMIT {most} OFFSET {kept})"
    )
    async def forget_oldest_peers(self, network: str, used: float, kept: int, most: int) -> None:
        """Forget at most `most` peers of a network that have not come back since `used`.

        The `kept` peers with the latest visits are not forgotten.
        """

    @query(sql="SELECT count(*) FROM peers WHERE network = {network}", load=one(row(int)))
    async def peers_in(self, network: str) -> int:
        """Return how many peers of a network are known."""
        ...

    @query(
        sql=PEERS + "ORDER BY since, address",
        load=many(row(KnownPeer)),
    )
    def peers(self) -> AsyncIterable[KnownPeer]:
        """Return all peers, oldest first."""

    @query(
        sql="DELETE FROM peers WHERE address = {word} OR network = {word} OR name = {word} "
        "RETURNING address, name, since, used",
        load=many(row(KnownPeer)),
    )
    def forget_peers(self, word: str) -> AsyncIterable[KnownPeer]:
        """Forget the peers whose address, network or name is `word`, and return them."""

    @query(sql="SELECT count(*) FROM peers WHERE name = {name}", load=one(row(int)))
    async def peers_named(self, name: str) -> int:
        """Return how many peers have a name."""
        ...

    @statement(sql="DELETE FROM peers")
    async def forget_all_peers(self) -> None:
        """Forget all peers."""


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
        "ALTER TABLE peers ADD COLUMN network TEXT NOT NULL DEFAULT ''",
        "ALTER TABLE peers ADD COLUMN used DOUBLE PRECISION NOT NULL DEFAULT 0",
        # Earlier versions did not store the last visit.
        "UPDATE peers SET network = network_of(address), "
        "used = CAST(strftime('%s', 'now') AS DOUBLE PRECISION)",
        "CREATE INDEX peers_by_network ON peers (network, used)",
        "CREATE INDEX peers_by_use ON peers (used)",
        *counted("peers"),
    ),
)

SERVER_STEPS = (
    (
        """
        CREATE TABLE peers (
            address TEXT PRIMARY KEY,
            name TEXT NOT NULL,
            since DOUBLE PRECISION NOT NULL,
            network TEXT NOT NULL,
            used DOUBLE PRECISION NOT NULL
        )
        """,
        "CREATE INDEX peers_by_name ON peers (name)",
        "CREATE INDEX peers_by_network ON peers (network, used)",
        "CREATE INDEX peers_by_use ON peers (used)",
        *counted_on_server("peers"),
    ),
)

PEER_TABLES = Tables(
    accessor(PeerQueries),
    [Migrations("known_peers", STEPS, {"network_of": network}, SERVER_STEPS)],
)


async def recognize(queries: PeerQueries, address: str, now: float) -> str | None:
    """Return the name of the peer at `address`, if it is known, and record the visit."""
    peer = await queries.peer(address)
    if peer is None:
        return None
    if now >= peer.used + DAY:  # Most visits need no write.
        await queries.use_peer(address, now)
    return peer.name


async def remember(queries: PeerQueries, address: str, name: str, now: float) -> str | None:
    """Remember the name of the peer at `address`, unless it has one.

    Returns:
        The peer's name: `name`, or the one that it had already. None if there is no room for
        another peer.
    """
    known = await recognize(queries, address, now)
    if known is not None:
        return known
    await queries.forget_unused_peers(now - UNUSED, PIECE)
    its_network = network(address)
    if its_network != address:
        await queries.forget_oldest_peers(
            its_network, now - REPLACEABLE, MOST_OF_NETWORK - 1, PIECE
        )
        if await queries.peers_in(its_network) >= MOST_OF_NETWORK:
            return None
    if await queries.total() >= MOST_PEERS:
        return None
    await queries.add_peer(address, its_network, name, now)
    return name
