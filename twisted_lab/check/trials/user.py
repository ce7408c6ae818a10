"""The person who uses a client that is checked."""

from __future__ import annotations

from bisect import bisect_left

from twisted_lab.check.conversation.causes import likely_cause
from twisted_lab.check.conversation.echoes import came_back
from twisted_lab.check.outcomes import Failed, NotChecked, NotOffered
from twisted_lab.check.requirements import client_mistakes, mistakes
from twisted_lab.check.requirements.requirement import Mistake
from twisted_lab.check.subjects.operator import Operator
from twisted_lab.check.subjects.program import Program
from twisted_lab.check.trials.client_manners import ClientManners
from twisted_lab.check.trials.counterpart import Counterpart
from twisted_lab.check.trials.trial import Trial
from twisted_lab.check.verdicts import Difference
from twisted_lab.text.escaping import escape_bytes
from twisted_lab.text.language import _, ngettext

EXIT, NEXT = "exit", "next"
_LONG = 60  # characters of a line: a step does not show longer ones
_REST_SECONDS = 0.2
_END_SECONDS = 2.0
_PROMPT_ENDS = ":>?"

# Bytes of a random reply that are not on the screen by chance.
LEAST_BEGINNING = 4


class User:
    """Types lines, and knows what reaches the server and what the client shows.

    Args:
        trial: Notes what is done.
        program: The client.
        operator: Answers its questions.
        server: The server that it talks to.
        manners: How it wants to be used.

    Attributes:
        program: The client.
        operator: Answers its questions.
        server: The server that it talks to.
    """

    def __init__(
        self,
        trial: Trial,
        program: Program,
        operator: Operator,
        server: Counterpart,
        manners: ClientManners,
    ) -> None:
        self.program = program
        self.operator = operator
        self.server = server
        self._trial = trial
        self._manners = manners
        self._openings = [manners.opening] if manners.opening else []
        self._typed = 0  # the length of the terminal's text when the last line was typed
        self._looked = 0  # its length when `said_lines` was last called

    @property
    def shown(self) -> str:
        """What the client has shown since the last line was typed."""
        return self.program.terminal.text[self._typed :]

    def said_lines(self) -> list[str]:
        """Return the lines, other than questions, that it has printed since the last call.

        What was printed before the last line was typed does not count.
        """
        text = self.program.terminal.text
        lines = text[max(self._looked, self.program.answered) :].split("\n")[:-1]
        self._looked = len(text)
        return [line for line in lines if line.strip() and line.rstrip()[-1] not in _PROMPT_ENDS]

    async def ready(self) -> bool:
        """Bring the client to the point at which it takes a line; return whether it does.

        Its questions are answered. If it waits for the server, the server speaks.
        """
        while True:
            await self.program.settle(self._trial.bench.patience)
            if self.program.has_ended:
                return False
            if self.program.look().wants_terminal:
                if self.operator.answer_question():
                    continue
                if not self._openings:
                    return True
                self.type_line(self._openings.pop())
            elif not self.server.unanswered and self.server.close_left():
                continue
            elif not self.server.speak():
                return False

    async def expect_ready(self) -> None:
        """Bring the client to the point at which it takes a line.

        Raises:
            Failed: If it does not get there.
            NotChecked: If it does not get on with the words of the server.
            NotOffered: If it talked to the server and ends without a line.
        """
        if await self.ready():
            return
        received = self.server.listener.received()
        if self.server.has_greeted and not (received and self.program.has_ended):
            raise NotChecked(self.story(_("It waits for other words of the server")))
        if received and self.program.status == 0:
            raise NotOffered(_("The client takes no line."))
        raise Failed(self.story(_("It does not ask for a line")), self.cause())

    def type_line(self, line: str) -> None:
        """Type a line."""
        self._trial.step(
            _('"{line}" is typed', line=line)
            if len(line) < _LONG
            else ngettext(
                "a line of {n:,} character is typed",
                "a line of {n:,} characters is typed",
                len(line),
            )
        )
        self._typed = len(self.program.terminal.text)
        self.program.type_line(line)

    async def receives(self, text: bytes) -> bool:
        """Wait until a text reaches the server; return whether it does."""
        patience = self._trial.bench.patience
        return await self.program.until(lambda: text in self.server.unanswered, patience)

    async def expect_received(self, text: bytes) -> bytes:
        """See that a text that was typed reaches the server.

        Returns:
            What the server received, with whatever the client put around the text.

        Raises:
            Failed: If it does not.
        """
        if self._manners.sends_late:
            await self.expect_ready()
            self.type_line(EXIT)
        self._trial.expect(_("the server receives it"))
        if not await self.receives(text):
            what, mistake = self._instead_of_sending()
            difference = Difference.within(text, self.server.unanswered)
            raise Failed(self.story(what), self.cause() or mistake, difference)
        # A newline, or the rest of a message, may follow.
        await self.program.settle(_REST_SECONDS)
        received = self.server.unanswered
        self._trial.sent(_("client"), _("server"), True, received)
        return received

    def _instead_of_sending(self) -> tuple[str, Mistake | None]:
        """Return what the client does instead of sending a line, and the likely cause."""
        snapshot, is_silent = self.program.look(), not self.server.unanswered
        if is_silent and snapshot.is_waiting and snapshot.wants_only_terminal:
            note = _(
                "The client has not sent the line: it waits for another one, or for the end of the "
                "input"
            )
            return note, client_mistakes.WAITS_FOR_INPUT
        if is_silent and snapshot.waits_for_peer and not snapshot.wants_terminal:
            note = _("The client has not sent the line: it waits until the server says something")
            return note, client_mistakes.RECEIVES_FIRST
        return _("The server did not receive the line"), None

    async def shows(self, text: bytes) -> bool:
        """Wait until the client shows a text; it may put words of its own between portions.

        The server closes once the client has ended its direction: it may read until then.
        """

        def is_shown() -> bool:
            return came_back(self.shown.encode(), text, is_exact=True)

        patience = self._trial.bench.patience
        await self.program.until(lambda: is_shown() or self.server.is_left, patience)
        if not is_shown():
            self.server.close_left()
        return await self.program.until(is_shown, patience)

    async def shows_reply(self, text: bytes) -> bool:
        """Wait until the client shows a reply, after another line if that is its manner."""
        if (line := self._manners.shows_after) and await self.ready():
            self.type_line(line)
            if line == EXIT:
                await self.leave()
        return await self.shows(text)

    async def expect_shown(self, text: bytes) -> None:
        """See that the client shows a reply.

        Raises:
            Failed: If it does not.
        """
        self._trial.expect(_('the client shows the reply "{reply}"', reply=escape_bytes(text[:60])))
        if await self.shows_reply(text):
            return
        shown = self.shown.strip().encode()
        # A traceback may quote what was received.
        begun = b"" if self.program.traceback else beginning(text, shown)
        if begun:
            what = _(
                "Only the beginning of the reply is on the screen, {shown:,} of {count:,} bytes",
                shown=len(begun),
                count=len(text),
            )
            difference = Difference(text, begun)
            raise Failed(self.story(what), self.cause() or mistakes.PIECES_LOST, difference)
        if not self.program.traceback and (size := _ending(text, shown)):
            what = _(
                "Only the end of the reply is on the screen, {shown:,} of {count:,} bytes",
                shown=size,
                count=len(text),
            )
            raise Failed(self.story(what), mistakes.LAST_PIECE)
        what, mistake = self._instead_of_showing()
        raise Failed(self.story(what), self.cause() or mistake, shown_instead(text, shown))

    def _instead_of_showing(self) -> tuple[str, Mistake | None]:
        """Return what the client does instead of showing a reply, and the likely cause."""
        snapshot, said = self.program.look(), self.server.said
        if snapshot.is_stuck:
            note = ngettext(
                "The reply is not on the screen: its {n:,} byte has arrived, and the client has "
                "not received it",
                "The reply is not on the screen: its {n:,} bytes have arrived, and the client has "
                "not received all of them",
                said,
            )
            return note, None
        if any(each.has_ended for each in self.server.listener.peers):
            # A closed connection does not show whether the client received the reply before.
            return _("The reply is not on the screen"), None
        if snapshot.is_waiting and snapshot.wants_terminal:
            note = ngettext(
                "The client has received the reply, {n:,} byte, but it is not on the screen",
                "The client has received the reply, {n:,} bytes, but they are not on the screen",
                said,
            )
            return note, None
        if snapshot.waits_for_peer:
            note = ngettext(
                "The client has received the reply, {n:,} byte, and waits for more from the "
                "server instead of showing it",
                "The client has received the reply, {n:,} bytes, and waits for more from the "
                "server instead of showing it",
                said,
            )
            return note, mistakes.WAITS_FOR_MORE
        return _("The reply is not on the screen"), None

    async def have_echoed(self, line: str) -> None:
        """Type a line, and see that it reaches the server and that the reply is shown.

        Raises:
            Failed: If not.
        """
        self.type_line(line)
        text = line.encode()
        received = await self.expect_received(text)
        self.server.say(received.replace(text, line.swapcase().encode()))
        await self.expect_shown(line.swapcase().encode())

    async def leave(self) -> None:
        """Wait for the end of the client; the server replies to what it still says, and closes."""
        server, has_left = self.server, False
        before = len(server.listener.received())
        while True:
            await self.program.until(
                lambda: bool(server.unanswered) or server.is_left, self._trial.bench.patience
            )
            if self.program.has_ended:
                return
            if server.is_left:
                has_left = True
                server.close()
            elif server.unanswered and not server.has_closed:
                server.echo()
            elif self.program.look().wants_terminal:
                if not has_left and not self.operator.answer_question():
                    return
                if has_left:  # without a connection, it can only want Enter
                    has_left = False
                    self.program.poked(is_typed=True)
                    self.program.terminal.type_line("")
            elif len(server.listener.received()) > before and not server.has_closed:
                server.close()  # it waits for the server, which it has told that it leaves
            else:
                clock = self._trial.activity
                await clock.until(lambda: self.program.has_ended, _END_SECONDS)
                return

    def story(self, what: str) -> str:
        """Return what happened, with the end of the client if it has ended."""
        if self.program.has_ended:
            return _("{what}; the client ended with {end}.", what=what, end=self.program.end)
        if self.program.traceback:
            return _("{what}; on its screen: {error}.", what=what, error=self.program.traceback)
        return f"{what}."

    def cause(self) -> Mistake | None:
        """Return the likely cause from a traceback, if there is one."""
        if not self.program.traceback:
            return None
        return likely_cause(self.program.traceback, is_client=True) or mistakes.UNCAUGHT


def shown_instead(text: bytes, shown: bytes) -> Difference | None:
    """Return how a reply on the screen differs; None if there are only words of the client.

    Args:
        text: The reply.
        shown: What is on the screen.
    """
    return Difference.within(text, shown) if text[:LEAST_BEGINNING] in shown else None


def _ending(text: bytes, shown: bytes) -> int:
    """Return how many bytes of the end of `text` are in `shown`, if its beginning is not there."""
    if text[:LEAST_BEGINNING] in shown:
        return 0
    sizes = range(LEAST_BEGINNING, len(text))
    index = bisect_left(sizes, True, key=lambda size: text[-size:] not in shown)
    return sizes[index - 1] if index else 0


def beginning(text: bytes, shown: bytes) -> bytes:
    """Return the beginning of `text` if nothing else of it is in `shown`, otherwise nothing."""
    if text[-LEAST_BEGINNING:] in shown:
        return b""
    lengths = range(len(text) - 1, LEAST_BEGINNING - 1, -1)
    return next((text[:length] for length in lengths if text[:length] in shown), b"")
