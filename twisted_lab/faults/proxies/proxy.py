"""A proxy: its toxics, its links, and whether it is enabled."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

from twisted.internet.interfaces import IReactorTime

from twisted_lab.channels import Connections
from twisted_lab.channels.idleness import Idleness
from twisted_lab.eventlog.events import ServiceEvents
from twisted_lab.faults.engine.framing import NO_FRAMING
from twisted_lab.faults.engine.link import Deciding, Link, Observer
from twisted_lab.faults.engine.link_names import LinkNames
from twisted_lab.faults.engine.spec import Place, toxics_at
from twisted_lab.faults.engine.toxic import Toxics
from twisted_lab.faults.engine.toxic_set import ToxicSet
from twisted_lab.faults.proxies.held_memory import HeldMemory


@dataclass
class UnitCounts:
    """Numbers of units so far, those of open links only in `faulted` and `lost`."""

    units: int = 0
    faulted: int = 0
    lost: int = 0


@dataclass(frozen=True)
class Common:
    """The state that all proxies of a service share.

    Attributes:
        clock: The clock for timers and durations.
        events: The reporter of the service's events.
        connections: The open links, with their limits.
        held: The memory that links hold.
        counts: Numbers of units.
        patience: The idle timeout of a link, in seconds.
    """

    clock: IReactorTime
    events: ServiceEvents
    connections: Connections
    held: HeldMemory
    counts: UnitCounts
    patience: float


class Running(Protocol):
    """The runner of a link; see `twisted_lab.faults.proxies.runner.Runner`."""

    @property
    def link(self) -> Link:
        """The link."""
        ...

    @property
    def units(self) -> int:
        """The number of units in both directions."""
        ...

    def pump(self) -> None:
        """Deliver the outputs that are due."""
        ...

    def control(self) -> None:
        """Read, or wait, as the held memory demands."""
        ...

    def look(self) -> None:
        """Apply the idle timeout; called LOOKS times in it."""
        ...

    def abort(self) -> None:
        """End the link."""
        ...


class Proxy:
    """One proxy, for streams or for datagrams.

    Args:
        place: Its name, and what it carries.
        common: What all proxies share.
        seed: The seed of all decisions.
        names: Gives links their names.
        observers: What hears of all decisions and deliveries.
        replay: Decides instead of toxics; None for toxics.

    Attributes:
        place: See above.
        common: See above.
        names: See above.
        observers: See above.
        deciding: What decides about units.
        links: The open links.
        is_enabled: Whether it serves clients.
        is_plain: Whether nothing decides about units and nothing observes them.
    """

    def __init__(
        self,
        place: Place,
        common: Common,
        seed: int,
        names: LinkNames,
        observers: tuple[Observer, ...] = (),
        replay: Deciding | None = None,
    ) -> None:
        self.place = place
        self.common = common
        self.names = names
        self.observers = observers
        self.links: dict[Running, None] = {}
        self.is_enabled = True
        self._toxics = ToxicSet(seed, place.name)
        self.deciding: Deciding = replay or self._toxics
        self._idleness = Idleness(common.clock, common.patience, self._look)
        self._find_plain()

    def _find_plain(self) -> None:
        self.is_plain = (
            self.deciding is self._toxics
            and not self._toxics.toxics
            and not self.observers
            and self.place.framing is NO_FRAMING
        )

    def new_link(self, decider: Deciding, host: str) -> Link:
        """Return a new link, about whose units `decider` decides."""
        place = self.place
        return Link(self.names, host, place.is_stream, decider, self.observers, place.framing)

    def began(self, runner: Running) -> None:
        """Handle a new link."""
        self.links[runner] = None
        self._idleness.watch()

    def ended(self, runner: Running) -> None:
        """Handle the end of a link."""
        self.links.pop(runner, None)

    def _look(self) -> bool:
        for runner in list(self.links):
            runner.look()
        return bool(self.links)

    def change(self, toxics: Toxics) -> None:
        """Replace the toxics; those that cannot act here are left out."""
        links = (runner.link for runner in self._all())
        now = self.common.clock.seconds()
        self._toxics.change(toxics_at(toxics, self.place), links, now)
        self._find_plain()
        for runner in self._all():
            runner.pump()

    @property
    def toxics(self) -> Toxics:
        """The toxics that act here."""
        return self._toxics.toxics

    def release(self) -> int:
        """Deliver what toxics of kind ``hold`` keep; return the number of units."""
        now = self.common.clock.seconds()
        count = sum(lane.release(now) for runner in self._all() for lane in runner.link.lanes)
        for runner in self._all():
            runner.pump()
        return count

    def control(self) -> None:
        """Let links read, or wait, after the held memory has reached its limit or fallen."""
        for runner in self._all():
            runner.control()

    def disable(self) -> None:
        """Refuse clients, and end all links."""
        self.is_enabled = False
        for runner in self._all():
            runner.abort()

    def enable(self) -> None:
        """Serve clients again."""
        self.is_enabled = True

    def units(self) -> int:
        """Return the number of units of open links."""
        return sum(runner.units for runner in self.links)

    def _all(self) -> Iterator[Running]:
        return iter(list(self.links))
