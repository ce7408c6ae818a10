"""The reserve of open files that connections must not use."""

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
    """A port that records whether it accepts, and whose connections use file numbers."""

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
        """Accept nothing: no connection is pending."""

    def accept(self, number: int) -> None:
        """Accept connections, so that `number` becomes the lowest free one."""
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
        """Let time pass while `open_files` files are open."""
        with patch("os.listdir", lambda _: range(self.open_files)):
            for _ in range(round(seconds * 10)):
                self.clock.advance(0.1)

    def test_ports_accept_far_below_the_limit(self) -> None:
        self.port.accept(800)
        self.assertTrue(self.port.accepts)
        self.assertEqual(self.port.numberAccepts, 32)
        self.assertEqual(self.recorder, [])

    def test_ports_do_not_accept_near_the_limit(self) -> None:
        self.port.accept(872)
        self.assertFalse(self.port.accepts)
        self.advance(60)
        self.assertFalse(self.port.accepts)
        self.assertEqual(self.recorder.names, ["out of files"])
        self.assertIn("the 1000 files", self.recorder.messages[0])

    def test_ports_accept_again_when_files_are_free(self) -> None:
        self.port.accept(900)
        self.open_files = 800
        self.advance(0.1)
        self.assertTrue(self.port.accepts)
        self.advance(10)
        self.assertEqual(self.recorder.names, ["out of files", "accepting again"])
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_a_closed_port_stays_unchanged(self) -> None:
        closed = FakePort()
        self.reserve.guard(closed)
        closed.connected = False
        self.port.accept(900)
        self.assertTrue(closed.accepts)

    def test_repeated_shortages_are_reported_once(self) -> None:
        for _ in range(100):
            self.port.accept(900)
            self.open_files = 800
            self.advance(0.3)
            self.assertTrue(self.port.accepts)
        self.assertEqual(self.recorder.names, ["out of files"])
        self.advance(10)
        self.assertEqual(self.recorder.names, ["out of files", "accepting again"])

    def test_all_ports_pause_and_resume_together(self) -> None:
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

    def test_a_port_closed_during_a_shortage_stays_closed(self) -> None:
        self.port.accept(900)
        self.port.connected = False
        self.open_files = 4
        self.advance(0.1)
        self.assertFalse(self.port.accepts)

    def test_ports_stay_paused_while_files_cannot_be_counted(self) -> None:
        self.port.accept(900)

        def fail(*_: object) -> int:
            raise OSError(24, "Too many open files")

        with patch("os.listdir", fail):
            self.clock.advance(0.1)
        self.assertFalse(self.port.accepts)

    def test_a_small_limit_reserves_less(self) -> None:
        self.reserve.limit = 64
        self.port.accept(47)
        self.assertTrue(self.port.accepts)
        self.assertEqual(self.port.numberAccepts, 4)
        self.port.accept(48)
        self.assertFalse(self.port.accepts)

    def test_other_sockets_of_clients_leave_the_reserve_alone(self) -> None:
        with patch("os.dup", side_effect=[871, 872]), patch("os.close"):
            self.assertFalse(self.reserve.is_scarce(3))
            self.assertTrue(self.reserve.is_scarce(3))

    def test_operator_ports_can_use_half_of_the_reserve(self) -> None:
        own = FakePort()
        self.reserve.guard(own, is_own=True)
        self.port.accept(900)
        own.accept(901)
        self.assertEqual((self.port.accepts, own.accepts), (False, True))
        self.assertEqual(own.numberAccepts, 8)
        own.accept(936)
        self.assertFalse(own.accepts)

    def test_operator_ports_resume_before_the_whole_reserve_is_free(self) -> None:
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

    def test_ports_accept_without_a_limit(self) -> None:
        self.reserve.limit = resource.RLIM_INFINITY
        self.port.accept(100_000)
        self.assertTrue(self.port.accepts)

    def test_ports_pause_when_no_file_number_is_free(self) -> None:
        with patch("os.dup", side_effect=OSError(24, "Too many open files")):
            self.port.doRead()
        self.assertFalse(self.port.accepts)

    def test_a_port_closed_while_accepting_reports_nothing(self) -> None:
        self.port.connected = False
        self.port.accept(900)
        self.assertEqual(self.recorder, [])

    def test_a_port_is_not_kept_alive(self) -> None:
        known = weakref.ref(self.port)
        del self.port
        gc.collect()
        self.assertIsNone(known())

    def test_a_real_port_accepts_and_pauses(self) -> None:
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
