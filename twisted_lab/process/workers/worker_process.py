"""Supervisor's end of a worker process."""

from __future__ import annotations

import json
import os
import select
import signal
from collections import deque
from contextlib import suppress
from typing import Protocol

from twisted.internet.defer import Deferred, succeed
from twisted.internet.error import ProcessDone, ProcessExitedAlready, ProcessTerminated
from twisted.internet.interfaces import IProcessTransport, IReactorTime
from twisted.internet.protocol import ProcessProtocol
from twisted.logger import LogLevel, eventFromJSON
from twisted.python.failure import Failure

from twisted_lab.channels.countdown import Countdown
from twisted_lab.eventlog.events import Observer
from twisted_lab.process.counts import Counts
from twisted_lab.text.escaping import escape
from twisted_lab.text.language import N_, Message

# A worker's file descriptors in addition to the port: for events for twistd's log, and for the
# outcome of its start.
LOG = 4
OUTCOME = 5
READY = b"ready"
# Timeout of each start before the reactor runs. The first worker may have to migrate a database.
START_SECONDS = 600.0
ANSWER_SECONDS = 2.0
MOST_ANSWERS = 16  # outstanding at once
ANSWER = b"answer "  # begins a worker's answers, which are in the order of the requests
COUNTS = b"counts "  # begins a worker's counts, sent once a second for metrics and control
# Not SIGTERM, which a service manager may send to all processes of a service to drain them.
ABORT = signal.SIGUSR1

# A worker starts with these signals blocked, and unblocks them once its handlers are installed:
# until then they stay pending and cannot kill it.
HELD_SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
START = (
    # Before the slow import of Twisted, because the worker may be stopped during that as well.
    "from twisted_lab.process.workers import parent_death; "
    "parent_death.continue_when_the_parent_dies(); "
    "from twisted_lab.process.workers.worker import main; main()"
)


class Supervisor(Protocol):
    """The interface of the supervisor."""

    publish: Observer

    def ended(self, worker: WorkerProcess, why: str) -> None:
        """Handle the end of `worker`."""
        ...


class WorkerProcess(ProcessProtocol):
    """A worker process, from its start to its end.

    Args:
        supervisor: Gets the worker's events for twistd's log, and handles its end.
        clock: The clock for its age and for timeouts.
        deaths: The number of deaths in quick succession before this start.
        outcome: The file descriptor on which the worker reports the outcome of its start.
        number: The worker's number, from 0; no running worker has the same.

    Attributes:
        counts: The counts of its last report.
        heard: When that came, by the clock; the time of the start if there was none.
    """

    transport: IProcessTransport

    def __init__(
        self, supervisor: Supervisor, clock: IReactorTime, deaths: int, outcome: int, number: int
    ) -> None:
        self.number = number
        self.counts = Counts()
        self.since = self.heard = clock.seconds()
        self.deaths = deaths
        self.pid: int | None = None
        self._supervisor = supervisor
        self._clock = clock
        self._outcome: int | None = outcome
        self._cut = b""
        self._asked: deque[Deferred[object]] = deque()

    def connectionMade(self) -> None:
        """See `twisted.internet.interfaces.IProcessProtocol`."""
        self.pid = self.transport.pid

    def outcome(self) -> bytes:
        """Wait without a reactor until the start succeeds or fails.

        Returns:
            READY, or why the start failed; empty if that is unknown.

        Raises:
            TimeoutError: There is no outcome within START_SECONDS; the text says so.
        """
        assert self._outcome is not None
        outcome, self._outcome = self._outcome, None
        with os.fdopen(outcome, "rb", buffering=0) as pipe:
            if not select.select([pipe], [], [], START_SECONDS)[0]:
                raise TimeoutError(
                    f"process {self.pid}, a worker, was not ready within {START_SECONDS:g} s"
                )
            return pipe.read(4096)

    def ask(self, word: str, *arguments: str) -> Deferred[object]:
        """Call `NetworkService.do` in the worker.

        Returns:
            A Deferred that fires with the answer. It fires with None if there is no answer within
            ANSWER_SECONDS or before the worker ends, or if MOST_ANSWERS are outstanding.
        """
        if len(self._asked) >= MOST_ANSWERS:
            return succeed(None)
        answer: Deferred[object] = Deferred()
        waiting = Countdown(self._clock, ANSWER_SECONDS, answer.cancel)

        def stop_waiting(result: object) -> object:
            waiting.cancel()
            return None if isinstance(result, Failure) else result

        self._asked.append(answer.addBoth(stop_waiting))
        self.transport.write(json.dumps([word, *arguments]).encode() + b"\n")
        return answer

    def log_from(self, level: LogLevel) -> None:
        """Set the worker's log level."""
        self.transport.write(f"{level.name}\n".encode())

    def childDataReceived(self, _: int, data: bytes) -> None:
        """See `twisted.internet.interfaces.IProcessProtocol`."""
        *lines, self._cut = (self._cut + data).split(b"\n")
        for line in lines:
            if line.startswith(COUNTS):
                self.counts = Counts.from_json(line.removeprefix(COUNTS))
                self.heard = self._clock.seconds()
                continue
            if line.startswith(ANSWER):
                self._asked.popleft().callback(json.loads(line.removeprefix(ANSWER)))
                continue
            event = eventFromJSON(line.decode())
            if "service" in event:
                # Our events have plain values; Twisted's flattened ones would ignore their formats.
                event.pop("log_flattened", None)
            if "log_error" in event:
                event["log_failure"].value = event["log_error"]
            self._supervisor.publish(event)

    def processEnded(self, reason: Failure) -> None:
        """See `twisted.internet.interfaces.IProcessProtocol`."""
        how = reason.value  # ProcessDone or ProcessTerminated
        assert isinstance(how, (ProcessDone, ProcessTerminated))
        why = (
            N_("killed by signal {number}", number=how.signal)
            if how.signal
            else N_("exit status {number}", number=how.exitCode)
        )
        if self._outcome is not None:
            outcome = self.outcome()
            if outcome not in (b"", READY):
                why = Message(escape(outcome.decode(errors="replace")))
        self._supervisor.ended(self, why)
        while self._asked:
            self._asked.popleft().callback(None)

    def signal(self, number: int) -> None:
        """Send a signal to the worker, if it is still running."""
        with suppress(ProcessExitedAlready):
            self.transport.signalProcess(number)
