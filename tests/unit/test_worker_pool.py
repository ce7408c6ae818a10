import os
import signal
from collections import Counter
from pathlib import Path
from typing import Any
from unittest.mock import patch

from twisted.internet.defer import Deferred, succeed
from twisted.internet.error import ProcessDone, ProcessTerminated
from twisted.internet.interfaces import IListeningPort
from twisted.internet.protocol import Factory
from twisted.internet.tcp import Port
from twisted.logger import LogLevel, eventAsJSON, eventAsText
from twisted.python.failure import Failure
from twisted.trial.unittest import SynchronousTestCase

from tests.doubles.options import SampleOptions
from tests.doubles.reactor import FakeReactor
from tests.doubles.recording import Recorder
from twisted_lab.disconnects import Disconnect
from twisted_lab.eventlog.counters import Traffic
from twisted_lab.eventlog.events import ServiceEvents
from twisted_lab.ports.listening import Listener
from twisted_lab.process.counts import Counts
from twisted_lab.process.workers import worker
from twisted_lab.process.workers.launcher import Launcher
from twisted_lab.process.workers.shared_socket import SharedSocket
from twisted_lab.process.workers.supervised_service import SupervisedService
from twisted_lab.process.workers.worker_pool import WorkerPool
from twisted_lab.process.workers.worker_process import (
    ABORT,
    ANSWER,
    ANSWER_SECONDS,
    COUNTS,
    LOG,
    MOST_ANSWERS,
    OUTCOME,
    READY,
)
from twisted_lab.serving import CannotStart, ServiceProcess, stream_service


class FakeSocket:
    is_closed = False

    def fileno(self) -> int:
        return 77

    def close(self) -> None:
        self.is_closed = True


class FakePort(Port):
    """A listener that is its own port."""

    wanted = None
    accepts = True

    def __init__(self) -> None:
        self.fake_socket = FakeSocket()
        self.socket = self.fake_socket

    def listen(self, _: object) -> Deferred[IListeningPort]:
        return succeed(self)

    def relisten(self, _: object) -> Listener:
        return self

    def stopReading(self) -> None:
        self.accepts = False

    def getHost(self) -> str:
        return "somewhere"


class FakeProcess:
    """A process with behaviour given by the test."""

    def __init__(self, protocol: Any, pid: int, call: dict[str, Any]) -> None:
        self.protocol = protocol
        self.pid = pid
        self.call = call
        self.signals: list[int] = []
        self.is_told = False
        self.told = b""
        protocol.makeConnection(self)

    def signalProcess(self, number: int) -> None:
        self.signals.append(number)

    def closeStdin(self) -> None:
        self.is_told = True

    def write(self, data: bytes) -> None:
        self.told += data

    def die(self, number: int | None = None, status: int = 0) -> None:
        value = ProcessTerminated(status, number) if number or status else ProcessDone(0)
        self.protocol.processEnded(Failure(value))


class SpawningReactor(FakeReactor):
    """A reactor whose processes report the outcome of their start immediately.

    Attributes:
        outcomes: The reports of the next ones, None for one that is stopped; all others are ready.
    """

    def __init__(self) -> None:
        super().__init__()
        self.processes: list[FakeProcess] = []
        self.outcomes: list[bytes | OSError | None] = []
        self.stopped_pipes: list[int] = []

    def spawnProcess(self, *arguments: Any, **more: Any) -> None:
        protocol, _, command, environment, directory = arguments
        outcome = self.outcomes.pop(0) if self.outcomes else READY
        if isinstance(outcome, OSError):
            raise outcome
        if outcome is None:
            self.stopped_pipes.append(os.dup(more["childFDs"][OUTCOME]))
        else:
            os.write(more["childFDs"][OUTCOME], outcome)
        call = {"command": command, "environment": environment, "directory": directory, **more}
        self.processes.append(FakeProcess(protocol, 100 + len(self.processes), call))


class WorkerPoolTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.reactor = SpawningReactor()
        self.addCleanup(lambda reactor: [*map(os.close, reactor.stopped_pipes)], self.reactor)
        self.recorder = Recorder()
        self.published: list[dict[str, Any]] = []
        self.port = FakePort()
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            self.addCleanup(signal.signal, number, signal.getsignal(number))

    def service(self, *arguments: str) -> ServiceProcess:
        options = SampleOptions()
        options.parseOptions(["--workers", "3", *arguments])
        process = ServiceProcess(options, self.reactor)
        process.events = ServiceEvents("netlab-sample", self.recorder)
        shared = SharedSocket(self.port)
        launcher = Launcher(self.reactor, options, shared)
        pool = WorkerPool(3, launcher, self.reactor, process.events, self.published.append)
        process.addService(SupervisedService(process, process.events, Factory(), shared, pool))
        return process

    def started(self, *arguments: str) -> ServiceProcess:
        service = self.service(*arguments)
        service.privilegedStartService()
        service.startService()
        self.reactor.start()
        return service

    def died(self) -> list[str]:
        return [text for text in self.recorder.messages if text.startswith("worker died")]

    def test_the_pool_is_one_service(self) -> None:
        self.started()
        self.assertFalse(self.port.accepts)
        self.assertEqual(
            self.recorder.messages[1:],
            [
                "worker started: process 100",
                "worker started: process 101",
                "worker started: process 102",
                "listening on somewhere",
            ],
        )

    def test_a_worker_gets_its_command_and_sockets(self) -> None:
        self.started("--port", "7", "--log-level", "warn")
        call = self.reactor.processes[0].call
        self.assertEqual(
            call["command"][-7:],
            ["netlab-sample", "--workers", "3", "--port", "7", "--log-level", "warn"],
        )
        self.assertEqual(call["directory"], str(Path.cwd()))
        self.assertEqual(call["childFDs"][3], 77)

    def test_workers_start_despite_an_inaccessible_directory(self) -> None:
        with patch("os.access", return_value=False):
            self.started()
        self.assertIsNone(self.reactor.processes[0].call["directory"])

    def test_workers_start_in_a_removed_directory(self) -> None:
        with patch("os.getcwd", side_effect=FileNotFoundError):
            self.started()
        self.assertIsNone(self.reactor.processes[0].call["directory"])

    def test_the_first_worker_is_ready_before_others_start(self) -> None:
        self.reactor.outcomes = [b"no database"]
        service = self.service()
        service.privilegedStartService()
        self.assertRaises(CannotStart, service.startService)
        self.assertEqual(len(self.reactor.processes), 1)
        self.assertEqual(self.recorder.messages, ["netlab-sample: no database"])
        self.assertTrue(self.port.fake_socket.is_closed)

    def test_all_workers_end_when_one_cannot_start(self) -> None:
        for outcome, why in (
            (b"", "a worker died while it started"),
            (OSError(11, "no more processes"), "cannot start a process: no more processes"),
        ):
            self.setUp()
            self.reactor.outcomes = [READY, READY, outcome]
            service = self.service()
            service.privilegedStartService()
            self.assertRaises(CannotStart, service.startService)
            self.assertEqual(self.recorder.messages, [f"netlab-sample: {why}"])
            for process in self.reactor.processes:
                self.assertEqual(process.signals, [signal.SIGKILL])

    def test_a_worker_stuck_while_starting_is_killed(self) -> None:
        self.reactor.outcomes = [None]
        service = self.service()
        service.privilegedStartService()
        with patch("twisted_lab.process.workers.worker_process.START_SECONDS", 0.01):
            self.assertRaises(CannotStart, service.startService)
        self.assertEqual(
            self.recorder.messages,
            ["netlab-sample: process 100, a worker, was not ready within 0.01 s"],
        )
        self.assertEqual(self.reactor.processes[0].signals, [signal.SIGKILL])

    def test_a_dead_worker_is_restarted_immediately(self) -> None:
        self.started()
        self.reactor.processes[1].die(number=9)
        self.reactor.advance(0)
        self.assertEqual(
            self.recorder.messages[-2:],
            [
                "worker died: process 101, killed by signal 9; another one starts at once",
                "worker started: process 103",
            ],
        )

    def count(self, process: int, counts: Counts) -> None:
        line = COUNTS + counts.to_json() + b"\n"
        for part in (line[:20], line[20:]):
            self.reactor.processes[process].protocol.childDataReceived(LOG, part)

    def test_counts_include_those_of_dead_workers(self) -> None:
        [service] = self.started().public_services
        errors, traffic = Counter(silent=1), Traffic(1, 2, 3, 4)
        more = Counter(games_won=7), Counter(hash_queue=6)
        counts = Counts(2, 1, 3, 1, traffic, errors, [1] * 8, 5.0, *more)
        self.count(0, Counts(connected=9))
        self.count(0, counts)
        self.count(1, counts)
        self.assertEqual(service.counts(), counts.plus(counts))
        self.assertEqual(service.counts().traffic, Traffic(2, 4, 6, 8))
        self.assertEqual(service.workers()[:2], [(0, 100, counts, 0), (1, 101, counts, 0)])
        self.reactor.processes[0].die(number=9)
        self.reactor.advance(0)
        after = service.counts()
        self.assertEqual((after.open, after.served, after.connected), (2, 1, 6))
        self.assertEqual((after.errors["silent"], after.counters["games_won"]), (2, 14))
        self.assertEqual(after.gauges["hash_queue"], 6)
        self.assertEqual(after.errors["worker"], 1)
        self.assertEqual(service.workers()[0], (0, 103, Counts(), 0))

    def test_the_age_of_each_workers_report_is_known(self) -> None:
        [service] = self.started().public_services
        self.reactor.advance(5)
        self.count(1, Counts(connected=9))
        self.reactor.advance(2)
        self.assertEqual([worker.age for worker in service.workers()], [7, 2, 7])

    def test_a_command_goes_to_all_workers(self) -> None:
        [service] = self.started().public_services
        asking = Deferred.fromCoroutine(service.ask("disconnect", "a\nb"))
        for process, answer in zip(self.reactor.processes[1:], (b"2", b"1"), strict=True):
            self.assertEqual(process.told, b'["disconnect", "a\\nb"]\n')
            process.protocol.childDataReceived(LOG, ANSWER + answer + b"\n")
        self.assertNoResult(asking)
        self.reactor.processes[0].die(number=9)
        self.assertEqual(
            self.successResultOf(asking),
            [
                ("netlab-sample worker 0", None),
                ("netlab-sample worker 1", 2),
                ("netlab-sample worker 2", 1),
            ],
        )

    def test_a_hung_worker_is_skipped_after_a_timeout(self) -> None:
        [service] = self.started().public_services
        hung, *others = self.reactor.processes
        for _ in range(MOST_ANSWERS + 1):
            asking = Deferred.fromCoroutine(service.ask("disconnect", "a"))
            for process in others:
                process.protocol.childDataReceived(LOG, ANSWER + b"1\n")
            self.reactor.pump([1] * round(ANSWER_SECONDS))
            answers = [answer for _, answer in self.successResultOf(asking)]
            self.assertEqual(answers, [None, 1, 1])
        self.assertEqual(hung.told.count(b"\n"), MOST_ANSWERS)
        # A late answer to this command does not answer a later one.
        hung.protocol.childDataReceived(LOG, (ANSWER + b"2\n") * MOST_ANSWERS)
        asking = Deferred.fromCoroutine(service.ask("disconnect", "a"))
        for process in self.reactor.processes:
            process.protocol.childDataReceived(LOG, ANSWER + b"3\n")
        self.assertEqual([answer for _, answer in self.successResultOf(asking)], [3, 3, 3])

    def test_no_worker_gets_a_command_while_stopping(self) -> None:
        process = self.started()
        [service] = process.public_services
        process.stopService()
        asking = Deferred.fromCoroutine(service.ask("connections"))
        self.assertEqual(self.successResultOf(asking), [])

    def test_log_level_applies_to_all_workers(self) -> None:
        self.started().log_from(LogLevel.warn)
        self.reactor.processes[0].die(number=9)
        self.reactor.advance(0)
        self.assertEqual([each.told for each in self.reactor.processes], [b"warn\n"] * 4)

    def test_the_log_states_how_a_worker_ended(self) -> None:
        self.started()
        self.reactor.processes[0].die(status=3)
        self.assertIn("process 100, exit status 3;", self.died()[-1])
        self.reactor.outcomes = [b"no database"]
        self.reactor.processes[1].die()
        self.assertIn("process 101, exit status 0;", self.died()[-1])
        self.reactor.advance(0)
        self.reactor.processes[3].die(status=1)
        self.assertIn("process 103, no database;", self.died()[-1])

    def test_the_log_states_that_a_worker_hung_before_its_end(self) -> None:
        self.started()
        self.reactor.advance(1)
        self.count(0, Counts())
        self.count(1, Counts())
        self.reactor.advance(7)
        self.count(1, Counts())
        self.reactor.processes[0].die(number=9)
        self.assertIn("100, killed by signal 9, 7 s after its last report;", self.died()[-1])
        self.reactor.processes[1].die(number=9)
        self.assertIn("101, killed by signal 9;", self.died()[-1])

    def test_a_crashing_worker_is_restarted_with_back_off(self) -> None:
        self.started()
        waited = []
        for _ in range(8):
            self.reactor.processes[-1].die(status=1)
            *_, number, unit = self.died()[-1].split()
            waited.append(0 if unit == "once" else float(number))
            count = len(self.reactor.processes)
            if waited[-1]:
                self.reactor.advance(waited[-1] - 0.1)
                self.assertEqual(len(self.reactor.processes), count)
            self.reactor.advance(0.1)
            self.assertEqual(len(self.reactor.processes), count + 1)
        self.assertEqual(waited, [0, 1, 2, 4, 8, 16, 30, 30])
        self.reactor.advance(60)
        self.reactor.processes[-1].die(status=1)
        self.assertIn("at once", self.died()[-1])

    def test_other_workers_are_not_delayed_by_back_off(self) -> None:
        self.started()
        for _ in range(3):
            self.reactor.processes[-1].die(status=1)
            self.reactor.advance(5)
        self.reactor.processes[0].die(status=1)
        self.assertIn("process 100, exit status 1; another one starts at once", self.died()[-1])

    def test_a_failed_start_is_retried(self) -> None:
        self.started()
        self.reactor.outcomes = [OSError(11, "no more processes")]
        self.reactor.processes[0].die(number=9)
        self.reactor.advance(0)
        self.assertIn("cannot start: no more processes; another one starts in 1 s", self.died()[-1])
        self.reactor.advance(1)
        self.assertEqual(self.recorder.messages[-1], "worker started: process 103")

    def test_stopping_waits_for_all_workers(self) -> None:
        service = self.started()
        stopping = service.stopService()
        self.assertTrue(self.port.fake_socket.is_closed)
        for process in self.reactor.processes:
            self.assertTrue(process.is_told)
            self.assertNoResult(stopping)
            process.die()
        self.successResultOf(stopping)
        self.assertEqual(self.died(), [])
        self.assertEqual(self.recorder.names[-1], "server stopped")
        self.assertEqual(self.reactor.getDelayedCalls(), [])

    def test_stopping_cancels_a_pending_restart(self) -> None:
        service = self.started()
        for process in list(self.reactor.processes):
            process.die(number=9)
        self.successResultOf(service.stopService())
        self.reactor.advance(60)
        self.assertEqual(len(self.reactor.processes), 3)

    def test_a_second_signal_is_forwarded(self) -> None:
        service = self.started()
        service.stopService()
        os.kill(os.getpid(), signal.SIGTERM)
        for process in self.reactor.processes:
            self.assertEqual(process.signals, [signal.SIGCONT, ABORT, signal.SIGCONT])

    def test_a_stuck_worker_is_killed(self) -> None:
        service = self.started()
        stopping = service.stopService()
        for process in self.reactor.processes[1:]:
            process.die()
        self.reactor.advance(600)  # The supervisor was paused.
        self.reactor.pump([1] * 8)
        # A stopped worker is continued, so that it can end.
        self.assertEqual(self.reactor.processes[0].signals, [signal.SIGCONT])
        self.reactor.advance(1)
        self.assertEqual(self.reactor.processes[0].signals, [signal.SIGCONT, signal.SIGKILL])
        self.assertEqual(
            self.recorder.messages[-1], "worker killed: process 100 did not end in time"
        )
        self.reactor.processes[0].die(number=9)
        self.successResultOf(stopping)

    def test_signals_wait_until_a_worker_handles_them(self) -> None:
        blocked: list[set[Any]] = []
        spawn = self.reactor.spawnProcess

        def spawn_process(*arguments: Any, **more: Any) -> None:
            blocked.append(signal.pthread_sigmask(signal.SIG_BLOCK, []))
            spawn(*arguments, **more)

        with patch.object(self.reactor, "spawnProcess", spawn_process):
            self.started()
        for each in blocked:
            self.assertLessEqual({signal.SIGHUP, signal.SIGINT, signal.SIGTERM}, each)
        self.assertFalse(signal.pthread_sigmask(signal.SIG_BLOCK, []))

    def test_an_error_at_sighup_does_not_stop_other_reloads(self) -> None:
        path = self.mktemp()
        service = self.service("--log-file", path)
        mistake: Any = [lambda: 1 / 0]
        service.reloads[:0] = mistake
        service.privilegedStartService()
        service.startService()
        self.reactor.start()
        Path(path).rename(f"{path}.old")
        os.kill(os.getpid(), signal.SIGHUP)
        self.assertIn(
            "SIGHUP: one step failed: ZeroDivisionError: division by zero",
            self.recorder.messages,
        )
        self.assertTrue(Path(path).exists())
        for process in self.reactor.processes:
            self.assertEqual(process.signals, [signal.SIGHUP])
            process.die()
        service.stopService()

    def test_sighup_is_forwarded(self) -> None:
        path = self.mktemp()
        service = self.started("--log-file", path)
        Path(path).rename(f"{path}.old")
        os.kill(os.getpid(), signal.SIGHUP)
        self.assertTrue(Path(path).exists())
        for process in self.reactor.processes:
            self.assertEqual(process.signals, [signal.SIGHUP])
            process.die()
        service.stopService()

    def test_events_of_workers_are_published_unchanged(self) -> None:
        self.started()
        other = Recorder()
        ServiceEvents("netlab-sample", other).disconnected(
            "somebody", 1, 2, 0.123, Disconnect.CLOSED_BY_CLIENT.reason()
        )
        line = f"{eventAsJSON(other[0])}\n".encode()
        self.tell(LOG, line[:20])
        self.assertEqual(self.published, [])
        self.tell(LOG, line[20:] + line[:5])
        [event] = self.published
        self.assertEqual(event["log_level"], other[0]["log_level"])
        self.assertEqual(event["seconds"], 0.123)
        self.assertNotIn("log_flattened", event)

    def test_a_traceback_names_the_exception(self) -> None:
        self.started()
        other = Recorder()
        try:
            raise ValueError("no such thing")
        except ValueError:
            ServiceEvents("netlab-sample", other).conversation_failed("somebody", Failure())
        pipe: Any = self
        worker._log(pipe, other[0])
        text = eventAsText(self.published[0])
        self.assertTrue(text.strip().endswith("ValueError: no such thing"), text)

    def send(self, line: bytes, kind: str, is_rare: bool) -> None:
        self.assertEqual((kind, is_rare), ("conversation failed", True))
        self.tell(LOG, line)

    def tell(self, descriptor: int, data: bytes) -> None:
        self.reactor.processes[0].protocol.childDataReceived(descriptor, data)


class StreamServiceTests(SynchronousTestCase):
    def build(self, count: str, is_worker: bool = False) -> object:
        options = SampleOptions()
        options.is_worker = is_worker
        options.parseOptions(["--workers", count])
        connections: Any = object()
        process = ServiceProcess(options, SpawningReactor())
        return stream_service(process, options, Factory(), connections)

    def test_a_single_process_has_no_supervisor(self) -> None:
        self.assertNotIsInstance(self.build("1"), SupervisedService)
        self.assertIsInstance(self.build("2"), SupervisedService)

    def test_a_worker_starts_no_workers(self) -> None:
        self.assertNotIsInstance(self.build("2", is_worker=True), SupervisedService)
