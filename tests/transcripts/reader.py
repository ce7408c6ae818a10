"""A reader who follows a page to the letter."""

from __future__ import annotations

import re
from collections.abc import Mapping
from itertools import pairwise
from pathlib import Path

from tests.transcripts.page import File, Section, Transcript, parse, pattern
from tests.transcripts.terminal import Stuck, Terminal

COPIED = "the line above"
EMPTY = "an empty line"
_LAST_WORDS = ("exit", "/quit")


class Reader:
    """Writes the files of a page and types its commands, each into a terminal that is free.

    Args:
        folder: Where the terminals are opened.
        environment: That of the terminals.
    """

    def __init__(self, folder: Path, environment: Mapping[str, str]) -> None:
        self._folder = folder
        self._environment = environment
        self._terminals: list[Terminal] = []

    def read(self, page: str) -> None:
        """Follow the page. What a section has started is stopped at its end.

        Raises:
            Stuck: Something does not happen as the page says.
        """
        try:
            for step in parse(page):
                if isinstance(step, Section):
                    self._stop()
                elif isinstance(step, File):
                    path = self._folder / step.path
                    path.parent.mkdir(parents=True, exist_ok=True)
                    with path.open("a") as file:
                        file.write(step.text)
                else:
                    self._follow(step)
            self._stop()
        finally:
            for terminal in self._terminals:
                terminal.close()

    def _stop(self) -> None:
        for terminal in reversed(self._terminals):  # clients before their servers
            if not terminal.has_ended():
                terminal.stop()

    def _free_terminal(self) -> Terminal:
        """Return the terminal that was used last and is free, or a new one."""
        for terminal in reversed(self._terminals):
            if terminal.has_ended():
                self._terminals.remove(terminal)
                break
        else:
            terminal = Terminal(self._folder, self._environment)
        self._terminals.append(terminal)
        return terminal

    def _follow(self, transcript: Transcript) -> None:
        typed, answers = list(transcript.typed), list(transcript.answers)
        for before in transcript.first:
            self._free_terminal().run(before)
        for command in transcript.commands:
            terminal = self._free_terminal()
            terminal.run(command.text)
            if command is transcript.commands[-1]:
                terminal.status = transcript.status
                for other in transcript.meanwhile:
                    self._free_terminal().run(other)
            _Talk(terminal, typed, answers).compare(command.lines)
        if typed or answers:
            raise Stuck(f"line {transcript.line}: nothing asks for {[*typed, *answers]}")


class _Talk:
    """The output of one command, compared line by line; what the reader types in between."""

    def __init__(self, terminal: Terminal, typed: list[str], answers: list[str]) -> None:
        self._terminal = terminal
        self._typed = typed
        self._answers = answers
        self._next = terminal.start
        self._typed_row = ""
        self._anywhere = False  # after "..."

    def compare(self, lines: tuple[str, ...]) -> None:
        for above, line in pairwise(("", *lines)):
            if self._typed[:1] == [EMPTY]:
                self._typed.pop(0)
                self._terminal.type("")
            if line == "...":
                self._anywhere = True
            elif line == "^C":
                if not above:  # it has shown nothing by which to know that it runs
                    self._terminal.has_ended()
                self._anywhere = True
                self._terminal.interrupt()
            elif line.startswith("> "):
                self._see(re.compile(">"), line)
                self._type(line[2:])
                # The chat client replaces this line by the message, once that is sent.
                self._typed_row, self._next = line, self._next - 1
            elif line in self._typed[:1]:
                self._type(self._typed.pop(0))
                self._see(pattern(line), line)
            elif line == above and self._typed[:1] == [COPIED]:
                self._typed.pop(0)
                self._type(self._terminal.row(self._next - 1))
                self._see(pattern(line), line)
            else:
                self._see(pattern(line), line)
                if line.endswith("]:"):
                    self._terminal.type("")
                elif line[-1] in ":?" and self._answers:
                    self._terminal.type(self._answers.pop(0))
        if lines and not self._anywhere and not self._terminal.goes_on:
            self._see_the_end()

    def _type(self, text: str) -> None:
        self._terminal.type(text)
        self._terminal.goes_on = text not in _LAST_WORDS

    def _see(self, wanted: re.Pattern[str], line: str) -> None:
        """Wait until the next line, or any later one after "...", matches."""

        def found() -> bool:
            for number in range(self._next, self._terminal.last + 1):
                shown = self._terminal.row(number)
                if wanted.fullmatch(shown):
                    self._next = number + 1
                    return True
                if shown and shown != self._typed_row and not self._anywhere:
                    break
            if self._terminal.ended:
                raise self._terminal.stuck(f"the command has not shown {line!r}")
            return False

        self._terminal.wait(found, repr(line))
        self._anywhere = False

    def _see_the_end(self) -> None:
        """See that a command that ends says nothing after the last line of the page."""
        if self._terminal.has_ended():
            rest = self._terminal.output[self._next - self._terminal.start : -1]
            if any(rest):
                raise self._terminal.stuck(f"the page does not show the last {len(rest)} lines")
