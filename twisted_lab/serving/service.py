"""A service's life: it listens, serves until it is told to stop, and ends in good order."""

from __future__ import annotations

import signal
from collections.abc import Callable, Coroutine, Sequence
from typing import Any, Protocol

from twisted.application.service import Service
from twisted.internet.defer import CancelledError, Deferred, maybeDeferred
from twisted.internet.error import ConnectionDone
from twisted.internet.interfaces import (
    IListeningPort,
    IProtocolFactory,
    IReactorTime,
    IUDPTransport,
)
from twisted.python.failure import Failure

from twisted_lab import __version__
from twisted_lab.peers import address_text
from twisted_lab.serving.event_log import EventLog
from twisted_lab.serving.limits import raise_file_limit
from twisted_lab.serving.listening import Listener

DRAIN_SECONDS = 5.0


class CannotStart(SystemExit, Exception):
    """The service cannot start; why stands on the console already.

    An Exception, so that twistd cleans up and tells whoever waits for its daemon; a SystemExit, so
    that the process then ends with status 1 and without a traceback.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.code = 1


class NotReady(Exception):
    """What a service needs cannot be had; the text says why."""


class Served(Protocol):
    """Those who are served, such as `Connections`."""

    def drain(self, clock: IReactorTime, seconds: float) -> Deferred[None]:
        """Finish with everybody, in so many seconds."""
        ...

    def abort(self) -> None:
        """Finish at once."""
        ...


class Resource(Protocol):
    """What a service needs for as long as it runs, such as a database."""

    def open(self) -> None:
        """Get it ready, as the user that the process runs as.

        Raises:
            NotReady: That cannot be done.
        """
        ...

    def close(self) -> Coroutine[Deferred[Any], Any, None]:
        """Finish what was begun, and let go of it."""
        ...


class NetworkService(Service):
    """One service on its listening ports.

    Args:
        reactor: Where to run.
        log: Where its events go; opened at the start and closed at the end.
        listeners: Where to listen.
        factory: What to build for each connection.
        connections: The factory's open connections.
        resources: What is opened before it serves, and closed when nobody is served any more.

    Attributes:
        is_worker: Whether it is for somebody else to say that nobody is to be waited for: a signal
            to a whole group of processes comes beside what a supervisor tells its workers.
    """

    is_worker = False

    def __init__(
        self,
        reactor: Any,
        log: EventLog,
        listeners: Sequence[Listener],
        factory: IProtocolFactory,
        connections: Served,
        resources: Sequence[Resource] = (),
    ) -> None:
        self._reactor = reactor
        self._log = log
        self._events = log.events
        self._listeners = listeners
        self._factory = factory
        self._connections = connections
        self._resources = resources
        self._listening: list[Deferred[IListeningPort | None]] = []
        self._ports: list[tuple[Any, int | None]] = []
        self._refusal: CannotStart | None = None
        self._is_ending = False

    def privilegedStartService(self) -> None:
        """Listen, while the process still has the right to take low ports.

        Raises:
            CannotStart: It cannot listen.
        """
        super().privilegedStartService()
        for listener in self._listeners:
            listening: Deferred[IListeningPort | None] = listener.listen(
                self._factory
            ).addCallbacks(self._accepted, self._refused, callbackArgs=(listener.wanted,))
            if self._refusal is not None:
                raise self._refusal
            self._listening.append(listening)

    def startService(self) -> None:
        """Open the log, as the user who the process runs as from here on, and serve.

        Raises:
            CannotStart: The log cannot be written, a resource opened, or a port listened on.
        """
        # What is said from here on is heeded when the reactor runs. It installs handlers of its own
        # then, after which ours must stand again.
        self._heed_signals()
        try:
            self._log.open()
        except OSError as error:
            why = f"{error.filename}: {error.strerror}"
            raise self._cannot_start(f"cannot write the log {why}") from None
        try:
            for resource in self._resources:
                resource.open()
        except NotReady as error:
            raise self._cannot_start(str(error)) from None
        raise_file_limit()
        if not self._listening:
            self.privilegedStartService()
        self._events.started(__version__)
        super().startService()
        self._reactor.callWhenRunning(self._heed_signals)
        # A daemon tells that it is there while it has a console.
        for port, wanted in self._ports:
            if self._log.is_daemon:
                self._announce(port, wanted)
            else:
                self._reactor.callWhenRunning(self._announce, port, wanted)
        self._reactor.callWhenRunning(self._log.has_started)

    def stopService(self) -> Deferred[None]:
        """Stop listening, let each connection finish what it owes, and close the log."""
        super().stopService()

        async def stop() -> None:
            last: list[IListeningPort] = []
            for listening in self._listening:
                listening.cancel()
                port = await listening
                if IUDPTransport.providedBy(port):
                    last.append(port)  # What is owed goes out by the port itself.
                elif port is not None:
                    await maybeDeferred(port.stopListening)
            await self._connections.drain(self._reactor, DRAIN_SECONDS)
            for port in last:
                await maybeDeferred(port.stopListening)
            for resource in self._resources:
                await resource.close()
            self._events.stopped()
            self._log.close()

        return Deferred.fromCoroutine(stop())

    def end(self) -> None:
        """Have the process end, in good order."""
        if self.running and not self._is_ending:
            self._is_ending = True
            self._reactor.stop()

    def abort(self) -> None:
        """Have the process end, without waiting for anybody."""
        self.end()
        self._connections.abort()

    def _accepted(self, port: IListeningPort, wanted: int | None) -> IListeningPort:
        self._ports.append((port, wanted))
        if self.running:
            self._announce(port, wanted)
        return port

    def _announce(self, port: IListeningPort, wanted: int | None) -> None:
        address: Any = port.getHost()
        if wanted is not None and address.port != wanted:
            self._events.port_busy(wanted, address.port)
        self._events.listening(address_text(address))

    def _refused(self, failure: Failure) -> None:
        if failure.check(CancelledError):
            return
        self._refusal = self._cannot_start(failure.getErrorMessage())
        self.end()

    def _cannot_start(self, reason: str) -> CannotStart:
        self._events.failed(reason)
        if not self.running:
            # No reactor runs that could close them; a unix socket would leave its file behind.
            for port, _ in self._ports:
                port.connectionLost(Failure(ConnectionDone()))
        return CannotStart(reason)

    def _heed_signals(self) -> None:
        # The reactor's own handlers make twistd end by the signal instead of with status 0.
        self._heed(signal.SIGTERM, self._terminate)
        self._heed(signal.SIGINT, self._terminate)
        if self._log.file is not None:
            self._heed(signal.SIGHUP, self._reopen_log)

    def _heed(self, number: int, action: Callable[[], object]) -> None:
        signal.signal(number, lambda *_: self._reactor.callFromThread(action))

    def _reopen_log(self) -> None:
        if self._log.file is not None:
            self._log.file.reopen()

    def _terminate(self) -> None:
        # Somebody who does not want to wait for the others says it twice.
        if self.is_worker or (self.running and not self._is_ending):
            self.end()
        else:
            self.abort()
