"""Toxics: faults with their conditions. A toxic decides which actions are done to a unit."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, ClassVar

from twisted_lab.faults.engine import values
from twisted_lab.faults.engine.actions import Action, What
from twisted_lab.faults.engine.chance import Chance
from twisted_lab.faults.engine.units import Direction, Kind, Unit
from twisted_lab.peers import Network, is_in, read_network


def attribute(read: Callable[[str], Any], doc: str, default: Any) -> Any:
    """Declare an attribute of a toxic.

    Args:
        read: Reads its text, or raises ValueError.
        doc: What it means.
        default: Its value if it is not given.
    """
    return field(default=default, metadata={"read": read, "doc": doc})


@dataclass(slots=True)
class View:
    """The state of a toxic for one direction of a link.

    Attributes:
        chance: The source of its numbers.
        is_on: Whether it acts on this direction of this link at all.
        passed: The bytes that it has seen.
        is_triggered: Whether it has begun to act.
    """

    chance: Chance
    is_on: bool
    passed: int = 0
    is_triggered: bool = False

    def draw(self, unit: Unit) -> float:
        """Return a number from 0 to below 1 that does not depend on whether the toxic acts."""
        return self.chance.draw(unit.number, 1)


@dataclass(frozen=True, kw_only=True)
class Toxic:
    """Base class of toxics; a subclass has a file with its kind.

    The conditions are decided for each unit, except `toxicity`, which is decided once per link.
    """

    kind: ClassVar[str]
    main: ClassVar[str] = "probability"  # the attribute after ``KIND=``
    needs_units: ClassVar[bool] = False  # makes no sense for the portions of a stream
    only: ClassVar[str] = ""  # "streams" or "datagrams" if the other has no such fault
    acts_on: ClassVar[frozenset[Kind]] = frozenset({Kind.DATA})

    name: str = attribute(values.name, "its name, by default its kind", "")
    proxy: str = attribute(str, "only at this proxy", "")
    toxicity: float = attribute(values.share, "the share of links that have it", 1.0)
    direction: Direction | None = attribute(
        values.direction, "only in this direction, upstream or downstream", None
    )
    peer: Network | None = attribute(read_network, "only for clients of this network", None)
    probability: float = attribute(values.share, "the share of units", 1.0)
    nth: int | None = attribute(values.count, "only the unit with this number", None)
    every: int | None = attribute(values.count, "only each unit whose number it divides", None)
    range: values.Span | None = attribute(values.span, "only these units, such as 5-10", None)
    match: str | None = attribute(str, "only units that contain this text", None)

    @property
    def is_per_unit(self) -> bool:
        """Whether it has a condition that a unit's number or content decides."""
        conditions = self.nth, self.every, self.range, self.match
        return self.probability < 1 or any(each is not None for each in conditions)

    def covers(self, direction: Direction, host: str) -> bool:
        """Tell whether the conditions for a link and direction are met.

        Args:
            direction: The direction.
            host: The client's IP address; "" for a unix socket.
        """
        is_peer = self.peer is None or (bool(host) and is_in(host, self.peer))
        return is_peer and self.direction in (None, direction)

    def is_met(self, unit: Unit, view: View) -> bool:
        """Tell whether the conditions for a unit are met."""
        return (
            self.nth in (None, unit.number)
            and (self.every is None or unit.number % self.every == 0)
            and (self.range is None or unit.number in self.range)
            and (self.match is None or values.encoded(self.match) in unit.body)
            and (self.probability == 1 or view.chance.draw(unit.number) < self.probability)
        )

    def decide(self, unit: Unit, view: View) -> Iterable[Action]:
        """Return the actions on a unit."""
        if unit.kind in self.acts_on and (unit.kind is not Kind.DATA or self.is_met(unit, view)):
            return self.act(unit, view)
        return ()

    def act(self, unit: Unit, view: View) -> Iterable[Action]:
        """Return the actions on a unit that meets the conditions."""
        raise NotImplementedError

    def action(self, what: What, *numbers: Any) -> Action:
        """Return an action of this toxic."""
        return Action(what, self.name, numbers)


Toxics = tuple[Toxic, ...]


class Trigger(Toxic):
    """Base class of toxics that begin once: with the link, or with a unit if that is a condition.

    `act` is called when it begins, and `act_later` for each unit after that.
    """

    main = "toxicity"

    def decide(self, unit: Unit, view: View) -> Iterable[Action]:
        """See `Toxic.decide`."""
        if view.is_triggered:
            return self.act_later()
        begins_at = Kind.DATA if self.is_per_unit else Kind.OPEN
        if unit.kind is begins_at and (begins_at is Kind.OPEN or self.is_met(unit, view)):
            view.is_triggered = True
            return self.act(unit, view)
        return ()

    def act_later(self) -> Iterable[Action]:
        """Return the actions on a unit after the one that has triggered it."""
        return ()
