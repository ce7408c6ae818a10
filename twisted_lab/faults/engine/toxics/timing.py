"""Toxics that delay, slow down, cut up or reorder units."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from twisted_lab.faults.engine import values
from twisted_lab.faults.engine.actions import Action, What
from twisted_lab.faults.engine.toxic import Toxic, View, attribute
from twisted_lab.faults.engine.units import Kind, Unit


@dataclass(frozen=True, kw_only=True)
class Latency(Toxic):
    """Delays units and the close; the order stays."""

    kind = "latency"
    main = "latency"
    acts_on = frozenset({Kind.DATA, Kind.CLOSE})
    latency: float = attribute(values.milliseconds, "the delay", 0.1)
    jitter: float = attribute(values.milliseconds, "how much shorter or longer it can be", 0.0)

    def act(self, unit: Unit, view: View) -> Iterable[Action]:
        """See `Toxic.act`."""
        delay = self.latency
        if self.jitter:
            delay = max(delay + self.jitter * (2 * view.draw(unit) - 1), 0.0)
        return [self.action(What.DELAY, delay)]


@dataclass(frozen=True, kw_only=True)
class Bandwidth(Toxic):
    """Limits the rate of each link and direction; a stream arrives in portions of 0.1 s."""

    kind = "bandwidth"
    main = "rate"
    rate: float = attribute(values.rate, "the rate, such as 100KB/s", 100_000.0)

    def act(self, unit: Unit, view: View) -> Iterable[Action]:
        """See `Toxic.act`."""
        return [self.action(What.RATE, self.rate)]


@dataclass(frozen=True, kw_only=True)
class SlowClose(Toxic):
    """Delays the close."""

    kind = "slow_close"
    main = "delay"
    only = "streams"
    acts_on = frozenset({Kind.CLOSE})
    delay: float = attribute(values.milliseconds, "the delay", 1.0)

    def act(self, unit: Unit, view: View) -> Iterable[Action]:
        """See `Toxic.act`."""
        return [self.action(What.DELAY, self.delay)]


@dataclass(frozen=True, kw_only=True)
class Slicer(Toxic):
    """Delivers a unit in several writes."""

    kind = "slicer"
    main = "average_size"
    only = "streams"
    average_size: int = attribute(values.size, "the size of a slice on average, in bytes", 64)
    size_variation: int = attribute(values.size, "how much smaller or larger it can be", 0)
    delay: float = attribute(values.microseconds, "the time between two slices", 0.0)

    def act(self, unit: Unit, view: View) -> Iterable[Action]:
        """See `Toxic.act`."""
        return [
            self.action(
                What.SLICE, self.average_size, self.size_variation, self.delay, view.draw(unit)
            )
        ]


@dataclass(frozen=True, kw_only=True)
class Coalesce(Toxic):
    """Delivers several units in one write."""

    kind = "coalesce"
    main = "count"
    only = "streams"
    count: int = attribute(values.count, "how many units", 2)
    delay: float = attribute(values.milliseconds, "the longest wait for them", 0.1)

    def act(self, unit: Unit, view: View) -> Iterable[Action]:
        """See `Toxic.act`."""
        return [self.action(What.JOIN, self.count, self.delay)]


@dataclass(frozen=True, kw_only=True)
class Reorder(Toxic):
    """Delivers a unit after later ones."""

    kind = "reorder"
    needs_units = True
    gap: int = attribute(values.few, "how many later units overtake it, up to 100", 1)
    delay: float = attribute(values.milliseconds, "the longest wait for them", 1.0)

    def act(self, unit: Unit, view: View) -> Iterable[Action]:
        """See `Toxic.act`."""
        return [self.action(What.LATER, self.gap, self.delay)]


@dataclass(frozen=True, kw_only=True)
class Hold(Toxic):
    """Keeps units until they are released, or the toxic is removed.

    On a stream, all that follows waits as well.
    """

    kind = "hold"

    def act(self, unit: Unit, view: View) -> Iterable[Action]:
        """See `Toxic.act`."""
        return [self.action(What.HOLD)]
