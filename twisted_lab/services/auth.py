"""netlab-auth: accounts with passwords, and session tokens that replace them for a limited time."""

from __future__ import annotations

import sys
from dataclasses import dataclass, field
from functools import partial
from math import ceil
from typing import Any, cast

from twisted.cred.credentials import ICredentials
from twisted.cred.error import UnauthorizedLogin
from twisted.cred.portal import Portal

from twisted_lab.accounts import (
    ACCOUNT_TABLES,
    LANES,
    LONGEST_PASSWORD,
    MEMORY_MIB,
    MOST_ACCOUNTS,
    MOST_REGISTRATIONS,
    MOST_SESSIONS,
    PASSES,
    TOKEN_PREFIX,
    BadName,
    BadPassword,
    Lifetimes,
    Passwords,
    Queries,
    account_name,
    check_new_name,
    count_registration,
    name_key,
    register,
    registration_wait,
    remember_network,
    time_text,
    token_digest,
)
from twisted_lab.channels import Channel, Refused
from twisted_lab.defaults import DEFAULTS
from twisted_lab.eventlog.events import ServiceEvents
from twisted_lab.login import (
    BURST,
    TRIES,
    Account,
    AccountRealm,
    AccountShell,
    Hashing,
    IAccount,
    PasswordChecker,
    PeerPassword,
    SessionEnded,
    Token,
    TokenChecker,
    TooManyFailures,
    choose_password,
    refusal,
)
from twisted_lab.peers import network
from twisted_lab.serving import (
    CannotStart,
    ConversationOptions,
    NetworkService,
    ServiceProcess,
    conversation_service,
    in_own_process,
    option,
)
from twisted_lab.serving.storage import DEFAULT_FILE, shared_storage
from twisted_lab.text.dialogue_messages import ASK_NAME, HELLO, WELCOME_BACK, AskPassword
from twisted_lab.text.language import N_, _, message_of
from twisted_lab.text.printing import print_line
from twisted_lab.text.token_form import tell_token

MOST_HOURS = 24 * 366
LOGIN_SECONDS = 60.0  # idle timeout before login


@dataclass
class _Presented:
    """The passwords and the token that a client has sent before login.

    Attributes:
        passwords: The passwords, without surrounding whitespace.
        device: The digest of the last token, valid or not; empty if there was none.
    """

    passwords: list[str] = field(default_factory=list)
    device: str = ""


class Authentication:
    """Login by password or token, and registration.

    Args:
        realm: Returns the accounts of logged-in clients.
        events: The reporter of logins and failures.
        is_open: Whether clients can register unknown names.
        takes_plaintext: Whether clients can log in over a network without encryption.
        shortest: The minimum length of a password, in characters.
        registrations: The maximum number of new accounts per network and day.
    """

    def __init__(
        self,
        realm: AccountRealm,
        events: ServiceEvents,
        is_open: bool = True,
        takes_plaintext: bool = False,
        shortest: int = 8,
        registrations: int = MOST_REGISTRATIONS,
    ) -> None:
        self._realm = realm
        self._events = events
        self._is_open = is_open
        self._takes_plaintext = takes_plaintext
        self._shortest = shortest
        self._registrations = registrations
        self._accounts: dict[Channel, Account] = {}
        self._portal = Portal(
            realm,
            [
                PasswordChecker(realm.storage, realm.hashes, realm.clock, realm.now),
                TokenChecker(realm.storage, realm.lifetimes, realm.now),
            ],
        )

    def name_of(self, channel: Channel) -> str:
        """Return the name of the account that the client has logged in to; "" before that."""
        account = self._accounts.get(channel)
        return account.name if account else ""

    async def converse(self, channel: Channel) -> None:
        """Let a client log in, and execute its commands."""
        if channel.peer.in_clear and not self._takes_plaintext:
            channel.say(
                "error: others on the network could read your password; connect by TLS, or from "
                "the server's own machine"
            )
            return
        patience = channel.patience
        channel.patience = min(patience, LOGIN_SECONDS)
        shown = _Presented()
        for _time in range(TRIES):
            try:
                shell = await self._enter(channel, shown)
            except BadName as error:
                channel.say(f"error: {error}")
            except BadPassword as error:
                channel.say(f"error: {error}")
                return
            except UnauthorizedLogin as error:
                channel.say(refusal(error))
            else:
                channel.patience = patience
                self._accounts[channel] = shell.account
                try:
                    await shell.converse()
                finally:
                    del self._accounts[channel]
                return

    async def _enter(self, channel: Channel, shown: _Presented) -> AccountShell:
        channel.say(ASK_NAME)
        typed = (await channel.hear()).strip()
        # A script sends its next line whatever the answer was. After a refused name or password
        # that line may be a password, which must not become the name of an account.
        if typed in shown.passwords:
            raise Refused(N_("that is the password that you have just sent, not a name"))
        if typed.startswith(TOKEN_PREFIX):
            shown.device = token_digest(typed)
            account = await self._login(channel, Token(typed, channel.peer.host))
            channel.say(f"{WELCOME_BACK}{account.name}")
            self._events.logged_in(channel.peer.text, account.name, N_("token"))
            return self._shell(channel, account, typed)
        try:
            name = account_name(typed)
        except BadName as error:
            raise Refused(message_of(error)) from None
        how = N_("password")
        if self._is_open and await self._is_new(name):
            how = N_("registration")
            account = await self._register(channel, name)
        else:
            channel.say(AskPassword.CURRENT)
            password = await channel.hear()
            shown.passwords.append(password.strip())
            account = await self._check(channel, shown.device, name, password)
        token, until = await account.open_session(channel.peer.text)
        channel.say(f"{HELLO}{account.name}")
        channel.say(tell_token(token, time_text(until)))
        self._events.logged_in(channel.peer.text, account.name, how)
        return self._shell(channel, account, token)

    def _shell(self, channel: Channel, account: Account, token: str) -> AccountShell:
        check = partial(self._check, channel, token_digest(token))
        return AccountShell(channel, account, token, self._shortest, check)

    async def _is_new(self, name: str) -> bool:
        key = name_key(name)
        return await self._realm.storage.run(lambda queries: queries.account(key)) is None

    async def _register(self, channel: Channel, name: str) -> Account:
        realm = self._realm
        place = network(channel.peer.host)

        async def admit(queries: Queries) -> None:
            await self._admit(queries, place)
            await check_new_name(queries, name)

        try:
            await realm.storage.run(admit)
        except BadName as error:
            raise Refused(message_of(error)) from None
        password = await choose_password(channel, AskPassword.FIRST, self._shortest)
        hashed = await realm.hashes.hash(password, place)
        now = realm.now()

        async def work(queries: Queries) -> None:
            await self._admit(queries, place)
            if not await register(queries, name, hashed, now):
                raise BadName("that name has just been taken")
            await count_registration(queries, place, now)
            await remember_network(queries, name_key(name), place, now)

        await realm.storage.run(work)
        return Account(name, realm, hashed)

    async def _admit(self, queries: Queries, place: str) -> None:
        if await queries.total("accounts") >= MOST_ACCOUNTS:
            raise Refused(N_("there is no room for new accounts"))
        now = self._realm.now()
        wait = await registration_wait(queries, place, self._registrations, now)
        if wait:
            raise Refused(
                N_(
                    "{n} accounts were opened from your network within a day; try again in "
                    "{hours} h, or log in with one of them",
                    n=self._registrations,
                    hours=ceil(wait / 3600),
                )
            )

    async def _check(self, channel: Channel, device: str, name: str, password: str) -> Account:
        return await self._login(
            channel, PeerPassword(name.encode(), password.encode(), channel.peer.host, device)
        )

    async def _login(self, channel: Channel, credentials: ICredentials) -> Account:
        account: Any
        try:
            _, account, _ = await self._portal.login(credentials, credentials, IAccount)
        except TooManyFailures as error:
            name = getattr(credentials, "account", None)
            address = network(channel.peer.host) if error.is_of_address else ""
            self._events.login_refused(
                channel.peer.text, error.reason, name, error.seconds, address
            )
            raise
        except SessionEnded as error:
            self._events.login_refused(channel.peer.text, message_of(error))
            raise
        except UnauthorizedLogin:
            self._events.login_failed(channel.peer.text, getattr(credentials, "account", None))
            raise
        return cast(Account, account)


class Options(ConversationOptions):
    """Options of netlab-auth."""

    command = "netlab-auth"
    default_port = DEFAULTS["auth"].port
    allow_plaintext = option.flag(N_("Accept passwords over a network without TLS, too."))
    database = option.path(
        N_("The database of accounts: an SQLite file, or postgresql://USER@HOST/NAME."),
        default=DEFAULT_FILE,
        kind="database",
    )
    registration = option.choice(
        N_("open or closed: whether peers can open accounts."), "open", "closed", default="open"
    )
    min_password = option.number(
        N_("The minimum length of a password, in characters."), default=8, most=LONGEST_PASSWORD
    )
    token_idle = option.number(
        N_("Minutes without use after which a session ends."),
        default=30,
        most=MOST_HOURS * 60,
        unit=N_("minutes"),
    )
    token_lifetime = option.number(
        N_("Hours after which a session ends in any case."),
        default=12,
        most=MOST_HOURS,
        unit=N_("hours"),
    )
    max_sessions = option.number(
        N_("Sessions of an account; one more ends the oldest."), default=MOST_SESSIONS, most=10_000
    )
    max_registrations = option.number(
        N_("Accounts that one network can open in a day."), default=MOST_REGISTRATIONS
    )
    argon2_memory = option.number(
        N_("Memory for each hash of a password, in MiB."),
        default=MEMORY_MIB,
        least=MEMORY_MIB,
        most=4096,
        unit=N_("MiB"),
    )
    argon2_passes = option.number(
        N_("Argon2 passes over the memory of a hash."), default=PASSES, least=PASSES, most=1000
    )
    argon2_lanes = option.number(
        N_("Argon2 lanes (parallelism) of a hash."), default=LANES, least=LANES, most=64
    )

    @property
    def note(self) -> str:  # type: ignore[override]  # it depends on the options
        """See `ServiceOptions`."""
        if self.tls or self.allow_plaintext:
            return ""
        return N_("auth refuses other machines: --auth-tls or --auth-allow-plaintext")


def build(process: ServiceProcess, options: Options) -> NetworkService:
    """Build the service that `options` describe.

    Raises:
        CannotStart: There is too little memory for a hash; the reason is on standard error.
    """
    try:
        passwords = Passwords(options.argon2_memory, options.argon2_passes, options.argon2_lanes)
    except MemoryError as error:
        # twistd has not started its log yet.
        print_line(
            _("{service}: too little memory: {reason}", service=options.command, reason=error),
            sys.stderr,
        )
        raise CannotStart(str(error)) from None
    # A class opens its accounts in one lesson; each takes two hashes: to register and to log in.
    burst = max(BURST, 2 * options.max_registrations)
    hashing = Hashing(process.reactor, passwords, burst=burst)
    process.resources.append(hashing)
    text = "Queued hashes of passwords."
    process.add_gauge(options.command, "hash_queue", text, lambda: hashing.queued)
    authentication = Authentication(
        AccountRealm(
            shared_storage(process, options.database, ACCOUNT_TABLES),
            hashing,
            process.reactor,
            Lifetimes(
                options.token_idle * 60,
                options.token_lifetime * 3600,
                options.max_sessions,
            ),
            process.now,
        ),
        process.log.events_of(options.command),
        options.registration == "open",
        options.allow_plaintext,
        options.min_password,
        options.max_registrations,
    )
    process.names[options.command] = authentication.name_of
    return conversation_service(process, options, authentication.converse)


makeService = in_own_process(build)
