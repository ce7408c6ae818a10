"""The commands of a logged-in client, one per message."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from math import ceil

from twisted.cred.error import UnauthorizedLogin

from twisted_lab.accounts import BadPassword, check_password, time_text, token_digest
from twisted_lab.channels import Channel
from twisted_lab.login.checkers import SessionEnded, TooManyFailures
from twisted_lab.login.realm import Account
from twisted_lab.text.dialogue_messages import GOODBYE, WRONG, AskPassword
from twisted_lab.text.exit_word import EXIT
from twisted_lab.text.nearest import nearest

TRIES = 3
PAGE = 20  # sessions
HELP = (
    "whoami: says who you are",
    "sessions [PAGE]: lists where you are logged in, 20 sessions a page",
    "revoke ID: ends one of these sessions",
    "passwd: changes your password, and ends all other sessions",
    "logout: ends this session, and closes",
    f"{EXIT}: closes; your token stays good",
    "help: lists this",
)
_MOST_LIKE = 20  # characters of a word that are compared: a comparison takes time


async def choose_password(channel: Channel, prompt: str, shortest: int) -> str:
    """Ask for a new password and its repetition; ask again if it is refused.

    Raises:
        BadPassword: All TRIES passwords were too short or too long, or repeated differently.
    """
    for tries_left in reversed(range(TRIES)):
        channel.say(prompt)
        try:
            password = await channel.hear()
            check_password(password, shortest)
            channel.say(AskPassword.REPEATED)
            if await channel.hear() != password:
                raise BadPassword("the two passwords are not the same")
        except BadPassword as error:
            if not tries_left:
                raise
            channel.say(f"error: {error}{'; this is the last try' * (tries_left == 1)}")
        else:
            return password
    raise AssertionError


def refusal(error: UnauthorizedLogin) -> str:
    """Return the message about a failed login; it does not tell which part was wrong."""
    if isinstance(error, TooManyFailures | SessionEnded):
        return f"error: {error}"
    return WRONG


class AccountShell:
    """The command loop of a logged-in client.

    Args:
        channel: The client's channel.
        account: The client's account.
        token: The token of this session.
        shortest: The minimum length of a new password, in characters.
        check: Checks a name and a password; raises UnauthorizedLogin if they are wrong.

    Attributes:
        account: See above.
    """

    def __init__(
        self,
        channel: Channel,
        account: Account,
        token: str,
        shortest: int,
        check: Callable[[str, str], Awaitable[object]],
    ) -> None:
        self._channel = channel
        self.account = account
        self._token = token
        self._shortest = shortest
        self._check = check
        self._checks_left = TRIES

    async def converse(self) -> None:
        """Execute the client's commands until it leaves, its session ends or TRIES checks fail."""
        commands = {
            "whoami": self._whoami,
            "sessions": self._sessions,
            "revoke": self._revoke,
            "passwd": self._passwd,
            "help": self._help,
        }
        say = self._channel.say
        # Commands that are still queued when the client has disconnected are not executed.
        while not self._channel.is_gone:
            command, _, argument = (await self._channel.hear()).strip().partition(" ")
            if command == EXIT:
                return
            try:
                # The session may have expired or been revoked since the last command.
                await self.account.use_session(self._token)
                if command == "logout":
                    await self.account.end_session(self._token)
                    say(f"{GOODBYE}{self.account.name}")
                    return
                if command not in commands:
                    near = nearest(command[:_MOST_LIKE], (*commands, "logout", EXIT))
                    meant = f"did you mean {near}? " if near else ""
                    say(f"error: unknown command; {meant}help lists them")
                    continue
                await commands[command](argument.strip())
            except SessionEnded as error:
                say(refusal(error))
                return
            except BadPassword as error:
                say(f"error: {error}")
            except UnauthorizedLogin as error:
                say(refusal(error))
                self._checks_left -= 1
            if not self._checks_left:
                return

    async def _whoami(self, _: str) -> None:
        self._channel.say(self.account.name)

    async def _sessions(self, page: str) -> None:
        this = token_digest(self._token)
        sessions = await self.account.sessions()
        pages = ceil(len(sessions) / PAGE)
        if (page or "1") not in map(str, range(1, pages + 1)):
            known = f"the pages are 1 to {pages}" if pages > 1 else "there is 1 page"
            self._channel.say(f"error: {known}")
            return
        number = int(page or 1)
        for session in sessions[(number - 1) * PAGE : number * PAGE]:
            self._channel.say(
                f"{session.id} since {time_text(session.since)} used {time_text(session.used)} "
                f"from {session.origin}{' (this one)' if session.digest == this else ''}"
            )
            await self._channel.taken()
        if number < pages:
            self._channel.say(f"page {number} of {pages}: sessions {number + 1} lists the next one")

    async def _revoke(self, session_id: str) -> None:
        if not session_id:
            self._channel.say("error: say which one: revoke ID; sessions lists them")
        elif await self.account.revoke(session_id):
            self._channel.say("Revoked.")
        else:
            self._channel.say("error: you have no such session; sessions lists them")

    async def _passwd(self, _: str) -> None:
        # The current password protects an unattended terminal: no passer-by can lock the owner out.
        self._channel.say(AskPassword.CURRENT)
        await self._check(self.account.name, await self._channel.hear())
        password = await choose_password(self._channel, AskPassword.NEW, self._shortest)
        await self.account.change_password(password, self._token, self._channel.peer.host)
        self._channel.say("Password changed. All other sessions are ended.")

    async def _help(self, _: str) -> None:
        for line in HELP:
            self._channel.say(line)
