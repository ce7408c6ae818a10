"""What an attempt to log in has against it, and what it leaves behind."""

from __future__ import annotations

import math

from twisted_lab.accounts.queries import Queries
from twisted_lab.accounts.throttle import (
    FORGIVEN_AFTER,
    MOST_FAILURES,
    Failures,
    account_subject,
    address_subject,
    unknown_subject,
)


class Guess:
    """One attempt to log in.

    Args:
        key: The key of the name that was given; empty if it was a token.
        address: The IP address from which it comes; empty if it has none.
    """

    def __init__(self, key: str, address: str) -> None:
        self._key = key
        self._address = address_subject(address) if address else ""

    async def delay(self, queries: Queries, now: float) -> float:
        """Return the seconds until it may be made; infinity if somebody has to open the account."""
        ours, address = await self._subjects(queries)
        failures = await _failures(queries, ours)
        if failures.count >= MOST_FAILURES:
            return math.inf
        here = (await _failures(queries, address)).forgiven(now)
        return max(failures.delay(now), here.delay(now))

    async def failed(self, queries: Queries, now: float) -> None:
        """Note that it was wrong."""
        ours, address = await self._subjects(queries)
        await _set(queries, ours, (await _failures(queries, ours)).one_more(now))
        here = (await _failures(queries, address)).forgiven(now)
        await _set(queries, address, here.one_more(now))
        await queries.forget_old_addresses(now - FORGIVEN_AFTER)

    async def succeeded(self, queries: Queries) -> None:
        """Note that it was right, which makes up for all failures of the account.

        For an address it makes up for one: many people may share it, and one of them must not be
        able to guess at others' passwords at ease by using their own now and then.
        """
        ours, address = await self._subjects(queries)
        await _set(queries, ours, Failures())
        await _set(queries, address, (await _failures(queries, address)).one_less())

    async def _subjects(self, queries: Queries) -> tuple[str, str]:
        if not self._key:
            return "", self._address
        known = await queries.account(self._key) is not None
        return (account_subject if known else unknown_subject)(self._key), self._address


async def _failures(queries: Queries, subject: str) -> Failures:
    return await queries.failures(subject) or Failures()


async def _set(queries: Queries, subject: str, failures: Failures) -> None:
    if subject and failures.count:
        await queries.set_failures(subject, failures.count, failures.last)
    else:
        await queries.forget_failures(subject)
