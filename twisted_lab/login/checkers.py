"""Checkers for `twisted.cred`: one for names and passwords, and one for tokens.

Any server with a `twisted.cred.portal.Portal` can use them.
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from functools import partial
from math import ceil
from typing import Protocol

from twisted.cred.checkers import ICredentialsChecker
from twisted.cred.credentials import ICredentials, IUsernamePassword, UsernamePassword
from twisted.cred.error import UnauthorizedLogin
from twisted.internet.defer import CancelledError, Deferred
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
    find_session,
    name_key,
    resume_session,
)
from twisted_lab.login.attempt_locks import AttemptLocks
from twisted_lab.peers import network
from twisted_lab.resources import Unable
from twisted_lab.storage import Store
from twisted_lab.text.language import N_, Message

# An attempt that would wait for longer is refused at once, with the reason.
LONGEST_WAIT = 30.0  # seconds
# An attempt that waits looks again after this time, because `accounts forget` ends a delay. A look
# is a transaction, and a peer can have many attempts wait.
LONGEST_SLEEP = 5.0  # seconds
# Pauses between looks whether the attempts of other processes have ended; each is twice as long.
FIRST_PAUSE = 0.05  # seconds
LONGEST_PAUSE = 1.0


class Hashes(Protocol):
    """An asynchronous password hasher; see `twisted_lab.login.Hashing`."""

    @property
    def passwords(self) -> Passwords:
        """The parameters of the hashes."""
        ...

    def matches(
        self, hashed: str, password: str, network: str = "", is_own: bool = False
    ) -> Deferred[bool]:
        """Tell whether `hashed` is a hash of `password`, on behalf of a client in `network`."""
        ...

    def hash(self, password: str, network: str = "", is_own: bool = False) -> Deferred[str]:
        """Make a hash of `password`, on behalf of a client in `network`."""
        ...


class TooManyFailures(UnauthorizedLogin):
    """Past failures delay the next attempt; the text, for the peer, says for how long.

    Args:
        history: The failures.
        device: See `PeerPassword`.

    Attributes:
        reason: Whose failures they are, for the log.
        seconds: The delay.
        is_of_address: Whether the operator ends the delay by forgetting the client's address.
    """

    def __init__(self, history: AttemptHistory, device: str = "") -> None:
        super().__init__(_wait_text(history))
        self.seconds = history.delay
        # Failures of a client that has shown a token are perhaps not those of its address.
        self.is_of_address = not history.is_limited and (history.is_slowed or not device)
        self.reason = N_("too many failures of this name in this network")
        if history.is_limited:
            self.reason = N_("too many failures of this name in unknown networks")
        elif history.is_slowed:
            self.reason = N_("too many failures in this network")


class SessionEnded(UnauthorizedLogin):
    """The session of a token has ended before its time; the text says why."""


class IToken(ICredentials):
    """A session token, which replaces a name and a password."""

    token = Attribute("The token, as text.")


@implementer(IToken)
class Token:
    """A token and the client's IP address."""

    def __init__(self, token: str, address: str = "") -> None:
        self.token = token
        self.address = address


class PeerPassword(UsernamePassword):
    """A name, a password, and the client that sent them.

    `PasswordChecker` also accepts other credentials. These have no address, and count as attempts
    from one and the same place.

    Args:
        username: The name, in UTF-8.
        password: The password, in UTF-8.
        address: The client's IP address.
        device: The digest of a token that the client has presented, valid or not.

    Attributes:
        hashed: The stored hash that the password matched, once it was checked.
        account: The name of the account, once it was looked up; None if there is none.
    """

    def __init__(
        self, username: bytes, password: bytes, address: str = "", device: str = ""
    ) -> None:
        super().__init__(username, password)
        self.address = address
        self.device = device
        self.hashed: str | None = None
        self.account: str | None = None


@implementer(ICredentialsChecker)
class PasswordChecker:
    """A checker of names and passwords that slows down guessing.

    The avatar's id is the name as it was registered, in UTF-8.

    Args:
        storage: The database with accounts and failures.
        hashes: The password hasher.
        clock: The clock for delays.
        now: Returns the time, in seconds of Unix time.
    """

    credentialInterfaces = (IUsernamePassword,)

    def __init__(
        self,
        storage: Store[Queries],
        hashes: Hashes,
        clock: IReactorTime,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._storage = storage
        self._hashes = hashes
        self._clock = clock
        self._locks = AttemptLocks()
        self._now = now

    def requestAvatarId(self, credentials: IUsernamePassword) -> Deferred[bytes | tuple[()]]:
        """See `twisted.cred.checkers.ICredentialsChecker`.

        Returns:
            A Deferred that fails with UnauthorizedLogin if name or password is wrong, and with
                Unable if that cannot be checked.
        """
        return Deferred.fromCoroutine(self._request(credentials))

    async def _request(self, credentials: IUsernamePassword) -> bytes:
        # A name that is too long, not UTF-8 or has a NUL is treated as an unknown one, and takes as
        # long. No database server stores a NUL.
        name = credentials.username.decode(errors="replace").replace("\0", "\ufffd")
        try:
            key = name_key(name)
        except BadName:
            key = ""
        password = credentials.password.decode(errors="surrogateescape")
        return (await self._attempt(key, password, credentials)).encode()

    async def _attempt(self, key: str, password: str, credentials: IUsernamePassword) -> str:
        """Make one attempt after its delay, and return the account's name."""
        address = _address(credentials)
        attempt = LoginAttempt(key, address, getattr(credentials, "device", ""))
        is_alone = False
        while True:
            async with self._locks.hold(key, address, is_alone):
                try:
                    history = await self._begin(attempt, is_alone)
                    if isinstance(credentials, PeerPassword) and history.account:
                        credentials.account = history.account.name
                    if history.may_proceed:
                        check = partial(self._compare, history, password, credentials)
                        return await self._check(attempt, check)
                except CancelledError:
                    Deferred.fromCoroutine(self._leave(attempt))
                    raise
            # The locks are released during the delay.
            if history.delay > LONGEST_WAIT:
                raise TooManyFailures(history, getattr(credentials, "device", ""))
            if history.delay:
                await deferLater(self._clock, min(history.delay, LONGEST_SLEEP))
            is_alone = history.network_failed

    async def _begin(self, attempt: LoginAttempt, is_alone: bool) -> AttemptHistory:
        """Begin an attempt when those of other processes allow it, or return why it has to wait."""
        pause = FIRST_PAUSE
        while True:
            begin = partial(attempt.begin, now=self._now(), is_alone=is_alone)
            history = await self._storage.run(begin)
            if history.is_turn or history.delay or (history.network_failed and not is_alone):
                return history
            await deferLater(self._clock, pause)
            pause = min(2 * pause, LONGEST_PAUSE)

    async def _leave(self, attempt: LoginAttempt) -> None:
        with suppress(Unable):  # Then its lease ends.
            await self._storage.keep(attempt.leave)

    async def _check(
        self, attempt: LoginAttempt, check: Callable[[], Awaitable[str | None]]
    ) -> str:
        try:
            name = await check()
        except Unable:
            await self._storage.run(partial(attempt.undo, now=self._now()))
            raise
        outcome = attempt.failed if name is None else attempt.succeeded
        await self._storage.run(partial(outcome, now=self._now()))
        if name is None:
            raise UnauthorizedLogin
        return name

    async def _compare(
        self, history: AttemptHistory, password: str, credentials: IUsernamePassword
    ) -> str | None:
        passwords, account = self._hashes.passwords, history.account
        # For an unknown name the decoy takes as long as a wrong password.
        hashed = account.password if account else passwords.decoy
        place = network(_address(credentials))
        matches = await self._hashes.matches(hashed, password, place, history.is_own)
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
            return old  # a later login can renew it
        await self._storage.run(
            lambda queries: queries.renew_password(key=key, old=old, password=hashed)
        )
        return hashed


def _address(credentials: IUsernamePassword) -> str:
    return getattr(credentials, "address", "")


def _wait_text(history: AttemptHistory) -> str:
    hours = ceil(history.delay / 3600)
    if history.is_limited:
        return (
            "too many wrong passwords for this name from unknown networks; "
            f"try again in {hours} h, or from a network where you have logged in before"
        )
    return f"too many failures; try again in {history.delay:.0f} s"


@implementer(ICredentialsChecker)
class TokenChecker:
    """A checker of tokens, which also restarts the idle timeout of the session.

    The avatar's id is the account's name, in UTF-8. Tokens have 256 random bits, so they need
    neither slow hashes nor a count of failures.

    Args:
        storage: The database with sessions.
        lifetimes: The limits of sessions.
        now: Returns the time, in seconds of Unix time.
    """

    credentialInterfaces = (IToken,)

    def __init__(
        self, storage: Store[Queries], lifetimes: Lifetimes, now: Callable[[], float] = time.time
    ) -> None:
        self._storage = storage
        self._lifetimes = lifetimes
        self._now = now

    def requestAvatarId(self, credentials: IToken) -> Deferred[bytes | tuple[()]]:
        """See `twisted.cred.checkers.ICredentialsChecker`.

        Returns:
            A Deferred that fails with UnauthorizedLogin if the token is not valid, and with Unable
                if that cannot be checked.
        """
        return Deferred.fromCoroutine(self._request(credentials.token))

    async def _request(self, token: str) -> bytes:
        return await self._storage.run(partial(self._find, token))

    async def _find(self, token: str, queries: Queries) -> bytes:
        account = await resume_session(queries, token, self._now(), self._lifetimes)
        if account is not None:
            return account.name.encode()
        session = await find_session(queries, token)
        if session is not None and session.reason:
            raise SessionEnded(
                N_("that session has ended: {reason}", reason=Message(session.reason))
            )
        raise UnauthorizedLogin
