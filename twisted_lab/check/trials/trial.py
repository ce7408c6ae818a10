"""One attempt to see whether a program meets a requirement."""

from __future__ import annotations

import random
import string
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from twisted_lab.check.bench import Bench
from twisted_lab.check.conversation.framings import RAW
from twisted_lab.check.sandbox.sandbox import Sandbox
from twisted_lab.check.subjects.program import Program
from twisted_lab.check.subjects.terminal import MOST_PRINTED
from twisted_lab.check.verdicts import Evidence
from twisted_lab.faults.pictures.diagram import Passage
from twisted_lab.text.escaping import escape_bytes
from twisted_lab.text.language import _

MOST_STEPS, MOST_PASSAGES = 200, 200
MOST_SECONDS = 60.0
_SCREEN_CHARACTERS = 4000


class Trial:
    """One attempt, with fresh programs and its own notes.

    Args:
        bench: What all trials share.
        purpose: What is tried; with the seed, it decides all chance.

    Attributes:
        bench: What all trials share.
        random: All chance of this trial.
        steps: What was done so far.
        passages: What was sent so far.
        address: The host and port that were used, for the command by hand.
        dialled: The addresses to which a client has connected, for the same.
        has_own_port: Whether nobody told a client its port, and none in `dialled` can be seen.
        framing: How messages were put on the wire, for the same.
        is_isolated: Whether the sandbox has everything.
        asked: How many questions the program has asked.
    """

    def __init__(self, bench: Bench, purpose: str) -> None:
        self.bench = bench
        self.activity = bench.activity
        self.activity.ends = min(bench.ends, self.activity.clock.seconds() + MOST_SECONDS)
        self.random = random.Random(f"{bench.seed} {purpose}")  # noqa: S311 (repeatable)
        self.steps: list[str] = []
        self.passages: list[Passage] = []
        self.address = ("127.0.0.1", 9090)
        self.dialled: Sequence[tuple[str, int]] = ()
        self.has_own_port = False
        self.framing = RAW
        self.asked = 0
        self.is_isolated = True
        self._screen: str | None = None  # of the evidence, if it is not that of the last program
        self._sandboxes: list[Sandbox] = []
        self._programs: list[Program] = []
        self._closers: list[Callable[[], object]] = []

    def step(self, text: str) -> None:
        """Note what is done next."""
        self.steps += [text][: MOST_STEPS - len(self.steps)]
        self.bench.watch(text)

    def expect(self, text: str) -> None:
        """Note what should happen next; those who watch read it as a question."""
        self.steps += [text][: MOST_STEPS - len(self.steps)]
        self.bench.watch(_("{step}?", step=text))

    def sent(self, left: str, right: str, is_rightwards: bool, data: bytes) -> None:
        """Note what one end has sent to the other."""
        self.draw(left, right, is_rightwards, escape_bytes(data))

    def draw(self, left: str, right: str, is_rightwards: bool, text: str) -> None:
        """Note what one end has done that the other learns, in words for pictures."""
        if len(self.passages) < MOST_PASSAGES:
            now = self.activity.clock.seconds()
            passage = Passage(left, right, is_rightwards, text, now, [now])
            self.passages.append(passage)

    @contextmanager
    def aside(self) -> Iterator[None]:
        """Leave what is done meanwhile, and what programs print then, out of the evidence."""
        seen = self.evidence()
        yield
        self.steps, self.passages = [*seen.steps], [*seen.passages]
        self._screen = seen.screen

    def text(self, size: int) -> bytes:
        """Return a text of lower-case letters and digits that no program knows by chance."""
        letters = string.ascii_lowercase + string.digits
        return "".join(self.random.choices(letters, k=size)).encode()

    def line(self, size: int) -> str:
        """Return a line to be typed, in upper and lower case.

        So a client that shows it in upper case is not taken for one that shows a reply.
        """
        return "".join(self.random.choices(string.ascii_letters + string.digits, k=size))

    def show(self, program: Program) -> None:
        """Take for the evidence what this program has printed, and not the last one."""
        program.terminal.drain()
        self._screen = program.terminal.text

    def open_sandbox(self) -> Sandbox:
        """Open a sandbox with a fresh copy of the folder."""
        sandbox = self.bench.open_sandbox(self.bench.folder, self.bench.command)
        self.bench.lacks = sandbox.lacks
        self._sandboxes.append(sandbox)
        return sandbox

    def start(self, sandbox: Sandbox, command: Sequence[str]) -> Program:
        """Start a program."""
        program = Program(self.bench.reactor, self.activity, sandbox.start(command))
        self._programs.append(program)
        return program

    def on_close(self, closer: Callable[[], object]) -> None:
        """Have something called at the end of this trial."""
        self._closers.append(closer)

    def evidence(self, note: str = "") -> Evidence:
        """Return what was seen, with all that was printed until now."""
        screen = self._screen or ""
        if self._screen is None and self._programs:
            terminal = self._programs[-1].terminal
            terminal.drain()
            screen = terminal.text
        return Evidence(
            note=note,
            steps=tuple(self.steps),
            passages=tuple(self.passages),
            screen=screen[-_SCREEN_CHARACTERS:],
        )

    def close(self) -> None:
        """End all programs and close all sandboxes."""
        for closer in self._closers:
            closer()
        for program in self._programs:
            if program.terminal.printed > MOST_PRINTED:
                self.bench.incidents.add(
                    _("it printed more than {n} MB, and was ended", n=MOST_PRINTED // 1_000_000)
                )
            program.terminal.close()
        for sandbox in self._sandboxes:
            self.bench.incidents.update(sandbox.incidents())
            sandbox.close()
