"""One process with its services: it starts, serves until it has to stop, and ends."""

from __future__ import annotations

import time
from collections.abc import Callable

from twisted.application.service import IServiceCollection
from twisted.internet.defer import Deferred
from twisted.logger import ILogObserver, LogEvent
from twisted.python.components import Componentized
from twisted.python.failure import Failure
from zope.interface import provider

from twisted_lab import __version__
from twisted_lab.channels.turn_budget import TurnBudget
from twisted_lab.eventlog.event_log import EventLog
from twisted_lab.eventlog.events import ServiceEvents
from twisted_lab.interfaces import Reactor, global_reactor
from twisted_lab.ports.file_reserve import FileReserve, raise_file_limit
from twisted_lab.process.cannot_start import CannotStart
from twisted_lab.process.process_options import ProcessOptions
from twisted_lab.process.service_group import ServiceGroup
from twisted_lab.process.signals import Signals
from twisted_lab.resources import NotReady, Resource, open_all


class ServiceProcess(ServiceGroup):
    """The services of one process, and what they share.

    Args:
        options: What was asked of the process.
        reactor: Where to run; by default the one that is installed.
        now: Tells the time, in seconds of Unix time, which may be set in either direction.

    Attributes:
        reactor: See above. Its clock is monotonic, not a time of day that a person sets.
        now: See above.
        since: When it was made, on the reactor's clock.
        events: Events of the process are reported here.
        files: How many files may be open.
        drain_seconds: How long a drain may take.
        resources: Opened before it serves, and closed after the last peer has gone.
        reloads: The functions to call at SIGHUP.
        greeting: Makes the text that the console shows when all is there.
        is_worker: True in a worker: a second SIGTERM does not abort it, because a signal to a whole
            group of processes reaches it in addition to the supervisor's orders.
    """

    def __init__(
        self,
        options: ProcessOptions,
        reactor: Reactor | None = None,
        now: Callable[[], float] = time.time,
    ) -> None:
        if reactor is None:
            reactor = global_reactor()
            # Twisted's own is the machine's clock, and a step of that would fire or stall timers.
            vars(reactor)["seconds"] = time.monotonic
        super().__init__(EventLog(options, reactor))
        self.reactor = reactor
        self.now = now
        self.since = reactor.seconds()
        self.events = self.log.events
        self.turns = TurnBudget(reactor)
        self.files = FileReserve(reactor, self.events)
        self.drain_seconds = options.drain
        self.resources: list[Resource] = []
        self.reloads: list[Callable[[], object]] = [self.log.reopen] if options.log_file else []
        self.greeting: Callable[[], str] | None = None
        self.is_worker = False
        self._failure: tuple[str, ServiceEvents] | None = None
        self._has_listened = False
        self._has_started = False
        self._is_ending = False

    def setServiceParent(self, parent: IServiceCollection) -> None:
        """See `twisted.application.service.IService`; twistd logs where its application says."""

        @provider(ILogObserver)
        def log(event: LogEvent) -> None:
            self.log.twisted(event)

        if self.log.takes_twisteds and isinstance(parent, Componentized):
            parent.setComponent(ILogObserver, log)
        super().setServiceParent(parent)

    def privilegedStartService(self) -> None:
        """Listen, while the process still has the right to take low ports.

        If it cannot, `startService` raises. The reason belongs into the log, and only the user that
        the process changes to in between may make that file.
        """
        self._has_listened = True
        super().privilegedStartService()

    def startService(self) -> None:
        """Open the log, as the user who the process runs as from here on, and serve.

        Raises:
            CannotStart: The log cannot be written, a resource opened, or a port listened on.
        """
        # Signals from here on are handled when the reactor runs. It installs handlers of its own
        # then, after which ours must be installed again.
        signals = Signals(self.reactor, self._terminate, self._reload, self.end)
        signals.heed()
        try:
            self.log.open()
        except OSError as error:
            why = f"{error.filename}: {error.strerror}"
            raise self._refusal(f"cannot write the log {why}", self.events) from None
        if not self._has_listened:
            self.privilegedStartService()  # which only twistd calls
        self._check_ports()
        self._open_resources()
        self.files.limit = raise_file_limit()
        self.events.started(__version__)
        # Before a report that it listens.
        self.reactor.callWhenRunning(signals.heed)
        super().startService()
        self._check_ports()  # of the services that listen only now
        self._has_started = True
        if self.log.is_daemon:
            # It reports while it has a console; the starting program goes on when this returns.
            self._announce()
            self.log.settle()
        else:
            self.reactor.callWhenRunning(self._announce)
        self.reactor.callWhenRunning(self._greet)

    def _check_ports(self) -> None:
        if self._failure is not None:
            raise self._refusal(*self._failure)

    def _open_resources(self) -> None:
        try:
            open_all(self.resources)
        except NotReady as error:
            raise self._refusal(str(error), self.events) from None

    def _refusal(self, reason: str, events: ServiceEvents) -> CannotStart:
        """Report why it cannot start, close what is open, and return the exception to raise."""
        events.failed(reason)
        for service in self.services:
            service.discard()
        # A thread that is left would keep the process from ending.
        for resource in self.resources:
            resource.discard()
        self.log.close()
        return CannotStart(reason)

    def fail(self, reason: str, events: ServiceEvents) -> None:
        """End, because a service cannot serve; a process that has not started does not start.

        Args:
            reason: Why.
            events: The reporter of the service.
        """
        if self._has_started:
            events.failed(reason)
            self.end()
        elif self._failure is None:
            self._failure = reason, events

    def _announce(self) -> None:
        for service in self.services:
            service.announce()

    def _greet(self) -> None:
        if self.greeting is not None:
            self.log.show(self.greeting())
        self.log.has_started()

    def stopService(self) -> Deferred[None]:
        """Stop listening, let each connection send its pending output, and close the log."""
        all_stopped = super().stopService()

        async def stop() -> None:
            await all_stopped
            for resource in self.resources:
                await resource.close()
            self.log.sum_up()
            self.events.stopped()
            self.log.close()

        return Deferred.fromCoroutine(stop())

    def end(self) -> None:
        """Have the process drain and end."""
        if self.running and not self._is_ending:
            self._is_ending = True
            self.reactor.stop()

    def abort(self) -> None:
        """Have the process end, without waiting for any peer."""
        self.end()
        for service in self.services:
            service.abort()

    def _terminate(self) -> None:
        # The sender of a second signal does not want to wait for the peers.
        if self.is_worker or (self.running and not self._is_ending):
            self.end()
        else:
            self.abort()

    def _reload(self) -> None:
        for reload in self.reloads:
            try:
                reload()
            except Exception:
                self.events.reload_failed(Failure())
