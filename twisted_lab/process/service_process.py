"""One process with its services: it starts, serves until it has to stop, and ends."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, cast

from twisted.application.service import MultiService
from twisted.internet.defer import Deferred
from twisted.logger import ILogObserver, LogEvent, LogLevel
from twisted.python.components import Componentized
from twisted.python.failure import Failure
from zope.interface import provider

from twisted_lab import __version__
from twisted_lab.channels.turn_budget import TurnBudget
from twisted_lab.eventlog.counters import Measure
from twisted_lab.eventlog.event_log import EventLog
from twisted_lab.eventlog.events import ServiceEvents
from twisted_lab.ports.file_reserve import FileReserve, raise_file_limit
from twisted_lab.process.network_service import NetworkService
from twisted_lab.process.process_options import ProcessOptions
from twisted_lab.process.signals import Signals
from twisted_lab.resources import NotReady, Resource


class CannotStart(SystemExit, Exception):
    """The service cannot start; the reason is on the console already.

    An Exception, so that twistd cleans up and reports to the process that waits for its daemon; a
    SystemExit, so that the process then ends with status 1 and without a traceback.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.code = 1


class ServiceProcess(MultiService):
    """The services of one process, and what they share.

    Args:
        options: What was asked of the process.
        reactor: Where to run; by default the one that is installed.
        now: Tells the time, in seconds of Unix time, which may be set in either direction.

    Attributes:
        reactor: See above. Its clock is monotonic, not a time of day that a person sets.
        now: See above.
        since: When it was made, on the reactor's clock.
        log: Where events go; opened at the start and closed at the end.
        events: Events of the process are reported here.
        files: How many files may be open.
        drain_seconds: How long a drain may take.
        resources: Opened before it serves, and closed after the last peer has gone.
        reloads: The functions to call at SIGHUP.
        measures: Measures in addition to the counters of each service.
        names: For a service that knows names, a function that returns a connection's name.
        greeting: Makes the text that the console shows when all is there.
        is_worker: True in a worker: a second SIGTERM does not abort it, because a signal to a whole
            group of processes reaches it in addition to the supervisor's orders.
    """

    def __init__(
        self,
        options: ProcessOptions,
        reactor: Any = None,
        now: Callable[[], float] = time.time,
    ) -> None:
        super().__init__()
        if reactor is None:
            from twisted.internet import reactor

            # Twisted's own is the machine's clock, and a step of that would fire or stall timers.
            cast(Any, reactor).seconds = time.monotonic
        self.reactor: Any = reactor
        self.now = now
        self.since = self.reactor.seconds()
        self.log = EventLog(options, self.reactor)
        self.events = self.log.events
        self.turns = TurnBudget(self.reactor)
        self.files = FileReserve(self.reactor, self.events)
        self.drain_seconds: float = options["drain"]
        self.resources: list[Resource] = []
        self.reloads: list[Callable[[], object]] = [self.log.reopen] if options["log-file"] else []
        self.measures: list[Measure] = []
        self.names: dict[str, Callable[[Any], str]] = {}
        self.greeting: Callable[[], str] | None = None
        self.is_worker = False
        self._has_listened = False
        self._has_started = False
        self._is_ending = False

    @property
    def network_services(self) -> list[NetworkService]:
        """All services that listen."""
        return cast(list[NetworkService], list(self))

    @property
    def public_services(self) -> list[NetworkService]:
        """The services, without those of the process itself."""
        return [each for each in self.network_services if each.is_public]

    def addService(self, service: Any) -> None:
        """See `twisted.application.service.IServiceCollection`."""
        super().addService(service)
        if service.is_public:
            name = service.events.service
            text = "Events beyond --log-rate, which were summed up."
            count = self.log.summed
            measure = Measure(name, "log_events_summed", text, True, lambda: count[name])
            self.measures.append(measure)

    def measures_of(self, service: NetworkService) -> list[Measure]:
        """Return the measures of a service that may differ between the processes."""
        name = service.events.service
        return [each for each in self.measures if each.service == name and not each.is_common]

    def log_from(self, level: LogLevel) -> None:
        """Log events from `level` up, from here on, in all processes."""
        self.log.log_from(level)
        for service in self.network_services:
            service.log_from(level)

    def name_of(self, service: str, connection: object) -> str:
        """Return a service's name for a connected peer; "" for none."""
        return self.names[service](connection) if service in self.names else ""

    def setServiceParent(self, parent: Any) -> None:
        """See `twisted.application.service.IService`; twistd logs where its application says."""

        @provider(ILogObserver)
        def log(event: LogEvent) -> None:
            self.log.twisted(event)

        if self.log.takes_twisteds and isinstance(parent, Componentized):
            parent.setComponent(ILogObserver, log)
        super().setServiceParent(parent)

    def privilegedStartService(self) -> None:
        """Listen, while the process still has the right to take low ports.

        Raises:
            CannotStart: It cannot listen.
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
            raise self.cannot_start(f"cannot write the log {why}") from None
        if not self._has_listened:
            self.privilegedStartService()  # which only twistd calls
        try:
            for resource in self.resources:
                resource.open()
        except NotReady as error:
            raise self.cannot_start(str(error)) from None
        except (MemoryError, RuntimeError) as error:
            # A thread that cannot be started is a RuntimeError.
            if isinstance(error, RuntimeError) and "thread" not in str(error):
                raise
            raise self.cannot_start(f"too little memory: {str(error) or 'none is left'}") from None
        self.files.limit = raise_file_limit()
        self.events.started(__version__)
        # Before a report that it listens.
        self.reactor.callWhenRunning(signals.heed)
        super().startService()
        self._has_started = True
        if self.log.is_daemon:
            self.log.settle()  # The starting program goes on when this has returned.
        self.reactor.callWhenRunning(self._greet)

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

    def _greet(self) -> None:
        if self.greeting is not None:
            self.log.show(self.greeting())
        self.log.has_started()

    def end(self) -> None:
        """Have the process drain and end."""
        if self.running and not self._is_ending:
            self._is_ending = True
            self.reactor.stop()

    def abort(self) -> None:
        """Have the process end, without waiting for any peer."""
        self.end()
        for service in self.network_services:
            service.connections.abort()

    def cannot_start(self, reason: str, events: ServiceEvents | None = None) -> CannotStart:
        """Report the reason on the console, and close what is open.

        Args:
            reason: Why.
            events: The reporter of the service that cannot; by default that of the process.

        Returns:
            The exception to raise, where it is not too late for that.
        """
        (events or self.events).failed(reason)
        if not self._has_started:
            for service in self.network_services:
                service.let_go()
            # A thread that is left would keep the process from ending.
            for resource in self.resources:
                resource.discard()
            self.log.close()
        return CannotStart(reason)

    def _reload(self) -> None:
        for reload in self.reloads:
            try:
                reload()
            except Exception:
                self.events.reload_failed(Failure())

    def _terminate(self) -> None:
        # The sender of a second signal does not want to wait for the peers.
        if self.is_worker or (self.running and not self._is_ending):
            self.end()
        else:
            self.abort()
