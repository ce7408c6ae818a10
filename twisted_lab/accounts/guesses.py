"""What an attempt to log in has against it, and what it leaves behind."""

from __future__ import annotations

import math
from dataclasses import dataclass

from twisted_lab.accounts.queries import Account, Queries
from twisted_lab.accounts.throttle import (
    FORGIVEN_AFTER,
    MOST_FAILURES,
    Failures,
    account_subject,
    address_subject,
    unknown_subject,
)


@dataclass(frozen=True)
class Standing:
    """What is known before an attempt.

    Attributes:
        account: The account that the name belongs to, if there is one.
        delay: The seconds until it may be made; infinity if somebody has to open the account.
        has_failures: Whether there are failures that a success makes up for.
    """

    account: Account | None
    delay: float
    has_failures: bool


class Guess:
    """One attempt to log in.

    Args:
        key: The key of the name that was given; empty if it was a token.
        address: The IP address from which it comes; empty if it has none.
    """

    def __init__(self, key: str, address: str) -> None:
        self._key = key
        self._address = address_subject(address) if address else ""

    async def standing(self, queries: Queries, now: float) -> Standing:
        """Return what there is for and against it."""
        account = await queries.account(self._key) if self._key else None
        ours = await _failures(queries, self._subject(account))
        here = (await _failures(queries, self._address)).forgiven(now)
        delay = max(ours.delay(now), here.delay(now))
        if ours.count >= MOST_FAILURES:
            delay = math.inf
        return Standing(account, delay, bool(ours.count or here.count))

    async def failed(self, queries: Queries, now: float) -> None:
        """Note that it was wrong."""
        ours = await self._our_subject(queries)
        await _set(queries, ours, (await _failures(queries, ours)).one_more(now))
        here = (await _failures(queries, self._address)).forgiven(now)
        await _set(queries, self._address, here.one_more(now))
        await queries.forget_old_addresses(now - FORGIVEN_AFTER)

    async def succeeded(self, queries: Queries) -> None:
        """Note that it was right, which makes up for all failures of the account.

        For an address it makes up for one: many people may share it, and one of them must not be
        able to guess at others' passwords at ease by using their own now and then.
        """
        await _set(queries, await self._our_subject(queries), Failures())
        here = await _failures(queries, self._address)
        await _set(queries, self._address, here.one_less())

    async def _our_subject(self, queries: Queries) -> str:
        return self._subject(await queries.account(self._key) if self._key else None)

    def _subject(self, account: Account | None) -> str:
        if not self._key:
            return ""
        return (account_subject if account else unknown_subject)(self._key)


async def _failures(queries: Queries, subject: str) -> Failures:
    return (await queries.failures(subject) if subject else None) or Failures()


async def _set(queries: Queries, subject: str, failures: Failures) -> None:
    if failures.count and subject:
        await queries.set_failures(subject, failures.count, failures.last)
    elif subject:
        await queries.forget_failures(subject)
