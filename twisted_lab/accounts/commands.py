"""The commands of ``python -m twisted_lab.accounts``: a transaction each, and lines to show."""

from __future__ import annotations

import ipaddress
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress

from twisted_lab.accounts.accounts import change_password, check_new_name, register
from twisted_lab.accounts.login_attempt import remember_network
from twisted_lab.accounts.queries import Queries
from twisted_lab.accounts.sessions import time_text
from twisted_lab.accounts.throttle import (
    ANY_NAME,
    DAY,
    ELSEWHERE,
    HOUR,
    REGISTRATIONS,
    account_subject,
    stranger_subject,
)
from twisted_lab.peers import network, site
from twisted_lab.text.user_names import name_key

Lines = list[str]


class NotFound(Exception):
    """There is nothing of that name; the text says so."""


async def list_all(queries: Queries) -> Lines:
    """List the accounts, the addresses that are known, and those with failures."""
    now = time.time()
    lines = []
    secret = await queries.secret("unknown names")
    async for account in queries.summaries(now):
        failures = 0
        for subject in _subjects(account.name, secret):
            found = queries.failed_networks(subject, now - DAY)
            failures += sum([count async for place, count in found if place != ELSEWHERE])
        lines.append(
            f"account {account.name} since {time_text(account.since)}, "
            f"sessions: {account.sessions}, failures: {failures}"
        )
    async for peer in queries.peers():
        since, used = time_text(peer.since), time_text(peer.used)
        lines.append(f"address {peer.address} since {since} used {used}, name: {peer.name}")
    async for place, count in queries.failed_networks(ANY_NAME, now - HOUR):
        lines.append(f"address {place}, failures: {count}")
    async for place, count in queries.failed_networks(REGISTRATIONS, now - DAY):
        lines.append(f"address {place}, new accounts: {count}")
    return lines


def _subjects(name: str, secret: str) -> tuple[str, str]:
    """Return the subjects of the failures of an account: in its own networks, and elsewhere."""
    key = name_key(name)
    return account_subject(key), stranger_subject(key, secret)


async def _forgive(queries: Queries, name: str) -> None:
    for subject in _subjects(name, await queries.secret("unknown names")):
        await queries.forget_failures_everywhere(subject)


async def admit(queries: Queries, name: str, address: str) -> Lines:
    """Have guesses from elsewhere not delay the owner of an account at an address."""
    account = await queries.account(name_key(name))
    if account is None:
        raise NotFound(f"there is no account of the name {name}")
    try:
        place = network(str(ipaddress.ip_address(address)))
    except ValueError:
        raise NotFound(f"{address} is not an IP address, such as 192.0.2.7") from None
    await remember_network(queries, account.key, place, time.time())
    return [f"{account.name} may log in from {place} while others guess the password"]


async def add(queries: Queries, name: str, hashed: str) -> Lines:
    """Open an account."""
    if await queries.account(name_key(name)) is None:
        await check_new_name(queries, name)
    if not await register(queries, name, hashed, time.time()):
        raise NotFound(f"there is an account of the name {name} already; passwd changes it")
    return [f"added {name}"]


async def passwd(queries: Queries, name: str, hashed: str) -> Lines:
    """Change a password, end all sessions of the account, and forgive its failures."""
    account = await queries.account(name_key(name))
    if account is None:
        raise NotFound(f"there is no account of the name {name}")
    await change_password(queries, account.key, hashed)
    await _forgive(queries, name)
    return [f"changed the password of {account.name}; its sessions are ended"]


async def forget(queries: Queries, word: str) -> Lines:
    """Forget an account, or what is known of an address, its failures included."""
    lines = []
    with suppress(ValueError):
        address = ipaddress.ip_address(word.removesuffix("/64"))
        word = str(getattr(address, "ipv4_mapped", None) or address)
        found = [
            subject
            for place in {network(word), site(word)}
            async for subject in queries.forget_failures_in(place)
        ]
        if found:
            lines.append(f"forgot the failures and new accounts of address {word}")
    async for peer in queries.forget_peers(word):
        lines.append(f"forgot address {peer.address}, name: {peer.name}")
    name = await queries.forget_account(name_key(word))
    if name is not None:
        await _forgive(queries, name)
        lines.append(f"forgot account {name}")
    if not lines:
        raise NotFound(f"there is no account, name or address {word}")
    return lines


async def sessions(queries: Queries) -> Lines:
    """List the sessions."""
    return [
        f"{session.id} {session.account} since {time_text(session.since)} "
        f"used {time_text(session.used)} from {session.origin}"
        async for session in queries.sessions(time.time())
    ]


async def revoke(queries: Queries, word: str) -> Lines:
    """End a session by its id, or all of an account by its name."""
    known = [session async for session in queries.sessions(time.time())]
    ended = [session for session in known if session.id == word]
    ended = ended or [session for session in known if session.account == name_key(word)]
    for session in ended:
        await queries.end_session(session.digest)
    if not ended:
        raise NotFound(f"there is no session, and no account with one, called {word}")
    return [f"revoked {session.id} of {session.account}" for session in ended]


async def clear(queries: Queries) -> Lines:
    """Forget everything."""
    await queries.forget_all_accounts()
    await queries.forget_all_peers()
    await queries.forget_all_failures()
    return ["forgot everything"]


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
