"""A pool of worker processes, started again when they die."""

from __future__ import annotations

import signal
from collections.abc import Sequence
from operator import attrgetter, itemgetter

from twisted.internet.defer import Deferred, succeed
from twisted.internet.interfaces import IDelayedCall, IReactorTime
from twisted.logger import LogLevel, globalLogPublisher

from twisted_lab.channels import cancel
from twisted_lab.channels.countdown import Countdown
from twisted_lab.eventlog.events import Observer, ServiceEvents
from twisted_lab.process.counts import Counts
from twisted_lab.process.workers.launcher import Launcher
from twisted_lab.process.workers.worker_process import ABORT, READY, WorkerProcess
from twisted_lab.resources import NotReady

LONG_ENOUGH = 60.0  # seconds of life, after which a death is not part of a series
LONGEST_DELAY = 30.0
STUCK_SECONDS = 5.0  # in addition to the drain


class WorkerPool:
    """Worker processes, as many as were asked for, from the start of the service to its end.

    Args:
        count: How many.
        launcher: Starts them.
        clock: Waits before one that dies again and again is started.
        events: Their starts and deaths are reported here.
        publish: Takes their events for twistd's log.
    """

    def __init__(
        self,
        count: int,
        launcher: Launcher,
        clock: IReactorTime,
        events: ServiceEvents,
        publish: Observer = globalLogPublisher,
    ) -> None:
        self.publish = publish
        self._count = count
        self._launcher = launcher
        self._clock = clock
        self._events = events
        self._alive: list[WorkerProcess] = []
        self._restarts: list[IDelayedCall] = []
        self._gone = Counts()  # counts of workers that have ended
        self._level: LogLevel | None = None
        self._is_stopping = False
        self._all_ended: Deferred[None] = Deferred()

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
                raise NotReady(f"cannot start a process: {error.strerror}") from None
            for worker in started:
                self._wait_until_ready(worker)

    def _wait_until_ready(self, worker: WorkerProcess) -> None:
        try:
            outcome = worker.outcome()
        except TimeoutError as error:
            raise NotReady(str(error)) from None
        if outcome != READY:
            why = outcome.decode(errors="replace")
            raise NotReady(why or "a worker died while it started")

    def _start(self, deaths: int) -> WorkerProcess:
        taken = {worker.number for worker in self._alive}
        number = min(set(range(self._count)) - taken)
        worker = self._launcher.start(self, number, deaths)
        self._alive.append(worker)
        if self._level is not None:
            worker.log_from(self._level)
        return worker

    def ended(self, worker: WorkerProcess, why: str) -> None:
        """Start another one in place of `worker`, which has died, unless it was to."""
        self._alive.remove(worker)
        self._gone = self._gone.plus(worker.counts.after_the_end())
        if not self._is_stopping:
            lived = self._clock.seconds() - worker.since
            self._again(worker.pid, why, 1 if lived >= LONG_ENOUGH else worker.deaths + 1)
        elif not self._alive:
            self._all_ended.callback(None)

    def _again(self, pid: int | None, why: str, deaths: int) -> None:
        # At once after the first death, then after 1, 2, 4 ... seconds.
        delay = min(2.0 ** min(deaths - 2, 10), LONGEST_DELAY) if deaths > 1 else 0.0
        self._events.worker_died(pid, why, delay)
        self._restarts = [restart for restart in self._restarts if restart.active()]
        self._restarts.append(self._clock.callLater(delay, self._restart, deaths))

    def _restart(self, deaths: int) -> None:
        try:
            worker = self._start(deaths)
        except OSError as error:
            self._again(None, f"cannot start: {error.strerror}", deaths + 1)
        else:
            self._events.worker_started(worker.pid)

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

    async def ask(self, word: str, *arguments: str) -> list[tuple[int, object]]:
        """Have each that is there do something; see `NetworkService.do`.

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
            worker.log_from(level)

    def signal(self, number: int) -> None:
        """Send a signal to each."""
        for worker in list(self._alive):
            worker.signal(number)

    def drain(self, seconds: float) -> Deferred[None]:
        """Have them drain and end, for which each takes `seconds` at most.

        Returns:
            A Deferred that fires when all have ended.
        """
        self._is_stopping = True
        for restart in self._restarts:
            cancel(restart)
        if not self._alive:
            return succeed(None)
        for worker in self._alive:
            worker.transport.closeStdin()
        self.signal(signal.SIGCONT)  # A stopped worker would not end until it is killed.
        stuck = Countdown(self._clock, seconds + STUCK_SECONDS, self._kill)
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
