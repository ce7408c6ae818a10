"""A program that runs on a terminal."""

from __future__ import annotations

import re
import signal
from collections.abc import Callable, Iterator
from itertools import takewhile
from math import inf
from operator import attrgetter
from typing import Any

from twisted_lab.check.activity import Activity
from twisted_lab.check.kernel.processor import Use, processor_seconds, reads, uses
from twisted_lab.check.kernel.snapshot import SOON_SECONDS, Snapshot, look
from twisted_lab.check.kernel.sockets import Socket
from twisted_lab.check.sandbox.sandbox import Child
from twisted_lab.check.subjects.terminal import MOST_PRINTED, Terminal
from twisted_lab.text.language import _

SETTLED_LOOKS = 3  # this often in a row the kernel must show a program waiting
WAKE_SECONDS = 0.05
# A busy machine may delay that thread: a program that waits for the terminal is sure to read.
SURE_WAKE_SECONDS = 5.0
SPIN_SECONDS = 0.3  # of processor time; see `Program.settle`
_OWN_ARRIVALS = 5  # looks at which it had more datagrams than before, and no client had sent any
MEASURE_SECONDS = 20.0
_UNREADABLE = re.compile(r"(?:SyntaxError|IndentationError|TabError): ")
# After its end, what it had sent is read in these: a connection is accepted, then read twice.
_LAST_TURNS = 4
SLEEP_SECONDS = 1.2 * SOON_SECONDS  # a program that sleeps is given this long to wake


class Program:
    """A program on a terminal, and what it does.

    Args:
        reactor: Watches the terminal.
        activity: Is told of everything that is printed.
        child: The program, which has just started.

    Attributes:
        child: The program.
        terminal: Its terminal.
        answer_question: Answers the question that the program waits at, and returns whether there
            was one; set by whoever attends the program.
        answered: The length of `terminal.text` when the last line was typed.
        feeds_itself: Whether it was busy with datagrams that arrived while no client sent any.
    """

    def __init__(self, reactor: Any, activity: Activity, child: Child) -> None:
        self.child = child
        self.activity = activity
        self.terminal = Terminal(reactor, child.terminal, self._printed)
        self.answered = 0
        self.feeds_itself = False
        self._wakes_until = 0.0
        self._poked_switches = -1
        self._reads = -1  # how often it had read when a line was typed that it waits for
        self.answer_question: Callable[[], bool] = lambda: False
        self._status: int | None = None

    def _printed(self) -> None:
        if self.terminal.printed > MOST_PRINTED:
            self.child.send_signal(signal.SIGKILL)
        self.activity.happened()

    @property
    def status(self) -> int | None:
        """None while the program runs, then its exit status, or the negative signal number.

        Once it has ended, all that it printed is in `terminal.text`.
        """
        if self._status is None and (status := self.child.status()) is not None:
            self._status = status
            self.terminal.drain()
        return self._status

    @property
    def has_ended(self) -> bool:
        """Whether the program has ended."""
        return self.status is not None

    @property
    def unanswered(self) -> str:
        """What the program has printed since the last line was typed."""
        return self.terminal.text[self.answered :]

    @property
    def traceback(self) -> str:
        """The last line of the last traceback on the terminal; "" if there is none."""
        _before, word, rest = self.terminal.text.rpartition("Traceback (most recent call last):\n")
        lines = [line for line in rest.splitlines() if line and not line[0].isspace()]
        if not word:  # Python does not call it so if it cannot read the program itself
            lines = [line for line in lines if _UNREADABLE.match(line)]
        return lines[0] if lines else ""

    @property
    def raised_by(self) -> str:
        """The line of the program that raised the exception of the last traceback."""
        rest = self.terminal.text.rpartition("Traceback (most recent call last):\n")[2]
        frames = takewhile(lambda line: line[:1].isspace(), rest.splitlines())
        return next((line for line in reversed([*frames]) if line.strip(" ~^")), "")

    @property
    def end(self) -> str:
        """How the program ended: the last line of a traceback, its exit status or a signal."""
        if self.terminal.printed > MOST_PRINTED:
            return _("more than {n} MB of output, and was stopped", n=MOST_PRINTED // 1_000_000)
        status = self.status or 0
        if self.traceback:
            return self.traceback
        if status >= 0:
            return _("status {status}", status=status)
        return _("signal {number} ({name})", number=-status, name=signal.strsignal(-status))

    def look(self) -> Snapshot:
        """Return what the program does now."""
        return look(self.child.pid)

    def type_line(self, line: str) -> None:
        """Type a line and Enter."""
        self.answered = len(self.terminal.text)
        self.poked(is_typed=True)
        self.terminal.type_line(line)

    def poked(self, is_typed: bool = False) -> None:
        """Note that something is sent or typed to the program: the kernel delivers it soon."""
        snapshot = self.look()
        self._reads = -1
        self._wakes_until = self.activity.clock.seconds() + WAKE_SECONDS
        self._poked_switches = snapshot.switches
        if is_typed and snapshot.wants_terminal:
            self._reads = reads(self.child.pid)
            self._wakes_until += SURE_WAKE_SECONDS

    def may_wake(self, snapshot: Snapshot) -> bool:
        """Return whether what was sent or typed may not have reached the program yet."""
        if self.activity.clock.seconds() >= self._wakes_until:
            return False
        if self._reads >= 0:
            return reads(self.child.pid) == self._reads
        return snapshot.switches == self._poked_switches

    async def until(self, condition: Callable[[], bool], seconds: float) -> bool:
        """Wait until a condition is true, or nothing will make it true any more.

        That is when the program has ended, or waits: SETTLED_LOOKS times in a row the kernel has
        shown that all its threads wait, have done nothing between, and have sent everything. A
        program that sleeps is given SLEEP_SECONDS.

        Args:
            condition: What to wait for.
            seconds: How long to wait for it, if the program does not wait.

        Returns:
            Whether the condition is true.
        """
        watch = _Settling(self, attrgetter("sleeps_or_polls"))
        while await self.activity.until(lambda: condition() or watch.is_settled(), seconds):
            # A condition may be true for a moment only, such as that the program listens.
            if condition():
                return True
            if watch.has_settled:
                break
        if self.has_ended and not condition():
            last = self.activity.turns + _LAST_TURNS
            await self.activity.until(lambda: condition() or self.activity.turns >= last, seconds)
        return condition()

    async def settle(self, seconds: float) -> bool:
        """Wait until the program waits, has ended, or spins.

        One that looks for something else between datagrams is not given time to find it.
        It spins if it has used SPIN_SECONDS, and received and accepted nothing, or only datagrams
        that arrived meanwhile: those are its own.

        Args:
            seconds: How long to wait.

        Returns:
            Whether it waits or has ended.
        """
        watch = _Settling(self, attrgetter("sleeps"))
        await self.activity.until(lambda: watch.is_settled() or watch.spins(), seconds)
        self.feeds_itself |= watch.feeds_itself and not watch.has_settled
        return watch.has_settled

    async def busy_share(self, seconds: float) -> float:
        """Return how much of a processor the busiest thread uses, while it can have one.

        On a busy machine, a thread that never waits has a processor only for a part of the time;
        this part alone is measured.

        Args:
            seconds: How long to measure.
        """
        clock, pid = self.activity.clock, self.child.pid
        before, began = uses(pid), clock.seconds()

        def shares() -> Iterator[tuple[float, float]]:
            for number, now in uses(pid).items():
                was = before.get(number, Use())
                available = clock.seconds() - began - (now.queued - was.queued)
                yield available, (now.ran - was.ran) / max(available, seconds)

        await self.activity.until(
            lambda: all(available >= seconds for available, _ in shares()), MEASURE_SECONDS
        )
        return max((share for _, share in shares()), default=0.0)

    async def stop(self, seconds: float) -> bool:
        """Press Ctrl-C, and wait for the end.

        Returns:
            Whether it ended in time.
        """
        self.child.send_signal(signal.SIGINT)
        return await self.activity.until(lambda: self.has_ended, seconds)


class _Settling:
    """Finds the moment at which a program waits and will not do anything by itself."""

    def __init__(self, program: Program, sleeps: Callable[[Snapshot], bool]) -> None:
        self._program = program
        self._sleeps = sleeps
        self._looks = 0
        self._turn = -1
        self._before = (-1, -1)
        self._since = program.activity.clock.seconds()
        self._sockets: tuple[Socket, ...] = ()
        self._arrived: list[tuple[int, int, int]] = []  # at its sockets
        self._datagrams = inf  # the bytes of those that wait
        self._own_arrivals = 0
        self._ran = inf  # the processor time that it had used when this changed
        self.has_settled = False

    def is_settled(self) -> bool:
        self.has_settled = self._is_settled()
        return self.has_settled

    def _is_settled(self) -> bool:
        program = self._program
        if program.has_ended:
            return True
        if program.activity.turns == self._turn:
            return False  # what the program has sent may not have been read yet
        self._turn = program.activity.turns
        now = program.activity.clock.seconds()
        snapshot = program.look()
        self._sockets = snapshot.sockets
        if snapshot.is_waiting:
            # The kernel hands over what is printed in a thread of its own; read() waits for that.
            program.terminal.drain()
        state = (snapshot.switches, program.terminal.printed)
        is_same = state == self._before or snapshot.sleeps_or_polls
        self._before = state
        is_quiet = snapshot.is_waiting and not program.may_wake(snapshot)
        self._looks = self._looks + 1 if is_quiet and is_same else 0
        if not self._looks:
            self._since = now
        patience = SLEEP_SECONDS if self._sleeps(snapshot) else 0.0
        return self._looks >= SETTLED_LOOKS and now - self._since >= patience

    @property
    def feeds_itself(self) -> bool:
        """Whether it receives datagrams of its own again and again."""
        return self._own_arrivals >= _OWN_ARRIVALS

    def spins(self) -> bool:
        """Whether it has used SPIN_SECONDS since something last reached it."""
        ran = processor_seconds(self._program.child.pid)
        datagrams = sum(each.unread for each in self._sockets if each.takes_datagrams)
        self._own_arrivals += datagrams > self._datagrams
        self._datagrams = datagrams
        arrived = [
            (each.port, each.peer_port, each.unread)
            for each in self._sockets
            if not (self.feeds_itself and each.takes_datagrams)
        ]
        if arrived != self._arrived or ran < self._ran:
            self._arrived, self._ran = arrived, ran
        return ran - self._ran >= SPIN_SECONDS
