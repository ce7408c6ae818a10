"""Peers that are known by their IP addresses."""

from __future__ import annotations

from twisted_lab.accounts.queries import Queries
from twisted_lab.accounts.throttle import DAY
from twisted_lab.peers import network

# A peer that has not come back for this long is forgotten.
UNUSED = 365 * DAY
# At most this many rows of one IPv6 network of 64 bits. One more takes the place of a peer that has
# not come back for a week: machines may change their addresses each day for ever, and no host
# makes the server forget its neighbours.
MOST_OF_NETWORK = 1000
REPLACEABLE = 7 * DAY
# All networks together: 210 MB with short names, 730 MB with the longest. Known peers stay known.
MOST_PEERS = 1_000_000
# Each new peer removes at most this many unused rows, and this many surplus rows of its network.
PIECE = 10


async def recognize(queries: Queries, address: str, now: float) -> str | None:
    """Return the name of the peer at `address`, if it has one, and note that it has come back."""
    peer = await queries.peer(address)
    if peer is None:
        return None
    if now >= peer.used + DAY:  # A greeting does not have to be stored.
        await queries.use_peer(address, now)
    return peer.name


async def remember(queries: Queries, address: str, name: str, now: float) -> str | None:
    """Remember the name of the peer at `address`, unless it has one.

    Returns:
        The name that it has; of two that are given at once, the first one. None if there is no
        room for one more.
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
    if await queries.total("peers") >= MOST_PEERS:
        return None
    await queries.add_peer(address, its_network, name, now)
    return name
