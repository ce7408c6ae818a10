"""Client on a terminal: the user types at the bottom, and received lines appear above."""

from __future__ import annotations

import asyncio
import sys
from contextlib import AbstractContextManager, nullcontext

from prompt_toolkit import PromptSession
from prompt_toolkit.history import InMemoryHistory
from prompt_toolkit.layout.processors import Processor, Transformation, TransformationInput
from prompt_toolkit.patch_stdout import patch_stdout
from prompt_toolkit.utils import is_dumb_terminal
from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IReactorTime
from twisted.python.failure import Failure

from twisted_lab.channels.idleness import QuietTimer
from twisted_lab.client.connection import ClientConnection
from twisted_lab.client.dialogue import Dialogue
from twisted_lab.client.echo import Echo
from twisted_lab.client.ending import Ended
from twisted_lab.client.exit_line import UntilExit
from twisted_lab.client.plain_editor import PlainEditor
from twisted_lab.client.rendering import WholeLines, visible
from twisted_lab.text.language import _
from twisted_lab.text.token_form import TOKEN_PREFIX

# A login without an answer for this time is probably delayed; a hash takes much less.
ANSWER_SECONDS = 2.0


class Interrupted(Exception):
    """The user has pressed Ctrl-C."""


class TypedLine:
    """The line that is being typed: it stays secret if it was begun as a secret.

    Args:
        dialogue: The conversation, which may stop to hide the input before the line is complete.

    Attributes:
        dialogue: See above.
    """

    def __init__(self, dialogue: Dialogue) -> None:
        self.dialogue = dialogue
        self._is_secret = False

    @property
    def hidden(self) -> bool:
        """Tell whether the line is secret."""
        return self.dialogue.hidden or self._is_secret

    def changed(self, text: str) -> None:
        """Note the text that is typed so far."""
        self._is_secret = bool(text) and self.hidden


class NoEcho(Processor):
    """Hides secrets, including their length, and text that is pasted after a name."""

    def __init__(self, line: TypedLine) -> None:
        self._line = line

    def apply_transformation(self, transformation_input: TransformationInput) -> Transformation:
        """See `prompt_toolkit.layout.processors.Processor`."""
        is_pasted = self._line.dialogue.has_secrets and transformation_input.lineno > 0
        if self._line.hidden or is_pasted:
            return Transformation([], lambda _: 0, lambda _: 0)
        return Transformation(transformation_input.fragments)


class NoSecrets(InMemoryHistory):
    """A history of typed lines without secrets."""

    def __init__(self, line: TypedLine) -> None:
        super().__init__()
        self._line = line

    def append_string(self, string: str) -> None:
        """See `prompt_toolkit.history.History`."""
        is_pasted = self._line.dialogue.has_secrets and "\n" in string
        if not (self._line.hidden or is_pasted or string.startswith(TOKEN_PREFIX)):
            super().append_string(string)


async def run(clock: IReactorTime, connection: ClientConnection, dialogue: Dialogue) -> None:
    """Send each line that the user types, until ``exit``, Ctrl-D or the end of the connection.

    This needs the asyncio reactor, because the line editor runs on its loop.

    Raises:
        HungUp: The connection ended early, so output of the server may be missing.
        Ended: With status 130, if the user presses Ctrl-C.
    """
    read = visible()

    def say(line: str) -> None:
        sys.stdout.write(f"{line}\n")

    def say_delayed() -> None:
        say(
            _(
                "(no answer yet: after wrong passwords, the server may delay a login for up to "
                "30 s; it takes what you type now as your next answer)"
            )
        )

    delayed = QuietTimer(clock, connection.transport, ANSWER_SECONDS, say_delayed)

    def show(text: str) -> None:
        delayed.cancel()
        for line in text.removesuffix("\n").split("\n"):
            shown, answer = dialogue.heard(line)
            say(shown)
            if answer is not None:
                connection.send(f"{answer}\n".encode())
        hide()

    def hide() -> None:
        # The terminal echoes a line while it is typed or pasted, when the client cannot tell yet
        # whether it is secret.
        echo.hide(dialogue.hidden or (dialogue.has_secrets and not dialogue.succeeded))

    lines = WholeLines(clock, show)
    connection.deliver = lambda data: lines.add(read(data, False))
    # On a dumb terminal prompt_toolkit shows each key that it reads.
    is_plain = is_dumb_terminal()
    echo = Echo(0 if is_plain else None)
    typed = TypedLine(dialogue)
    session: PlainEditor | PromptSession[str]
    raw: AbstractContextManager[object]
    if is_plain:
        session, raw = PlainEditor(), nullcontext()
    else:
        session = PromptSession(
            "> ",
            interrupt_exception=Interrupted,
            history=NoSecrets(typed),
            input_processors=[NoEcho(typed)],
            enable_suspend=True,
        )
        session.default_buffer.on_text_changed += lambda buffer: typed.changed(buffer.text)
        # Without raw mode the terminal would echo what is typed between two prompts.
        raw = session.input.raw_mode()
    until_exit = UntilExit(dialogue.says_exit)
    typing: asyncio.Task[str] | None = None

    def stop_typing(result: Failure | None) -> Failure | None:
        delayed.cancel()
        if typing is not None:
            typing.cancel()
        return result

    connection.ended.addBoth(stop_typing)
    with echo, nullcontext() if is_plain else patch_stdout():
        hide()
        try:
            with raw:
                while not connection.ended.called:
                    typing = asyncio.ensure_future(session.prompt_async(handle_sigint=False))
                    line = await Deferred.fromFuture(typing)
                    typed.changed("")
                    if dialogue.needs_text and not line.strip():
                        say(_("(type an answer, or exit to leave)"))
                        continue
                    if echo.is_off and not (dialogue.hidden or line.startswith(TOKEN_PREFIX)):
                        say(line)
                    # Pasted text may contain several lines.
                    connection.send(until_exit.feed(f"{line}\n".encode(errors="surrogateescape")))
                    if until_exit.ended:
                        break
                    dialogue.typed(line)
                    if dialogue.has_secrets and not dialogue.succeeded:
                        delayed.heard()
                    hide()
        except (EOFError, asyncio.CancelledError):
            pass
        except Interrupted:
            connection.abort()
            await connection.ended
            raise Ended(status=130) from None
        connection.finish()
        try:
            await connection.ended
        finally:
            lines.add(read(b"", True))
            lines.flush()
