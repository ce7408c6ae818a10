"""Counters and measures that can be read from outside."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Sequence
from typing import NamedTuple


class Measure(NamedTuple):
    """A value that can be measured at any time.

    Attributes:
        service: The service that it belongs to.
        name: Its name, in small letters with underscores.
        text: Its description.
        is_counter: Whether it only grows.
        read: Returns it.
        is_common: Whether it is the same in all processes of the service, and so no sum of theirs.
    """

    service: str
    name: str
    text: str
    is_counter: bool
    read: Callable[[], float]
    is_common: bool = False


class Traffic(NamedTuple):
    """Input and output, in bytes and in messages."""

    bytes_in: int = 0
    bytes_out: int = 0
    messages_in: int = 0
    messages_out: int = 0

    def plus(self, other: Traffic) -> Traffic:
        """Return the sum of both."""
        bytes_in, bytes_out, messages_in, messages_out = other
        return Traffic(
            self.bytes_in + bytes_in,
            self.bytes_out + bytes_out,
            self.messages_in + messages_in,
            self.messages_out + messages_out,
        )


class Histogram:
    """Counts of values, by upper bound.

    Args:
        bounds: The upper ones, ascending.

    Attributes:
        bounds: See above.
        counts: How many values were within each, and how many above the last.
        total: The sum of the values.
    """

    def __init__(self, bounds: Sequence[float]) -> None:
        self.bounds = bounds
        self.counts = [0] * (len(bounds) + 1)
        self.total = 0.0

    def add(self, value: float) -> None:
        """Count a value."""
        self.counts[bisect_left(self.bounds, value)] += 1
        self.total += value


class Counters:
    """The counts of one service since it started.

    Attributes:
        connected: How many peers have connected.
        errors: The number of errors of each kind.
        seconds: For how long peers were connected.
    """

    def __init__(self) -> None:
        self.connected = 0
        self.errors: Counter[str] = Counter()
        self.seconds = Histogram((0.01, 0.1, 1, 10, 60, 600, 3600))
