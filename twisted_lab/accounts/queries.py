"""Every query of the database, with its arguments and results.

The SQL is what SQLite and PostgreSQL have in common. Times are seconds of Unix time.
"""

from __future__ import annotations

from collections.abc import AsyncIterable, Callable
from dataclasses import dataclass
from typing import NamedTuple, Protocol, TypeVar

from dbxs import many, maybe, one, query, statement

from twisted_lab.accounts.sessions import Session
from twisted_lab.accounts.throttle import Failures
from twisted_lab.rooms import Said

Row = TypeVar("Row")


@dataclass(frozen=True)
class Peer:
    """A peer that is known by its IP address; `used` is a day that it came back, at least."""

    address: str
    name: str
    since: float
    used: float


@dataclass(frozen=True)
class Account:
    """An account; `key` is equal for names that are the same."""

    key: str
    name: str
    password: str
    since: float


@dataclass(frozen=True)
class Summary:
    """An account, with how many sessions it has."""

    name: str
    since: float
    sessions: int


@dataclass(frozen=True)
class Client:
    """A client that has said something in the chat; the slots are counted from 1."""

    slot: int
    count: int


class FailedNetwork(NamedTuple):
    """A network, with its number of failures."""

    network: str
    failures: int


class Places(NamedTuple):
    """The places before the first of some messages, and of the last one."""

    before: int
    last: int


@dataclass(frozen=True)
class Newest:
    """The newest message: its place, and the bytes of all messages up to it."""

    place: int
    upto: int


def row(make: Callable[..., Row]) -> Callable[..., Row]:
    """Return a loader for dbxs that calls `make` with the columns of a row."""

    def load(_: object, *columns: object) -> Row:
        return make(*columns)

    return load


PEERS = "SELECT address, name, since, used FROM peers "
SESSIONS = "SELECT digest, account, origin, since, used, ends, reason FROM sessions "

FREE_SLOT = (
    "SELECT coalesce((SELECT slot FROM clients WHERE (SELECT max(slot) FROM clients) >= {most} "
    "ORDER BY place LIMIT 1), (SELECT coalesce(max(slot), 0) + 1 FROM clients))"
)

# Three searches of an index that stop after `most` places. A single condition with OR would read
# all private messages of others that stand in between.
SAID_SINCE = (
    "SELECT place, name, text, addressee, speaker, count, listener, time FROM said "
    "WHERE place IN (SELECT place FROM (SELECT place FROM said WHERE addressee = '' "
    "AND place > {place} AND place <= {newest} ORDER BY place LIMIT {most}) AS to_all "
    "UNION ALL SELECT place FROM (SELECT place FROM said WHERE speaker <> '' "
    "AND speaker = {client} AND place > {place} AND place <= {newest} ORDER BY place LIMIT {most}) "
    "AS by_client UNION ALL SELECT place FROM (SELECT place FROM said WHERE listener <> '' "
    "AND listener = {client} AND place > {place} AND place <= {newest} ORDER BY place "
    "LIMIT {most}) AS to_client) ORDER BY place LIMIT {most}"
)

PRUNE = (
    "DELETE FROM said WHERE place < {newest} AND place IN (SELECT place FROM (SELECT place "
    "FROM said WHERE upto <= {upto} ORDER BY upto LIMIT {most}) AS over UNION ALL SELECT place "
    "FROM (SELECT place FROM said WHERE time <= {time} ORDER BY time LIMIT {most}) AS old) "
    "RETURNING place"
)


class Queries(Protocol):
    """The queries of the database."""

    # Peers that are known by their addresses

    @query(
        sql=PEERS + "WHERE address = {address}",
        load=maybe(row(Peer)),
    )
    async def peer(self, address: str) -> Peer | None:
        """Return the peer at `address`."""

    @statement(
        sql="INSERT INTO peers (address, network, name, since, used) "
        "VALUES ({address}, {network}, {name}, {now}, {now}) ON CONFLICT (address) DO NOTHING"
    )
    async def add_peer(self, address: str, network: str, name: str, now: float) -> None:
        """Remember a peer, unless its address is known."""

    @statement(sql="UPDATE peers SET used = {now} WHERE address = {address}")
    async def use_peer(self, address: str, now: float) -> None:
        """Note that a peer has come back."""

    @query(sql="SELECT count FROM totals WHERE subject = {subject}", load=one(row(int)))
    async def total(self, subject: str) -> int:
        """Return the number of rows of a table: peers, failures or accounts."""
        ...

    @statement(
        sql="DELETE FROM peers WHERE address IN (SELECT address FROM peers WHERE used <= {used} "
        "ORDER BY used LIMIT {most})"
    )
    async def forget_unused_peers(self, used: float, most: int) -> None:
        """Forget peers that have not come back since `used`, at most `most` of them."""

    @statement(
        sql="DELETE FROM peers WHERE used <= {used} AND address IN (SELECT address FROM peers "
        "WHERE network = {network} ORDER BY used DESC, address LIMIT {most} OFFSET {kept})"
    )
    async def forget_oldest_peers(self, network: str, used: float, kept: int, most: int) -> None:
        """Forget peers of a network that have not come back since `used`; at most `most`.

        The `kept` that were used last stay.
        """

    @query(sql="SELECT count(*) FROM peers WHERE network = {network}", load=one(row(int)))
    async def peers_in(self, network: str) -> int:
        """Return how many peers of a network are known."""
        ...

    @query(
        sql=PEERS + "ORDER BY since, address",
        load=many(row(Peer)),
    )
    def peers(self) -> AsyncIterable[Peer]:
        """Return all peers, oldest first."""

    @query(
        sql="DELETE FROM peers WHERE address = {word} OR network = {word} OR name = {word} "
        "RETURNING address, name, since, used",
        load=many(row(Peer)),
    )
    def forget_peers(self, word: str) -> AsyncIterable[Peer]:
        """Forget the peers with that address, network or name, and return them."""

    @statement(sql="DELETE FROM peers")
    async def forget_all_peers(self) -> None:
        """Forget them all."""

    # Accounts

    @query(
        sql="INSERT INTO accounts (key, name, password, since) "
        "VALUES ({key}, {name}, {password}, {since}) ON CONFLICT (key) DO NOTHING RETURNING name",
        load=maybe(row(str)),
    )
    async def add_account(self, key: str, name: str, password: str, since: float) -> str | None:
        """Open an account; None if there is one with that key."""

    @query(
        sql="SELECT account FROM skeletons WHERE skeleton IN ({one}, {other}) LIMIT 1",
        load=maybe(row(str)),
    )
    async def account_like(self, one: str, other: str) -> str | None:
        """Return the key of an account that has one of the two skeletons."""

    @statement(sql="INSERT INTO skeletons (skeleton, account) VALUES ({skeleton}, {account})")
    async def add_skeleton(self, skeleton: str, account: str) -> None:
        """Note a skeleton of an account's name."""

    @query(
        sql="SELECT key, name, password, since FROM accounts WHERE key = {key}",
        load=maybe(row(Account)),
    )
    async def account(self, key: str) -> Account | None:
        """Return the account with that key."""

    @statement(sql="UPDATE accounts SET password = {password} WHERE key = {key}")
    async def set_password(self, key: str, password: str) -> None:
        """Store another hash."""

    @statement(
        sql="UPDATE accounts SET password = {password} WHERE key = {key} AND password = {old}"
    )
    async def renew_password(self, key: str, old: str, password: str) -> None:
        """Store another hash of the same password, unless it was changed meanwhile."""

    @query(sql="DELETE FROM accounts WHERE key = {key} RETURNING name", load=maybe(row(str)))
    async def forget_account(self, key: str) -> str | None:
        """Close an account with all its sessions, and return its name."""

    @statement(sql="DELETE FROM accounts")
    async def forget_all_accounts(self) -> None:
        """Close them all, with their sessions."""

    @query(
        sql="SELECT accounts.name, accounts.since, "
        "(SELECT count(*) FROM sessions WHERE account = accounts.key AND ends > {now}) "
        "FROM accounts ORDER BY accounts.since, accounts.key",
        load=many(row(Summary)),
    )
    def summaries(self, now: float) -> AsyncIterable[Summary]:
        """Return all accounts with what belongs to them, oldest first."""

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
        """Return the session of that token."""

    @query(
        sql=SESSIONS + "WHERE account = {account} AND ends > {now} ORDER BY since, digest",
        load=many(row(Session)),
    )
    def sessions_of(self, account: str, now: float) -> AsyncIterable[Session]:
        """Return the sessions of an account that have not ended, oldest first."""

    @query(
        sql=SESSIONS + "WHERE ends > {now} ORDER BY account, since, digest",
        load=many(row(Session)),
    )
    def sessions(self, now: float) -> AsyncIterable[Session]:
        """Return all sessions that have not ended."""

    @statement(sql="UPDATE sessions SET used = {now}, ends = {ends} WHERE digest = {digest}")
    async def use_session(self, digest: str, now: float, ends: float) -> None:
        """Note that a session is used."""

    @statement(sql="DELETE FROM sessions WHERE digest = {digest}")
    async def end_session(self, digest: str) -> None:
        """End a session."""

    @statement(sql="DELETE FROM sessions WHERE account = {account} AND digest <> {kept}")
    async def end_other_sessions(self, account: str, kept: str) -> None:
        """End all sessions of an account but one."""

    @statement(
        sql="UPDATE sessions SET ends = {now}, reason = {reason} WHERE account = {account} "
        "AND ends > {now} AND digest NOT IN (SELECT digest FROM sessions "
        "WHERE account = {account} AND ends > {now} ORDER BY since DESC, digest LIMIT {kept})"
    )
    async def end_oldest_sessions(self, account: str, now: float, reason: str, kept: int) -> None:
        """End the sessions of an account but the `kept` newest, for a reason."""

    @statement(
        sql="DELETE FROM sessions WHERE account = {account} AND ends <= {now} "
        "AND digest NOT IN (SELECT digest FROM sessions "
        "WHERE account = {account} AND ends <= {now} ORDER BY since DESC, digest LIMIT {kept})"
    )
    async def forget_ended_sessions(self, account: str, now: float, kept: int) -> None:
        """Forget the sessions of an account that have ended, but the `kept` newest."""

    @statement(sql="DELETE FROM sessions WHERE ends <= {before}")
    async def forget_old_sessions(self, before: float) -> None:
        """Forget the sessions that ended at the time `before` or earlier."""

    # Failures

    @query(sql="SELECT secret FROM keys WHERE purpose = {purpose}", load=one(row(str)))
    async def secret(self, purpose: str) -> str:
        """Return a random text, which differs between databases."""
        ...

    @query(
        sql="SELECT count, last FROM failures WHERE subject = {subject} AND network = {network}",
        load=maybe(row(Failures)),
    )
    async def failures(self, subject: str, network: str) -> Failures | None:
        """Return the failures of `subject` in `network`."""

    @query(
        sql="SELECT network, count FROM failures WHERE subject = {subject} AND last > {since} "
        "ORDER BY last",
        load=many(row(FailedNetwork)),
    )
    def failed_networks(self, subject: str, since: float) -> AsyncIterable[FailedNetwork]:
        """Return the networks with failures of `subject` since then, and their numbers."""

    @statement(
        sql="INSERT INTO failures (subject, network, count, last) "
        "VALUES ({subject}, {network}, {count}, {last}) "
        "ON CONFLICT (subject, network) DO UPDATE SET count = {count}, last = {last}"
    )
    async def set_failures(self, subject: str, network: str, count: int, last: float) -> None:
        """Note the failures of `subject` in `network`."""

    @statement(sql="DELETE FROM failures WHERE subject = {subject} AND network = {network}")
    async def forget_failures(self, subject: str, network: str) -> None:
        """Forget the failures of `subject` in `network`."""

    @query(
        sql="DELETE FROM failures WHERE network = {network} RETURNING subject", load=many(row(str))
    )
    def forget_failures_in(self, network: str) -> AsyncIterable[str]:
        """Forget the failures of all subjects in `network`, and return the subjects."""

    @statement(sql="DELETE FROM failures WHERE subject = {subject}")
    async def forget_failures_everywhere(self, subject: str) -> None:
        """Forget the failures of `subject` in all networks."""

    @statement(
        sql="DELETE FROM failures WHERE (subject, network) IN (SELECT subject, network "
        "FROM failures WHERE last <= {last} ORDER BY last LIMIT {most})"
    )
    async def forget_old_failures(self, last: float, most: int) -> None:
        """Forget failures of the time `last` or earlier; at most `most` rows."""

    @statement(
        sql="DELETE FROM failures WHERE (subject, network) IN (SELECT subject, network "
        "FROM failures WHERE network <> 'elsewhere' AND subject <> 'registrations' "
        "ORDER BY last LIMIT {most})"
    )
    async def forget_oldest_failures(self, most: int) -> None:
        """Forget the oldest failures, at most `most` rows, but none with a limit a day."""

    @statement(sql="DELETE FROM failures")
    async def forget_all_failures(self) -> None:
        """Forget them all."""

    # Networks from which the owner of an account has logged in

    @query(
        sql="SELECT account FROM networks "
        "WHERE account = {account} AND network = {network} AND last >= {since}",
        load=maybe(row(str)),
    )
    async def has_network(self, account: str, network: str, since: float) -> str | None:
        """Return `account`, if its owner has logged in from `network` since then."""

    @statement(
        sql="INSERT INTO networks (account, network, last) "
        "VALUES ({account}, {network}, {last}) "
        "ON CONFLICT (account, network) DO UPDATE SET last = {last}"
    )
    async def add_network(self, account: str, network: str, last: float) -> None:
        """Note that the owner of an account has logged in from a network."""

    @statement(
        sql="DELETE FROM networks WHERE account = {account} AND (last < {before} OR network NOT IN "
        "(SELECT network FROM networks WHERE account = {account} ORDER BY last DESC LIMIT {most}))"
    )
    async def forget_old_networks(self, account: str, before: float, most: int) -> None:
        """Forget the networks of an account that are older, or not among the `most` newest."""

    # Messages of the chat

    @query(sql="SELECT slot, count FROM clients WHERE id = {client}", load=maybe(row(Client)))
    async def client(self, client: str) -> Client | None:
        """Return what is known of a client."""

    @query(sql=FREE_SLOT, load=one(row(int)))
    async def free_slot(self, most: int) -> int:
        """Return a new slot, or if there are `most`, that of the client that spoke longest ago."""
        ...

    @statement(
        sql="INSERT INTO clients (slot, id, count, place) "
        "VALUES ({slot}, {client}, {count}, {place}) "
        "ON CONFLICT (slot) DO UPDATE SET id = {client}, count = {count}, place = {place}"
    )
    async def set_client(self, slot: int, client: str, count: int, place: int) -> None:
        """Note the highest count of a client, and the place of its last message."""

    @statement(
        sql="INSERT INTO said (place, name, text, addressee, speaker, count, listener, time, upto) "
        "VALUES ({place}, {name}, {text}, {to}, {speaker}, {count}, {listener}, {time}, {upto})"
    )
    async def add_said(
        self,
        place: int,
        name: str,
        text: str,
        to: str,
        speaker: str,
        count: int,
        listener: str,
        time: float,
        upto: int,
    ) -> None:
        """Keep a message."""

    @query(sql=PRUNE, load=many(row(int)))
    def prune(self, newest: int, upto: int, time: float, most: int) -> AsyncIterable[int]:
        """Remove the messages up to a sum of bytes or up to a time, but not the newest.

        Returns:
            The places of the removed messages, at most `most` for either reason.
        """

    @query(
        sql="SELECT coalesce((SELECT max(place) FROM said), 0), "
        "coalesce((SELECT max(upto) FROM said), 0)",
        load=one(row(Newest)),
    )
    async def newest(self) -> Newest:
        """Return the newest message; zeros if there is none."""
        ...

    @query(
        sql="SELECT coalesce(min(place), 0) - 1, coalesce(max(place), 0) FROM (SELECT place "
        "FROM said WHERE addressee = '' AND place <= {newest} ORDER BY place DESC LIMIT {most}) "
        "AS last",
        load=one(row(Places)),
    )
    async def places_of_last(self, most: int, newest: int) -> Places:
        """Return the places before the last `most` messages to all up to `newest`, and of the last.

        The first is -1 and the second 0 if there is none.
        """
        ...

    @query(sql=SAID_SINCE, load=many(row(Said)))
    def said_since(self, place: int, newest: int, client: str, most: int) -> AsyncIterable[Said]:
        """Return the `most` oldest messages after `place`, up to `newest`, that `client` may hear.

        These are the messages to all, by `client` and to `client`, oldest first.
        """
