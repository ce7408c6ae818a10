"""Pool of worker processes, which restarts those that die."""

from __future__ import annotations

import signal
from collections import Counter
from collections.abc import Sequence
from operator import attrgetter

from twisted.internet.defer import Deferred, succeed
from twisted.internet.interfaces import IDelayedCall, IReactorTime
from twisted.logger import LogLevel, globalLogPublisher

from twisted_lab.channels import cancel
from twisted_lab.channels.countdown import Countdown
from twisted_lab.eventlog.events import Observer, ServiceEvents
from twisted_lab.process.counts import HUNG_SECONDS, Counts, WorkerState
from twisted_lab.process.workers.launcher import Launcher
from twisted_lab.process.workers.worker_process import ABORT, READY, WorkerProcess
from twisted_lab.resources import NotReady
from twisted_lab.text.language import N_, message_of
from twisted_lab.text.system_errors import reason_of

HEALTHY_SECONDS = 60.0  # seconds of life after which a death resets the back-off
LONGEST_DELAY = 30.0  # seconds; the maximum back-off
STUCK_SECONDS = 5.0  # until a worker is killed, in addition to the drain timeout


class WorkerPool:
    """A fixed number of worker processes.

    Args:
        count: The number of workers.
        launcher: Starts the workers.
        clock: The clock for back-off and timeouts.
        events: The reporter of starts and deaths.
        publish: Gets the workers' events for twistd's log.
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
        self._gone = Counts()  # the totals of workers that have ended, and how many have died
        self._level: LogLevel | None = None
        self._is_stopping = False
        self._all_ended: Deferred[None] = Deferred()

    @property
    def pids(self) -> Sequence[int]:
        """The process ids of the running workers."""
        return [worker.pid for worker in self._alive if worker.pid]

    def open(self) -> None:
        """Start the workers, and wait until all are ready.

        Raises:
            NotReady: A worker cannot start.
        """
        # The first one starts alone, so that only it creates shared files, such as a database.
        for count in (1, self._count - 1):
            try:
                started = [self._start(0) for _ in range(count)]
            except OSError as error:
                raise NotReady(
                    N_("cannot start a process: {reason}", reason=reason_of(error))
                ) from None
            for worker in started:
                self._wait_until_ready(worker)

    def _wait_until_ready(self, worker: WorkerProcess) -> None:
        try:
            outcome = worker.outcome()
        except TimeoutError as error:
            raise NotReady(message_of(error)) from None
        if outcome != READY:
            why = outcome.decode(errors="replace")
            raise NotReady(why or N_("a worker died while it started"))

    def _start(self, deaths: int) -> WorkerProcess:
        taken = {worker.number for worker in self._alive}
        number = min(set(range(self._count)) - taken)
        worker = self._launcher.start(self, number, deaths)
        self._alive.append(worker)
        if self._level is not None:
            worker.log_from(self._level)
        return worker

    def ended(self, worker: WorkerProcess, why: str) -> None:
        """Handle the end of `worker`: replace it, unless the pool is stopping."""
        self._alive.remove(worker)
        self._gone = self._gone.plus(worker.counts.after_the_end())
        if not self._is_stopping:
            now = self._clock.seconds()
            lived = now - worker.since
            silent = now - worker.heard
            if worker.heard > worker.since and silent >= HUNG_SECONDS:
                why = N_(
                    "{reason}, {seconds:.0f} s after its last report", reason=why, seconds=silent
                )
            self._again(worker.pid, why, 1 if lived >= HEALTHY_SECONDS else worker.deaths + 1)
        elif not self._alive:
            self._all_ended.callback(None)

    def _again(self, pid: int | None, why: str, deaths: int) -> None:
        # Back-off: no delay after the first death, then 1, 2, 4 ... s.
        delay = min(2.0 ** min(deaths - 2, 10), LONGEST_DELAY) if deaths > 1 else 0.0
        self._events.worker_died(pid, why, delay)
        self._gone = self._gone.plus(Counts(errors=Counter(worker=1)))
        self._restarts = [restart for restart in self._restarts if restart.active()]
        self._restarts.append(self._clock.callLater(delay, self._restart, deaths))

    def _restart(self, deaths: int) -> None:
        try:
            worker = self._start(deaths)
        except OSError as error:
            self._again(None, N_("cannot start: {reason}", reason=reason_of(error)), deaths + 1)
        else:
            self._events.worker_started(worker.pid)

    def counts(self) -> Counts:
        """Return the sum over all workers, including those that have ended."""
        total = self._gone
        for worker in self._alive:
            total = total.plus(worker.counts)
        return total

    def each(self) -> list[WorkerState]:
        """Return the state of each running worker."""
        now = self._clock.seconds()
        return [
            WorkerState(worker.number, worker.pid, worker.counts, now - worker.heard)
            for worker in sorted(self._alive, key=attrgetter("number"))
        ]

    async def ask(self, word: str, *arguments: str) -> list[tuple[int, object]]:
        """Call `NetworkService.do` in each running worker.

        Returns:
            The number and the answer of each worker; None for one that did not answer.
        """
        # Stopping workers have no standard input any more.
        workers = [] if self._is_stopping else sorted(self._alive, key=attrgetter("number"))
        answers = [worker.ask(word, *arguments) for worker in workers]
        return [(worker.number, await answers.pop(0)) for worker in workers]

    def log_from(self, level: LogLevel) -> None:
        """Set the log level of all workers, including those that start later."""
        self._level = level
        for worker in self._alive:
            worker.log_from(level)

    def signal(self, number: int) -> None:
        """Send a signal to each running worker."""
        for worker in list(self._alive):
            worker.signal(number)

    def drain(self, seconds: float) -> Deferred[None]:
        """Let the workers drain, each for at most `seconds`, and end.

        Returns:
            A Deferred that fires when all workers have ended.
        """
        self._is_stopping = True
        for restart in self._restarts:
            cancel(restart)
        if not self._alive:
            return succeed(None)
        for worker in self._alive:
            worker.transport.closeStdin()
        self.signal(signal.SIGCONT)  # a stopped worker could not end by itself
        stuck = Countdown(self._clock, seconds + STUCK_SECONDS, self._kill)
        return self._all_ended.addCallback(lambda _: stuck.cancel())

    def _kill(self) -> None:
        for pid in self.pids:
            self._events.worker_killed(pid)
        self.signal(signal.SIGKILL)

    def abort(self) -> None:
        """End the workers at once."""
        self._is_stopping = True
        self.signal(ABORT)
        self.signal(signal.SIGCONT)

    async def close(self) -> None:
        """See `Resource`; the workers have ended already."""

    def discard(self) -> None:
        """See `Resource.discard`."""
        self._is_stopping = True
        self.signal(signal.SIGKILL)
