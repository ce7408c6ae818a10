"""The service of fault proxies: its proxies, their toxics, and the scenario."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IDelayedCall
from twisted.internet.protocol import Factory

from twisted_lab.channels import cancel
from twisted_lab.faults.commands import Commands
from twisted_lab.faults.engine.link import Deciding, Observer
from twisted_lab.faults.engine.link_names import LinkNames
from twisted_lab.faults.engine.scenario import Now
from twisted_lab.faults.engine.toxic import Toxics
from twisted_lab.faults.options import Options
from twisted_lab.faults.proxies.held_memory import HeldMemory
from twisted_lab.faults.proxies.listening import proxy_listener
from twisted_lab.faults.proxies.proxy import Common, Proxy, UnitCounts
from twisted_lab.faults.proxies.upstream import Upstream
from twisted_lab.process.listeners import make_poller
from twisted_lab.serving import NetworkService, ServiceProcess


class Observing(Protocol):
    """The interface of observers of all proxies, such as a recording."""

    def of(self, proxy: str) -> Observer:
        """Return the observer of the units of a proxy."""
        ...


class FaultService(NetworkService):
    """The proxies of a process.

    Args:
        process: The process that the service belongs to.
        options: The options.
        observing: What observes all units.
        replay: Returns what decides at a proxy, by its name, instead of the toxics.

    Attributes:
        proxies: The proxies, by name.
        toxics: The toxics, all with names; those of a scenario's phase are not among them.
        scenario: The scenario.
    """

    def __init__(
        self,
        process: ServiceProcess,
        options: Options,
        observing: Sequence[Observing] = (),
        replay: Callable[[str], Deciding] | None = None,
    ) -> None:
        events = process.log.events_of(options.command)
        connections = options.make_connections()
        held = HeldMemory(options.max_held, lambda: len(connections), self._control)
        clock, counts = process.reactor, UnitCounts()
        self._common = Common(clock, events, connections, held, counts, options.idle_timeout)
        self._seed = options.run_seed
        self._is_replay = replay is not None
        self.scenario = options.phases
        self._phase = Now()
        self._timer: IDelayedCall | None = None
        self.proxies: dict[str, Proxy] = {}
        poller, listeners = make_poller(process.reactor, options), []
        for plan, place in zip(options.proxy, options.places(), strict=True):
            self.proxies[plan.name] = proxy = Proxy(
                place,
                self._common,
                options.run_seed,
                LinkNames(options.link_by),
                tuple(each.of(plan.name) for each in observing),
                replay(plan.name) if replay else None,
            )
            upstream = Upstream(process.reactor, plan.target, poller)
            listeners.append(proxy_listener(process, options.interface, plan, proxy, upstream))
        super().__init__(process, events, listeners, Factory(), connections)
        self.words = Commands(self).words
        self._serve_measures(process)
        self.change(options.toxics)

    def _serve_measures(self, process: ServiceProcess) -> None:
        name, common = self.events.service, self._common
        counts, held = common.counts, common.held

        def units() -> int:
            return counts.units + sum(proxy.units() for proxy in self.proxies.values())

        process.add_counter(name, "units", "Datagrams, messages or portions so far.", units)
        process.add_counter(
            name, "faulted_units", "Units that toxics have acted on.", lambda: counts.faulted
        )
        process.add_counter(
            name, "lost_units", "Units that were not delivered.", lambda: counts.lost
        )
        process.add_gauge(name, "held_bytes", "Memory of held units.", lambda: held.bytes)
        process.add_gauge(name, "held_bytes_limit", "Limit of that.", lambda: held.most)

    def change(self, toxics: Toxics) -> None:
        """Replace the toxics of all proxies, also for open links.

        Raises:
            ValueError: A replay decides.
        """
        if toxics and self._is_replay:
            raise ValueError("the recording decides, and not toxics: add them without --replay")
        self.toxics = toxics
        self._apply()

    def _apply(self) -> None:
        for proxy in self.proxies.values():
            proxy.change(self.toxics + self._phase.toxics)

    def startService(self) -> None:
        """See `NetworkService`; the scenario begins."""
        super().startService()
        self._began = self._common.clock.seconds()
        self._step()

    def _step(self) -> None:
        """Begin the phase of the scenario that is due."""
        before, elapsed = self._phase, self._common.clock.seconds() - self._began
        self._phase = phase = self.scenario.phase_at(elapsed)
        if phase.toxics != before.toxics:
            self._apply()
        for name in before.disabled - phase.disabled:
            self.proxies[name].enable()
        for name in phase.disabled - before.disabled:
            self.proxies[name].disable()
        if phase != before:
            self.events.phase([toxic.name for toxic in phase.toxics], sorted(phase.disabled))
        if phase.until is not None:
            self._timer = self._common.clock.callLater(phase.until - elapsed, self._step)

    def stopService(self) -> Deferred[None]:
        """See `NetworkService`; what is due within the drain timeout is delivered."""
        cancel(self._timer)
        return super().stopService()

    def _control(self) -> None:
        for proxy in self.proxies.values():
            proxy.control()

    def announce(self) -> None:
        """See `NetworkService.announce`."""
        self.events.faults(None if self._is_replay else self._seed, self._common.held.most)
        super().announce()
