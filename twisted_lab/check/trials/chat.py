"""A chat with several clients."""

from __future__ import annotations

from socket import SocketKind

from twisted_lab.check.conversation.login import asks_for_login, reply_to
from twisted_lab.check.conversation.openings import NAME
from twisted_lab.check.outcomes import Failed
from twisted_lab.check.requirements.udp_chat import SENDS_TO_ITSELF
from twisted_lab.check.subjects.server import Server
from twisted_lab.check.trials.chat_manners import ChatManners
from twisted_lab.check.trials.client import Client
from twisted_lab.check.trials.start_server import connect_client, reach_server
from twisted_lab.check.trials.trial import Trial
from twisted_lab.check.verdicts import Difference
from twisted_lab.text.language import _, ngettext

_LEAVES = b"exit"
_MOST_ANSWERS = 5  # name, password, password again


class Chat:
    """A chat server, and the clients that talk there.

    Args:
        trial: Notes what is done.
        server: The server.
        manners: How it wants to be talked to.

    Attributes:
        server: The server.
        has_asked: Whether the server has asked a client for its name.
    """

    def __init__(self, trial: Trial, server: Server, manners: ChatManners) -> None:
        self.server = server
        self.has_asked = False
        self._trial = trial
        self._manners = manners

    @property
    def feeds_itself(self) -> bool:
        """Whether the server is busy with its own datagrams; no other program is in its network."""
        return self.server.program.feeds_itself and not self._trial.bench.lacks

    async def join(self, number: int, name: str = "") -> Client:
        """Have a client join.

        Args:
            number: Its number, which makes its address.
            name: Its name; "" for one of its own.

        Raises:
            Failed: If its connection is refused.
        """
        client = await connect_client(self._trial, self.server, self._manners, number)
        name = name or own_name(number)
        await client.settle()
        if not await self._answer(client, name) and self._manners.opening:
            await client.talk(self._manners.opening.replace(NAME, name).encode())
            await self._answer(client, name)
        return client

    async def expect_heard(self, speaker: Client, *listeners: Client, text: bytes = b"") -> None:
        """Have a client say a text, and see that others receive it.

        Args:
            speaker: The client.
            listeners: The others.
            text: The text; a random one if it is empty.

        Raises:
            Failed: If one of them does not.
        """
        text = text or self._trial.text(12)
        starts = [len(listener.peer.received) for listener in listeners]
        speaker.say(text)
        for listener, start in zip(listeners, starts, strict=True):
            self._trial.expect(_("{client} receives it", client=listener.name))
            if not await listener.hears(text):
                parts = listener.parts(start)
                story = self._story(listener, sum(map(len, parts)))
                mistake = SENDS_TO_ITSELF if self.feeds_itself else None
                raise Failed(story, mistake, Difference.within(text, *parts))

    async def expect_talk(self, first: Client, second: Client) -> None:
        """See that two clients receive texts of each other.

        Raises:
            Failed: If not.
        """
        await self.expect_heard(first, second)
        await self.expect_heard(second, first)

    async def leave(self, client: Client) -> None:
        """Have a client say that it leaves, and leave."""
        client.say(_LEAVES)
        await client.settle()
        if self.server.kind is SocketKind.SOCK_STREAM:
            await client.leave()
        client.peer.close()

    async def _answer(self, client: Client, name: str) -> bool:
        """Answer the questions of the server; return whether there were any."""
        for number in range(_MOST_ANSWERS):
            if not asks_for_login(client.heard):
                return number > 0
            self.has_asked = True
            await client.talk(reply_to(client.heard, name, number))
        return True

    def _story(self, listener: Client, size: int) -> str:
        number, program = listener.number, self.server.program
        if program.has_ended:
            return _(
                "Client {number} did not receive it: the server had ended with {end}.",
                number=number,
                end=program.end,
            )
        if self.feeds_itself:
            return _(
                "Client {number} did not receive it: the server sends datagrams to its own port, "
                "and receives them again, without end.",
                number=number,
            )
        if listener.peer.has_ended and self.server.kind is SocketKind.SOCK_STREAM:
            return _(
                "Client {number} did not receive it: the server closed its connection.",
                number=number,
            )
        if not size:
            return _("Client {number} received nothing.", number=number)
        return ngettext(
            "Client {number} received {n:,} byte, but not this text.",
            "Client {number} received {n:,} bytes, but not this text.",
            size,
            number=number,
        )


async def open_chat(trial: Trial, manners: ChatManners) -> Chat:
    """Start a chat server, or take the one that somebody else has started.

    Raises:
        Failed: If it does not listen.
    """
    return Chat(trial, await reach_server(trial, manners), manners)


def own_name(number: int) -> str:
    """Return the name of a client."""
    return f"anna{number}"
