import os
import resource
import signal
from pathlib import Path
from typing import Any
from unittest import mock

from twisted.internet.abstract import FileDescriptor
from twisted.internet.defer import Deferred, fail, succeed
from twisted.internet.interfaces import IListeningPort
from twisted.internet.protocol import Factory
from twisted.python import usage
from twisted.trial.unittest import SynchronousTestCase

from tests.doubles.connections import FakeConnection
from tests.doubles.options import SampleOptions
from tests.doubles.reactor import FakeReactor
from tests.doubles.recording import Recorder
from twisted_lab import __version__
from twisted_lab.channels import Connections
from twisted_lab.eventlog.events import ServiceEvents
from twisted_lab.operations.operator_connections import OperatorFactory
from twisted_lab.operations.operator_service import OperatorService
from twisted_lab.ports.file_reserve import raise_file_limit
from twisted_lab.ports.listening import CannotListen, Listener, TCPPort
from twisted_lab.resources import NotReady
from twisted_lab.serving import CannotStart, NetworkService, ServiceProcess


class PendingPort:
    """A listener whose result is pending."""

    wanted = None

    def __init__(self, result: Deferred[IListeningPort]) -> None:
        self.result = result

    def listen(self, factory: object) -> Deferred[IListeningPort]:
        return self.result

    def relisten(self, _: object) -> Listener:
        return self


class FakeUnixPort(FileDescriptor):
    """A port that closes without a reactor."""

    lost = False

    def __init__(self) -> None:
        super().__init__(FakeReactor())

    def connectionLost(self, reason: object) -> None:
        self.lost = True


class NetworkServiceTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.reactor = FakeReactor()
        self.recorder = Recorder()
        self.connections = Connections()
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            self.addCleanup(signal.signal, number, signal.getsignal(number))

    def service(self, *listeners: Listener, log_file: str | None = None) -> ServiceProcess:
        options = SampleOptions()
        options.parseOptions(["--log-file", log_file] if log_file else [])
        process = ServiceProcess(options, self.reactor)
        process.events = ServiceEvents("netlab-sample", self.recorder)
        process.addService(
            NetworkService(process, process.events, listeners, Factory(), self.connections)
        )
        return process

    def port(self, number: int = 9090) -> TCPPort:
        return TCPPort(self.reactor, number, "127.0.0.1")

    def test_a_service_starts_serves_and_stops(self) -> None:
        service = self.service(self.port())
        service.privilegedStartService()
        self.assertEqual(len(self.reactor.tcpServers), 1)
        self.assertEqual(self.recorder, [])
        service.startService()
        self.reactor.start()
        self.assertEqual(
            self.recorder.messages,
            [f"server started: netlab-sample {__version__}", "listening on 0.0.0.0:9090"],
        )
        self.successResultOf(service.stopService())
        self.assertEqual(self.recorder.names[-1], "server stopped")
        self.assertFalse(service.running)

    def test_a_service_starts_without_a_privileged_start(self) -> None:
        service = self.service(self.port())
        service.startService()
        self.reactor.start()
        self.assertEqual(len(self.reactor.tcpServers), 1)
        self.assertEqual(self.recorder.names, ["server started", "listening"])

    def test_the_log_names_a_busy_port(self) -> None:
        class Elsewhere(TCPPort):
            wanted = 9089

        service = self.service(Elsewhere(self.reactor, 9090, "127.0.0.1"))
        service.startService()
        self.reactor.start()
        self.assertEqual(
            self.recorder.messages[1:],
            ["port 9089 is busy, listening on 9090", "listening on 0.0.0.0:9090"],
        )

    def test_a_listen_error_prevents_the_start(self) -> None:
        ports = [PendingPort(fail(CannotListen(reason))) for reason in ("no way", "nor there")]
        service = self.service(*ports)
        service.privilegedStartService()
        refusal = self.assertRaises(CannotStart, service.startService)
        self.assertEqual(refusal.code, 1)
        self.assertIsInstance(refusal, SystemExit)
        self.assertEqual(self.recorder.messages, ["netlab-sample: no way"])

    def test_the_log_contains_the_listen_error(self) -> None:
        path = self.mktemp()
        service = self.service(log_file=path)
        events = service.log.events_of("netlab-other")
        port = PendingPort(fail(CannotListen("no way")))
        service.addService(NetworkService(service, events, [port], Factory(), self.connections))
        service.privilegedStartService()
        self.assertRaises(CannotStart, service.startService)
        self.assertIn("critical netlab-other: no way\n", Path(path).read_text())

    def test_no_port_opens_before_the_log_and_the_resources(self) -> None:
        lacking = mock.Mock(open=mock.Mock(side_effect=NotReady("no database")))
        for log_file, resources, why in (
            (f"{self.mktemp()}/missing", [], "cannot write the log"),
            (None, [lacking], "netlab-sample: no database"),
        ):
            service = self.service(self.port(), log_file=log_file)
            service.resources += resources
            self.assertRaises(CannotStart, service.privilegedStartService)
            self.assertIn(why, self.recorder.messages[-1])
        self.assertEqual(self.reactor.tcpServers, [])
        lacking.discard.assert_called_once()

    def test_the_log_is_opened_after_a_change_of_the_user(self) -> None:
        path = self.mktemp()
        options = SampleOptions()
        options.parent = usage.Options()
        dict.update(options.parent, uid=1, nodaemon=True, pidfile="")
        options.log_file = path
        process = ServiceProcess(options, self.reactor)
        process.privilegedStartService()
        self.assertFalse(Path(path).exists())
        process.startService()
        self.assertTrue(Path(path).exists())
        self.successResultOf(process.stopService())

    def test_an_error_at_the_operators_port_prevents_the_start(self) -> None:
        service = self.service(self.port())
        events = ServiceEvents("netlab-control", self.recorder)
        service.addService(OperatorService(service, events, "nonsense", "--x", OperatorFactory()))
        self.assertRaises(CannotStart, service.startService)
        self.assertEqual(self.recorder.names, ["server failed"])
        self.assertIn("cannot listen on 'nonsense'", self.recorder.messages[-1])

    def test_a_late_listen_error_stops_the_reactor(self) -> None:
        listening: Deferred[IListeningPort] = Deferred()
        self.service(PendingPort(listening)).startService()
        self.reactor.start()
        listening.errback(CannotListen("no way"))
        self.assertEqual(self.recorder.messages[-1], "netlab-sample: no way")
        self.assertTrue(self.reactor.stopped)

    def test_a_service_may_listen_late(self) -> None:
        listening: Deferred[IListeningPort] = Deferred()
        self.service(PendingPort(listening)).startService()
        self.reactor.start()
        self.assertEqual(self.recorder.names, ["server started"])
        listening.callback(self.successResultOf(self.port().listen(Factory())))
        self.assertEqual(self.recorder.names, ["server started", "listening"])

    def test_a_service_can_be_stopped_before_it_listens(self) -> None:
        service = self.service(PendingPort(Deferred()))
        service.startService()
        self.reactor.start()
        self.successResultOf(service.stopService())
        self.assertEqual(self.recorder.names, ["server started", "server stopped"])

    def test_an_unwritable_log_prevents_the_start(self) -> None:
        service = self.service(self.port(), log_file="/nonexistent/events.log")
        self.assertRaises(CannotStart, service.startService)
        (line,) = self.recorder.messages
        self.assertIn("cannot write the log", line)
        self.assertIn("/nonexistent/events.log", line)

    def test_an_unwritable_log_leaves_no_socket_open(self) -> None:
        port: Any = FakeUnixPort()
        service = self.service(PendingPort(succeed(port)), log_file="/nonexistent/events.log")
        service._changes_user = True  # Only then are the ports open already.
        service.privilegedStartService()
        self.assertRaises(CannotStart, service.startService)
        self.assertTrue(port.lost)

    def test_stopping_waits_for_pending_output(self) -> None:
        service = self.service(self.port())
        service.startService()
        slow = FakeConnection(self.connections, prompt=False)
        stopping = service.stopService()
        self.assertNoResult(stopping)
        self.assertNotIn("server stopped", self.recorder.names)
        self.connections.remove(slow)
        self.successResultOf(stopping)
        self.assertEqual(self.recorder.names[-1], "server stopped")

    def test_stopping_aborts_connections_at_the_timeout(self) -> None:
        service = self.service(self.port())
        service.startService()
        stuck = FakeConnection(self.connections, prompt=False)
        stopping = service.stopService()
        self.reactor.pump([1] * 5)
        self.successResultOf(stopping)
        self.assertTrue(stuck.aborted)

    def test_stopping_waits_for_ports_to_close(self) -> None:
        class SlowPort:
            def __init__(self) -> None:
                self.closed: Deferred[None] = Deferred()

            def getHost(self) -> object:
                return "somewhere"

            def stopListening(self) -> Deferred[None]:
                return self.closed

        port: Any = SlowPort()
        service = self.service(PendingPort(succeed(port)))
        service.startService()
        stopping = service.stopService()
        self.assertNoResult(stopping)
        port.closed.callback(None)
        self.successResultOf(stopping)

    def test_a_second_signal_aborts_connections(self) -> None:
        for number in (signal.SIGTERM, signal.SIGINT):
            service = self.service(self.port())
            service.startService()
            self.reactor.start()
            stuck = FakeConnection(self.connections, prompt=False)
            os.kill(os.getpid(), signal.SIGTERM)
            stopping = service.stopService()
            os.kill(os.getpid(), number)
            self.assertTrue(stuck.aborted)
            self.successResultOf(stopping)

    def test_a_second_signal_aborts_before_the_stop_begins(self) -> None:
        service = self.service(self.port())
        service.startService()
        self.reactor.start()
        stuck = FakeConnection(self.connections, prompt=False)
        os.kill(os.getpid(), signal.SIGTERM)
        self.assertFalse(stuck.aborted)
        os.kill(os.getpid(), signal.SIGTERM)
        self.assertTrue(stuck.aborted)
        self.successResultOf(service.stopService())

    def test_only_the_supervisor_aborts_a_worker(self) -> None:
        service = self.service(self.port())
        service.is_worker = True
        service.startService()
        self.reactor.start()
        stuck = FakeConnection(self.connections, prompt=False)
        service.end()
        os.kill(os.getpid(), signal.SIGTERM)
        stopping = service.stopService()
        os.kill(os.getpid(), signal.SIGTERM)
        self.assertFalse(stuck.aborted)
        service.abort()
        self.assertTrue(stuck.aborted)
        self.successResultOf(stopping)

    def test_open_ports_are_closed_when_another_cannot_listen(self) -> None:
        port: Any = FakeUnixPort()
        service = self.service(
            PendingPort(succeed(port)), PendingPort(fail(CannotListen("no way")))
        )
        service.privilegedStartService()
        self.assertRaises(CannotStart, service.startService)
        self.assertTrue(port.lost)

    def test_sigterm_stops_the_reactor(self) -> None:
        for number in (signal.SIGTERM, signal.SIGINT):
            self.reactor = FakeReactor()
            self.service(self.port()).startService()
            self.reactor.start()
            os.kill(os.getpid(), number)
            self.assertTrue(self.reactor.stopped)

    def test_the_reactor_is_stopped_once(self) -> None:
        service = self.service(self.port())
        service.startService()
        self.reactor.start()
        service.end()
        self.reactor.stopped = False
        os.kill(os.getpid(), signal.SIGTERM)
        self.assertFalse(self.reactor.stopped)

    def test_server_stopped_is_the_last_line_of_the_log(self) -> None:
        path = self.mktemp()
        service = self.service(self.port(), log_file=path)
        service.events = service.log.events
        service.startService()
        self.reactor.start()
        for _ in range(200):
            service.events.login_failed("127.0.0.1:1")
        self.successResultOf(service.stopService())
        *_, before, last = Path(f"{path}.security").read_text().splitlines()
        self.assertIn("summed up", before)
        self.assertIn("server stopped", last)

    def test_sighup_reopens_the_log(self) -> None:
        path = self.mktemp()
        service = self.service(self.port(), log_file=path)
        service.startService()
        self.addCleanup(service.stopService)
        self.reactor.start()
        Path(path).rename(f"{path}.old")
        os.kill(os.getpid(), signal.SIGHUP)
        self.assertTrue(Path(path).exists())

    def test_sighup_without_a_log_file_does_nothing(self) -> None:
        service = self.service(self.port())
        service.startService()
        self.addCleanup(service.stopService)
        self.reactor.start()
        os.kill(os.getpid(), signal.SIGHUP)
        self.assertFalse(self.reactor.stopped)


class RaiseFileLimitTests(SynchronousTestCase):
    def test_the_soft_limit_is_raised_to_the_hard_limit(self) -> None:
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        self.addCleanup(resource.setrlimit, resource.RLIMIT_NOFILE, (soft, hard))
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(512, hard), hard))
        self.assertEqual(raise_file_limit(), hard)
        self.assertEqual(resource.getrlimit(resource.RLIMIT_NOFILE), (hard, hard))
