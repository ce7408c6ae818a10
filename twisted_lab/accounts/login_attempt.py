"""Login attempts: the failures that count against one, and those that it leaves behind.

The model is OWASP's "Slow Down Online Guessing Attacks with Device Cookies".
"""

from __future__ import annotations

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
    Failures,
    account_subject,
    stranger_subject,
)
from twisted_lab.peers import network, site

# An account has at most this many networks, the newest ones; each is forgotten after a while.
MOST_NETWORKS = 20
REMEMBERED_NETWORKS = 90 * DAY
# Each failure removes at most this many expired rows of failures, and this many surplus ones.
MOST_REMOVED = 100

Row = tuple[str, str]


@dataclass(frozen=True)
class AttemptHistory:
    """The record that counts against an attempt.

    Attributes:
        account: The account that the name belongs to, if there is one.
        is_counted: Whether it may be made now, and counts as a failure.
        delay: The seconds until it may be made.
        network_failed: Whether failures in its network count.
        is_limited: Whether it has to wait because of guesses from all unknown networks together.
        is_own: Whether it comes from a network of the account, or with a token.
    """

    account: Account | None
    is_counted: bool
    delay: float
    network_failed: bool
    is_limited: bool
    is_own: bool


class LoginAttempt:
    """One attempt to log in.

    In a network from which the owner has logged in before, a failure counts for the account there
    and for that network. Elsewhere it counts for the name in that site, for the network, and for
    the name elsewhere, which has a limit a day. A name has the same counts there whether it has an
    account or not. A client that has shown a token of the account is a place of its own.

    Args:
        key: The key of the name that was given.
        address: The IP address from which it comes; empty if it has none.
        device: The digest of a token that the client has shown; empty if it has shown none.
    """

    def __init__(self, key: str, address: str, device: str = "") -> None:
        self._key = key
        self._network = network(address)
        self._device = device
        # The failures that count, as rows of the table.
        self._here: Row = ("", "")
        self._elsewhere: Row | None = None
        self._of_network: Row | None = None
        self._before = self._counted = Failures()  # before this attempt, and with it

    async def begin(self, queries: Queries, now: float, is_alone: bool) -> AttemptHistory:
        """Find out whether the attempt may be made now, and count it as a failure if so.

        It counts before the password is checked. Thus neither a full disk nor many attempts at the
        same time let a client guess more often. `succeeded` and `withdrawn` take it back.

        Args:
            queries: Where failures are kept.
            now: The time.
            is_alone: Whether no other attempt is being made from its network.
        """
        account = await queries.account(self._key)
        await self._find_rows(queries, now)
        here = await _read(queries, self._here, DAY, now)
        of_network = await _read(queries, self._of_network, HOUR, now)
        elsewhere = await _read(queries, self._elsewhere, DAY, now)
        delay = max(here.delay(now, LONGEST_DELAY), of_network.delay(now, LONGEST_NETWORK_DELAY))
        is_limited = elsewhere.count >= MOST_ELSEWHERE
        if is_limited:
            delay = max(delay, elsewhere.last + DAY - now)
        is_counted = not delay and (is_alone or not of_network.count)
        if is_counted:
            self._before, self._counted = here, here.one_more(now)
            await _write(queries, self._here, self._counted)
            await _write(queries, self._elsewhere, elsewhere.one_more_today(now))
        is_own = self._elsewhere is None
        return AttemptHistory(
            account, is_counted, delay, bool(of_network.count), is_limited, is_own
        )

    async def failed(self, queries: Queries, now: float) -> None:
        """Count it for the network, too."""
        of_network = await _read(queries, self._of_network, HOUR, now)
        await _write(queries, self._of_network, of_network.one_more(now))
        await queries.forget_old_failures(now - DAY, MOST_REMOVED)
        if await queries.total("failures") > MOST_ROWS:
            await queries.forget_oldest_failures(MOST_REMOVED)

    async def succeeded(self, queries: Queries, now: float) -> None:
        """Take back the failures of the account here, and remember the network as the account's.

        They are taken back for the network, too, and no more of them: an attacker with an account
        must not be able to make up for guesses at others' passwords by using their own. Failures
        elsewhere stay, or strangers could see that there is an owner, who has logged in.
        """
        await _write(queries, self._here, Failures())
        of_network = await _read(queries, self._of_network, HOUR, now)
        await _write(queries, self._of_network, of_network.less(self._before.count))
        await self._take_back_elsewhere(queries, now)
        await remember_network(queries, self._key, self._network, now)

    async def withdrawn(self, queries: Queries, now: float) -> None:
        """Take back what `begin` has counted: the password was not checked."""
        here = await _read(queries, self._here, DAY, now)
        is_last = here == self._counted
        await _write(queries, self._here, self._before if is_last else here.less(1))
        await self._take_back_elsewhere(queries, now)

    async def _take_back_elsewhere(self, queries: Queries, now: float) -> None:
        elsewhere = await _read(queries, self._elsewhere, DAY, now)
        await _write(queries, self._elsewhere, elsewhere.less(1))

    async def _find_rows(self, queries: Queries, now: float) -> None:
        # The queries are the same for an unknown name, so that they take as long.
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
