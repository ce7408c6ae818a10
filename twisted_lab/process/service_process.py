"""Life cycle of a process with its services: start, serve, drain, end."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping

from twisted.application.service import IServiceCollection
from twisted.internet.defer import Deferred
from twisted.logger import ILogObserver, LogEvent
from twisted.python.components import Componentized
from twisted.python.failure import Failure
from zope.interface import provider

from twisted_lab import __version__
from twisted_lab.eventlog.event_log import EventLog
from twisted_lab.eventlog.events import ServiceEvents
from twisted_lab.interfaces import Reactor, global_reactor
from twisted_lab.ports.file_reserve import FileReserve, raise_file_limit
from twisted_lab.process.cannot_start import CannotStart
from twisted_lab.process.process_drain import ProcessDrain
from twisted_lab.process.process_options import ProcessOptions
from twisted_lab.process.readiness import tell_readiness
from twisted_lab.process.service_group import ServiceGroup
from twisted_lab.process.signals import Signals
from twisted_lab.resources import NotReady, Resource, open_all
from twisted_lab.text.language import N_, message_of
from twisted_lab.text.system_errors import reason_of


class ServiceProcess(ServiceGroup):
    """The services of one process, and the resources that they share.

    Args:
        options: The options of the process.
        reactor: The reactor; by default the installed one.
        now: Returns the time of day, in seconds of Unix time, which can jump in both directions.

    Attributes:
        reactor: See above. Its clock is monotonic.
        now: See above.
        since: The time of creation, on the reactor's clock.
        events: The reporter of the process's events.
        files: The reserve of file descriptors.
        drain_seconds: The drain timeout, in seconds.
        resources: Opened before the ports, and closed after the last connection.
        late_resources: The same for what needs the open ports, such as worker processes.
        reloads: The functions to call on SIGHUP.
        greeting: Returns the text for the console once all services have started.
        drain: The drain before the end, once it has begun.
        is_worker: True in a worker: a second SIGTERM does not abort it, because a signal to the
            process group reaches it in addition to the supervisor's orders.
    """

    def __init__(
        self,
        options: ProcessOptions,
        reactor: Reactor | None = None,
        now: Callable[[], float] = time.time,
    ) -> None:
        if reactor is None:
            reactor = global_reactor()
            # Twisted's default is the wall clock, whose steps would fire or stall timers.
            vars(reactor)["seconds"] = time.monotonic
        super().__init__(EventLog(options, reactor))
        self.reactor = reactor
        self.now = now
        self.since = reactor.seconds()
        self.events = self.log.events
        self.files = FileReserve(reactor, self.events)
        self.drain_seconds = options.drain
        self.resources: list[Resource] = []
        self.late_resources: list[Resource] = []
        self.reloads: list[Callable[[], object]] = [self.log.reopen] if options.log_file else []
        self.greeting: Callable[[], str] | None = None
        self.drain: ProcessDrain | None = None
        self.is_worker = False
        self._failure: tuple[str, ServiceEvents] | None = None
        self._signals = Signals(reactor, self._terminate, self._reload, self.end)
        twistd: Mapping[str, object] = options.parent or {}
        self._changes_user = any(twistd.get(name) is not None for name in ("uid", "gid"))
        self._has_listened = False
        self._is_prepared = False
        self._has_started = False
        self._is_ending = False

    def setServiceParent(self, parent: IServiceCollection) -> None:
        """See `twisted.application.service.IService`; this also sets twistd's log observer."""

        @provider(ILogObserver)
        def log(event: LogEvent) -> None:
            self.log.twisted(event)

        if self.log.logs_twisted and isinstance(parent, Componentized):
            parent.setComponent(ILogObserver, log)
        super().setServiceParent(parent)

    def privilegedStartService(self) -> None:
        """Start listening, while the process still has the right to bind low ports.

        If that fails, `startService` raises the error. The log and the resources are opened before
        the ports, so that no peer connects to a server that then cannot start. If the process
        changes its user in between, they are opened after that: only that user may create files.

        Raises:
            CannotStart: The log or a resource cannot be opened.
        """
        # Signals from here on are handled once the reactor runs. It then installs its own handlers,
        # so ours must be installed again after that.
        self._signals.install()
        self._has_listened = True
        if not self._changes_user:
            self._prepare()
        super().privilegedStartService()

    def startService(self) -> None:
        """Open the log and the resources, after privileges have been dropped, and serve.

        Raises:
            CannotStart: The log, a resource or a port cannot be opened.
        """
        if not self._has_listened:
            self.privilegedStartService()  # which only twistd calls
        self._prepare()
        self._check_ports()
        self._open(self.late_resources)
        self.files.limit = raise_file_limit()
        # Registered before the reports of open ports, which a program may answer with a signal.
        self.reactor.callWhenRunning(self._signals.install)
        super().startService()
        self._check_ports()  # of the services that start listening only now
        self._has_started = True
        self.events.started(__version__)
        if self.log.is_daemon:
            # Report while there is a console: the program that starts the daemon ends on return.
            self._announce()
            self.log.settle()
        else:
            self.reactor.callWhenRunning(self._announce)
        self.reactor.callWhenRunning(self._greet)

    def _check_ports(self) -> None:
        if self._failure is not None:
            raise self._refusal(*self._failure)

    def _prepare(self) -> None:
        if self._is_prepared:
            return
        self._is_prepared = True
        try:
            self.log.open()
        except OSError as error:
            why = N_(
                "cannot write the log {file}: {reason}",
                file=error.filename,
                reason=reason_of(error),
            )
            raise self._refusal(why, self.events) from None
        self._open(self.resources)

    def _open(self, resources: list[Resource]) -> None:
        try:
            open_all(resources)
        except NotReady as error:
            raise self._refusal(message_of(error), self.events) from None

    def _refusal(self, reason: str, events: ServiceEvents) -> CannotStart:
        """Close everything, report why the process cannot start, and return the exception.

        Ports may be open by now. The reason comes last, after Twisted's lines about them.
        """
        for service in self.services:
            service.discard()
        # A remaining thread would keep the process alive.
        for resource in (*self.resources, *self.late_resources):
            resource.discard()
        events.failed(reason)
        self.log.close()
        return CannotStart(reason)

    def fail(self, reason: str, events: ServiceEvents) -> None:
        """End the process, or make its start fail, because a service cannot serve.

        Args:
            reason: Why the service cannot serve.
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
        if not self.is_worker:
            tell_readiness(os.environ)

    def stopService(self) -> Deferred[None]:
        """Stop listening, let each connection send its pending output, and close the log."""
        all_stopped = super().stopService()

        async def stop() -> None:
            await all_stopped
            for resource in (*self.resources, *self.late_resources):
                await resource.close()
            self.log.sum_up()
            self.events.stopped()
            self.log.close()

        return Deferred.fromCoroutine(stop())

    def end(self) -> None:
        """Drain, and end the process."""
        if self.running and not self._is_ending:
            self._is_ending = True
            self.reactor.stop()

    async def end_after_drain(self, seconds: float) -> None:
        """Admit nobody new, and end once all clients have gone.

        Args:
            seconds: End after this time even if clients remain.
        """
        services = self.public_services
        drain = ProcessDrain(self.reactor, services, seconds, self.events, self.end)
        self.drain = drain
        await drain.begin()

    def abort(self) -> None:
        """End the process without a drain."""
        self.end()
        for service in self.services:
            service.abort()

    def _terminate(self) -> None:
        # A second signal ends the drain.
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
