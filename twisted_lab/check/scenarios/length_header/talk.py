"""Conversations in messages with a header, both ways."""

from __future__ import annotations

from twisted_lab.check.conversation.causes import likely_cause
from twisted_lab.check.conversation.echoes import came_back
from twisted_lab.check.outcomes import Failed
from twisted_lab.check.requirements import message_mistakes, mistakes
from twisted_lab.check.requirements.requirement import Mistake
from twisted_lab.check.subjects.server import Server
from twisted_lab.check.trials.client import runs_on
from twisted_lab.check.trials.server_manners import Manners
from twisted_lab.check.trials.start_server import connect_client, reach_server
from twisted_lab.check.trials.trial import Trial
from twisted_lab.check.verdicts import Difference
from twisted_lab.text.language import _


class Talk:
    """A client of a server, and what it expects.

    Args:
        trial: Notes what is done.
        manners: How the server wants to be talked to.
        server: The server.

    Attributes:
        client: The client; `connect` makes it.
        server: The server.
        answered_the_end: Whether the server sent something to the last client that had left.
    """

    def __init__(self, trial: Trial, manners: Manners, server: Server) -> None:
        self.answered_the_end = False
        self.server = server
        self._trial = trial
        self._manners = manners
        self._spins = ""  # since a client left: what was seen

    async def connect(self, number: int = 1) -> None:
        """Connect a client."""
        self.client = await connect_client(self._trial, self.server, self._manners, number)

    async def exchange(self, text: bytes) -> None:
        """Send a message, and see that it is answered; see `expect`."""
        self.client.say(text)
        await self.expect(text)

    async def expect(self, *texts: bytes) -> None:
        """See that an answer comes, in whole messages; from an echo, these texts.

        Raises:
            Failed: If it does not.
        """
        client, manners, text = self.client, self._manners, b"".join(texts)
        self._trial.step(_("{client} receives an answer with a header", client=client.name))
        if not (manners.is_echo and text and await client.hears_back(text)):
            await client.settle()
        messages, rest = manners.reply.decode(client.heard)
        is_whole = not manners.is_echo or came_back(b"".join(messages), text)
        if messages and is_whole and not rest:
            return
        expected = b"".join(manners.reply.encode(manners.echo(each)) for each in texts)
        difference = Difference(expected, client.heard) if manners.is_echo else None
        if length := manners.reply.counted_characters(client.heard):
            body = client.heard[manners.reply.size :]
            note = _(
                "The header says {length:,}, and {size:,} bytes follow: it counts characters.",
                length=length,
                size=len(body),
            )
            difference = Difference(manners.reply.encode(body), client.heard)
            raise Failed(note, message_mistakes.COUNTS_CHARACTERS, difference)
        note = client.story(expected if manners.is_echo else text)
        if text and came_back(client.heard, text):
            note = _("The text came back, but its header does not tell its length.")
        raise Failed(note, self.cause(), difference)

    def cause(self) -> Mistake | None:
        """Return what ended the server, if a traceback shows it; the header may be no number."""
        program = self.server.program
        cause = likely_cause(program.traceback, program.raised_by)
        return None if cause in (mistakes.NONSENSE_ENDS, mistakes.ENTER_IS_NONSENSE) else cause

    async def leave(self) -> None:
        """Have the client leave in order, and see whether the server waits then."""
        before = len(self.client.peer.received)
        if not await self.client.leave():
            self._spins = runs_on(self.client)
        self.answered_the_end = len(self.client.peer.received) > before

    async def expect_next(self, number: int = 2) -> None:
        """See that the server serves one more client.

        Raises:
            Failed: If it does not.
        """
        begun, had_ended = len(self._trial.steps), self.server.program.has_ended
        try:
            await self.connect(number)
            await self.exchange(self._trial.text(12))
        except Failed as failure:
            if self._spins:
                raise Failed(f"{self._spins} {failure.note}", mistakes.SPINS) from None
            if not self.server.program.has_ended:
                raise
            if had_ended:
                del self._trial.steps[begun:]  # the last step before is the one that ended it
            note = _(
                "The server did not serve client {number}: it had ended with {end}.",
                number=number,
                end=self.server.program.end,
            )
            raise Failed(note, self.cause()) from None


async def one_client(trial: Trial, manners: Manners) -> Talk:
    """Have a server with one client."""
    talk = Talk(trial, manners, await reach_server(trial, manners))
    await talk.connect()
    return talk
