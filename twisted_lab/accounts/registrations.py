"""Daily limit of new accounts per network."""

from __future__ import annotations

from twisted_lab.accounts.queries import Queries
from twisted_lab.accounts.throttle import DAY, REGISTRATIONS, Failures

MOST_REGISTRATIONS = 100
# Clients can open accounts up to this total: 2 GB with the longest names. The operator can open
# more.
MOST_ACCOUNTS = 1_000_000


async def registration_wait(queries: Queries, network: str, most: int, now: float) -> float:
    """Return the seconds until a client in `network` may open one more account.

    Args:
        queries: The database.
        network: The network, as returned by `twisted_lab.peers.network`.
        most: The number of accounts that a network may open per day.
        now: The time, in seconds of Unix time.
    """
    now = await queries.time(now)
    today = await _today(queries, network, now)
    return today.last + DAY - now if today.count >= most else 0.0


async def count_registration(queries: Queries, network: str, now: float) -> None:
    """Count a new account of `network`."""
    now = await queries.time(now)
    today = (await _today(queries, network, now)).one_more_today(now)
    await queries.set_failures(REGISTRATIONS, network, today.count, today.last)


async def _today(queries: Queries, network: str, now: float) -> Failures:
    found = await queries.failures(REGISTRATIONS, network)
    return (found or Failures()).within(DAY, now)
