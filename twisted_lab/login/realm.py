"""What somebody who has logged in can do, as an avatar of `twisted.cred`."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from twisted.cred.portal import IRealm
from twisted.internet.interfaces import IReactorTime
from zope.interface import Attribute, Interface, implementer

from twisted_lab.accounts import (
    Lifetimes,
    Session,
    Store,
    change_password,
    live_sessions,
    name_key,
    new_token,
    open_session,
    resume_session,
    revoke,
    token_digest,
)
from twisted_lab.login.checkers import Hashes


class IAccount(Interface):
    """An account that somebody has logged in to; see `Account`."""

    name = Attribute("Its name, as it was registered.")


@implementer(IAccount)
class Account:
    """An account that somebody has logged in to.

    Each method fails with `twisted_lab.channels.Unable` if it cannot be done.

    Attributes:
        name: Its name, as it was registered.
    """

    def __init__(self, name: str, realm: AccountRealm) -> None:
        self.name = name
        self._key = name_key(name)
        self._realm = realm

    async def open_session(self, origin: str) -> tuple[str, float]:
        """Begin a session.

        Args:
            origin: From where, for people.

        Returns:
            Its token, and the time when it ends at the latest, in seconds of Unix time.
        """
        realm = self._realm
        token = new_token()
        now = realm.clock.seconds()
        await realm.storage.run(
            lambda queries: open_session(queries, self._key, token, origin, now, realm.lifetimes)
        )
        return token, now + realm.lifetimes.whole

    async def use_session(self, token: str) -> bool:
        """Renew the time of a session; False if it has ended, or the account was closed."""
        realm = self._realm
        now = realm.clock.seconds()
        return None is not await realm.storage.run(
            lambda queries: resume_session(queries, token, now, realm.lifetimes)
        )

    async def sessions(self) -> list[Session]:
        """Return its sessions, oldest first."""
        realm = self._realm
        now = realm.clock.seconds()
        return await realm.storage.run(
            lambda queries: live_sessions(queries, self._key, now, realm.lifetimes)
        )

    async def revoke(self, session_id: str) -> bool:
        """End the session with that id; False if there is none."""
        return await self._realm.storage.run(lambda queries: revoke(queries, self._key, session_id))

    async def end_session(self, token: str) -> None:
        """End the session of that token."""
        digest = token_digest(token)
        await self._realm.storage.run(lambda queries: queries.end_session(digest))

    async def change_password(self, password: str, token: str) -> None:
        """Change the password, and end all sessions but the one of `token`."""
        hashed = await self._realm.hashes.hash(password)
        await self._realm.storage.run(
            partial(change_password, key=self._key, hashed=hashed, kept=token_digest(token))
        )


@implementer(IRealm)
class AccountRealm:
    """Gives an `Account` to whoever has logged in.

    Args:
        storage: Where accounts are kept.
        hashes: Who makes hashes.
        clock: Tells the time, in seconds of Unix time.
        lifetimes: How long a session lasts.
    """

    def __init__(
        self, storage: Store, hashes: Hashes, clock: IReactorTime, lifetimes: Lifetimes
    ) -> None:
        self.storage = storage
        self.hashes = hashes
        self.clock = clock
        self.lifetimes = lifetimes

    def requestAvatar(
        self, avatar_id: Any, mind: object, *interfaces: Any
    ) -> tuple[Any, Account, Callable[[], None]]:
        """See `twisted.cred.portal.IRealm`.

        Raises:
            NotImplementedError: An IAccount is not what is asked for.
        """
        if IAccount not in interfaces:
            raise NotImplementedError("the only avatar of this realm is an IAccount")
        return IAccount, Account(avatar_id.decode(), self), lambda: None
