"""The person who uses a client that is checked, and the server that this client talks to."""

from __future__ import annotations

from twisted_lab.check.conversation.causes import likely_cause
from twisted_lab.check.conversation.echoes import came_back
from twisted_lab.check.outcomes import Failed
from twisted_lab.check.requirements.requirement import Mistake
from twisted_lab.check.subjects.listener import Listener
from twisted_lab.check.subjects.operator import Operator
from twisted_lab.check.subjects.program import Program
from twisted_lab.check.trials.trial import Trial
from twisted_lab.check.verdicts import Difference
from twisted_lab.text.escaping import escape_bytes

GREETING = b"welcome\n"
MOST_GREETINGS = 5
_REST_SECONDS = 0.2
_PROMPT_ENDS = ":>?"


class User:
    """Types lines, and knows what reaches the server and what the client shows.

    The server's answers are as long as what it received, with upper and lower case exchanged: so
    they differ from what was typed, and suit clients that read as many bytes as they sent.

    Args:
        trial: Notes what is done.
        program: The client.
        operator: Answers its questions.
        listener: The server's socket.

    Attributes:
        program: The client.
        operator: Answers its questions.
        listener: The server's socket.
    """

    def __init__(
        self, trial: Trial, program: Program, operator: Operator, listener: Listener
    ) -> None:
        self.program = program
        self.operator = operator
        self.listener = listener
        self._trial = trial
        self._answered = 0  # bytes received to which the server has replied
        self._greetings = 0
        self._typed = 0  # the length of the terminal's text when the last line was typed
        self._looked = 0  # its length when `has_said_more` was last called

    @property
    def shown(self) -> str:
        """What the client has shown since the last line was typed."""
        return self.program.terminal.text[self._typed :]

    @property
    def unanswered(self) -> bytes:
        """What the server has received and not replied to."""
        return self.listener.received()[self._answered :]

    def has_said_more(self) -> bool:
        """Return whether it has printed a line, other than a question, since the last call.

        What was printed before the last line was typed does not count.
        """
        text = self.program.terminal.text
        lines = text[max(self._looked, self.program.answered) :].split("\n")[:-1]
        self._looked = len(text)
        return any(line.strip() and line.rstrip()[-1] not in _PROMPT_ENDS for line in lines)

    async def ready(self) -> bool:
        """Bring the client to the point at which it takes a line; return whether it does.

        Its questions are answered. If it waits for the server, the server speaks.
        """
        while True:
            await self.program.settle(self._trial.bench.patience)
            if self.program.has_ended:
                return False
            snapshot = self.program.look()
            if snapshot.wants_terminal:
                if not self.operator.answer_question():
                    return True
            elif not self._speak_first():
                return False

    def _speak_first(self) -> bool:
        if not self.listener.peers or self._greetings >= MOST_GREETINGS:
            return False
        self._greetings += 1
        if self.unanswered:
            self.reply(self.unanswered.swapcase())
        else:
            self._trial.step("the server greets it, because it waits for the server")
            self.reply(GREETING)
        return True

    async def expect_ready(self) -> None:
        """Bring the client to the point at which it takes a line.

        Raises:
            Failed: If it does not get there.
        """
        if not await self.ready():
            raise Failed(self.story("It does not ask for a line"), self.cause())

    def type_line(self, line: str) -> None:
        """Type a line."""
        shown = line if len(line) < 60 else f"{len(line):,} characters"
        self._trial.step(f'"{shown}" is typed')
        self._typed = len(self.program.terminal.text)
        self.program.type_line(line)

    async def expect_received(self, text: bytes) -> bytes:
        """See that a text that was typed reaches the server.

        Returns:
            What the server received, with whatever the client put around the text.

        Raises:
            Failed: If it does not.
        """
        self._trial.step("the server receives it")
        patience = self._trial.bench.patience
        await self.program.until(lambda: text in self.unanswered, patience)
        received = self.unanswered
        if text not in received:
            note = self.story("The server did not receive the line")
            raise Failed(note, self.cause(), Difference(text, received))
        # A newline, or the rest of a message, may follow.
        await self.program.settle(_REST_SECONDS)
        received = self.unanswered
        self._trial.sent("client", "server", True, received)
        return received

    def reply(self, data: bytes) -> None:
        """Have the server say something."""
        self._answered = len(self.listener.received())
        self._trial.sent("client", "server", False, data)
        self.program.poked()
        self.listener.peers[-1].write(data)

    async def shows(self, text: bytes) -> bool:
        """Wait until the client shows a text; it may put words of its own between portions."""
        return await self.program.until(
            lambda: came_back(self.shown.encode(), text, is_exact=True), self._trial.bench.patience
        )

    async def expect_shown(self, text: bytes) -> None:
        """See that the client shows a text.

        Raises:
            Failed: If it does not.
        """
        self._trial.step(f'the client shows the reply "{escape_bytes(text[:60])}"')
        if not await self.shows(text):
            note = self.story("The reply is not on the screen")
            raise Failed(note, self.cause(), Difference(text, self.shown.strip().encode()))

    async def have_echoed(self, line: str) -> None:
        """Type a line, and see that it reaches the server and that the reply is shown.

        Raises:
            Failed: If not.
        """
        self.type_line(line)
        text = line.encode()
        received = await self.expect_received(text)
        self.reply(received.replace(text, line.swapcase().encode()))
        await self.expect_shown(line.swapcase().encode())

    def story(self, what: str) -> str:
        """Return what happened, with the end of the client if it has ended."""
        if self.program.has_ended:
            return f"{what}; the client ended with {self.program.end}."
        return f"{what}."

    def cause(self) -> Mistake | None:
        """Return the likely cause from a traceback, if there is one."""
        return likely_cause(self.program.traceback)
