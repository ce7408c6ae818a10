"""Several processes that serve on one port, started again when they die."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Sequence
from operator import attrgetter, itemgetter
from typing import Any, cast

from twisted.internet.defer import Deferred, succeed
from twisted.internet.interfaces import (
    IDelayedCall,
    IListeningPort,
    IProtocolFactory,
    IReactorTime,
)
from twisted.logger import LogLevel, globalLogPublisher
from twisted.python.failure import Failure

from twisted_lab.channels.countdown import Countdown
from twisted_lab.eventlog.events import Observer, ServiceEvents
from twisted_lab.eventlog.options import twistd_keeps_a_log
from twisted_lab.ports.listening import ADOPTED, CannotListen, Listener
from twisted_lab.process.counts import Counts
from twisted_lab.process.network_service import NetworkService
from twisted_lab.process.process_options import current_directory
from twisted_lab.process.service_options import ServiceOptions
from twisted_lab.process.service_process import ServiceProcess
from twisted_lab.process.workers.worker_process import (
    ABORT,
    HELD_SIGNALS,
    LOG,
    OUTCOME,
    READY,
    START,
    WorkerProcess,
)
from twisted_lab.resources import NotReady

LONG_ENOUGH = 60.0  # seconds of life, after which a death is not part of a series
LONGEST_DELAY = 30.0
STUCK_SECONDS = 5.0  # in addition to the drain


class _HeldPort:
    """A port that is kept open for others. Twisted's own would shut it down for all at its end."""

    def __init__(self, port: Any) -> None:
        port.stopReading()
        self.socket = port.socket
        self._address = port.getHost()

    def getHost(self) -> object:
        return self._address

    def stopListening(self) -> None:
        self.socket.close()

    def connectionLost(self, _: Failure) -> None:
        self.socket.close()


class Workers:
    """Processes that share one listening socket: connections in its queue outlive each of them.

    To their service they are the listener, a resource, and all its connections.

    Args:
        reactor: Where to run.
        events: Their starts and deaths are reported here.
        options: The service's; they are given the same.
        listener: Where to listen.
        publish: Takes their events for twistd's log.
    """

    def __init__(
        self,
        reactor: Any,
        events: ServiceEvents,
        options: ServiceOptions,
        listener: Listener,
        publish: Observer = globalLogPublisher,
    ) -> None:
        self.publish = publish
        self._reactor = reactor
        self._events = events
        self._count = options.workers
        self._command = [
            *(sys.executable, "-P", "-c", START, type(reactor).__module__),
            *("twistd" if twistd_keeps_a_log(options.parent or {}) else "", options.command),
            *options.arguments,
            # A daemon has a log file even if none was asked for.
            *([f"--log-file={options.log_file}"] if options.log_file else []),
        ]
        self._environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
        # Names of files are to mean the same to them; a daemon may go elsewhere.
        self._directory = current_directory()
        self._listener = listener
        self._port: _HeldPort | None = None
        self._alive: list[WorkerProcess] = []
        self._restarts: list[IDelayedCall] = []
        self.pausing = False
        self._gone = Counts()  # counts of workers that have ended
        self._level: LogLevel | None = None
        self._is_stopping = False
        self._all_ended: Deferred[None] = Deferred()

    @property
    def wanted(self) -> int | None:
        """See `Listener`."""
        return self._listener.wanted

    def listen(self, factory: IProtocolFactory) -> Deferred[IListeningPort]:
        """Listen, but leave it to the workers to accept."""

        def hold(port: IListeningPort) -> IListeningPort:
            self._port = _HeldPort(port)
            return cast(IListeningPort, self._port)

        return self._listener.listen(factory).addCallback(hold)

    def relisten(self, _: object) -> Listener:
        """See `Listener.relisten`."""
        raise CannotListen("a service with --workers cannot be paused: its workers go on listening")

    @property
    def pids(self) -> Sequence[int]:
        """The processes that are there."""
        return [worker.pid for worker in self._alive if worker.pid]

    def open(self) -> None:
        """Start them, and wait until all are ready.

        Raises:
            NotReady: One of them cannot start.
        """
        # The first one alone, so that files which they share, such as a database, are made once.
        for count in (1, self._count - 1):
            try:
                started = [self._start(0) for _ in range(count)]
            except OSError as error:
                raise self._not_ready(f"cannot start a process: {error.strerror}") from None
            for worker in started:
                outcome = worker.outcome()
                if outcome != READY:
                    raise self._not_ready(outcome.decode(errors="replace"))

    def _not_ready(self, reason: str) -> NotReady:
        return NotReady(reason or "a worker died while it started")

    def _start(self, deaths: int) -> WorkerProcess:
        assert self._port is not None
        outcome, to_outcome = os.pipe()
        taken = {worker.number for worker in self._alive}
        number = min(set(range(self._count)) - taken)
        worker = WorkerProcess(self, self._reactor, deaths, outcome, number)
        before = signal.pthread_sigmask(signal.SIG_BLOCK, HELD_SIGNALS)
        try:
            # Its standard input ends when it is to stop, or when this process has died.
            self._reactor.spawnProcess(
                worker,
                sys.executable,
                self._command,
                self._environment,
                # The user of the process may not enter it; then no file name can refer to it.
                self._directory if os.access(self._directory or "", os.X_OK) else None,
                childFDs={
                    **{0: "w", 1: 1, 2: 2, LOG: "r"},
                    **{ADOPTED: self._port.socket.fileno(), OUTCOME: to_outcome},
                },
            )
        except OSError:
            os.close(outcome)
            raise
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)
            os.close(to_outcome)
        self._alive.append(worker)
        if self._level is not None:
            worker.transport.write(f"{self._level.name}\n".encode())
        return worker

    def counts(self) -> Counts:
        """Return what all have counted, those that have ended included."""
        total = self._gone
        for worker in self._alive:
            total = total.plus(worker.counts)
        return total

    def each(self) -> list[tuple[int, int | None, Counts]]:
        """Return number, process and counts of each that is there."""
        found = [(worker.number, worker.pid, worker.counts) for worker in self._alive]
        return sorted(found, key=itemgetter(0))

    async def ask(self, word: str, *arguments: str) -> list[tuple[int, Any]]:
        """Have each that is there do something.

        Returns:
            The number of each and its answer; None for one that has not answered.
        """
        # Workers that have an order to stop have no standard input any more.
        workers = [] if self._is_stopping else sorted(self._alive, key=attrgetter("number"))
        answers = [worker.ask(word, *arguments) for worker in workers]
        return [(worker.number, await answers.pop(0)) for worker in workers]

    def log_from(self, level: LogLevel) -> None:
        """Have all log from `level` up, those that are started later included."""
        self._level = level
        for worker in self._alive:
            worker.transport.write(f"{level.name}\n".encode())

    def ended(self, worker: WorkerProcess, why: str) -> None:
        """Start another one in place of `worker`, which has died, unless it was to."""
        self._alive.remove(worker)
        self._gone = self._gone.plus(worker.counts.after_the_end())
        if not self._is_stopping:
            lived = self._reactor.seconds() - worker.since
            self._again(worker.pid, why, 1 if lived >= LONG_ENOUGH else worker.deaths + 1)
        elif not self._alive:
            self._all_ended.callback(None)

    def _again(self, pid: int | None, why: str, deaths: int) -> None:
        # At once after the first death, then after 1, 2, 4 ... seconds.
        delay = min(2.0 ** min(deaths - 2, 10), LONGEST_DELAY) if deaths > 1 else 0.0
        self._events.worker_died(pid, why, delay)
        self._restarts = [restart for restart in self._restarts if restart.active()]
        self._restarts.append(self._reactor.callLater(delay, self._restart, deaths))

    def _restart(self, deaths: int) -> None:
        try:
            worker = self._start(deaths)
        except OSError as error:
            self._again(None, f"cannot start: {error.strerror}", deaths + 1)
        else:
            self._events.worker_started(worker.pid)

    def signal(self, number: int) -> None:
        """Send a signal to each."""
        for worker in list(self._alive):
            worker.signal(number)

    def drain(self, clock: IReactorTime, seconds: float) -> Deferred[None]:
        """Have them drain and end, for which each takes `seconds` at most.

        Returns:
            A Deferred that fires when all have ended.
        """
        self._is_stopping = True
        for restart in self._restarts:
            if restart.active():
                restart.cancel()
        if not self._alive:
            return succeed(None)
        for worker in self._alive:
            worker.transport.closeStdin()
        self.signal(signal.SIGCONT)  # A stopped worker would not end until it is killed.
        stuck = Countdown(clock, seconds + STUCK_SECONDS, self._kill)
        return self._all_ended.addCallback(lambda _: stuck.cancel())

    def _kill(self) -> None:
        for pid in self.pids:
            self._events.worker_killed(pid)
        self.signal(signal.SIGKILL)

    def abort(self) -> None:
        """Have them end at once."""
        self._is_stopping = True
        self.signal(ABORT)
        self.signal(signal.SIGCONT)

    async def close(self) -> None:
        """See `Resource`: they have ended already."""

    def discard(self) -> None:
        """See `Resource.discard`."""
        self._is_stopping = True
        self.signal(signal.SIGKILL)


class SupervisedService(NetworkService):
    """A service whose peers worker processes serve."""

    def __init__(
        self,
        process: ServiceProcess,
        events: ServiceEvents,
        factory: IProtocolFactory,
        workers: Workers,
    ) -> None:
        super().__init__(process, events, [workers], factory, workers)
        self._workers = workers
        process.resources.append(workers)
        if process.reloads:
            process.reloads.append(lambda: workers.signal(signal.SIGHUP))

    def counts(self) -> Counts:
        """See `NetworkService`: as far as the workers have reported."""
        return self._workers.counts()

    def workers(self) -> list[tuple[int, int | None, Counts]]:
        """See `NetworkService`."""
        return self._workers.each()

    async def ask(self, word: str, *arguments: str) -> list[tuple[str, Any]]:
        """See `NetworkService`."""
        answers = await self._workers.ask(word, *arguments)
        return [(f"{self.events.service} worker {number}", answer) for number, answer in answers]

    def log_from(self, level: LogLevel) -> None:
        """See `NetworkService`."""
        self._workers.log_from(level)

    def startService(self) -> None:
        """See `NetworkService`; and name the workers."""
        super().startService()
        for pid in self._workers.pids:
            self.events.worker_started(pid)
