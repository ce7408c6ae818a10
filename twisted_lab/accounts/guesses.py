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
        account_failed: Whether the name has failures.
        address_failed: Whether the address has.
    """

    account: Account | None
    delay: float
    account_failed: bool
    address_failed: bool


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
        ours = await _failures(queries, await self._subject(queries, account))
        here = (await _failures(queries, self._address)).forgiven(now)
        delay = max(ours.delay(now), here.delay(now))
        if ours.count >= MOST_FAILURES:
            delay = math.inf
        return Standing(account, delay, bool(ours.count), bool(here.count))

    async def failed(self, queries: Queries, now: float) -> None:
        """Note that it was wrong."""
        account = await queries.account(self._key) if self._key else None
        ours = await self._subject(queries, account)
        await _set(queries, ours, (await _failures(queries, ours)).one_more(now))
        here = (await _failures(queries, self._address)).forgiven(now)
        await _set(queries, self._address, here.one_more(now))
        await queries.forget_old_addresses(now - FORGIVEN_AFTER)

    async def succeeded(self, queries: Queries) -> None:
        """Note that it was right, which makes up for the failures of the account.

        They are taken back for the address, too, and no more of them: somebody with an account
        must not be able to make up for guesses at others' passwords by using their own.
        """
        ours = account_subject(self._key)
        count = (await _failures(queries, ours)).count
        await _set(queries, ours, Failures())
        await _set(queries, self._address, (await _failures(queries, self._address)).less(count))

    async def _subject(self, queries: Queries, account: Account | None) -> str:
        if not self._key:
            return ""
        if account:
            return account_subject(self._key)
        return unknown_subject(self._key, await queries.secret("unknown names"))


async def _failures(queries: Queries, subject: str) -> Failures:
    return (await queries.failures(subject) if subject else None) or Failures()


async def _set(queries: Queries, subject: str, failures: Failures) -> None:
    if failures.count and subject:
        await queries.set_failures(subject, failures.count, failures.last)
    elif subject:
        await queries.forget_failures(subject)
