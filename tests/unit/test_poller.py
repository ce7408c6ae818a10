from __future__ import annotations

from dataclasses import dataclass
from unittest import mock

from twisted.internet.error import ConnectionLost
from twisted.internet.protocol import connectionDone
from twisted.python.failure import Failure
from twisted.trial.unittest import SynchronousTestCase

from tests.doubles.sockets import Connected, Recording, Turns
from twisted_lab.ports.fast import poller as module
from twisted_lab.ports.fast.poller import Poller


class Failing(Recording):
    """A protocol that raises an exception."""

    def __init__(self, error: type[BaseException] = ValueError) -> None:
        super().__init__()
        self.error = error

    def dataReceived(self, data: bytes) -> None:
        raise self.error("a mistake")


class PollerTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.reactor = Turns()
        self.poller = Poller(self.reactor)

    def connect(self, protocol: Recording | None = None) -> Connected:
        connected = Connected(protocol=protocol, poller=self.poller)
        self.addCleanup(connected.close)
        return connected

    def test_the_poller_is_registered_only_while_transports_exist(self) -> None:
        self.assertEqual(self.reactor.readers, [])
        first, second = self.connect(), self.connect()
        self.assertEqual(self.reactor.readers, [self.poller])
        first.transport.pauseProducing()
        second.transport.pauseProducing()
        self.assertEqual(self.reactor.readers, [])
        second.transport.resumeProducing()
        second.transport.resumeProducing()
        self.assertEqual(self.reactor.readers, [self.poller])

    def test_other_calls_go_to_the_reactor(self) -> None:
        self.assertEqual(self.poller.seconds(), self.reactor.seconds())
        self.assertRaises(AttributeError, getattr, self.poller, "nonsense")

    def test_many_transports_are_served_in_one_turn(self) -> None:
        all_connected = [self.connect() for _ in range(20)]
        for number, connected in enumerate(all_connected):
            connected.client.send(b"%d" % number)
        self.reactor.turn()
        self.assertEqual(
            [connected.protocol.received for connected in all_connected],
            [b"%d" % number for number in range(20)],
        )

    def test_a_busy_transport_does_not_block_the_reactor(self) -> None:
        class Asking(Recording):
            def dataReceived(self, data: bytes) -> None:
                super().dataReceived(data)
                connected.client.send(b"x")

        connected = self.connect(Asking())
        connected.client.send(b"x")
        with mock.patch.object(module, "TURN_EVENTS", 10):
            self.reactor.turn()
        self.assertEqual(len(connected.protocol.received), 10)

    def test_a_slow_protocol_does_not_block_the_reactor(self) -> None:
        class Slow(Recording):
            def dataReceived(self, data: bytes) -> None:
                super().dataReceived(data)
                connected.reactor.advance(0.001)
                connected.client.send(b"x")

        connected = self.connect(Slow())
        connected.reactor = self.reactor
        connected.client.send(b"x")
        self.reactor.turn()
        self.assertEqual(len(connected.protocol.received), 5)

    def test_an_unhashable_exception_is_logged(self) -> None:
        @dataclass
        class Unhashable(Exception):
            text: str

        connected = self.connect(Failing(Unhashable))
        connected.client.send(b"hello")
        self.reactor.turn()
        self.assertEqual(connected.protocol.told, ["Unhashable"])
        self.assertEqual(len(self.flushLoggedErrors(Unhashable)), 1)

    def test_a_failing_producer_is_stopped_once(self) -> None:
        connected = self.connect()
        producer = mock.Mock()
        producer.stopProducing.side_effect = ValueError
        connected.transport.registerProducer(producer, True)
        connected.transport.write(b"x" * 10_000_000)
        connected.reset()
        for _ in range(3):
            self.reactor.turn()
        self.assertEqual(
            len(self.flushLoggedErrors(ValueError)), 2
        )  # the end, and the end of the end
        self.assertEqual(self.reactor.readers, [])
        producer.stopProducing.side_effect = None

    def test_an_exception_ends_one_connection_and_is_logged(self) -> None:
        broken = [self.connect(Failing()), self.connect(Failing(SystemExit))]
        sound = self.connect()
        for connected in (*broken, sound):
            connected.client.send(b"hello")
        self.reactor.turn()
        self.assertEqual([each.protocol.told for each in broken], [["ValueError"], ["SystemExit"]])
        self.assertEqual(len(self.flushLoggedErrors(ValueError, SystemExit)), 2)
        self.assertEqual(sound.protocol.received, b"hello")
        sound.client.send(b", again")
        self.reactor.turn()
        self.assertEqual(sound.protocol.received, b"hello, again")

    def test_a_second_exception_does_not_affect_other_connections(self) -> None:
        connected, sound = self.connect(Failing()), self.connect()
        with mock.patch.object(connected.protocol, "connectionLost", side_effect=SystemExit):
            connected.client.send(b"hello")
            sound.client.send(b"hello")
            self.reactor.turn()
        self.assertEqual(len(self.flushLoggedErrors(ValueError, SystemExit)), 2)
        self.assertEqual(sound.protocol.received, b"hello")

    def test_an_exception_at_the_end_is_logged(self) -> None:
        connected, sound = self.connect(), self.connect()
        with mock.patch.object(connected.protocol, "readConnectionLost", side_effect=ValueError):
            connected.client.close()
            sound.client.send(b"hello")
            self.reactor.turn()
        self.assertEqual(len(self.flushLoggedErrors(ValueError)), 1)
        self.assertEqual(sound.protocol.received, b"hello")

    def test_a_connection_closed_in_the_same_turn_gets_no_event(self) -> None:
        class Closing(Recording):
            def dataReceived(self, data: bytes) -> None:
                other.transport.connectionLost(Failure(ConnectionLost()))

        connected, other = self.connect(Closing()), self.connect()
        other.client.send(b"too late")
        connected.client.send(b"hello")
        # A lost connection gets no event, in whichever order the events arrive.
        self.reactor.turn()
        self.reactor.turn()
        self.assertEqual(other.protocol.told, ["ConnectionLost"])

    def test_one_event_can_read_and_write(self) -> None:
        connected = self.connect()
        connected.transport.write(b"x" * 10_000_000)
        connected.client.send(b"hello")
        self.reactor.turn()
        self.assertEqual(connected.protocol.received, b"hello")
        for _ in range(1000):
            if len(connected.take(1 << 20)) == 0:
                break
        connected.client.send(b", again")
        self.reactor.turn()
        self.assertEqual(connected.protocol.received, b"hello, again")

    def test_a_stopping_reactor_notifies_every_transport(self) -> None:
        class Mistaken(Recording):
            def connectionLost(self, reason: Failure = connectionDone) -> None:
                super().connectionLost(reason)
                raise ValueError

        told = [self.connect(Mistaken()), self.connect()]
        self.poller.connectionLost(Failure(ConnectionLost()))
        self.assertEqual([each.protocol.told for each in told], [["ConnectionLost"]] * 2)
        self.assertEqual(self.reactor.readers, [])
        self.assertEqual(len(self.flushLoggedErrors(ValueError)), 1)
