"""The contract of Twisted's TCP transports, for the fast and the stock one."""

from __future__ import annotations

import errno
import ssl
from pathlib import Path
from unittest import mock

from hypothesis import given
from hypothesis import strategies as st
from twisted.internet.interfaces import ISSLTransport
from twisted.internet.protocol import connectionDone
from twisted.internet.ssl import DefaultOpenSSLContextFactory
from twisted.internet.tcp import Server
from twisted.protocols import tls
from twisted.python.failure import Failure
from twisted.trial.unittest import SynchronousTestCase

from tests.doubles.certificates import self_signed
from tests.doubles.sockets import Connected, Recording
from twisted_lab.ports.fast.transport import ImmediateServer

# More than the kernel buffers for a peer that does not read.
MUCH = bytes(range(256)) * 40_000


class Producer:
    """A producer that records its calls; a pull producer writes pieces."""

    def __init__(self, connected: Connected, *pieces: bytes) -> None:
        self.asked: list[str] = []
        self._transport = connected.transport
        self._pieces = list(pieces)
        self._busy = False

    def resumeProducing(self) -> None:
        assert not self._busy, "asked for more in the middle of a write"
        self.asked.append("resume")
        if self._pieces:
            self._busy = True
            self._transport.write(self._pieces.pop(0))
            self._busy = False
        elif len(self.asked) > 1:
            self._transport.unregisterProducer()

    def pauseProducing(self) -> None:
        self.asked.append("pause")

    def stopProducing(self) -> None:
        self.asked.append("stop")


class TransportTests(SynchronousTestCase):
    """The contract of both transports; see `StockTransportTests`."""

    kind: type[Server] = ImmediateServer

    def connect(self, protocol: Recording | None = None) -> Connected:
        connected = Connected(self.kind, protocol)
        self.addCleanup(connected.close)
        return connected

    def test_bytes_arrive_in_order(self) -> None:
        connected = self.connect()
        connected.transport.write(b"first")
        connected.transport.write(MUCH)
        connected.transport.writeSequence([b"second", b"", b"third"])
        expected = b"first" + MUCH + b"secondthird"
        self.assertEqual(connected.take_all(len(expected)), expected)

    def test_only_bytes_are_written(self) -> None:
        connected = self.connect()
        for wrong in ("text", bytearray(b"changes"), memoryview(b"view")):
            self.assertRaises(TypeError, connected.transport.write, wrong)
        self.assertRaises(TypeError, connected.transport.writeSequence, ["text"])

    def test_a_push_producer_is_paused_and_resumed(self) -> None:
        connected = self.connect()
        producer = Producer(connected)
        connected.transport.registerProducer(producer, True)
        connected.transport.write(b"little")
        self.assertEqual(producer.asked, [])
        connected.transport.write(MUCH)
        self.assertEqual(producer.asked, ["pause"])
        connected.take_all(6 + len(MUCH))
        connected.reactor.turn()
        self.assertEqual(producer.asked, ["pause", "resume"])

    def test_a_pull_producer_is_pulled_until_it_ends(self) -> None:
        connected = self.connect()
        producer = Producer(connected, b"one", b"two", b"three")
        connected.transport.registerProducer(producer, False)
        self.assertEqual(connected.take_all(11), b"onetwothree")
        connected.reactor.turn()
        self.assertEqual(producer.asked, ["resume"] * 4)
        connected.transport.write(b"four")
        self.assertEqual(connected.take_all(4), b"four")

    def test_a_second_producer_is_refused(self) -> None:
        connected = self.connect()
        connected.transport.registerProducer(Producer(connected), True)
        self.assertRaises(
            RuntimeError, connected.transport.registerProducer, Producer(connected), True
        )

    def test_closing_sends_pending_output_first(self) -> None:
        for data in (b"", b"little", MUCH):
            connected = self.connect()
            connected.transport.write(data)
            connected.transport.loseConnection()
            self.assertEqual(connected.protocol.told, [])
            self.assertEqual(connected.take_all(len(data)), data)
            connected.reactor.turn()
            self.assertTrue(connected.has_ended())
            self.assertEqual(connected.protocol.told, ["ConnectionDone"])

    def test_output_written_while_closing_is_sent(self) -> None:
        connected = self.connect()
        connected.transport.loseConnection()
        connected.transport.write(b"late")
        self.assertEqual(connected.take_all(4), b"late")
        connected.reactor.turn()
        self.assertTrue(connected.has_ended())

    def test_closing_waits_for_a_producer(self) -> None:
        connected = self.connect()
        connected.transport.registerProducer(Producer(connected, b"more"), False)
        connected.transport.loseConnection()
        self.assertEqual(connected.take_all(4), b"more")
        connected.reactor.turn()
        self.assertEqual(connected.protocol.told, ["ConnectionDone"])

    def test_aborting_drops_pending_and_later_output(self) -> None:
        connected = self.connect()
        producer = Producer(connected)
        connected.transport.registerProducer(producer, True)
        connected.transport.write(MUCH)
        connected.transport.abortConnection()
        connected.transport.write(b"late")
        self.assertEqual(connected.protocol.told, [])
        connected.reactor.turn()
        self.assertEqual(connected.protocol.told, ["ConnectionAborted"])
        self.assertEqual(producer.asked[-1], "stop")
        with self.assertRaises(ConnectionResetError):
            while connected.take(1 << 20):
                pass

    def test_nothing_is_sent_after_an_abort(self) -> None:
        connected = self.connect()
        connected.transport.abortConnection()
        connected.transport.write(b"late")
        self.assertEqual(connected.take(10), b"")

    def test_half_closing_sends_the_end_of_the_stream(self) -> None:
        connected = self.connect()
        connected.transport.write(MUCH)
        connected.transport.loseWriteConnection()
        self.assertEqual(connected.protocol.told, [])
        self.assertEqual(connected.take_all(len(MUCH)), MUCH)
        connected.reactor.turn()
        self.assertTrue(connected.has_ended())
        self.assertEqual(connected.protocol.told, ["write lost"])
        connected.transport.write(b"ignored")
        connected.client.send(b"still heard")
        connected.reactor.turn()
        self.assertEqual(connected.protocol.received, b"still heard")
        connected.transport.loseConnection()
        connected.reactor.turn()
        self.assertEqual(connected.protocol.told, ["write lost", "ConnectionDone"])

    def test_a_half_closed_peer_still_gets_output(self) -> None:
        connected = self.connect()
        connected.client.send(b"last")
        connected.client.shutdown(1)
        connected.reactor.turn()
        connected.reactor.turn()
        self.assertEqual(connected.protocol.received, b"last")
        self.assertEqual(connected.protocol.told, ["read lost"])
        connected.transport.write(b"answer")
        self.assertEqual(connected.take_all(6), b"answer")

    def test_a_reset_is_reported_by_the_reactor_not_by_write(self) -> None:
        connected = self.connect()
        connected.reset()
        for _ in range(3):
            connected.transport.write(b"to nobody")
        connected.transport.writeSequence([b"to", b"nobody"])
        self.assertEqual(connected.protocol.told, [])
        connected.reactor.turn()
        self.assertEqual(connected.protocol.told, ["ConnectionLost"])

    def test_a_reset_of_a_paused_connection_is_noticed_on_writing(self) -> None:
        connected = self.connect()
        connected.transport.pauseProducing()
        connected.reset()
        connected.transport.write(b"to nobody")
        connected.reactor.turn()
        self.assertEqual(connected.protocol.told, ["ConnectionLost"])

    def test_the_end_is_reported_once_and_nothing_is_written_after_it(self) -> None:
        class Writing(Recording):
            def connectionLost(self, reason: Failure = connectionDone) -> None:
                super().connectionLost(reason)
                self.transport.write(b"late")

        connected = self.connect(Writing())
        connected.transport.loseConnection()
        connected.reactor.turn()
        other = self.connect()  # It may reuse the descriptor of the closed one.
        connected.transport.write(b"late")
        connected.transport.writeSequence([b"late"])
        connected.transport.loseConnection()
        connected.transport.abortConnection()
        connected.reactor.turn()
        self.assertEqual(connected.protocol.told, ["ConnectionDone"])
        self.assertEqual(other.take(10), b"")

    def test_reading_can_be_paused_and_resumed(self) -> None:
        connected = self.connect()
        connected.transport.pauseProducing()
        connected.client.send(b"hello")
        connected.reactor.turn()
        self.assertEqual(connected.protocol.received, b"")
        connected.transport.resumeProducing()
        connected.reactor.turn()
        self.assertEqual(connected.protocol.received, b"hello")

    def test_a_protocol_that_pauses_itself_gets_no_more_input(self) -> None:
        class Pausing(Recording):
            def dataReceived(self, data: bytes) -> None:
                super().dataReceived(data)
                self.transport.pauseProducing()
                connected.client.send(b"more")

        connected = self.connect(Pausing())
        connected.client.send(b"some")
        connected.reactor.turn()
        self.assertEqual(connected.protocol.received, b"some")

    def test_tls_can_start_after_clear_text(self) -> None:
        connected = self.connect()
        self.patch(tls, "_get_default_clock", lambda: connected.reactor)
        connected.transport.registerProducer(Producer(connected), True)
        connected.transport.write(b"in clear")
        self.assertEqual(connected.take_all(8), b"in clear")
        path = self.mktemp()
        Path(path).write_bytes(self_signed())
        connected.transport.startTLS(DefaultOpenSSLContextFactory(path, path))
        self.assertTrue(ISSLTransport.providedBy(connected.transport))
        connected.transport.write(b"for the client's eyes")
        client = _Client(connected)
        client.shake_hands()
        self.assertEqual(client.take(21), b"for the client's eyes")
        client.send(b"for the server's")
        self.assertEqual(connected.protocol.received, b"for the server's")
        connected.transport.write(MUCH)
        connected.transport.writeSequence([b"and", b"more"])
        self.assertEqual(client.take(len(MUCH) + 7), MUCH + b"andmore")
        connected.transport.loseConnection()
        self.assertEqual(client.take(1), b"")


class StockTransportTests(TransportTests):
    """Twisted's own transport, to validate the tests."""

    kind = Server


class ImmediateTests(SynchronousTestCase):
    """The stricter contract of the fast transport."""

    @given(st.lists(st.one_of(st.binary(max_size=20), st.integers(1, 300_000)), max_size=10))
    def test_property_bytes_arrive_in_order(self, writes: list[bytes | int]) -> None:
        connected = Connected()
        expected = b""
        for number, write in enumerate(writes):
            data = write if isinstance(write, bytes) else bytes([number]) * write
            connected.transport.write(data)
            expected += data
            if number % 3 == 0:
                connected.reactor.turn()
        self.assertEqual(connected.take_all(len(expected)), expected)
        connected.close()

    def test_write_sends_immediately(self) -> None:
        connected = Connected()
        self.addCleanup(connected.close)
        connected.transport.write(b"now")
        self.assertEqual(connected.take(10), b"now")
        connected.transport.writeSequence([b"and ", b"now"])
        self.assertEqual(connected.take(10), b"and now")

    def test_nothing_is_received_after_an_abort(self) -> None:
        connected = Connected()
        self.addCleanup(connected.close)
        connected.client.send(b"hello")
        connected.transport.pauseProducing()
        connected.transport.abortConnection()
        connected.transport.resumeProducing()
        for reader in connected.reactor.readers:
            reader.doRead()
        self.assertEqual(connected.protocol.received, b"")

    def test_a_temporary_lack_of_memory_keeps_the_connection(self) -> None:
        connected = Connected()
        self.addCleanup(connected.close)
        with mock.patch("os.write", side_effect=OSError(errno.ENOBUFS, "no memory")):
            connected.transport.write(b"hello")
        self.assertEqual(connected.take_all(5), b"hello")
        connected.client.close()
        connected.reactor.turn()
        self.assertEqual(connected.protocol.told, ["read lost"])

    def test_write_sends_immediately_again_after_a_backlog(self) -> None:
        connected = Connected()
        self.addCleanup(connected.close)
        connected.transport.write(MUCH)
        connected.transport.write(b"kept")
        connected.take_all(len(MUCH) + 4)
        connected.reactor.turn()
        connected.transport.write(b"now")
        self.assertEqual(connected.take(10), b"now")


class _Client:
    """The client's end of TLS, in memory."""

    def __init__(self, connected: Connected) -> None:
        self._connected = connected
        context = ssl.create_default_context()
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        self._in, self._out = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._tls = context.wrap_bio(self._in, self._out)

    def _pump(self) -> None:
        self._connected.client.sendall(self._out.read())
        self._connected.reactor.turn()
        self._in.write(self._connected.take(1 << 20))

    def shake_hands(self) -> None:
        for _ in range(10):
            try:
                self._tls.do_handshake()
                break
            except ssl.SSLWantReadError:
                self._pump()
        self._pump()

    def send(self, data: bytes) -> None:
        self._tls.write(data)
        self._pump()

    def take(self, size: int) -> bytes:
        taken = b""
        while len(taken) < size:
            try:
                piece = self._tls.read(size - len(taken))
            except ssl.SSLWantReadError:
                self._pump()
            else:
                if not piece:
                    break
                taken += piece
        return taken
