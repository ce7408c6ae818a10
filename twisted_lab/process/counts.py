"""The counters of one service, of one process or summed over several."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from twisted_lab.channels import Connections
from twisted_lab.eventlog.counters import Counters, Histogram, Measure, Traffic


@dataclass(frozen=True)
class Counts:
    """The counters, at one moment.

    Attributes:
        open: How many connections are open, those that are being refused included.
        served: How many peers are served.
        connected: How many have connected.
        refused: How many were refused.
        traffic: The bytes and messages in and out.
        errors: The number of errors of each kind.
        seconds: How many peers were connected for how long: `Histogram.counts`.
        seconds_total: The sum of these times.
        counters: Further counters, by name.
        gauges: Other values, by name.
    """

    open: int = 0
    served: int = 0
    connected: int = 0
    refused: int = 0
    traffic: Traffic = field(default_factory=Traffic)
    errors: Counter[str] = field(default_factory=Counter)
    seconds: list[int] = field(default_factory=lambda: list(Counters().seconds.counts))
    seconds_total: float = 0.0
    counters: Counter[str] = field(default_factory=Counter)
    gauges: Counter[str] = field(default_factory=Counter)

    @classmethod
    def of(cls, tally: Counters, connections: Connections, measures: Sequence[Measure]) -> Counts:
        """Return those of a service in this process."""
        return cls(
            len(connections),
            connections.served,
            tally.connected,
            connections.refused,
            connections.traffic(),
            Counter(tally.errors),
            list(tally.seconds.counts),
            tally.seconds.total,
            Counter({each.name: each.read() for each in measures if each.is_counter}),
            Counter({each.name: each.read() for each in measures if not each.is_counter}),
        )

    def plus(self, other: Counts) -> Counts:
        """Return the sum of both."""
        return Counts(
            self.open + other.open,
            self.served + other.served,
            self.connected + other.connected,
            self.refused + other.refused,
            self.traffic.plus(other.traffic),
            self.errors + other.errors,
            [one + another for one, another in zip(self.seconds, other.seconds, strict=True)],
            self.seconds_total + other.seconds_total,
            self.counters + other.counters,
            self.gauges + other.gauges,
        )

    def after_the_end(self) -> Counts:
        """Return the counts that remain when the process has ended."""
        return replace(self, open=0, served=0, gauges=Counter())

    def histogram(self) -> Histogram:
        """Return how long peers were connected."""
        seconds = Counters().seconds
        seconds.counts, seconds.total = self.seconds, self.seconds_total
        return seconds

    def to_json(self) -> bytes:
        """Write them as one line."""
        return json.dumps(vars(self)).encode()

    @classmethod
    def from_json(cls, line: bytes) -> Counts:
        """Read what `to_json` has written."""
        values: dict[str, Any] = json.loads(line)
        values["traffic"] = Traffic(*values["traffic"])
        for name in ("errors", "counters", "gauges"):
            values[name] = Counter(values[name])
        return cls(**values)
