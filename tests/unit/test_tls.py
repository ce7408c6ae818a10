"""TLS over a string transport."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from twisted.internet.error import ConnectionDone
from twisted.internet.protocol import Factory, Protocol
from twisted.internet.ssl import CertificateOptions
from twisted.internet.task import Clock, deferLater
from twisted.protocols.tls import TLSMemoryBIOFactory
from twisted.python.failure import Failure
from twisted.trial.unittest import SynchronousTestCase

from tests.doubles.certificates import self_signed
from tests.doubles.recording import Wire, recorded_events
from twisted_lab.channels import Channel, ConversationFactory, TextChannel
from twisted_lab.ports.certificate import Certificate
from twisted_lab.ports.tls import TLSFactory


async def repeat(channel: Channel) -> None:
    channel.say("hello")
    channel.say(await channel.hear())


class Receiver(Protocol):
    def __init__(self) -> None:
        self.received = b""

    def dataReceived(self, data: bytes) -> None:
        self.received += data


class TLSTests(SynchronousTestCase):
    def setUp(self) -> None:
        path = Path(self.mktemp())
        path.write_bytes(self_signed())
        self.clock = Clock()
        self.events, self.recorder = recorded_events()
        certificate = Certificate(str(path), str(path), False, recorded_events()[0])
        certificate.open()
        inner = ConversationFactory(self.clock, self.events, repeat, lambda: TextChannel(60))
        self.factory = TLSFactory(certificate, inner, self.clock, self.events, 10)
        self.connect()

    def connect(self) -> None:
        self.wire = Wire()
        self.server = self.factory.buildProtocol(None)
        assert self.server is not None
        self.server.makeConnection(self.wire)
        self.receiver = Receiver()

    def agree(self) -> Any:
        factory: Any = Factory.forProtocol(lambda: self.receiver)
        client: Any = TLSMemoryBIOFactory(CertificateOptions(), True, factory, self.clock)
        self.client = client.buildProtocol(None)
        self.client_wire = Wire()
        self.client.makeConnection(self.client_wire)
        self.carry()
        return self.client

    def carry(self) -> None:
        for _ in range(5):
            self.clock.advance(0)
            for wire, other in ((self.client_wire, self.server), (self.wire, self.client)):
                data = wire.value()
                wire.clear()
                if data:
                    other.dataReceived(data)

    def lose(self) -> None:
        self.server.connectionLost(Failure(ConnectionDone()))

    def test_a_conversation_works_over_tls(self) -> None:
        client = self.agree()
        client.write(b"there\n")
        self.carry()
        self.assertEqual(self.receiver.received, b"hello\nthere\n")

    def test_the_handshake_timeout_ends_with_the_handshake(self) -> None:
        self.agree()
        self.clock.advance(10)
        self.assertFalse(self.wire.disconnected)
        self.assertEqual(self.events.counters.errors, {})
        self.lose()
        self.assertEqual(self.events.counters.errors, {})
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_a_peer_without_a_handshake_is_disconnected(self) -> None:
        self.clock.advance(9.9)
        self.assertFalse(self.wire.disconnected)
        self.clock.advance(0.1)
        self.assertTrue(self.wire.disconnected)
        self.assertIn("disconnecting 127.0.0.1:50412: no TLS within 10 s", self.recorder.messages)
        self.lose()
        self.assertEqual(self.events.counters.errors, {"tls": 1})
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_a_half_closed_peer_gets_pending_output(self) -> None:
        client = self.agree()
        client.write(b"last")
        client.loseConnection()
        self.carry()
        self.assertEqual(self.receiver.received, b"hello\nlast\n")
        self.assertTrue(self.wire.disconnecting)
        self.lose()
        self.assertIn("closed by the client", self.recorder.messages[-1])

    def owed(self) -> None:
        """Let a client half-close that gets output 5 seconds later."""

        async def late(channel: Channel) -> None:
            await channel.hear()
            await deferLater(self.clock, 5)
            channel.say("at last")

        self.factory.wrappedFactory.converse = late
        self.connect()
        client = self.agree()
        client.write(b"now\n")
        client.loseConnection()
        self.carry()
        self.assertFalse(self.wire.disconnecting)

    def pay(self) -> None:
        self.clock.advance(5)
        self.carry()
        self.assertEqual(self.receiver.received, b"at last\n")
        self.assertTrue(self.wire.disconnecting)

    def test_a_half_closed_peer_gets_late_output(self) -> None:
        self.owed()
        self.pay()

    def test_input_after_close_notify_is_discarded(self) -> None:
        self.owed()
        self.server.getHandle().bio_write = self.fail
        self.server.dataReceived(bytes(100_000))
        self.pay()

    def test_tcp_may_end_after_close_notify(self) -> None:
        self.owed()
        self.server.readConnectionLost()
        self.assertFalse(self.wire.disconnected)
        self.pay()

    def test_tcp_ending_before_close_notify_is_a_reset(self) -> None:
        self.agree()
        self.server.readConnectionLost()
        self.assertTrue(self.wire.disconnected)
        self.lose()
        self.assertIn("connection reset", self.recorder.messages[-1])

    def test_tcp_may_end_after_our_close_notify(self) -> None:
        self.agree()
        self.carry()
        self.client.write(b"hi\n")
        self.carry()
        self.assertTrue(self.receiver.received.endswith(b"hi\n"))
        self.server.readConnectionLost()
        self.assertFalse(self.wire.disconnected)
        self.assertTrue(self.wire.disconnecting)
        self.lose()
        self.assertIn("closed by the server", self.recorder.messages[-1])

    def test_other_protocols_are_tls_errors(self) -> None:
        for data in (b"hello\n", b"GET / HTTP/1.0\r\n\r\n", b"\x16\x03\x01\xff\xff" + bytes(99)):
            self.setUp()
            self.server.dataReceived(data)
            self.lose()
            self.assertIn("TLS failed: ", self.recorder.messages[-1])
            self.assertEqual(self.events.counters.errors, {"tls": 1})
            self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_a_peer_that_leaves_during_the_handshake_is_an_error(self) -> None:
        self.lose()
        self.assertEqual(self.events.counters.errors, {"tls": 1})
        self.assertEqual(self.clock.getDelayedCalls(), [])
