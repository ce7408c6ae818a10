"""Layout of a sequence diagram: which messages passed between which ends, and what became of them.

It is pure, and knows no network: it takes passages, and places them in columns and rows.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import Enum

from twisted_lab.text.language import N_, _

MOST_ARROWS = 500
MOST_ENDS = 12
LATE_SECONDS = 0.001  # less is no delay that a person would look for


class Fate(Enum):
    """The fate of a message, or of one copy of it; the value is a word for people."""

    DELIVERED = N_("delivered")
    LATE = N_("late")
    CHANGED = N_("changed")
    COPY = N_("copy")
    LOST = N_("lost")
    MISSING = N_("not delivered")


@dataclass(slots=True)
class Passage:
    """One message on its way between two ends.

    Attributes:
        left: The name of one end, such as the client.
        right: The name of the other end.
        is_rightwards: Whether the left one sent it.
        text: What it says, without control characters.
        sent: When it was sent, in seconds.
        arrivals: When it arrived, and its further copies.
        is_lost: Whether it will not arrive.
        is_changed: Whether other bytes arrive than were sent.
        causes: The names of the faults that acted on it.
    """

    left: str
    right: str
    is_rightwards: bool
    text: str
    sent: float
    arrivals: list[float] = field(default_factory=list)
    is_lost: bool = False
    is_changed: bool = False
    causes: tuple[str, ...] = ()

    def fate(self, copy: int) -> Fate:
        """Return what became of it.

        Args:
            copy: The number of the arrival, from 0; any number if there is none.
        """
        if not self.arrivals:
            return Fate.LOST if self.is_lost else Fate.MISSING
        if copy:
            return Fate.COPY
        if self.is_changed:
            return Fate.CHANGED
        return Fate.LATE if self.delay(copy) >= LATE_SECONDS else Fate.DELIVERED

    def delay(self, copy: int) -> float:
        """Return the seconds that it took; 0 if it has not arrived."""
        return self.arrivals[copy] - self.sent if self.arrivals else 0.0

    def note(self, copy: int) -> str:
        """Return what became of it and why, in words; "" if nothing special."""
        fate = self.fate(copy)
        words = [] if fate in (Fate.DELIVERED, Fate.LATE) else [_(fate.value)]
        if (delay := self.delay(copy)) >= LATE_SECONDS:
            words.append(_("{time} late", time=duration(delay)))
        note = ", ".join(words)
        return f"{note} ({', '.join(self.causes)})" if note and self.causes else note


def duration(seconds: float) -> str:
    """Return a time for people: ``12 ms`` or ``3.4 s``."""
    if seconds < 1:
        return _("{milliseconds:.0f} ms", milliseconds=seconds * 1000)
    return _("{seconds:.1f} s", seconds=seconds)


@dataclass(frozen=True, slots=True)
class Arrow:
    """One arrow of the diagram.

    Attributes:
        passage: What it shows.
        copy: The number of the arrival, from 0.
        start: The column that it leaves.
        end: The column that it points to.
        first_row: The row in which it begins.
        last_row: The row in which it ends.
    """

    passage: Passage
    copy: int
    start: int
    end: int
    first_row: int
    last_row: int

    @property
    def fate(self) -> Fate:
        """The fate of the message."""
        return self.passage.fate(self.copy)


@dataclass(frozen=True, slots=True)
class Layout:
    """A diagram.

    Attributes:
        ends: The names at the top of the columns, in the order of their first messages.
        times: The time of each row, in seconds.
        arrows: The arrows.
        left_out: The number of arrows for which there was no room.
    """

    ends: tuple[str, ...]
    times: tuple[float, ...]
    arrows: tuple[Arrow, ...]
    left_out: int


def lay_out(passages: Iterable[Passage], left_out: int = 0) -> Layout:
    """Place passages in a diagram: a column for each end, a row for each sending and late arrival.

    Rows follow the time, but their distance does not: a pause needs no more room than a moment.

    Args:
        passages: The passages, in the order in which they were sent.
        left_out: The number of further passages.
    """
    columns: dict[str, int] = {}
    shown: list[tuple[Passage, int]] = []
    for passage in passages:
        copies = range(max(len(passage.arrivals), 1))
        is_new = {passage.left, passage.right} - columns.keys()
        if len(shown) + len(copies) > MOST_ARROWS or len(columns) + len(is_new) > MOST_ENDS:
            left_out += len(copies)
            continue
        for end in (passage.left, passage.right):
            columns.setdefault(end, len(columns))
        shown += [(passage, copy) for copy in copies]
    # The first copy of each message begins a row; others begin there, too.
    moments: list[tuple[float, int, int]] = []
    for index, (passage, copy) in enumerate(shown):
        if not copy:
            moments.append((passage.sent, index, -1))
        if copy or passage.delay(copy) >= LATE_SECONDS:
            moments.append((passage.arrivals[copy], index, copy))
    moments.sort()
    rows = {(index, copy): row for row, (_, index, copy) in enumerate(moments)}
    arrows = []
    for index, (passage, copy) in enumerate(shown):
        ends = columns[passage.left], columns[passage.right]
        start, stop = ends if passage.is_rightwards else ends[::-1]
        first = rows[index - copy, -1]
        arrows.append(Arrow(passage, copy, start, stop, first, rows.get((index, copy), first)))
    return Layout(tuple(columns), tuple(time for time, _, _ in moments), tuple(arrows), left_out)
