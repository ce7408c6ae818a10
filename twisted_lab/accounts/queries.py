"""Queries for accounts, sessions and failures.

The SQL runs on both SQLite and PostgreSQL. Times are in seconds of Unix time.
"""

from __future__ import annotations

from collections.abc import AsyncIterable
from dataclasses import dataclass
from typing import NamedTuple, Protocol

from dbxs import many, maybe, one, query, statement

from twisted_lab.accounts.sessions import Session
from twisted_lab.accounts.throttle import Failures
from twisted_lab.storage import row


@dataclass(frozen=True)
class Account:
    """An account; spellings of the same name have the same `key`."""

    key: str
    name: str
    password: str
    since: float


@dataclass(frozen=True)
class Summary:
    """An account with its number of sessions."""

    name: str
    since: float
    sessions: int


class FailedNetwork(NamedTuple):
    """A network with its number of failures, and the time of the last one (see `Failures`)."""

    network: str
    failures: int
    last: float


class Attempts(NamedTuple):
    """Numbers of attempts that are in progress: for a name in a place, and in a network."""

    for_name: int
    in_network: int


SESSIONS = "SELECT digest, account, origin, since, used, ends, reason FROM sessions "


class Queries(Protocol):
    """The queries for accounts, their sessions and failures."""

    # Accounts

    @query(
        sql="INSERT INTO accounts (key, name, password, since) "
        "VALUES ({key}, {name}, {password}, {since}) ON CONFLICT (key) DO NOTHING RETURNING name",
        load=maybe(row(str)),
    )
    async def add_account(self, key: str, name: str, password: str, since: float) -> str | None:
        """Open an account and return its name; None if there is one with that key."""

    @query(
        sql="SELECT account FROM skeletons WHERE skeleton IN ({one}, {other}) LIMIT 1",
        load=maybe(row(str)),
    )
    async def account_like(self, one: str, other: str) -> str | None:
        """Return the key of an account that has one of the two skeletons."""

    @statement(sql="INSERT INTO skeletons (skeleton, account) VALUES ({skeleton}, {account})")
    async def add_skeleton(self, skeleton: str, account: str) -> None:
        """Store a skeleton of an account's name."""

    @query(
        sql="SELECT key, name, password, since FROM accounts WHERE key = {key}",
        load=maybe(row(Account)),
    )
    async def account(self, key: str) -> Account | None:
        """Return the account with that key."""

    @statement(sql="UPDATE accounts SET password = {password} WHERE key = {key}")
    async def set_password(self, key: str, password: str) -> None:
        """Store the hash of a new password."""

    @statement(
        sql="UPDATE accounts SET password = {password} WHERE key = {key} AND password = {old}"
    )
    async def renew_password(self, key: str, old: str, password: str) -> None:
        """Store a new hash of the same password, unless the password was changed meanwhile."""

    @query(sql="DELETE FROM accounts WHERE key = {key} RETURNING name", load=maybe(row(str)))
    async def forget_account(self, key: str) -> str | None:
        """Delete an account with its sessions, and return its name."""

    @statement(sql="DELETE FROM accounts")
    async def forget_all_accounts(self) -> None:
        """Delete all accounts with their sessions."""

    @query(
        sql="SELECT accounts.name, accounts.since, "
        "(SELECT count(*) FROM sessions WHERE account = accounts.key AND ends > {now}) "
        "FROM accounts ORDER BY accounts.since, accounts.key",
        load=many(row(Summary)),
    )
    def summaries(self, now: float) -> AsyncIterable[Summary]:
        """Return all accounts with their numbers of sessions, oldest first."""

    # Sessions

    @statement(
        sql="INSERT INTO sessions (digest, account, origin, since, used, ends) "
        "VALUES ({digest}, {account}, {origin}, {now}, {now}, {ends})"
    )
    async def add_session(
        self, digest: str, account: str, origin: str, now: float, ends: float
    ) -> None:
        """Begin a session."""

    @query(
        sql=SESSIONS + "WHERE digest = {digest}",
        load=maybe(row(Session)),
    )
    async def session(self, digest: str) -> Session | None:
        """Return the session whose token has that digest, even if it has ended."""

    @query(
        sql=SESSIONS + "WHERE account = {account} AND ends > {now} ORDER BY since, digest",
        load=many(row(Session)),
    )
    def sessions_of(self, account: str, now: float) -> AsyncIterable[Session]:
        """Return the open sessions of an account, oldest first."""

    @query(
        sql=SESSIONS + "WHERE ends > {now} ORDER BY account, since, digest",
        load=many(row(Session)),
    )
    def sessions(self, now: float) -> AsyncIterable[Session]:
        """Return all open sessions."""

    @statement(sql="UPDATE sessions SET used = {now}, ends = {ends} WHERE digest = {digest}")
    async def use_session(self, digest: str, now: float, ends: float) -> None:
        """Record a use of a session, and its new end."""

    @statement(sql="DELETE FROM sessions WHERE digest = {digest}")
    async def end_session(self, digest: str) -> None:
        """Delete a session."""

    @statement(sql="DELETE FROM sessions WHERE account = {account} AND digest <> {kept}")
    async def end_other_sessions(self, account: str, kept: str) -> None:
        """Delete all sessions of an account except the one with the digest `kept`."""

    @statement(
        sql="UPDATE sessions SET ends = {now}, reason = {reason} WHERE account = {account} "
        "AND ends > {now} AND digest NOT IN (SELECT digest FROM sessions "
        "WHERE account = {account} AND ends > {now} ORDER BY since DESC, digest LIMIT {kept})"
    )
    async def end_oldest_sessions(self, account: str, now: float, reason: str, kept: int) -> None:
        """End the open sessions of an account except the `kept` newest, and store the reason."""

    @statement(
        sql="DELETE FROM sessions WHERE account = {account} AND ends <= {now} "
        "AND digest NOT IN (SELECT digest FROM sessions "
        "WHERE account = {account} AND ends <= {now} ORDER BY since DESC, digest LIMIT {kept})"
    )
    async def forget_ended_sessions(self, account: str, now: float, kept: int) -> None:
        """Delete the ended sessions of an account except the `kept` newest."""

    @statement(sql="DELETE FROM sessions WHERE ends <= {before}")
    async def forget_old_sessions(self, before: float) -> None:
        """Delete the sessions that ended at the time `before` or earlier."""

    # Failures

    @query(sql="SELECT count FROM totals WHERE subject = {subject}", load=one(row(int)))
    async def total(self, subject: str) -> int:
        """Return the number of rows of a table: ``failures`` or ``accounts``."""
        ...

    @query(sql="SELECT secret FROM keys WHERE purpose = {purpose}", load=one(row(str)))
    async def secret(self, purpose: str) -> str:
        """Return a random text, which is different in each database."""
        ...

    @query(
        sql="SELECT count, last FROM failures WHERE subject = {subject} AND network = {network}",
        load=maybe(row(Failures)),
    )
    async def failures(self, subject: str, network: str) -> Failures | None:
        """Return the failures of `subject` in `network`."""

    @query(
        sql="SELECT network, count, last FROM failures "
        "WHERE subject = {subject} AND last > {since} ORDER BY last",
        load=many(row(FailedNetwork)),
    )
    def failed_networks(self, subject: str, since: float) -> AsyncIterable[FailedNetwork]:
        """Return the networks in which `subject` has failed since then, with their failures."""

    @statement(
        sql="INSERT INTO failures (subject, network, count, last) "
        "VALUES ({subject}, {network}, {count}, {last}) "
        "ON CONFLICT (subject, network) DO UPDATE SET count = {count}, last = {last}"
    )
    async def set_failures(self, subject: str, network: str, count: int, last: float) -> None:
        """Store the failures of `subject` in `network`."""

    @statement(sql="DELETE FROM failures WHERE subject = {subject} AND network = {network}")
    async def forget_failures(self, subject: str, network: str) -> None:
        """Delete the failures of `subject` in `network`."""

    @query(
        sql="DELETE FROM failures WHERE network = {network} RETURNING subject", load=many(row(str))
    )
    def forget_failures_in(self, network: str) -> AsyncIterable[str]:
        """Delete the failures of all subjects in `network`, and return the subjects."""

    @statement(sql="DELETE FROM failures WHERE subject = {subject}")
    async def forget_failures_everywhere(self, subject: str) -> None:
        """Delete the failures of `subject` in all networks."""

    @statement(
        sql="DELETE FROM failures WHERE (subject, network) IN (SELECT subject, network "
        "FROM failures WHERE last <= {last} ORDER BY last LIMIT {most})"
    )
    async def forget_old_failures(self, last: float, most: int) -> None:
        """Delete at most `most` failures from the time `last` or earlier."""

    @statement(
        sql="DELETE FROM failures WHERE (subject, network) IN (SELECT subject, network "
        "FROM failures WHERE network <> 'elsewhere' AND subject <> 'registrations' "
        "ORDER BY last LIMIT {most})"
    )
    async def forget_oldest_failures(self, most: int) -> None:
        """Delete the `most` oldest failures, except those with a daily limit."""

    @statement(sql="DELETE FROM failures")
    async def forget_all_failures(self) -> None:
        """Delete all failures."""

    # Attempts in progress

    @query(
        sql="SELECT coalesce((SELECT now FROM login_clock), {now})",
        load=one(row(float)),
    )
    async def time(self, now: float) -> float:
        """Return the time of the database's server; `now` if it is a file."""
        ...

    @statement(
        sql="INSERT INTO attempts (id, subject, place, network, ends) "
        "VALUES ({key}, {subject}, {place}, {network}, {ends})"
    )
    async def add_attempt(
        self, key: str, subject: str, place: str, network: str, ends: float
    ) -> None:
        """Store an attempt that is in progress."""

    @query(
        sql="SELECT coalesce(sum(CASE WHEN subject = {subject} AND place = {place} "
        "THEN 1 ELSE 0 END), 0), "
        "coalesce(sum(CASE WHEN network = {network} AND network <> '' THEN 1 ELSE 0 END), 0) "
        "FROM attempts",
        load=one(row(Attempts)),
    )
    async def attempts(self, subject: str, place: str, network: str) -> Attempts:
        """Return the numbers of attempts that are in progress."""
        ...

    @statement(sql="DELETE FROM attempts WHERE id = {key}")
    async def end_attempt(self, key: str) -> None:
        """Delete an attempt."""

    @statement(sql="DELETE FROM attempts WHERE ends <= {now} OR ends > {latest}")
    async def forget_attempts(self, now: float, latest: float) -> None:
        """Delete the attempts whose lease has ended, or ends later than any new one."""

    # Networks from which the owner of an account has logged in

    @query(
        sql="SELECT account FROM networks "
        "WHERE account = {account} AND network = {network} AND last >= {since}",
        load=maybe(row(str)),
    )
    async def has_network(self, account: str, network: str, since: float) -> str | None:
        """Return `account` if its owner has logged in from `network` since then."""

    @statement(
        sql="INSERT INTO networks (account, network, last) "
        "VALUES ({account}, {network}, {last}) "
        "ON CONFLICT (account, network) DO UPDATE SET last = {last}"
    )
    async def add_network(self, account: str, network: str, last: float) -> None:
        """Record that the owner of an account has logged in from a network."""

    @statement(
        sql="DELETE FROM networks WHERE account = {account} AND (last < {before} OR network NOT IN "
        "(SELECT network FROM networks WHERE account = {account} ORDER BY last DESC LIMIT {most}))"
    )
    async def forget_old_networks(self, account: str, before: float, most: int) -> None:
        """Delete an account's networks from before that time, and all but the `most` newest."""
