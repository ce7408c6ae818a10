"""The echo with --once, which closes a connection when its client has sent all."""

from twisted.internet.error import ConnectionDone
from twisted.internet.interfaces import ISSLTransport
from twisted.internet.task import Clock
from twisted.python.failure import Failure
from twisted.trial.unittest import SynchronousTestCase
from zope.interface import alsoProvides

from tests.doubles.reactor import FakeReactor
from tests.doubles.recording import PEER, SlowWire, Wire, recorded_events
from twisted_lab.channels import Connections
from twisted_lab.services.echo import EchoFactory, EchoOnce, Options, build
from twisted_lab.serving import ServiceProcess


class OnceTestCase(SynchronousTestCase):
    upper = False

    def setUp(self) -> None:
        self.clock = Clock()
        events, self.recorder = recorded_events()
        self.factory = EchoFactory(
            self.clock,
            events,
            upper=self.upper,
            patience=100,
            connections=Connections(most=1),
            kind=EchoOnce,
        )
        self.wire = Wire()
        self.echo = self.connect(self.wire)

    def connect(self, wire: Wire) -> EchoOnce:
        echo = self.factory.buildProtocol(None)
        assert isinstance(echo, EchoOnce)
        echo.makeConnection(wire)
        return echo

    def end(self) -> None:
        self.echo.connectionLost(Failure(ConnectionDone()))

    def no_timer_but_the_idle_timeout(self) -> None:
        self.assertEqual(len(self.clock.getDelayedCalls()), 1)


class OnceTests(OnceTestCase):
    def test_the_answer_is_followed_by_the_end(self) -> None:
        self.echo.dataReceived(b"hello")
        self.clock.advance(0.19)
        self.assertFalse(self.wire.half_closed)
        self.clock.advance(0.01)
        self.assertTrue(self.wire.half_closed)
        self.assertEqual(self.wire.value(), b"hello")
        self.echo.readConnectionLost()
        self.end()
        self.assertIn("5 bytes out, 0.2 s, closed by the server", self.recorder.messages[-1])
        self.assertNotIn("hung up", self.recorder.names)

    def test_further_input_is_answered_and_starts_the_time_anew(self) -> None:
        for _ in range(5):
            self.echo.dataReceived(b"x")
            self.assertEqual(len(self.clock.getDelayedCalls()), 2)
            self.clock.advance(0.15)
        self.assertFalse(self.wire.half_closed)
        self.assertEqual(self.wire.value(), b"xxxxx")
        self.clock.advance(0.05)
        self.assertTrue(self.wire.half_closed)

    def test_a_client_that_has_sent_nothing_has_the_idle_timeout(self) -> None:
        self.clock.pump([1] * 99)
        self.assertFalse(self.wire.half_closed)
        self.clock.pump([1] * 12)
        self.assertTrue(self.wire.half_closed)
        self.assertIn("nothing heard for 100 s", self.recorder.messages[-1])

    def test_a_slow_reader_gets_all_output(self) -> None:
        self.end()
        wire = SlowWire()
        self.echo = self.connect(wire)
        self.echo.dataReceived(bytes(100_000))
        self.assertEqual(wire.producerState, "paused")
        self.clock.advance(0.2)
        self.assertTrue(wire.half_closed)  # Twisted closes after all output.
        self.assertIsNone(wire.producer)
        self.assertFalse(wire.disconnecting)
        self.assertEqual(wire.producerState, "producing")
        self.clock.pump([1] * 99)
        self.assertFalse(wire.disconnected)
        self.clock.pump([1] * 22)
        self.assertTrue(wire.disconnected)

    def test_a_slow_reader_over_tls_has_the_idle_timeout_too(self) -> None:
        self.end()
        wire = Wire()
        alsoProvides(wire, ISSLTransport)
        self.echo = self.connect(wire)
        self.echo.dataReceived(b"hello")
        self.clock.advance(0.2)
        self.assertTrue(wire.disconnecting)  # Twisted closes after all output.
        self.clock.pump([1] * 99)
        self.assertFalse(wire.disconnected)
        self.clock.pump([1] * 22)
        self.assertTrue(wire.disconnected)

    def test_the_client_may_close_first(self) -> None:
        self.echo.dataReceived(b"hello")
        self.echo.readConnectionLost()
        self.no_timer_but_the_idle_timeout()
        self.assertTrue(self.wire.disconnecting)
        self.end()
        self.assertIn("closed by the client", self.recorder.messages[-1])

    def test_a_lost_connection_has_no_timer(self) -> None:
        self.echo.dataReceived(b"hello")
        self.end()
        self.no_timer_but_the_idle_timeout()

    def test_the_end_of_the_service_comes_first(self) -> None:
        self.echo.dataReceived(b"hello")
        self.echo.finish()
        self.echo.dataReceived(b"dropped")
        self.no_timer_but_the_idle_timeout()

    def test_the_end_of_the_service_finds_it_closing(self) -> None:
        self.echo.dataReceived(b"hello")
        self.clock.advance(0.2)
        self.echo.finish()
        self.no_timer_but_the_idle_timeout()

    def test_a_refused_client_has_no_timer(self) -> None:
        wire = Wire()
        self.connect(wire).dataReceived(b"hello")
        self.assertTrue(wire.half_closed)
        self.no_timer_but_the_idle_timeout()

    def test_the_option_selects_the_protocol(self) -> None:
        for arguments, is_once in (([], False), (["--once"], True)):
            options = Options()
            options.parseOptions(arguments)
            service = build(ServiceProcess(options, FakeReactor()), options)
            echo = service._ports._factory.buildProtocol(PEER)
            self.assertEqual(isinstance(echo, EchoOnce), is_once)


class UpperOnceTests(OnceTestCase):
    upper = True

    def test_an_incomplete_character_is_sent_back_at_the_end(self) -> None:
        self.echo.dataReceived(b"a\xd0")
        self.clock.advance(0.2)
        self.assertEqual(self.wire.value(), b"A\xd0")
        self.assertTrue(self.wire.half_closed)
