"""Counters, histograms and measures of services."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Sequence
from typing import NamedTuple


class Measure(NamedTuple):
    """A value that can be read at any time, for metrics.

    Attributes:
        service: The service that the value belongs to.
        name: The name, in lower case with underscores.
        text: The description.
        is_counter: Whether the value only grows.
        read: Returns the value.
        is_common: Whether all processes of the service have the same value, which is not summed.
    """

    service: str
    name: str
    text: str
    is_counter: bool
    read: Callable[[], float]
    is_common: bool = False


class Traffic(NamedTuple):
    """Amounts of input and output, in bytes and in messages."""

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
    """A histogram of values.

    Args:
        bounds: The upper bounds of the buckets, ascending.

    Attributes:
        bounds: See above.
        counts: The number of values in each bucket, and above the last bound.
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
    """The counters of one service since its start.

    Attributes:
        connected: The number of peers that have connected.
        errors: The number of errors by kind.
        seconds: The durations of connections, in seconds.
    """

    def __init__(self) -> None:
        self.connected = 0
        self.errors: Counter[str] = Counter()
        self.seconds = Histogram((0.01, 0.1, 1, 10, 60, 600, 3600))
