"""Commands of ``python -m twisted_lab.accounts``; each is a transaction that returns lines."""

from __future__ import annotations

import ipaddress
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from math import ceil

from twisted_lab.accounts.accounts import change_password, check_new_name, register
from twisted_lab.accounts.login_attempt import remember_network
from twisted_lab.accounts.queries import FailedNetwork, Queries
from twisted_lab.accounts.schema import ACCOUNT_TABLES
from twisted_lab.accounts.sessions import time_text
from twisted_lab.accounts.throttle import (
    ANY_NAME,
    DAY,
    ELSEWHERE,
    HOUR,
    LONGEST_DELAY,
    LONGEST_NETWORK_DELAY,
    MOST_ELSEWHERE,
    NETWORK_ALLOWANCE,
    REGISTRATIONS,
    Failures,
    account_subject,
    stranger_subject,
)
from twisted_lab.known_peers import PEER_TABLES, PeerQueries
from twisted_lab.peers import network, site
from twisted_lab.storage import Tables
from twisted_lab.text.language import _
from twisted_lab.text.user_names import name_key

Lines = list[str]


@dataclass(frozen=True)
class AllQueries:
    """The queries for all data that the commands read and change."""

    accounts: Queries
    peers: PeerQueries


ALL_TABLES = Tables(
    lambda connection: AllQueries(
        ACCOUNT_TABLES.queries(connection), PEER_TABLES.queries(connection)
    ),
    [*ACCOUNT_TABLES.migrations, *PEER_TABLES.migrations],
)


class NotFound(Exception):
    """The named account, peer or session does not exist, or exists already; the text says which."""


async def list_all(kept: AllQueries) -> Lines:
    """List accounts, known addresses, and addresses with failures."""
    now = await kept.accounts.time(time.time())
    lines = []
    secret = await kept.accounts.secret("unknown names")
    async for account in kept.accounts.summaries(now):
        found = [
            each
            for subject in _subjects(account.name, secret)
            async for each in kept.accounts.failed_networks(subject, now - DAY)
        ]
        failures = sum(each.failures for each in found if each.network != ELSEWHERE)
        lines.append(
            _(
                "account {name} since {since}, sessions: {sessions}, failures: {failures}",
                name=account.name,
                since=time_text(account.since),
                sessions=account.sessions,
                failures=failures,
            )
        )
        lines += [line for each in found if (line := _delay_said(account.name, each, now))]
    async for peer in kept.peers.peers():
        since, used = time_text(peer.since), time_text(peer.used)
        lines.append(
            _(
                "address {address} since {since} used {used}, name: {name}",
                address=peer.address,
                since=since,
                used=used,
                name=peer.name,
            )
        )
    async for place, count, last in kept.accounts.failed_networks(ANY_NAME, now - HOUR):
        lines.append(_("address {address}, failures: {count}", address=place, count=count))
        slowing = Failures(count, last).less(NETWORK_ALLOWANCE)
        if delay := slowing.delay(now, LONGEST_NETWORK_DELAY):
            lines.append(
                _(
                    "address {address} waits {seconds:,} s, with any name; "
                    "forget {address} ends the delay",
                    address=place,
                    seconds=ceil(delay),
                )
            )
    async for place, count, _last in kept.accounts.failed_networks(REGISTRATIONS, now - DAY):
        lines.append(_("address {address}, new accounts: {count}", address=place, count=count))
    return lines


def _delay_said(name: str, failed: FailedNetwork, now: float) -> str:
    """Return a line about the delay of an account in one place; "" if there is none."""
    failures = Failures(failed.failures, failed.last).within(DAY, now)
    if failed.network == ELSEWHERE:
        if failures.count < MOST_ELSEWHERE:
            return ""
        return _(
            "account {name} waits {seconds:,} s in networks that are new to it; "
            "admit {name} ADDRESS ends the delay",
            name=name,
            seconds=ceil(failures.last + DAY - now),
        )
    delay = failures.delay(now, LONGEST_DELAY)
    # The failures of a client that has shown a token are not those of an address.
    if not delay or failed.network.startswith("token "):
        return ""
    return _(
        "account {name} waits {seconds:,} s at address {address}; forget {address} ends the delay",
        name=name,
        seconds=ceil(delay),
        address=failed.network,
    )


def _subjects(name: str, secret: str) -> tuple[str, str]:
    """Return the failure subjects of an account: in its own networks, and elsewhere."""
    key = name_key(name)
    return account_subject(key), stranger_subject(key, secret)


async def _reset_failures(accounts: Queries, name: str) -> None:
    for subject in _subjects(name, await accounts.secret("unknown names")):
        await accounts.forget_failures_everywhere(subject)


async def admit(kept: AllQueries, name: str, address: str) -> Lines:
    """Let an owner log in from an address without delays caused by guesses from elsewhere."""
    account = await kept.accounts.account(name_key(name))
    if account is None:
        raise NotFound(_("there is no account of the name {name}", name=name))
    try:
        place = network(str(ipaddress.ip_address(address)))
    except ValueError:
        raise NotFound(
            _("{address} is not an IP address, such as 192.0.2.7", address=address)
        ) from None
    await remember_network(kept.accounts, account.key, place, time.time())
    return [
        _(
            "{name} may log in from {address} while others guess the password",
            name=account.name,
            address=place,
        )
    ]


async def check_account(kept: AllQueries, command: str, name: str) -> None:
    """Check that ``add`` or ``passwd`` can do its work.

    Raises:
        NotFound: The account exists, or does not.
    """
    account = await kept.accounts.account(name_key(name))
    if command == "add" and account is not None:
        raise NotFound(
            _("there is an account of the name {name} already; passwd changes it", name=name)
        )
    if command == "passwd" and account is None:
        raise NotFound(_("there is no account of the name {name}", name=name))


async def add(kept: AllQueries, name: str, hashed: str) -> Lines:
    """Open an account."""
    if await kept.accounts.account(name_key(name)) is None:
        await check_new_name(kept.accounts, name)
    if not await register(kept.accounts, name, hashed, time.time()):
        raise NotFound(
            _("there is an account of the name {name} already; passwd changes it", name=name)
        )
    return [_("added {name}", name=name)]


async def passwd(kept: AllQueries, name: str, hashed: str) -> Lines:
    """Change a password, end all sessions of the account, and reset its failures."""
    account = await kept.accounts.account(name_key(name))
    if account is None:
        raise NotFound(_("there is no account of the name {name}", name=name))
    await change_password(kept.accounts, account.key, hashed)
    await _reset_failures(kept.accounts, name)
    return [_("changed the password of {name}; its sessions are ended", name=account.name)]


def is_address(word: str) -> bool:
    """Tell whether `forget` takes a word as an address or a network, and not as a name."""
    try:
        ipaddress.ip_address(word.removesuffix("/64"))
    except ValueError:
        return False
    return True


async def what_is_forgotten(kept: AllQueries, name: str) -> str:
    """Return the question before ``forget`` deletes what has a name.

    Raises:
        NotFound: Nothing has it.
    """
    account = await kept.accounts.account(name_key(name))
    if account is not None:
        return _(
            "Delete the account {name} with its sessions, and all known addresses with that name? "
            "To end a delay, forget the address. (yes or no)",
            name=account.name,
        )
    if await kept.peers.peers_named(name):
        return _("Delete all known addresses with the name {name}? (yes or no)", name=name)
    raise _nothing_called(name)


def _nothing_called(word: str) -> NotFound:
    if word.replace(".", "").isdecimal() and not is_address(word):
        return NotFound(_("{address} is not an IP address, such as 192.0.2.7", address=word))
    return NotFound(_("there is no account, name or address {word}", word=word))


async def forget(kept: AllQueries, word: str) -> Lines:
    """Delete an account, or known peers by address or name, with their failures."""
    lines = []
    if is_address(word):
        address = ipaddress.ip_address(word.removesuffix("/64"))
        word = str(getattr(address, "ipv4_mapped", None) or address)
        found = [
            subject
            for place in {network(word), site(word)}
            async for subject in kept.accounts.forget_failures_in(place)
        ]
        if found:
            lines.append(_("forgot the failures and new accounts of address {word}", word=word))
    async for peer in kept.peers.forget_peers(word):
        lines.append(
            _("forgot address {address}, name: {name}", address=peer.address, name=peer.name)
        )
    name = await kept.accounts.forget_account(name_key(word))
    if name is not None:
        await _reset_failures(kept.accounts, name)
        lines.append(_("forgot account {name}", name=name))
    if not lines:
        raise _nothing_called(word)
    return lines


async def sessions(kept: AllQueries) -> Lines:
    """List the sessions."""
    return [
        _(
            "{id} {account} since {since} used {used} from {origin}",
            id=session.id,
            account=session.account,
            since=time_text(session.since),
            used=time_text(session.used),
            origin=session.origin,
        )
        async for session in kept.accounts.sessions(time.time())
    ]


async def revoke(kept: AllQueries, word: str) -> Lines:
    """End the session with an id, or all sessions of the account with a name."""
    known = [session async for session in kept.accounts.sessions(time.time())]
    ended = [session for session in known if session.id == word]
    ended = ended or [session for session in known if session.account == name_key(word)]
    for session in ended:
        await kept.accounts.end_session(session.digest)
    if not ended:
        raise NotFound(_("there is no session, and no account with one, called {word}", word=word))
    return [
        _("revoked {id} of {account}", id=session.id, account=session.account) for session in ended
    ]


async def clear(kept: AllQueries) -> Lines:
    """Delete all accounts, known peers and failures, but not the chat's messages."""
    await kept.accounts.forget_all_accounts()
    await kept.peers.forget_all_peers()
    await kept.accounts.forget_all_failures()
    return [
        _(
            "deleted all accounts with their sessions, all known addresses and all counts of "
            "failures; the chat's messages stay"
        )
    ]


COMMANDS: dict[str, Callable[..., Awaitable[Lines]]] = {
    "list": list_all,
    "add": add,
    "admit": admit,
    "passwd": passwd,
    "forget": forget,
    "sessions": sessions,
    "revoke": revoke,
    "clear": clear,
}
# The words of the command line: `copy` is no transaction of one database.
WORDS = (*COMMANDS, "copy")
