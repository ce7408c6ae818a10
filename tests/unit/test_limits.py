"""Files that connections leave for other uses."""

import gc
import resource
import socket
import weakref
from unittest.mock import patch

from twisted.internet.error import ConnectionDone
from twisted.internet.protocol import Factory, Protocol
from twisted.internet.task import Clock
from twisted.internet.tcp import Port, Server
from twisted.internet.testing import MemoryReactorClock
from twisted.python.failure import Failure
from twisted.trial.unittest import SynchronousTestCase

from tests.doubles.recording import recorded_events
from twisted_lab.ports.file_reserve import FileReserve


class FakePort(Port):
    """A port that notes whether it accepts, and whose connections take numbers of files."""

    connected = True
    accepts = True

    def __init__(self) -> None:
        super().__init__(0, Factory())
        self.numberAccepts = 100

    def startReading(self) -> None:
        self.accepts = True

    def stopReading(self) -> None:
        self.accepts = False

    def doRead(self) -> None:
        """Accept nothing: no connection waits."""

    def accept(self, number: int) -> None:
        """Accept connections, after which `number` is the lowest that is free."""
        with patch("os.dup", lambda _: number), patch("os.close"):
            self.doRead()


class FileReserveTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.clock = Clock()
        events, self.recorder = recorded_events()
        self.reserve = FileReserve(self.clock, events)
        self.reserve.limit = 1000
        self.port = FakePort()
        self.reserve.guard(self.port)
        self.open_files = 900

    def advance(self, seconds: float) -> None:
        """Let time pass, in which as many files are open as the test says."""
        with patch("os.listdir", lambda _: range(self.open_files)):
            for _ in range(round(seconds * 10)):
                self.clock.advance(0.1)

    def test_far_from_the_limit(self) -> None:
        self.port.accept(800)
        self.assertTrue(self.port.accepts)
        self.assertEqual(self.port.numberAccepts, 32)
        self.assertEqual(self.recorder, [])

    def test_near_the_limit_nobody_is_accepted(self) -> None:
        self.port.accept(872)
        self.assertFalse(self.port.accepts)
        self.advance(60)
        self.assertFalse(self.port.accepts)
        self.assertEqual(self.recorder.names, ["out of files"])
        self.assertIn("the 1000 files", self.recorder.messages[0])

    def test_when_others_have_left(self) -> None:
        self.port.accept(900)
        self.open_files = 800
        self.advance(0.1)
        self.assertTrue(self.port.accepts)
        self.advance(10)
        self.assertEqual(self.recorder.names, ["out of files", "accepting again"])
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_a_closed_port_is_left_alone(self) -> None:
        closed = FakePort()
        self.reserve.guard(closed)
        closed.connected = False
        self.port.accept(900)
        self.assertTrue(closed.accepts)

    def test_those_who_come_and_go_are_one_trouble(self) -> None:
        for _ in range(100):
            self.port.accept(900)
            self.open_files = 800
            self.advance(0.3)
            self.assertTrue(self.port.accepts)
        self.assertEqual(self.recorder.names, ["out of files"])
        self.advance(10)
        self.assertEqual(self.recorder.names, ["out of files", "accepting again"])

    def test_several_ports(self) -> None:
        other = FakePort()
        self.reserve.guard(other)
        self.port.accept(900)
        self.assertFalse(other.accepts)
        other.accept(901)
        self.assertEqual(self.recorder.names, ["out of files"])
        self.open_files = 4
        self.advance(0.1)
        self.assertTrue(self.port.accepts)
        self.assertTrue(other.accepts)

    def test_a_port_that_is_closed_meanwhile_stays_closed(self) -> None:
        self.port.accept(900)
        self.port.connected = False
        self.open_files = 4
        self.advance(0.1)
        self.assertFalse(self.port.accepts)

    def test_no_file_at_all(self) -> None:
        self.port.accept(900)

        def fail(*_: object) -> int:
            raise OSError(24, "Too many open files")

        with patch("os.listdir", fail):
            self.clock.advance(0.1)
        self.assertFalse(self.port.accepts)

    def test_a_small_limit(self) -> None:
        self.reserve.limit = 64
        self.port.accept(47)
        self.assertTrue(self.port.accepts)
        self.assertEqual(self.port.numberAccepts, 4)
        self.port.accept(48)
        self.assertFalse(self.port.accepts)

    def test_own_ports_may_use_half_of_the_reserve(self) -> None:
        own = FakePort()
        self.reserve.guard(own, is_own=True)
        self.port.accept(900)
        own.accept(901)
        self.assertEqual((self.port.accepts, own.accepts), (False, True))
        self.assertEqual(own.numberAccepts, 8)
        own.accept(936)
        self.assertFalse(own.accepts)

    def test_own_ports_accept_again_before_all_of_the_reserve_is_free(self) -> None:
        own = FakePort()
        self.reserve.guard(own, is_own=True)
        own.accept(936)
        self.assertEqual((self.port.accepts, own.accepts), (False, False))
        self.open_files = 920
        self.advance(0.1)
        self.assertEqual((self.port.accepts, own.accepts), (False, True))
        self.open_files = 800
        self.advance(0.1)
        self.assertTrue(self.port.accepts)

    def test_no_limit(self) -> None:
        self.reserve.limit = resource.RLIM_INFINITY
        self.port.accept(100_000)
        self.assertTrue(self.port.accepts)

    def test_no_number_is_free(self) -> None:
        with patch("os.dup", side_effect=OSError(24, "Too many open files")):
            self.port.doRead()
        self.assertFalse(self.port.accepts)

    def test_a_port_that_closes_while_it_accepts(self) -> None:
        self.port.connected = False
        self.port.accept(900)
        self.assertEqual(self.recorder, [])

    def test_a_closed_port_is_forgotten(self) -> None:
        known = weakref.ref(self.port)
        del self.port
        gc.collect()
        self.assertIsNone(known())

    def test_a_real_port(self) -> None:
        reactor = MemoryReactorClock()
        port = Port(0, Factory.forProtocol(Protocol), interface="127.0.0.1", reactor=reactor)
        port.startListening()
        self.addCleanup(reactor.advance, 0)
        self.addCleanup(port.stopListening)
        self.reserve.guard(port)
        self.reserve.limit = port.fileno()
        with socket.create_connection(port.socket.getsockname()):
            port.doRead()
        [connection] = reactor.getReaders()
        self.assertIsInstance(connection, Server)
        connection.connectionLost(Failure(ConnectionDone()))
        self.assertEqual(self.recorder.names, ["out of files"])
