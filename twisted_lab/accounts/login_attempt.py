"""Login attempts, and the failures that delay them.

The model is OWASP's "Slow Down Online Guessing Attacks with Device Cookies".
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass

from twisted_lab.accounts.queries import Account, Queries
from twisted_lab.accounts.throttle import (
    ANY_NAME,
    DAY,
    ELSEWHERE,
    HOUR,
    LONGEST_DELAY,
    LONGEST_NETWORK_DELAY,
    MOST_ELSEWHERE,
    MOST_ROWS,
    NETWORK_ALLOWANCE,
    Failures,
    account_subject,
    stranger_subject,
)
from twisted_lab.peers import network, site

# At most this many networks of an account are remembered, the latest ones, and for this time.
MOST_NETWORKS = 20
REMEMBERED_NETWORKS = 90 * DAY
# At most this many attempts from one network run at once, while none has failed.
MOST_AT_ONCE = 8
# An attempt holds its turn for at most this time, also if its process was killed: 30 s until its
# network may have a hash again, and a few for the hash.
LEASE = 40.0  # seconds
# Each failure deletes at most this many expired rows of failures, and as many surplus ones.
MOST_REMOVED = 100

Row = tuple[str, str]


@dataclass(frozen=True)
class AttemptHistory:
    """Past failures as they apply to an attempt.

    Attributes:
        account: The account with the given name, if there is one.
        may_proceed: Whether the attempt may be made now, and has been counted as a failure.
        delay: The seconds until it may be made.
        is_turn: Whether no attempt of another process has to end first.
        network_failed: Whether there are failures in its network.
        is_slowed: Whether the failures of its network delay it longer than those of the name.
        is_limited: Whether the daily limit of guesses from all unknown networks delays it.
        is_own: Whether it comes from one of the account's networks, or with one of its tokens.
    """

    account: Account | None
    may_proceed: bool
    delay: float
    is_turn: bool
    network_failed: bool
    is_slowed: bool
    is_limited: bool
    is_own: bool


class LoginAttempt:
    """One attempt to log in.

    In a network from which the owner has logged in before, a failure counts against the account in
    that network, and against the network. Elsewhere it counts against the name in that site,
    against the network, and against the name in all unknown networks together, which have a daily
    limit. These names are counted in the same way whether they have an account or not. For a client
    that presents a token of the account, failures count against that token only.

    Processes that share a database take turns: attempts for one name in one place are made one at a
    time, and so are those of a network with failures. Otherwise N processes could make N guesses
    before the first is counted. An attempt in progress is a row with a lease.

    Args:
        key: The key of the given name.
        address: The client's IP address; empty if it has none.
        device: The digest of the token that the client has presented, if any.
    """

    def __init__(self, key: str, address: str, device: str = "") -> None:
        self._key = key
        self._network = network(address)
        self._device = device
        self._id = secrets.token_hex(16)
        # Primary keys of the rows that hold the relevant failures.
        self._here: Row = ("", "")
        self._elsewhere: Row | None = None
        self._of_network: Row | None = None
        self._before = self._counted = Failures()  # before this attempt, and with it

    async def begin(self, queries: Queries, now: float, is_alone: bool) -> AttemptHistory:
        """Check whether the attempt may be made now; if so, count it as a failure in advance.

        Counting comes before the password is checked, so that neither a full disk nor simultaneous
        attempts allow more guesses. `succeeded` and `undo` undo it, and end the attempt's turn, as
        `failed` and `leave` do.

        Args:
            queries: The database.
            now: The time, in seconds of Unix time.
            is_alone: Whether no other attempt from its network is in progress in this process.
        """
        now = await queries.time(now)
        account = await queries.account(self._key)
        await self._find_rows(queries, now)
        here = await _read(queries, self._here, DAY, now)
        of_network = await _read(queries, self._of_network, HOUR, now)
        elsewhere = await _read(queries, self._elsewhere, DAY, now)
        of_name = here.delay(now, LONGEST_DELAY)
        of_all = of_network.less(NETWORK_ALLOWANCE).delay(now, LONGEST_NETWORK_DELAY)
        delay = max(of_name, of_all)
        is_limited = elsewhere.count >= MOST_ELSEWHERE
        must_be_alone = bool(of_network.count)
        await queries.forget_attempts(now, now + LEASE)
        others = await queries.attempts(*self._here, self._counted_network)
        is_turn = not others.for_name and others.in_network < (1 if must_be_alone else MOST_AT_ONCE)
        if others.for_name:
            delay = of_all  # The other attempt counts as a failure, but may succeed.
        if is_limited:
            delay = max(delay, elsewhere.last + DAY - now)
        may_proceed = not delay and is_turn and (is_alone or not must_be_alone)
        if may_proceed:
            await queries.add_attempt(
                self._id, *self._here, self._counted_network, ends=now + LEASE
            )
            self._before, self._counted = here, here.one_more(now)
            await _write(queries, self._here, self._counted)
            await _write(queries, self._elsewhere, elsewhere.one_more_today(now))
        is_own = self._elsewhere is None
        return AttemptHistory(
            account,
            may_proceed,
            delay,
            is_turn,
            must_be_alone,
            of_all > of_name,
            is_limited,
            is_own,
        )

    async def failed(self, queries: Queries, now: float) -> None:
        """Count the failure against the network as well, and delete old failures."""
        now = await self._end(queries, now)
        of_network = await _read(queries, self._of_network, HOUR, now)
        await _write(queries, self._of_network, of_network.one_more(now))
        await queries.forget_old_failures(now - DAY, MOST_REMOVED)
        if await queries.total("failures") > MOST_ROWS:
            await queries.forget_oldest_failures(MOST_REMOVED)

    async def succeeded(self, queries: Queries, now: float) -> None:
        """Reset the account's failures at this place, and remember the network as the account's.

        The network's failures decrease by the same number and no more: an attacker must not be able
        to clear guesses at other passwords by logging in to their own account. Failures in unknown
        networks stay, because a reset would show strangers that the account exists and is in use.
        """
        now = await self._end(queries, now)
        await _write(queries, self._here, Failures())
        of_network = await _read(queries, self._of_network, HOUR, now)
        await _write(queries, self._of_network, of_network.less(self._before.count))
        await self._take_back_elsewhere(queries, now)
        await remember_network(queries, self._key, self._network, now)

    async def undo(self, queries: Queries, now: float) -> None:
        """Undo the failure counted by `begin`, because the password was not checked."""
        now = await self._end(queries, now)
        here = await _read(queries, self._here, DAY, now)
        is_last = here == self._counted
        await _write(queries, self._here, self._before if is_last else here.less(1))
        await self._take_back_elsewhere(queries, now)

    async def leave(self, queries: Queries) -> None:
        """End the attempt's turn without an outcome: it counts as a failure of the name."""
        await queries.end_attempt(self._id)

    @property
    def _counted_network(self) -> str:
        return self._of_network[1] if self._of_network else ""

    async def _end(self, queries: Queries, now: float) -> float:
        await self.leave(queries)
        return await queries.time(now)

    async def _take_back_elsewhere(self, queries: Queries, now: float) -> None:
        elsewhere = await _read(queries, self._elsewhere, DAY, now)
        await _write(queries, self._elsewhere, elsewhere.less(1))

    async def _find_rows(self, queries: Queries, now: float) -> None:
        # Unknown names need the same queries, so that timing does not reveal which names exist.
        stranger = stranger_subject(self._key, await queries.secret("unknown names"))
        session = await queries.session(self._device)
        since = now - REMEMBERED_NETWORKS
        is_own_network = await queries.has_network(self._key, self._network, since) is not None
        has_token = session is not None and session.account == self._key
        own = account_subject(self._key)
        self._of_network = (ANY_NAME, self._network) if self._network and not has_token else None
        self._elsewhere = None
        if has_token:
            self._here = (own, f"token {self._device}")
        elif is_own_network:
            self._here = (own, self._network)
        else:
            self._here = (stranger, site(self._network))
            self._elsewhere = (stranger, ELSEWHERE)


async def remember_network(queries: Queries, key: str, network: str, now: float) -> None:
    """Remember that the owner of an account has logged in from `network`."""
    await queries.add_network(key, network, now)
    await queries.forget_old_networks(key, now - REMEMBERED_NETWORKS, MOST_NETWORKS)


async def _read(queries: Queries, row: Row | None, seconds: float, now: float) -> Failures:
    found = await queries.failures(*row) if row else None
    return (found or Failures()).within(seconds, now)


async def _write(queries: Queries, row: Row | None, failures: Failures) -> None:
    if row is None:
        return
    if failures.count:
        await queries.set_failures(*row, failures.count, failures.last)
    else:
        await queries.forget_failures(*row)
