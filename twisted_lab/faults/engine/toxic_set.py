"""The toxics of one proxy, and their decisions."""

from __future__ import annotations

from collections.abc import Iterable

from twisted_lab.faults.engine.actions import Action
from twisted_lab.faults.engine.chance import Chance
from twisted_lab.faults.engine.link import Lane, Link
from twisted_lab.faults.engine.toxic import Toxic, Toxics, View
from twisted_lab.faults.engine.toxics.timing import Hold
from twisted_lab.faults.engine.units import Kind, Unit


class ToxicSet:
    """The toxics of one proxy, which can change at any time.

    Args:
        seed: The seed of all decisions.
        proxy: The name of the proxy.
        toxics: The toxics, with different names.

    Attributes:
        toxics: The current toxics.
    """

    def __init__(self, seed: int, proxy: str, toxics: Toxics = ()) -> None:
        self.toxics = toxics
        self._seed = seed
        self._proxy = proxy

    def decide(self, lane: Lane, unit: Unit) -> list[Action]:
        """Return the actions on a unit; see `Deciding`."""
        return self._decide(self.toxics, lane, unit)

    def _decide(self, toxics: Iterable[Toxic], lane: Lane, unit: Unit) -> list[Action]:
        actions: list[Action] = []
        views = lane.views
        for toxic in toxics:
            view = views.get(toxic.name)
            if view is None:
                view = views[toxic.name] = self._view(toxic, lane)
            if view.is_on:
                actions += toxic.decide(unit, view)
        return actions

    def _view(self, toxic: Toxic, lane: Lane) -> View:
        link = lane.link
        is_on = toxic.covers(lane.direction, link.host)
        if is_on and toxic.toxicity < 1:
            of_link = Chance(self._seed, self._proxy, link.name, toxic.name).draw(0)
            is_on = of_link < toxic.toxicity
        chance = Chance(self._seed, self._proxy, link.name, lane.direction, toxic.name)
        return View(chance, is_on)

    def change(self, toxics: Toxics, links: Iterable[Link], now: float) -> None:
        """Replace the toxics, also for existing links; units in a lane keep what was decided.

        If one of kind ``hold`` is removed, all held units are released.
        """
        removed = [toxic for toxic in self.toxics if toxic not in toxics]
        added = [toxic for toxic in toxics if toxic not in self.toxics]
        self.toxics = toxics
        for lane in (lane for link in links if link.name for lane in link.lanes):
            for toxic in removed:
                lane.views.pop(toxic.name, None)
            if any(isinstance(toxic, Hold) for toxic in removed):
                lane.release(now)
            if added:
                beginning = Unit(Kind.OPEN, 0)
                lane.apply(beginning, self._decide(added, lane, beginning), now)
