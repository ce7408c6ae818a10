"""netlab-auth: accounts with passwords, and tokens that stand for them for a while."""

from __future__ import annotations

import sys
from functools import partial
from typing import Any, ClassVar, cast

from twisted.cred.credentials import ICredentials
from twisted.cred.error import UnauthorizedLogin
from twisted.cred.portal import Portal

from twisted_lab.accounts import (
    DEFAULT_FILE,
    LANES,
    LONGEST_PASSWORD,
    MEMORY_MIB,
    PASSES,
    TOKEN_PREFIX,
    BadName,
    BadPassword,
    Lifetimes,
    Passwords,
    account_name,
    address_subject,
    check_new_name,
    name_key,
    register,
    time_text,
)
from twisted_lab.channels import Channel, Refused
from twisted_lab.events import ServiceEvents
from twisted_lab.login import (
    MOST_AT_ONCE,
    TRIES,
    Account,
    AccountRealm,
    Hashing,
    IAccount,
    PasswordChecker,
    PeerPassword,
    Token,
    TokenChecker,
    Turns,
    Visit,
    choose_password,
    refusal,
)
from twisted_lab.serving import (
    CannotStart,
    ConversationOptions,
    Lab,
    conversation_service,
    lab_of,
    natural_number,
    one_of,
)
from twisted_lab.serving.storage import shared_storage
from twisted_lab.tally import Measure

MOST_HOURS = 24 * 366
# Who has not logged in may be silent for so long.
LOGIN_SECONDS = 60.0


class Authentication:
    """Lets peers log in, by password or token, and register.

    Args:
        realm: What a peer gets that has logged in.
        events: Logins and failures are reported here.
        is_open: Whether unknown names can be registered.
        takes_plaintext: Whether peers may log in whose words others on a network can read.
        shortest: The least characters of a password.
    """

    def __init__(
        self,
        realm: AccountRealm,
        events: ServiceEvents,
        is_open: bool = True,
        takes_plaintext: bool = False,
        shortest: int = 8,
    ) -> None:
        self._realm = realm
        self._events = events
        self._is_open = is_open
        self._takes_plaintext = takes_plaintext
        self._shortest = shortest
        self._turns = Turns()
        self._accounts: dict[Channel, Account] = {}
        shared = (realm.storage, realm.hashes, realm.clock)
        self._portal = Portal(
            realm,
            [
                PasswordChecker(*shared, self._turns, realm.now),
                TokenChecker(*shared, realm.lifetimes, self._turns, realm.now),
            ],
        )

    def name_of(self, channel: Channel) -> str:
        """Return the account that the peer has logged in to; "" before that."""
        account = self._accounts.get(channel)
        return account.name if account else ""

    async def converse(self, channel: Channel) -> None:
        """Let one peer in, and do what it says."""
        if channel.peer.in_clear and not self._takes_plaintext:
            channel.say(
                "error: others on the network could read your password; connect by TLS, or from "
                "the server's own machine"
            )
            return
        patience = channel.patience
        channel.patience = min(patience, LOGIN_SECONDS)
        passwords: list[str] = []
        for _ in range(TRIES):
            try:
                visit = await self._enter(channel, passwords)
            except BadName as error:
                channel.say(f"error: {error}")
            except BadPassword as error:
                channel.say(f"error: {error}")
                return
            except UnauthorizedLogin as error:
                channel.say(refusal(error))
            else:
                channel.patience = patience
                self._accounts[channel] = visit.account
                try:
                    await visit.converse()
                finally:
                    del self._accounts[channel]
                return

    async def _enter(self, channel: Channel, passwords: list[str]) -> Visit:
        channel.say("Name or token?")
        typed = (await channel.hear()).strip()
        # A script sends its next line whatever the answer was: after a refused name or password
        # that line may be a password, and must not become the name of an account.
        if typed in passwords:
            raise Refused("that is the password from before, and no name")
        check = partial(self._check, channel)
        if typed.startswith(TOKEN_PREFIX):
            account = await self._login(channel, Token(typed, channel.peer.host))
            channel.say(f"Welcome back, {account.name}")
            self._events.logged_in(channel.peer.text, account.name, "token")
            return Visit(channel, account, typed, self._shortest, check)
        try:
            name = account_name(typed)
        except BadName as error:
            raise Refused(str(error)) from None
        how = "password"
        if self._is_open and await self._is_new(name):
            how = "registration"
            account = await self._register(channel, name)
        else:
            channel.say("Password?")
            password = await channel.hear()
            passwords.append(password.strip())
            account = await check(name, password)
        token, until = await account.open_session(channel.peer.text)
        channel.say(f"Hello, {account.name}")
        channel.say(f"Token: {token}  valid until {time_text(until)}")
        self._events.logged_in(channel.peer.text, account.name, how)
        return Visit(channel, account, token, self._shortest, check)

    async def _is_new(self, name: str) -> bool:
        key = name_key(name)
        return await self._realm.storage.run(lambda queries: queries.account(key)) is None

    async def _register(self, channel: Channel, name: str) -> Account:
        try:
            await self._realm.storage.run(partial(check_new_name, name=name))
        except BadName as error:
            raise Refused(str(error)) from None
        password = await choose_password(channel, "New name. Choose a password:", self._shortest)
        realm = self._realm
        # Nobody who opens accounts keeps others from logging in.
        host = channel.peer.host
        async with self._turns.of(address_subject(host) if host else "", MOST_AT_ONCE):
            hashed = await realm.hashes.hash(password)
        now = realm.now()
        if not await realm.storage.run(partial(register, name=name, hashed=hashed, now=now)):
            raise BadName("somebody else has just taken that name")
        return Account(name, realm, hashed)

    async def _check(self, channel: Channel, name: str, password: str) -> Account:
        return await self._login(
            channel, PeerPassword(name.encode(), password.encode(), channel.peer.host)
        )

    async def _login(self, channel: Channel, credentials: ICredentials) -> Account:
        account: Any
        try:
            _, account, _ = await self._portal.login(credentials, credentials, IAccount)
        except UnauthorizedLogin:
            self._events.login_failed(channel.peer.text)
            raise
        return cast(Account, account)


class Options(ConversationOptions):
    """The options of netlab-auth."""

    command = "netlab-auth"
    default_port = 9093
    optFlags: ClassVar = [
        ["allow-plaintext", None, "Take passwords over a network without TLS, too."],
    ]
    optParameters: ClassVar = [
        ["database", None, DEFAULT_FILE, "The SQLite file that keeps the accounts."],
        [
            "registration",
            None,
            "open",
            "open or closed: whether peers can open accounts.",
            one_of("registration", "open", "closed"),
        ],
        [
            "min-password",
            None,
            8,
            "The least characters of a password.",
            natural_number("min-password", most=LONGEST_PASSWORD),
        ],
        [
            "token-idle",
            None,
            30,
            "Minutes without use that end a session.",
            natural_number("token-idle", most=MOST_HOURS * 60),
        ],
        [
            "token-lifetime",
            None,
            12,
            "Hours after which a session ends in any case.",
            natural_number("token-lifetime", most=MOST_HOURS),
        ],
        [
            "argon2-memory",
            None,
            MEMORY_MIB,
            "MiB that each hash of a password takes.",
            natural_number("argon2-memory", MEMORY_MIB, 4096),
        ],
        [
            "argon2-passes",
            None,
            PASSES,
            "How often each hash goes through its memory.",
            natural_number("argon2-passes", PASSES, 1000),
        ],
        [
            "argon2-lanes",
            None,
            LANES,
            "The parts of that memory.",
            natural_number("argon2-lanes", LANES, 64),
        ],
    ]


def makeService(options: Options) -> Lab:
    """Build the service that `options` describe."""
    lab = lab_of(options)
    try:
        passwords = Passwords(
            options["argon2-memory"], options["argon2-passes"], options["argon2-lanes"]
        )
    except MemoryError as error:
        # twistd has not begun its log yet.
        print(f"{options.command}: too little memory: {error}", file=sys.stderr)  # noqa: T201
        raise CannotStart(str(error)) from None
    hashing = Hashing(lab.reactor, passwords)
    lab.resources.append(hashing)
    lab.measures.append(
        Measure(
            options.command,
            "hash_queue",
            "Passwords that wait to be hashed.",
            False,
            lambda: hashing.queued,
        )
    )
    authentication = Authentication(
        AccountRealm(
            shared_storage(lab, options["database"]),
            hashing,
            lab.reactor,
            Lifetimes(options["token-idle"] * 60, options["token-lifetime"] * 3600),
            lab.now,
        ),
        lab.log.events_of(options.command),
        options["registration"] == "open",
        bool(options["allow-plaintext"]),
        options["min-password"],
    )
    lab.names[options.command] = authentication.name_of
    return conversation_service(options, authentication.converse)
