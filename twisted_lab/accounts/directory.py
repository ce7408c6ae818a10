"""Who is known by an IP address."""

from __future__ import annotations

from twisted_lab.accounts.queries import Queries


async def remember(queries: Queries, address: str, name: str, now: float) -> str:
    """Remember the name of the peer at `address`, unless it has one.

    Returns:
        The name that it has: of two that come at once, both get the one that came first.
    """
    await queries.add_peer(address, name, now)
    known = await queries.peer_name(address)
    assert known is not None
    return known
