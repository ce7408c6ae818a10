"""Bash on a terminal, and what its screen shows."""

from __future__ import annotations

import os
import re
import signal
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path

import pexpect
import pyte

from tests.processes import DEADLINE

COLUMNS = 320  # so that no command is wrapped
ROWS = 2000  # so that nothing scrolls away
_PROMPT = re.compile(r"\[(\d+)\] \$")


class Stuck(Exception):
    """The screen does not show what a page says."""


class Terminal:
    """A shell. A prompt of its own, with the exit status, shows that a command has ended.

    Attributes:
        start: The row of the screen where the output of the latest command begins.
        goes_on: Whether this command will run until it is stopped, as far as was typed.
        status: The exit status that this command should have, or None for any.
    """

    def __init__(self, folder: Path, environment: Mapping[str, str]) -> None:
        self._shell = pexpect.spawn(
            "/bin/bash",
            ["--norc", "--noprofile"],
            cwd=str(folder),
            env={**environment, "PS1": r"\n[$?] $ ", "TERM": "xterm"},
            encoding="utf-8",
            codec_errors="replace",
            dimensions=(50, COLUMNS),
        )
        self._screen = pyte.Screen(COLUMNS, ROWS)
        self._stream = pyte.Stream(self._screen)
        self.start = 0
        self._command = ""
        self.goes_on = False
        self.status: int | None = 0

    def row(self, number: int) -> str:
        cells = self._screen.buffer[number]
        return "".join(cells[column].data for column in range(COLUMNS)).rstrip()

    @property
    def last(self) -> int:
        """The row of the cursor."""
        row: int = self._screen.cursor.y
        return row

    @property
    def output(self) -> list[str]:
        """The lines of the latest command so far."""
        return [self.row(number) for number in range(self.start, self.last + 1)]

    @property
    def ended(self) -> re.Match[str] | None:
        """The exit status, if the shell waits for a command."""
        return _PROMPT.fullmatch(self.row(self.last)) if self.last >= self.start else None

    @property
    def listens(self) -> bool:
        """Whether the command has said that it serves, or waits at the prompt of our client.

        Twisted's own services say that they are ``starting on`` a port once they listen there, and
        nc begins with a capital letter.
        """
        serves = re.compile(r"[Ll]istening on |starting on \d|прослушивается |взят порт ")
        return any(map(serves.search, self.output)) or self.output[-1:] == [">"]

    def wait(self, condition: Callable[[], object], wanted: str) -> None:
        """Read until the screen shows something."""
        end = time.monotonic() + DEADLINE
        while not condition():
            left = end - time.monotonic()  # of a program that writes without end, too
            try:
                if left < 0:
                    raise pexpect.TIMEOUT("")
                piece = self._shell.read_nonblocking(65536, left)
            except (pexpect.EOF, pexpect.TIMEOUT):
                raise self.stuck(f"the terminal does not show {wanted}") from None
            self._stream.feed(piece)

    def stuck(self, problem: str) -> Stuck:
        """Return an exception that says what the screen shows."""
        shown = "\n".join(filter(None, self.output))
        return Stuck(f"$ {self._command}\n{shown}\n{problem}")

    def run(self, command: str) -> None:
        """Type a command at the shell's prompt."""
        self.wait(lambda: self.ended, "a shell")
        self.start = self.last + 1
        self._command = command
        self.goes_on, self.status = False, 0
        self.type(command)

    def type(self, text: str) -> None:
        self._shell.send(f"{text}\r")

    def interrupt(self) -> None:
        """Press Ctrl-C."""
        self.goes_on, self.status = False, None
        self._shell.send("\x03")
        self.wait(lambda: self.ended, "that Ctrl-C has ended the command")

    def stop(self) -> None:
        """End what runs, and not by a key, which would reach the shell if that has just ended."""
        self.goes_on, self.status = False, None
        running = os.tcgetpgrp(self._shell.child_fd)
        if running != self._shell.pid:
            with suppress(ProcessLookupError):
                os.killpg(running, signal.SIGINT)
        self.wait(lambda: self.ended, "that an interrupt has ended the command")

    def has_ended(self) -> bool:
        """Wait until the command has ended, or will go on.

        Raises:
            Stuck: It does neither, or its exit status is not the one that it should have.
        """
        if not self.goes_on:
            self.wait(lambda: self.ended or self.listens, "an end, or that the command listens")
        if (ended := self.ended) and self.status not in (None, int(ended[1])):
            raise self.stuck(f"the exit status is not {self.status}")
        return bool(ended)

    def close(self) -> None:
        """Kill what runs here."""
        with suppress(OSError):
            running = os.tcgetpgrp(self._shell.child_fd)
            if running != self._shell.pid:
                os.killpg(running, signal.SIGKILL)
        self._shell.close(force=True)  # the shell passes SIGHUP on to what runs in the background
