"""Checkers for `twisted.cred`: who has the right name and password, or the right token.

Any server that logs in through a `twisted.cred.portal.Portal` can use them.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any
from typing import Protocol as Interface
from weakref import WeakValueDictionary

from twisted.cred.checkers import ICredentialsChecker
from twisted.cred.credentials import ICredentials, IUsernamePassword, UsernamePassword
from twisted.cred.error import UnauthorizedLogin
from twisted.internet.defer import Deferred, DeferredLock
from twisted.internet.interfaces import IReactorTime
from twisted.internet.task import deferLater
from zope.interface import Attribute, implementer

from twisted_lab.accounts import (
    Account,
    Guess,
    Lifetimes,
    Passwords,
    Store,
    name_key,
    resume_session,
)
from twisted_lab.channels import Unable

# A try that would have to wait for longer is refused, so that somebody learns why.
LONGEST_WAIT = 30.0  # seconds
LONGEST_NAME_BYTES = 1024


class Hashes(Interface):
    """Who makes hashes; see `twisted_lab.login.Hashing`."""

    @property
    def passwords(self) -> Passwords:
        """How they are made."""
        ...

    def matches(self, hashed: str, password: str) -> Deferred[bool]:
        """Tell whether a hash was made of a password."""
        ...

    def hash(self, password: str) -> Deferred[str]:
        """Make a hash."""
        ...


class TooManyFailures(UnauthorizedLogin):
    """There were so many that the next try has to wait for long; the text says for how long."""


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
    """A name and a password, and the IP address from which they come.

    Other servers' credentials have no address: then failures count against the account alone.
    """

    def __init__(self, username: bytes, password: bytes, address: str = "") -> None:
        super().__init__(username, password)
        self.address = address


class _Checker:
    """Lets nobody guess fast.

    Args:
        storage: Where accounts and failures are kept.
        hashes: Who makes hashes.
        clock: Tells the time, in seconds of Unix time, and waits.
    """

    def __init__(self, storage: Store, hashes: Hashes, clock: IReactorTime) -> None:
        self._storage = storage
        self._hashes = hashes
        self._clock = clock
        self._turns: WeakValueDictionary[str, DeferredLock] = WeakValueDictionary()

    async def _attempt(
        self,
        key: str,
        address: str,
        check: Callable[[Account | None], Awaitable[str | None]],
    ) -> bytes | tuple[()]:
        """Make one attempt, when it is due.

        Of those for one account there is one at a time: or else many could be made before the
        first of them has failed. None waits for its time while others of that account could be
        made.
        """
        guess = Guess(key, address)
        turn = self._turns.setdefault(key, DeferredLock()) if key else DeferredLock()
        while True:
            async with turn:
                standing = await self._storage.run(
                    partial(guess.standing, now=self._clock.seconds())
                )
                if not standing.delay:
                    name = await check(standing.account)
                    if name is None:
                        await self._storage.run(partial(guess.failed, now=self._clock.seconds()))
                        raise UnauthorizedLogin
                    if standing.has_failures:
                        await self._storage.run(guess.succeeded)
                    return name.encode()
            delay = standing.delay
            if delay == float("inf"):
                raise TooManyFailures(
                    "too many failures for this name; whoever runs this server can open it again"
                )
            if delay > LONGEST_WAIT:
                raise TooManyFailures(f"too many failures; try again in {delay:.0f} s")
            await deferLater(self._clock, delay)


@implementer(ICredentialsChecker)
class PasswordChecker(_Checker):
    """Knows who has a name and the password that belongs to it.

    The avatar's id is the name as it was registered, in UTF-8.
    """

    credentialInterfaces = (IUsernamePassword,)

    def requestAvatarId(self, credentials: Any) -> Deferred[bytes | tuple[()]]:
        """See `twisted.cred.checkers.ICredentialsChecker`.

        Returns:
            A Deferred that fails with UnauthorizedLogin, with Unable if it cannot be found out.
        """
        return Deferred.fromCoroutine(self._request(credentials))

    async def _request(self, credentials: Any) -> bytes | tuple[()]:
        try:
            name = credentials.username[:LONGEST_NAME_BYTES].decode()
            password = credentials.password.decode()
        except UnicodeDecodeError:
            raise UnauthorizedLogin from None
        key = name_key(name)
        return await self._attempt(
            key, getattr(credentials, "address", ""), partial(self._check, password)
        )

    async def _check(self, password: str, account: Account | None) -> str | None:
        passwords = self._hashes.passwords
        # An unknown name takes as long as a wrong password.
        hashed = account.password if account else passwords.decoy
        if not await self._hashes.matches(hashed, password) or account is None:
            return None
        if passwords.is_outdated(hashed):
            await self._renew(account.key, hashed, password)
        return account.name

    async def _renew(self, key: str, old: str, password: str) -> None:
        try:
            hashed = await self._hashes.hash(password)
        except Unable:
            return  # There is always another login.
        await self._storage.run(
            lambda queries: queries.renew_password(key=key, old=old, password=hashed)
        )


@implementer(ICredentialsChecker)
class TokenChecker(_Checker):
    """Knows whose a token is, and renews its time.

    The avatar's id is the account's name, in UTF-8.

    Args:
        storage: Where sessions are kept.
        hashes: Who makes hashes.
        clock: Tells the time, in seconds of Unix time, and waits.
        lifetimes: How long a session lasts.
    """

    credentialInterfaces = (IToken,)

    def __init__(
        self,
        storage: Store,
        hashes: Hashes,
        clock: IReactorTime,
        lifetimes: Lifetimes,
    ) -> None:
        super().__init__(storage, hashes, clock)
        self._lifetimes = lifetimes

    def requestAvatarId(self, credentials: Any) -> Deferred[bytes | tuple[()]]:
        """See `twisted.cred.checkers.ICredentialsChecker`."""
        return Deferred.fromCoroutine(
            self._attempt(
                "",
                getattr(credentials, "address", ""),
                partial(self._check, credentials.token),
            )
        )

    async def _check(self, token: str, _: Account | None) -> str | None:
        account = await self._storage.run(
            partial(
                resume_session, token=token, now=self._clock.seconds(), lifetimes=self._lifetimes
            )
        )
        if account is None:
            # A wrong token takes as long as a wrong password.
            await self._hashes.matches(self._hashes.passwords.decoy, token)
            return None
        return account.name
