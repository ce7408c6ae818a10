"""Snapshots of a service's counters, for one process or summed over several."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

from twisted_lab.channels import Connections
from twisted_lab.eventlog.counters import Counters, Histogram, Measure, Traffic

# Seconds without a report, one of which is due each second, after which a worker counts as hung.
HUNG_SECONDS = 3.0


@dataclass(frozen=True)
class Counts:
    """A snapshot of a service's counters.

    Attributes:
        open: Open connections, including those that are being refused.
        served: Peers that are being served.
        connected: Peers that have connected so far.
        refused: Peers refused so far.
        traffic: Bytes and messages in and out.
        errors: Number of errors by kind.
        seconds: Durations of connections, as `Histogram.counts`.
        seconds_total: The sum of these durations, in seconds.
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
    def of(
        cls, counters: Counters, connections: Connections, measures: Sequence[Measure]
    ) -> Counts:
        """Return the counters of a service in this process."""
        return cls(
            len(connections),
            connections.served,
            counters.connected,
            connections.refused,
            connections.traffic(),
            Counter(counters.errors),
            list(counters.seconds.counts),
            counters.seconds.total,
            Counter({each.name: each.read() for each in measures if each.is_counter}),
            Counter({each.name: each.read() for each in measures if not each.is_counter}),
        )

    def plus(self, other: Counts) -> Counts:
        """Return the sum of both snapshots."""
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
        """Return the totals that remain after the process has ended."""
        return replace(self, open=0, served=0, gauges=Counter())

    def histogram(self) -> Histogram:
        """Return the durations of connections as a histogram."""
        seconds = Counters().seconds
        seconds.counts, seconds.total = self.seconds, self.seconds_total
        return seconds

    def to_json(self) -> bytes:
        """Return the snapshot as one line of JSON."""
        return json.dumps(vars(self)).encode()

    @classmethod
    def from_json(cls, line: bytes) -> Counts:
        """Parse the output of `to_json`."""
        values: dict[str, Any] = json.loads(line)
        values["traffic"] = Traffic(*values["traffic"])
        for name in ("errors", "counters", "gauges"):
            values[name] = Counter(values[name])
        return cls(**values)


class WorkerState(NamedTuple):
    """A running worker process, as its supervisor knows it.

    Attributes:
        number: Its number, from 0.
        pid: Its process id.
        counts: The counts of its last report.
        age: Seconds since that report, or since its start if there was none.
    """

    number: int
    pid: int | None
    counts: Counts
    age: float
