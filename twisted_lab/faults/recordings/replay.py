"""Replays: the actions of a recording, applied to the same units again."""

from __future__ import annotations

from collections.abc import Callable

from twisted_lab.faults.engine.actions import Action
from twisted_lab.faults.engine.link import Lane
from twisted_lab.faults.engine.units import Unit
from twisted_lab.faults.recordings.recorded import Recorded


class Replay:
    """Decides about the units of one proxy as a recording says; others pass.

    Args:
        recorded: The recording.
        proxy: The name of the proxy.
        differs: Called with a lane and a unit that is not the recorded one, once per link.

    Attributes:
        differing: The number of such units.
    """

    def __init__(
        self, recorded: Recorded, proxy: str, differs: Callable[[Lane, Unit], object]
    ) -> None:
        self.differing = 0
        self._lanes = {
            (link, direction): lane
            for (name, link, direction), lane in recorded.lanes.items()
            if name == proxy
        }
        self._differs = differs
        self._reported: set[str] = set()

    def decide(self, lane: Lane, unit: Unit) -> list[Action]:
        """Return the recorded actions; see `twisted_lab.faults.engine.link.Deciding`."""
        name = lane.link.name
        recorded = self._lanes.get((name, lane.direction), {}).get(unit.number)
        if recorded is None:
            return []
        if not recorded.is_of(unit):
            self.differing += 1
            if name not in self._reported:
                self._reported.add(name)
                self._differs(lane, unit)
        return list(recorded.actions)
