"""The realm for `twisted.cred`, whose avatars are accounts."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial

from twisted.cred.error import UnauthorizedLogin
from twisted.cred.portal import IRealm
from twisted.internet.interfaces import IReactorTime
from zope.interface import Attribute, Interface, implementer

from twisted_lab.accounts import (
    Lifetimes,
    Queries,
    Session,
    change_password,
    find_session,
    name_key,
    new_token,
    open_session,
    resume_session,
    revoke,
    token_digest,
)
from twisted_lab.login.checkers import Hashes, PeerPassword, SessionEnded
from twisted_lab.peers import network
from twisted_lab.storage import Store


class IAccount(Interface):
    """The account of a logged-in client; see `Account`."""

    name = Attribute("Its name, as it was registered.")


@implementer(IAccount)
class Account:
    """The account of a logged-in client.

    Each method raises `twisted_lab.channels.Unable` if the database or the hasher cannot serve it.

    Args:
        name: The name, as it was registered.
        realm: The realm that returned this avatar.
        hashed: The hash that the client's password matched; None after a login without one.

    Attributes:
        name: See above.
    """

    def __init__(self, name: str, realm: AccountRealm, hashed: str | None = None) -> None:
        self.name = name
        self._hashed = hashed
        self._key = name_key(name)
        self._realm = realm

    async def open_session(self, origin: str) -> tuple[str, float]:
        """Begin a session.

        Args:
            origin: The client's address, for display.

        Returns:
            The token, and the time when the session ends at the latest, in seconds of Unix time.

        Raises:
            UnauthorizedLogin: The password was changed since it was checked.
        """
        realm = self._realm
        token = new_token()
        now = realm.now()
        work = partial(
            open_session,
            key=self._key,
            token=token,
            origin=origin,
            now=now,
            lifetimes=realm.lifetimes,
            hashed=self._hashed,
        )
        if not await realm.storage.run(work):
            raise UnauthorizedLogin
        return token, now + realm.lifetimes.whole

    async def use_session(self, token: str) -> None:
        """Restart the idle timeout of a session.

        Raises:
            SessionEnded: The session has ended, or the account was closed.
        """
        await self._realm.storage.run(partial(self._use, token=token))

    async def _use(self, queries: Queries, token: str) -> None:
        realm = self._realm
        if await resume_session(queries, token, realm.now(), realm.lifetimes) is None:
            session = await find_session(queries, token)
            why = f": {session.reason}" if session and session.reason else ""
            raise SessionEnded(f"your session has ended{why}; log in again")

    async def sessions(self) -> list[Session]:
        """Return the account's open sessions, oldest first."""
        now = self._realm.now()

        async def work(queries: Queries) -> list[Session]:
            return [session async for session in queries.sessions_of(self._key, now)]

        return await self._realm.storage.run(work)

    async def revoke(self, session_id: str) -> bool:
        """End the session with that id; return False if there is none."""
        now = self._realm.now()
        return await self._realm.storage.run(
            lambda queries: revoke(queries, self._key, session_id, now)
        )

    async def end_session(self, token: str) -> None:
        """End the session of `token`."""
        digest = token_digest(token)
        await self._realm.storage.run(lambda queries: queries.end_session(digest))

    async def change_password(self, password: str, token: str, host: str) -> None:
        """Change the password, and end all sessions except the one of `token`.

        Args:
            password: The new password.
            token: The token of the current session.
            host: The client's IP address, whose network's rate limit of hashes applies.

        Raises:
            SessionEnded: The current session has ended; the password was not changed.
        """
        hashed = await self._realm.hashes.hash(password, network(host), is_own=True)

        async def work(queries: Queries) -> None:
            await self._use(queries, token)
            await change_password(queries, self._key, hashed, token_digest(token))

        await self._realm.storage.run(work)


@implementer(IRealm)
class AccountRealm:
    """Realm that gives an `Account` to each logged-in client.

    Args:
        storage: The database with accounts and sessions.
        hashes: The password hasher.
        clock: The clock for delays.
        lifetimes: The limits of sessions.
        now: Returns the time, in seconds of Unix time.
    """

    def __init__(
        self,
        storage: Store[Queries],
        hashes: Hashes,
        clock: IReactorTime,
        lifetimes: Lifetimes,
        now: Callable[[], float] = time.time,
    ) -> None:
        self.storage = storage
        self.hashes = hashes
        self.clock = clock
        self.lifetimes = lifetimes
        self.now = now

    def requestAvatar(
        self, avatar_id: bytes | tuple[()], mind: object, *interfaces: type[Interface]
    ) -> tuple[type[Interface], Account, Callable[[], None]]:
        """See `twisted.cred.portal.IRealm`.

        If `mind` is the `PeerPassword` of the login, `Account.open_session` fails once the password
        was changed.

        Raises:
            NotImplementedError: `interfaces` does not contain IAccount.
        """
        if IAccount not in interfaces:
            raise NotImplementedError("the only avatar of this realm is an IAccount")
        hashed = mind.hashed if isinstance(mind, PeerPassword) else None
        return IAccount, Account(bytes(avatar_id).decode(), self, hashed), lambda: None
