"""Checkers for `twisted.cred`: one of names and passwords, and one of tokens.

Any server that logs in through a `twisted.cred.portal.Portal` can use them.
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from contextlib import ExitStack
from functools import partial
from math import ceil
from typing import Any
from typing import Protocol as Interface

from twisted.cred.checkers import ICredentialsChecker
from twisted.cred.credentials import ICredentials, IUsernamePassword, UsernamePassword
from twisted.cred.error import UnauthorizedLogin
from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IReactorTime
from twisted.internet.task import deferLater
from zope.interface import Attribute, implementer

from twisted_lab.accounts import (
    AttemptHistory,
    BadName,
    Lifetimes,
    LoginAttempt,
    Passwords,
    Queries,
    Store,
    known_session,
    name_key,
    resume_session,
)
from twisted_lab.channels import Unable
from twisted_lab.login.attempt_locks import AttemptLocks
from twisted_lab.peers import network, site

# An attempt that would have to wait for longer is refused, so that the client learns why.
LONGEST_WAIT = 30.0  # seconds
# At most this many attempts from one address are made at once, as long as none has failed.
MOST_AT_ONCE = 8

Check = Callable[[AttemptHistory], Awaitable[str | None]]


class Hashes(Interface):
    """A maker of hashes; see `twisted_lab.login.Hashing`."""

    @property
    def passwords(self) -> Passwords:
        """The parameters of the hashes."""
        ...

    def matches(
        self, hashed: str, password: str, network: str = "", is_own: bool = False
    ) -> Deferred[bool]:
        """Tell whether a hash was made of a password, for a client in a network."""
        ...

    def hash(self, password: str, network: str = "", is_own: bool = False) -> Deferred[str]:
        """Make a hash, for a client in a network."""
        ...


class TooManyFailures(UnauthorizedLogin):
    """The next attempt has to wait because of many failures; the text says for how long."""


class SessionEnded(UnauthorizedLogin):
    """The session of a token has ended before its time; the text says why."""


class IToken(ICredentials):
    """A token that stands for a name and a password."""

    token = Attribute("The token, as text.")


@implementer(IToken)
class Token:
    """A token, and the IP address from which it comes."""

    def __init__(self, token: str, address: str = "") -> None:
        self.token = token
        self.address = address


class PeerPassword(UsernamePassword):
    """A name and a password, and their sender.

    Other servers' credentials have no address: then all come from the same place.

    Args:
        username: The name, in UTF-8.
        password: The password, in UTF-8.
        address: The IP address from which they come.
        device: The digest of a token that the client has shown, whether it is still good or not.

    Attributes:
        hashed: The hash that the password was found to match.
    """

    def __init__(
        self, username: bytes, password: bytes, address: str = "", device: str = ""
    ) -> None:
        super().__init__(username, password)
        self.address = address
        self.device = device
        self.hashed: str | None = None


@implementer(ICredentialsChecker)
class PasswordChecker:
    """Checks names and passwords, and slows guessing down.

    The avatar's id is the name as it was registered, in UTF-8.

    Args:
        storage: Where accounts and failures are kept.
        hashes: Makes the hashes.
        clock: Waits.
        now: Tells the time, in seconds of Unix time.
    """

    credentialInterfaces = (IUsernamePassword,)

    def __init__(
        self,
        storage: Store,
        hashes: Hashes,
        clock: IReactorTime,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._storage = storage
        self._hashes = hashes
        self._clock = clock
        self._turns = AttemptLocks()
        self._now = now

    def requestAvatarId(self, credentials: Any) -> Deferred[bytes | tuple[()]]:
        """See `twisted.cred.checkers.ICredentialsChecker`.

        Returns:
            A Deferred that fails with UnauthorizedLogin, with Unable if it cannot be found out.
        """
        return Deferred.fromCoroutine(self._request(credentials))

    async def _request(self, credentials: Any) -> bytes | tuple[()]:
        # A name that is not UTF-8, or too long, is an unknown one, and costs as much.
        try:
            key = name_key(credentials.username.decode(errors="replace"))
        except BadName:
            key = ""
        password = credentials.password.decode(errors="surrogateescape")
        check = partial(self._compare, credentials, password)
        return (await self._attempt(key, credentials, check)).encode()

    async def _attempt(self, key: str, credentials: Any, check: Check) -> str:
        """Make one attempt, when it is due, and return the account's name.

        Attempts from a network that has failures are made one at a time, or else many could be
        made before the first of them has failed. So are those for one account from one network, or
        else the second one would take the first one, which is counted already, for a failure. No
        attempt holds a lock while it waits for its time.
        """
        address = getattr(credentials, "address", "")
        guess = LoginAttempt(key, address, getattr(credentials, "device", ""))
        place, whole = network(address), site(address)
        # Always in this order, so that no two attempts wait for each other.
        several = self._turns.of(f"several {place}", MOST_AT_ONCE) if address else None
        alone = self._turns.of(f"alone {place}", 1)
        own = self._turns.of(f"name {whole} {key}", 1)
        is_alone = False
        while True:
            with ExitStack() as held:
                for turn in (several, alone if is_alone else None, own):
                    if turn is not None:
                        await turn.acquire()
                        held.callback(turn.release)
                standing = await self._storage.run(
                    partial(guess.begin, now=self._now(), is_alone=is_alone)
                )
                if not standing.delay and (is_alone or not standing.network_failed):
                    return await self._check(guess, standing, check)
            if not standing.delay:
                is_alone = True
            elif standing.delay > LONGEST_WAIT:
                raise TooManyFailures(_wait_text(standing))
            else:
                await deferLater(self._clock, standing.delay)

    async def _check(self, guess: LoginAttempt, standing: AttemptHistory, check: Check) -> str:
        try:
            name = await check(standing)
        except Unable:
            await self._storage.run(partial(guess.withdrawn, now=self._now()))
            raise
        outcome = guess.failed if name is None else guess.succeeded
        await self._storage.run(partial(outcome, now=self._now()))
        if name is None:
            raise UnauthorizedLogin
        return name

    async def _compare(
        self, credentials: Any, password: str, standing: AttemptHistory
    ) -> str | None:
        passwords, account = self._hashes.passwords, standing.account
        # An unknown name takes as long as a wrong password.
        hashed = account.password if account else passwords.decoy
        place = network(getattr(credentials, "address", ""))
        matches = await self._hashes.matches(hashed, password, place, standing.is_own)
        if not matches or account is None:
            return None
        if passwords.is_outdated(hashed):
            hashed = await self._renew(account.key, hashed, password, place)
        if isinstance(credentials, PeerPassword):
            credentials.hashed = hashed
        return account.name

    async def _renew(self, key: str, old: str, password: str, place: str) -> str:
        try:
            hashed = await self._hashes.hash(password, place, is_own=True)
        except Unable:
            return old  # There is always another login.
        await self._storage.run(
            lambda queries: queries.renew_password(key=key, old=old, password=hashed)
        )
        return hashed


def _wait_text(standing: AttemptHistory) -> str:
    hours = ceil(standing.delay / 3600)
    if standing.is_limited:
        return (
            "too many wrong passwords for this name from unknown networks; "
            f"try again in {hours} h, or from a network where you have logged in before"
        )
    return f"too many failures; try again in {standing.delay:.0f} s"


@implementer(ICredentialsChecker)
class TokenChecker:
    """Finds the account of a token, and renews the token's time.

    The avatar's id is the account's name, in UTF-8. A token has 256 random bits: to try one costs
    no hash, and no failure.

    Args:
        storage: Where sessions are kept.
        lifetimes: How long a session lasts.
        now: Tells the time, in seconds of Unix time.
    """

    credentialInterfaces = (IToken,)

    def __init__(
        self, storage: Store, lifetimes: Lifetimes, now: Callable[[], float] = time.time
    ) -> None:
        self._storage = storage
        self._lifetimes = lifetimes
        self._now = now

    def requestAvatarId(self, credentials: Any) -> Deferred[bytes | tuple[()]]:
        """See `twisted.cred.checkers.ICredentialsChecker`.

        Returns:
            A Deferred that fails with UnauthorizedLogin, with Unable if it cannot be found out.
        """
        return Deferred.fromCoroutine(self._request(credentials.token))

    async def _request(self, token: str) -> bytes:
        return await self._storage.run(partial(self._find, token))

    async def _find(self, token: str, queries: Queries) -> bytes:
        account = await resume_session(queries, token, self._now(), self._lifetimes)
        if account is not None:
            return account.name.encode()
        session = await known_session(queries, token)
        if session is not None and session.reason:
            raise SessionEnded(f"that session has ended: {session.reason}")
        raise UnauthorizedLogin
