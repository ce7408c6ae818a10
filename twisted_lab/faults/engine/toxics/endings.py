"""Toxics that end or refuse links, or change a client's address."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from twisted_lab.faults.engine import values
from twisted_lab.faults.engine.actions import Action, End, What
from twisted_lab.faults.engine.toxic import Toxic, Trigger, View, attribute
from twisted_lab.faults.engine.units import Direction, Unit


@dataclass(frozen=True, kw_only=True)
class Blackhole(Trigger):
    """Loses everything, the close included; the link stays open."""

    kind = "blackhole"

    def act(self, unit: Unit, view: View) -> Iterable[Action]:
        """See `Toxic.act`."""
        return self.act_later()

    def act_later(self) -> Iterable[Action]:
        """See `Trigger.act_later`."""
        return [self.action(What.LOSE)]


@dataclass(frozen=True, kw_only=True)
class Timeout(Blackhole):
    """Loses everything, and closes the link after a time; never if that is 0."""

    kind = "timeout"
    main = "timeout"
    timeout: float = attribute(values.milliseconds, "the time until the close", 0.0)

    def act(self, unit: Unit, view: View) -> Iterable[Action]:
        """See `Toxic.act`."""
        if not self.timeout:
            return self.act_later()
        return [*self.act_later(), self.action(What.END, End.CLOSE, self.timeout)]


@dataclass(frozen=True, kw_only=True)
class ResetPeer(Trigger):
    """Resets both connections of a link (TCP's RST), after a time."""

    kind = "reset_peer"
    main = "timeout"
    only = "streams"
    timeout: float = attribute(values.milliseconds, "the time until the reset", 0.0)

    def act(self, unit: Unit, view: View) -> Iterable[Action]:
        """See `Toxic.act`."""
        return [self.action(What.END, End.RESET, self.timeout)]


@dataclass(frozen=True, kw_only=True)
class Refuse(Trigger):
    """Resets a client's connection at once, without a connection to the server."""

    kind = "refuse"
    only = "streams"
    direction: Direction | None = attribute(
        values.direction, "only in this direction, upstream or downstream", Direction.UPSTREAM
    )

    def act(self, unit: Unit, view: View) -> Iterable[Action]:
        """See `Toxic.act`."""
        return [self.action(What.END, End.RESET, 0.0)]


@dataclass(frozen=True, kw_only=True)
class HalfClose(Trigger):
    """Closes one direction of a link after a time, or after a unit; what follows is lost."""

    kind = "half_close"
    main = "delay"
    only = "streams"
    delay: float = attribute(values.milliseconds, "the time until the half-close", 0.0)

    def act(self, unit: Unit, view: View) -> Iterable[Action]:
        """See `Toxic.act`."""
        return [self.action(What.END, End.HALF_CLOSE, self.delay)]


@dataclass(frozen=True, kw_only=True)
class LimitData(Toxic):
    """Closes the link after a number of bytes in one direction."""

    kind = "limit_data"
    main = "bytes"
    only = "streams"
    bytes: int = attribute(values.size, "the number of bytes", 0)

    def act(self, unit: Unit, view: View) -> Iterable[Action]:
        """See `Toxic.act`."""
        left = self.bytes - view.passed
        view.passed += len(unit.data)
        if len(unit.data) < left:
            return []
        return [self.action(What.TRUNCATE, max(left, 0)), self.action(What.END, End.CLOSE, 0.0)]


@dataclass(frozen=True, kw_only=True)
class Rebind(Toxic):
    """Sends a client's datagrams from another port from here on, as after a change of address."""

    kind = "rebind"
    only = "datagrams"
    direction: Direction | None = attribute(
        values.direction, "only in this direction, upstream or downstream", Direction.UPSTREAM
    )

    def act(self, unit: Unit, view: View) -> Iterable[Action]:
        """See `Toxic.act`."""
        return [self.action(What.REBIND)]
