"""Toxics that lose, multiply or change units."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from twisted_lab.faults.engine import values
from twisted_lab.faults.engine.actions import Action, What
from twisted_lab.faults.engine.toxic import Toxic, View, attribute
from twisted_lab.faults.engine.units import Unit

# A replaced message is no longer than this, or than before: its sender decides how often the text
# occurs in it.
LARGEST_DATAGRAM = 65_507


@dataclass(frozen=True, kw_only=True)
class Loss(Toxic):
    """Loses units."""

    kind = "loss"
    needs_units = True

    def act(self, unit: Unit, view: View) -> Iterable[Action]:
        """See `Toxic.act`."""
        return [self.action(What.LOSE)]


@dataclass(frozen=True, kw_only=True)
class Duplicate(Toxic):
    """Delivers units more than once."""

    kind = "duplicate"
    needs_units = True
    copies: int = attribute(values.few, "how many additional copies, up to 100", 1)

    def act(self, unit: Unit, view: View) -> Iterable[Action]:
        """See `Toxic.act`."""
        return [self.action(What.COPY, self.copies)]


@dataclass(frozen=True, kw_only=True)
class Corrupt(Toxic):
    """Inverts one bit of a unit, anywhere in it."""

    kind = "corrupt"

    def act(self, unit: Unit, view: View) -> Iterable[Action]:
        """See `Toxic.act`."""
        if not unit.data:
            return []
        return [self.action(What.CORRUPT, int(view.draw(unit) * len(unit.data) * 8))]


@dataclass(frozen=True, kw_only=True)
class Truncate(Toxic):
    """Keeps only the beginning of a unit."""

    kind = "truncate"
    main = "bytes"
    bytes: int = attribute(values.size, "how many bytes to keep", 0)

    def act(self, unit: Unit, view: View) -> Iterable[Action]:
        """See `Toxic.act`."""
        if len(unit.data) <= self.bytes:
            return []
        return [self.action(What.TRUNCATE, self.bytes)]


@dataclass(frozen=True, kw_only=True)
class Replace(Toxic):
    """Replaces the text of ``match``, or without it the whole message; the framing stays right."""

    kind = "replace"
    main = "text"
    text: str = attribute(str, "the new text", "")

    def act(self, unit: Unit, view: View) -> Iterable[Action]:
        """See `Toxic.act`."""
        body, most = values.encoded(self.text), max(LARGEST_DATAGRAM, len(unit.data))
        if self.match:
            times = most // max(len(body), 1) + 1  # The rest would be cut.
            body = unit.body.replace(values.encoded(self.match), body, times)
        body = body[:most]
        return [self.action(What.REPLACE, unit.with_body(body).hex())]
