"""Runners: what moves the units of one link between sockets."""

from __future__ import annotations

from collections import Counter

from twisted.internet.interfaces import IDelayedCall

from twisted_lab.channels import cancel
from twisted_lab.channels.idleness import LOOKS
from twisted_lab.faults.engine.actions import Action, What
from twisted_lab.faults.engine.link import Lane, Link
from twisted_lab.faults.engine.pipe import Output
from twisted_lab.faults.engine.units import Kind, Unit
from twisted_lab.faults.proxies.proxy import Proxy


class Runner:
    """Base class of the runners of streams and of datagrams.

    It decides about the units of its link, and counts what it decides.

    Args:
        proxy: The link's proxy.
        host: The client's IP address; "" for a unix socket.
        label: The client's address, as logs show it.

    Attributes:
        proxy: See above.
        label: See above.
        clock: The clock for timers and durations.
        since: See `twisted_lab.channels.Connection`.
        link: The link.
        is_direct: Whether bytes can bypass the lanes, because nothing would happen to them.
        is_over: Whether the link has ended.
    """

    __slots__ = (
        "_chosen",
        "_faulted",
        "_held",
        "_is_finishing",
        "_looked_at",
        "_lost",
        "_quiet_looks",
        "_timer",
        "_toxics",
        "clock",
        "is_direct",
        "is_over",
        "label",
        "link",
        "proxy",
        "since",
    )

    def __init__(self, proxy: Proxy, host: str, label: str) -> None:
        self.proxy = proxy
        self.label = label
        self.clock = proxy.common.clock
        self.since = self.clock.seconds()
        self.is_direct = False
        self.is_over = False
        self.link: Link = proxy.new_link(self, host)
        self._timer: IDelayedCall | None = None
        self._held = 0
        self._faulted = 0
        self._lost = 0
        self._is_finishing = False
        self._looked_at = self._quiet_looks = 0
        self._toxics: Counter[str] = Counter()
        self._chosen: Counter[str] = Counter()  # without beginnings and ends of the link

    def decide(self, lane: Lane, unit: Unit) -> list[Action]:
        """See `twisted_lab.faults.engine.link.Deciding`."""
        actions = self.proxy.deciding.decide(lane, unit)
        if actions:
            toxics = {action.toxic for action in actions}
            self._toxics.update(toxics)
            if unit.kind is Kind.DATA:
                self._chosen.update(toxics)
                self._faulted += 1
                self.proxy.common.counts.faulted += 1
                self.lose(any(action.what is What.LOSE for action in actions))
        return actions

    def lose(self, units: int) -> None:
        """Count lost units."""
        self._lost += units
        self.proxy.common.counts.lost += units

    def pump(self) -> None:
        """Deliver the outputs that are due, and look after the rest."""
        now = self.clock.seconds()
        for lane in self.link.lanes:
            for output in lane.take(now):
                self.deliver(lane, output)
        self.settle(now)

    def settle(self, now: float) -> None:
        """Look after what waits: its memory, and the timer for the next output."""
        if self.is_over:
            return
        upstream, downstream = self.link.lanes
        self._count_held()
        deadline = self.link.deadline()
        self.is_direct = (
            deadline is None
            and not self._held
            and self.proxy.is_plain
            and bool(self.link.name)
            and not (upstream.is_over or downstream.is_over)
        )
        self._schedule(deadline, now)

    def _schedule(self, deadline: float | None, now: float) -> None:
        if deadline is None:
            return
        timer = self._timer
        if timer is None or not timer.active():
            self._timer = self.clock.callLater(max(deadline - now, 0.0), self.pump)
        elif timer.getTime() > deadline:
            timer.reset(max(deadline - now, 0.0))

    def end(self) -> None:
        """End the link: nothing is in it, and it has no sockets any more."""
        if self.is_over:
            return
        self.is_over = True
        self.is_direct = False
        cancel(self._timer)
        self.drop(*self.link.lanes)
        self.proxy.common.counts.units += self.units
        self.proxy.ended(self)
        if self._toxics or self._lost:
            self.proxy.common.events.faulted(
                self.label, self.units, self._faulted, self._lost, self._toxics, self._chosen
            )

    @property
    def units(self) -> int:
        """The number of units in both directions."""
        return sum(lane.units for lane in self.link.lanes)

    def drop(self, *lanes: Lane) -> None:
        """End `lanes`, and count what they hold as lost."""
        self.lose(sum(lane.discard() for lane in lanes))
        self._count_held()

    @property
    def has_room(self) -> bool:
        """Whether the link may hold more, as far as the memory of all links allows."""
        return self.proxy.common.held.has_room(self._held)

    @property
    def held(self) -> int:
        """The memory of what the link holds, in bytes."""
        return sum(lane.held for lane in self.link.lanes)

    def _count_held(self) -> None:
        held = self.held
        if held != self._held:
            self._held, change = held, held - self._held
            self.proxy.common.held.add(change)

    def deliver(self, lane: Lane, output: Output) -> None:
        """Do what leaves a lane."""
        raise NotImplementedError

    def control(self) -> None:
        """Read, or wait, as the held memory demands."""

    def look(self) -> None:
        """Apply the idle timeout; called LOOKS times in it."""
        self._quiet_looks = self._quiet_looks + 1 if self.moved == self._looked_at else 0
        self._looked_at = self.moved
        if self._quiet_looks > LOOKS:
            self.give_up()

    @property
    def moved(self) -> int:
        """A number that grows with each traffic of the link."""
        raise NotImplementedError

    def give_up(self) -> None:
        """End the link after its idle timeout."""
        raise NotImplementedError

    def finish(self) -> None:
        """See `twisted_lab.channels.Connection`: what is due still leaves."""
        self._is_finishing = True
        self.pump()

    def abort(self) -> None:
        """See `twisted_lab.channels.Connection`."""
        raise NotImplementedError
