"""Chat client on a terminal: the user types at the bottom, and messages appear above."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from contextlib import nullcontext

from prompt_toolkit import PromptSession
from prompt_toolkit.completion import CompleteEvent, Completer, Completion
from prompt_toolkit.document import Document
from prompt_toolkit.patch_stdout import patch_stdout
from prompt_toolkit.utils import is_dumb_terminal
from twisted.internet.defer import Deferred

from twisted_lab.client.chat_client import ChatClient
from twisted_lab.client.ending import Ended
from twisted_lab.client.plain_editor import PlainEditor
from twisted_lab.client.rendering import time_text
from twisted_lab.client.room_lines import ROOM
from twisted_lab.client.terminal import Interrupted
from twisted_lab.rooms import Line
from twisted_lab.text.chat_messages import COMMANDS, MSG, leaves
from twisted_lab.text.escaping import escape
from twisted_lab.text.language import _
from twisted_lab.text.printing import print_line

# Commands that take an argument end with a space.
COMPLETIONS = [f"{word} " if arguments else word for word, (arguments, _) in COMMANDS.items()]
DELIVERED = "✓"


class Words(Completer):
    """Completes commands at the beginning of a line, and names.

    Args:
        client: The client, which knows the members of the room.
    """

    def __init__(self, client: ChatClient) -> None:
        self._client = client

    def get_completions(
        self, document: Document, complete_event: CompleteEvent
    ) -> Iterable[Completion]:
        """See `prompt_toolkit.completion.Completer`."""
        begun = document.text_before_cursor
        word = begun.rpartition(" ")[2]
        words = COMPLETIONS if begun.startswith("/") and word == begun else self._client.room.others
        # The space separates the name from the message.
        end = " " if begun.removesuffix(word) == f"{MSG} " else ""
        for known in sorted(words):
            if word and known.casefold().startswith(word.casefold()):
                yield Completion(known + end, -len(word))


class Terminal:
    """Connects the user's terminal with the chat client.

    Args:
        client: The client.
        now: Returns the time of day, in seconds of Unix time.
    """

    def __init__(self, client: ChatClient, now: Callable[[], float]) -> None:
        self._client = client
        self._now = now
        self._asks_name = False
        self._session: PromptSession[str] | None = None
        if not is_dumb_terminal():
            self._session = PromptSession(
                self._prompt,
                interrupt_exception=Interrupted,
                completer=Words(client),
                complete_while_typing=False,
                erase_when_done=True,
                enable_suspend=True,
                rprompt=self._pending,
            )
            self._session.default_buffer.on_text_changed += lambda _: self._ask_no_more()
        client.not_let_in = self._ask_name
        client.let_in = self._ask_no_more
        client.pumped = self._redraw

    def show(self, line: Line) -> None:
        """Show a line above the input line."""
        mark = DELIVERED if line.is_own else " "
        print_line(
            f"{time_text(line.when, self._now())} {mark} {ROOM.translated(escape(line.text))}"
        )

    def _ask_name(self, why: str) -> None:
        self._asks_name = True
        print_line(ROOM.problem(escape(why)))
        if self._session is None:
            print_line(_("Name") + ": ", end="")
        self._redraw()

    def _ask_no_more(self) -> None:
        """Stop asking for a name once the client has joined, unless the user has begun to type."""
        half_typed = self._session.default_buffer.text if self._session else ""
        if self._client.room.is_in and not half_typed:
            self._asks_name = False

    def _prompt(self) -> str:
        return _("Name") + ": " if self._asks_name else "> "

    def _pending(self) -> str | None:
        count = self._client.room.pending
        return _("{n} on the way", n=count) if count else None

    def _redraw(self) -> None:
        if self._session and self._session.app.is_running:
            self._session.app.invalidate()

    async def run(self, reactor: object) -> None:
        """Send each line that the user types, until ``exit``, Ctrl-D or the end of the client.

        This needs the asyncio reactor, because the line editor runs on its loop.

        Raises:
            twisted_lab.client.chat_client.NoAnswer: The server does not answer.
            Ended: With status 130, if the user presses Ctrl-C.
        """
        typing: asyncio.Task[str] | None = None

        def stop_typing(result: object) -> object:
            if typing is not None:
                typing.cancel()
            return result

        self._client.ended.addBoth(stop_typing)
        editor = self._session or PlainEditor()
        with patch_stdout() if self._session else nullcontext():
            try:
                while not self._client.ended.called:
                    typing = asyncio.ensure_future(editor.prompt_async(handle_sigint=False))
                    self._typed(await Deferred.fromFuture(typing))
            except (EOFError, asyncio.CancelledError):
                self._client.finish()
            except Interrupted:
                self._client.abort()
                await self._client.ended
                raise Ended(status=130) from None
            await self._client.ended

    def _typed(self, text: str) -> None:
        if self._asks_name and not leaves(text):
            self._asks_name = False
            self._client.rename(text.strip() or self._client.room.name)
            return
        # Pasted text may contain several lines.
        for line in text.splitlines():
            self._client.say(line)
