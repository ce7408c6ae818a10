"""The control channel, both ends."""

import io
import signal
from contextlib import redirect_stderr, redirect_stdout
from typing import Any

from twisted.internet.address import IPv4Address
from twisted.internet.defer import Deferred, fail, succeed
from twisted.internet.error import ConnectError, ConnectionDone
from twisted.internet.interfaces import IListeningPort, IUDPTransport
from twisted.internet.protocol import Factory
from twisted.internet.testing import StringTransport
from twisted.logger import LogLevel, globalLogPublisher
from twisted.protocols.amp import AMP
from twisted.python.failure import Failure
from twisted.trial.unittest import SynchronousTestCase
from zope.interface import directlyProvides

from tests.doubles.connections import FakeConnection
from tests.doubles.options import SampleOptions
from tests.doubles.reactor import FakeReactor
from tests.doubles.recording import Recorder
from twisted_lab.channels import Connections
from twisted_lab.operations import control_client as control
from twisted_lab.operations.control import ControlFactory
from twisted_lab.operations.control_client import ControlOptions, say
from twisted_lab.operations.control_commands import Refusal
from twisted_lab.operations.metrics import health
from twisted_lab.ports.listening import CannotListen, DescribedEndpoint, Guarded, Listener
from twisted_lab.process.counts import Counts, WorkerState
from twisted_lab.resources import Outage
from twisted_lab.serving import NetworkService, ServiceProcess, Word, build_process


class FakePort:
    """A listener that is its own port."""

    wanted = None
    problem = ""
    stopping: Deferred[None] | None = None

    def __init__(self, number: int) -> None:
        self.number = number
        self.listens = 0

    def listen(self, _: object) -> Deferred[IListeningPort]:
        port: Any = self
        if self.problem:
            return fail(CannotListen(self.problem))
        self.listens += 1
        return succeed(port)

    def relisten(self, address: Any) -> Listener:
        if self.number == 1:
            raise CannotListen("only once")
        return self

    def getHost(self) -> IPv4Address:
        return IPv4Address("TCP", "127.0.0.1", self.number)

    def stopListening(self) -> Deferred[None]:
        self.listens -= 1
        return self.stopping or succeed(None)


class ControlTests(SynchronousTestCase):
    def setUp(self) -> None:
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            self.addCleanup(signal.signal, number, signal.getsignal(number))
        options = SampleOptions()
        options.parseOptions([])
        self.reactor = FakeReactor()
        self.process = ServiceProcess(options, self.reactor)
        self.recorder = Recorder()
        self.process.log._everything[:] = [self.recorder]
        self.ports = [FakePort(7), FakePort(8), FakePort(1)]
        self.connections = [Connections() for _ in self.ports]
        for index, port in enumerate(self.ports):
            events = self.process.log.events_of(f"netlab-{index}")
            self.process.addService(
                NetworkService(self.process, events, [port], Factory(), self.connections[index])
            )
        self.process.startService()
        self.reactor.start()
        self.recorder.clear()
        self.client = AMP()
        self.server = ControlFactory(self.process).buildProtocol(None)
        self.wires = StringTransport(), StringTransport()
        self.client.makeConnection(self.wires[0])
        self.server.makeConnection(self.wires[1])

    def carry(self, word: str, *things: str) -> tuple[Deferred[None], str]:
        """Send a command, and carry the bytes between both ends."""
        said = io.StringIO()
        with redirect_stdout(said):
            result = Deferred.fromCoroutine(say(self.client, word, *things))
            for _ in range(10):
                for wire, other in zip(self.wires, (self.server, self.client), strict=True):
                    data = wire.value()
                    wire.clear()
                    other.dataReceived(data)
        return result, said.getvalue()

    def say(self, word: str, *things: str) -> str:
        result, said = self.carry(word, *things)
        self.successResultOf(result)
        return said

    def refuse(self, word: str, *things: str) -> str:
        result, _ = self.carry(word, *things)
        return str(self.failureResultOf(result, Refusal).value)

    def test_status_shows_an_outage_of_a_database_once(self) -> None:
        outage = Outage("lab.sqlite3", "disk is\nfull", 90.4)
        self.process.outages += [lambda: outage, lambda: None]
        self.assertEqual(
            self.refuse("status"),
            "cannot use the database lab.sqlite3, for 90 s now: disk is\\nfull",
        )

    def test_status_shows_a_table(self) -> None:
        FakeConnection(self.connections[0], prompt=False)
        self.reactor.advance(3723)
        first, titles, *rows = self.say("status").splitlines()
        self.assertRegex(first, r"^twisted_lab \S+, process \d+, up for 1:02:03, log level info$")
        self.assertEqual(titles.split()[:3], ["service", "address", "connected"])
        self.assertEqual(rows[0].split(), ["netlab-0", "127.0.0.1:7", "1", "0", "0", "0"])
        self.assertEqual(len(rows), 3)

    def test_status_names_a_worker_that_has_not_reported(self) -> None:
        workers = [WorkerState(0, 100, Counts(), 2.9), WorkerState(1, 101, Counts(), 62.0)]
        self.patch(self.process.public_services[1], "workers", lambda: workers)
        result, said = self.carry("status")
        self.assertIn("process 101", said)
        problem = str(self.failureResultOf(result, Refusal).value)
        self.assertTrue(problem.endswith(": netlab-1 worker 1 (62 s)"), problem)

    def test_connections_are_listed_in_pages(self) -> None:
        for number in range(250):
            FakeConnection(self.connections[number % 2], False, f"192.0.2.{number}")
        lines = self.say("connections").splitlines()
        self.assertEqual(len(lines), 251)
        self.assertEqual(lines[1].split(), ["netlab-0", "192.0.2.0", "-", "0", "1", "2"])
        self.assertEqual(len(set(lines)), 251)

    def test_connections_show_the_names_of_peers(self) -> None:
        FakeConnection(self.connections[0], False, "a")
        FakeConnection(self.connections[1], False, "b")
        self.process.names["netlab-1"] = lambda _: "An\na"
        first, second = self.say("connections").splitlines()[1:]
        self.assertEqual((first.split()[2], second.split()[2]), ("-", "An\\na"))

    def test_each_command_is_confirmed(self) -> None:
        self.assertEqual(self.say("pause", "0"), "paused: netlab-0\n")
        self.assertEqual(self.say("resume", "0"), "resumed: netlab-0\n")
        self.assertIn("from level warn up", self.say("log-level", "warn"))

    def test_amp_adds_nothing_to_the_log(self) -> None:
        recorder = Recorder()
        globalLogPublisher.addObserver(recorder)
        self.addCleanup(globalLogPublisher.removeObserver, recorder)
        protocol = ControlFactory(self.process).buildProtocol(None)
        protocol.makeConnection(StringTransport())
        protocol.connectionLost(Failure(ConnectionDone()))
        self.assertEqual(recorder, [])

    def test_pausing_keeps_existing_connections(self) -> None:
        connection = FakeConnection(self.connections[0], prompt=True)
        self.say("pause", "0")
        self.assertEqual((self.ports[0].listens, self.ports[1].listens), (0, 1))
        self.assertIn("no new", str(self.connections[0].refusal("192.0.2.1")))
        self.assertEqual(len(self.connections[0]), 1)
        self.assertFalse(connection.aborted)
        self.assertIn("127.0.0.1:7 (paused)", self.say("status"))
        self.assertEqual(self.refuse("pause", "netlab-0"), "netlab-0 is paused already")
        self.assertEqual(self.recorder.names.count("paused"), 1)
        self.say("resume", "netlab-0")
        self.assertEqual(self.ports[0].listens, 1)
        self.assertIsNone(self.connections[0].refusal("192.0.2.1"))
        self.assertEqual(self.recorder.names[-2:], ["listening", "controlled"])
        self.assertEqual(self.refuse("resume", "netlab-0"), "netlab-0 is not paused")
        self.assertEqual(self.ports[0].listens, 1)

    def test_pausing_keeps_a_udp_port_open(self) -> None:
        directlyProvides(self.ports[0], IUDPTransport)
        self.say("pause", "0")
        self.assertEqual(self.ports[0].listens, 1)
        self.assertIn("no new", str(self.connections[0].refusal("192.0.2.1")))
        self.say("resume", "0")
        self.assertEqual(self.ports[0].listens, 1)
        self.assertIsNone(self.connections[0].refusal("192.0.2.1"))
        self.assertIn("127.0.0.1:7", self.say("status"))

    def test_resuming_on_a_busy_port_is_refused(self) -> None:
        self.say("pause", "0")
        self.ports[0].problem = "port 7 is busy"
        self.assertIn("port 7 is busy", self.refuse("resume", "0"))
        self.assertIn("(paused)", self.say("status"))
        self.ports[0].problem = ""
        self.say("resume", "0")
        self.assertEqual(self.ports[0].listens, 1)

    def test_resuming_waits_for_pausing_to_finish(self) -> None:
        closed: Deferred[None] = Deferred()
        self.ports[0].stopping = closed
        [service, *_] = self.process.services
        pausing = Deferred.fromCoroutine(service.pause())
        resuming = Deferred.fromCoroutine(service.resume())
        self.assertNoResult(resuming)
        closed.callback(None)
        self.successResultOf(pausing)
        self.successResultOf(resuming)
        self.assertEqual(self.ports[0].listens, 1)
        self.assertFalse(service.is_paused)
        self.assertEqual(len(service.addresses), 1)

    def test_a_stopped_service_cannot_be_resumed(self) -> None:
        [service, *_] = self.process.services
        self.say("pause", "0")
        self.successResultOf(self.process.stopService())
        self.failureResultOf(Deferred.fromCoroutine(service.resume()), CannotListen)
        self.assertEqual(self.ports[0].listens, 0)

    def test_a_port_that_cannot_be_reopened_is_not_paused(self) -> None:
        self.assertIn("only once", self.refuse("pause", "2"))
        self.assertNotIn("controlled", self.recorder.names)
        self.assertEqual(self.ports[2].listens, 1)
        self.assertNotIn("(paused)", self.say("status"))

    def test_an_unknown_service_is_refused(self) -> None:
        self.assertIn("there is no service 'x'; there are netlab-0,", self.refuse("pause", "x"))
        self.process.services[0].events.service = "netlab-echo"
        self.assertIn("; did you mean echo?", self.refuse("pause", "eco"))

    def test_disconnect_aborts_connections_of_an_address(self) -> None:
        one, other = (
            FakeConnection(self.connections[0], True, "", label)
            for label in ("127.0.0.1:50412", "[::1]:50413")
        )
        self.assertEqual(self.say("disconnect", "127.0.0.1:50412"), "disconnected: 1\n")
        self.assertEqual((one.aborted, other.aborted), (True, False))
        self.assertEqual(self.say("disconnect", "::1"), "disconnected: 1\n")
        self.assertTrue(other.aborted)
        self.assertIn("no peer is connected as ::1", self.refuse("disconnect", "::1"))

    def test_workers_without_an_answer_are_named(self) -> None:
        [service, *_] = self.process.services

        async def ask(*_: str) -> list[tuple[str, object]]:
            return [("netlab-0 worker 0", None)]

        self.patch(service, "ask", ask)
        FakeConnection(self.connections[1], True, "", "127.0.0.1:50412")
        for words in (("connections",), ("disconnect", "127.0.0.1:50412"), ("disconnect", "x")):
            result, said = self.carry(*words)
            problem = str(self.failureResultOf(result, Refusal).value)
            self.assertIn("unknown: netlab-0 worker 0", problem)
            self.assertIn("disconnected" if words[1:] else "127.0.0.1:50412", said)

    def words(self, **words: Word) -> None:
        """Give the first service words."""
        [service, *_] = self.process.services
        service.words = words

    def test_a_service_answers_its_words(self) -> None:
        self.words(
            list=Word(lambda argument: f"{argument!r}\nis all"),
            put=Word(lambda argument: f"put {argument}", "THING"),
            drop=Word(lambda argument: argument or "everything", "[THING]"),
        )
        self.assertEqual(self.say("tell", "0", "list"), "''\nis all\n")
        self.assertEqual(self.say("tell", "netlab-0", "put", "a b"), "put a b\n")
        self.assertEqual(self.say("tell", "0", "drop"), "everything\n")
        self.assertEqual(self.say("tell", "0", "drop", "it"), "it\n")

    def test_a_wrong_word_is_answered_with_the_words_of_the_service(self) -> None:
        self.words(list=Word(self.fail), put=Word(self.fail, "THING"), drop=Word(str, "[THING]"))
        usage = "netlab-0 takes list, put THING, drop [THING]"
        for words, wrong in (
            (("0", "get"), "'get'"),
            (("0", "put"), "'put'"),
            (("0", "list", "all"), "'list all'"),
            (("0", ""), "''"),
        ):
            self.assertEqual(self.refuse("tell", *words), f"{usage}, not {wrong}")
        self.assertEqual(self.refuse("tell", "1", "x"), "netlab-1 takes no words, not 'x'")
        self.assertIn("there is no service 'x'", self.refuse("tell", "x", "list"))
        self.assertNotIn("controlled", self.recorder.names)

    def test_a_word_can_be_refused(self) -> None:
        def put(argument: str) -> str:
            raise ValueError(f"no place for {argument}")

        self.words(put=Word(put, "THING"))
        self.assertEqual(self.refuse("tell", "0", "put", "x\x1b"), "no place for x\\x1b")
        self.assertNotIn("controlled", self.recorder.names)

    def test_words_are_logged_in_part(self) -> None:
        self.words(put=Word(lambda _: "put", "THING"))
        self.say("tell", "0", "put", "x\n" + "y" * 60_000)
        [message] = self.recorder.messages
        self.assertTrue(message.startswith("told to put x\\nyyy"), message)
        self.assertTrue(message.endswith("yyy... (netlab-0)"), message)
        self.assertLess(len(message), 300)

    def test_an_answer_is_escaped(self) -> None:
        self.words(list=Word(lambda _: "a\x1b[31m\nb\udcff\u202e"))
        self.assertEqual(self.say("tell", "0", "list"), "a\\x1b[31m\nb\\udcff\\u202e\n")

    def test_a_long_answer_is_cut(self) -> None:
        for text in ("line\n" * 20_000, "\x1b" * 100_000, "é" * 100_000):
            self.words(list=Word(text.__add__))
            *_, last = said = self.say("tell", "0", "list").splitlines()
            self.assertRegex(last, r"^\(cut after 60000 of \d+ bytes\)$")
            self.assertLessEqual(len("".join(said).encode()), 60_100)

    def test_a_long_refusal_is_cut(self) -> None:
        refusal = self.refuse("pause", "x" * 65_000)
        self.assertTrue(refusal.startswith("there is no service 'xxx"))
        self.assertTrue(refusal.endswith("xxx..."))
        self.assertLess(len(refusal), 2000)
        long = "\u202e" * 20_000
        self.assertIn("not 'x \\u202e", self.refuse("tell", "0", "x", long))

    def test_log_level_changes_the_level(self) -> None:
        events = self.process.log.events_of("netlab-0")
        self.assertTrue(events.traffic)
        self.say("log-level", "warn")
        self.assertFalse(events.traffic)
        self.assertEqual(self.process.log.level, LogLevel.warn)
        self.assertFalse(self.process.log.events_of("netlab-new").traffic)
        self.assertIn("a level is one of debug,", self.refuse("log-level", "loud"))

    def test_the_newest_connections_are_served(self) -> None:
        factory = ControlFactory(self.process)
        transports = [StringTransport() for _ in range(12)]
        for transport in transports:
            factory.buildProtocol(None).makeConnection(transport)
        self.assertEqual([each.disconnected for each in transports], [True] * 2 + [False] * 10)

    def test_a_drain_ends_the_process_once_all_have_gone(self) -> None:
        staying = FakeConnection(self.connections[0], prompt=True)
        self.assertEqual(self.say("drain"), "draining; the process ends within 60 s\n")
        self.assertEqual([port.listens for port in self.ports], [0, 0, 0])
        self.assertIn("no new", str(self.connections[0].refusal("192.0.2.1")))
        self.assertEqual(health(self.process).body, b"draining\n")
        self.assertEqual(health(self.process).status, 503)
        self.reactor.pump([1.0] * 20)
        self.assertIn("draining; the process ends within 40 s\n", self.say("status"))
        self.assertEqual(self.refuse("drain", "5"), "draining already")
        self.assertIn("not paused", self.refuse("resume", "0"))
        self.assertEqual((staying.aborted, self.reactor.stopped), (False, False))
        self.connections[0].remove(staying)
        self.reactor.advance(1.0)
        self.assertTrue(self.reactor.stopped)
        self.assertEqual(
            self.recorder.messages, ["told to drain 60", "drained after 21 s, clients left: 0"]
        )

    def test_a_paused_service_cannot_be_resumed_in_a_drain(self) -> None:
        FakeConnection(self.connections[0], prompt=True)
        self.say("pause", "0")
        self.say("drain")
        self.assertIn("the service is stopping", self.refuse("resume", "0"))

    def test_a_drain_waits_only_for_a_given_time(self) -> None:
        FakeConnection(self.connections[0], prompt=True)
        self.say("drain", "7")
        self.reactor.pump([0.5] * 13)
        self.assertFalse(self.reactor.stopped)
        self.reactor.pump([0.5])
        self.assertTrue(self.reactor.stopped)

    def test_a_drain_without_clients_ends_the_process_after_its_answer(self) -> None:
        for seconds, lasts in (("60", 2), ("0", 0)):
            self.setUp()
            self.assertIn("draining", self.say("drain", seconds))
            self.assertFalse(self.reactor.stopped)
            self.reactor.advance(lasts)
            self.assertTrue(self.reactor.stopped)

    def test_stop_stops_the_reactor(self) -> None:
        self.assertEqual(self.say("stop"), "stopping\n")
        self.assertFalse(self.reactor.stopped)
        self.reactor.advance(0)
        self.assertTrue(self.reactor.stopped)
        self.assertEqual(self.recorder.messages, ["told to stop"])


class OptionsTests(SynchronousTestCase):
    def test_commands_are_parsed(self) -> None:
        for words, said in (
            (["status"], ["status"]),
            (["--control", "unix:/run/x", "pause", "echo"], ["pause", "echo"]),
            (["tell", "echo", "list"], ["tell", "echo", "list"]),
            (["tell", "echo", "put", "a b"], ["tell", "echo", "put", "a b"]),
            (["drain"], ["drain"]),
            (["drain", "0"], ["drain", "0"]),
            (["pause", "\udcff"], ["pause", "?"]),
        ):
            options = ControlOptions()
            options.parseOptions(words)
            self.assertEqual([options.word, *options.objects], said)

    def test_wrong_usage_gives_one_line(self) -> None:
        for words, text in (
            ([], "the command is missing: one of status, connections, pause"),
            (["halt"], "not 'halt'"),
            (["connectons"], "not 'connectons'; did you mean connections? ("),
            (["pause"], "usage: pause SERVICE ("),
            (["stop", "now"], "usage: stop ("),
            (["drain", "now"], "a whole number of seconds from 0 to 86400, not 'now'"),
            (["drain", "1", "2"], "usage: drain [SECONDS] ("),
            (["tell", "echo"], "usage: tell SERVICE WORD [ARGUMENT] ("),
            (["tell", "echo", "put", "a", "b"], "usage: tell SERVICE WORD [ARGUMENT] ("),
            (
                ["log-level", "inof"],
                "a level is one of debug, info, warn, error, not 'inof'; did you mean info? (",
            ),
            (["--control", "tcp:1", "stop"], "--control: expected a unix endpoint such as unix:"),
        ):
            said = io.StringIO()
            with redirect_stderr(said):
                end = self.assertRaises(SystemExit, ControlOptions().parseOptions, words)
            self.assertEqual(end.code, 2)
            self.assertIn(text, said.getvalue())
            self.assertEqual(said.getvalue().count("\n"), 1)

    def test_a_missing_server_is_one_line(self) -> None:
        options = ControlOptions()
        options.parseOptions(["--control", f"unix:{self.mktemp()}", "status"])
        said = io.StringIO()
        with redirect_stderr(said):
            self.patch(control, "clientFromString", lambda *_: None)
            self.patch(control, "connectProtocol", lambda *_: fail(ConnectError(2)))
            main = Deferred.fromCoroutine(control.main(FakeReactor(), options))
            self.failureResultOf(main, SystemExit)
        self.assertIn("No such file or directory; the server must have been", said.getvalue())

    def test_only_the_owner_can_use_the_socket(self) -> None:
        for given, listened in (
            ("unix:/run/x", "unix:/run/x:mode=600"),
            ("unix:/run/x:mode=660", "unix:/run/x:mode=660"),
        ):
            options = SampleOptions()
            options.parseOptions(["--control", given])
            [service] = build_process(options, FakeReactor()).services
            [listener] = service._ports._listeners
            assert isinstance(listener, Guarded)
            assert isinstance(listener.listener, DescribedEndpoint)
            self.assertEqual(listener.listener.description, listened)
