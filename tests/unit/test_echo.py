from hypothesis import given
from hypothesis import strategies as st
from twisted.internet.error import ConnectionAborted, ConnectionDone, ConnectionLost
from twisted.internet.task import Clock
from twisted.python.failure import Failure
from twisted.trial.unittest import SynchronousTestCase

from tests.doubles.reactor import FakeReactor
from tests.doubles.recording import Recorder, Wire, recorded_events
from twisted_lab.channels import Connections
from twisted_lab.channels.connections import MOST_REFUSED_PER_PEER
from twisted_lab.eventlog.counters import Traffic
from twisted_lab.process.service_process import ServiceProcess
from twisted_lab.services.echo import Echo, EchoFactory, Options, build


def connect(chunk_size: int = 1024, upper: bool = False) -> tuple[Echo, Wire, Recorder, Clock]:
    clock = Clock()
    events, recorder = recorded_events()
    factory = EchoFactory(clock, events, chunk_size, upper)
    echo = factory.buildProtocol(None)
    transport = Wire()
    echo.makeConnection(transport)
    return echo, transport, recorder, clock


pieces = st.lists(st.binary(max_size=40), max_size=12)
texts = st.text(st.characters(exclude_categories=["Cs"]))


class EchoTests(SynchronousTestCase):
    def test_received_bytes_are_sent_back(self) -> None:
        echo, transport, recorder, _ = connect()
        echo.dataReceived(b"hello, ")
        echo.dataReceived(b"world!")
        self.assertEqual(transport.value(), b"hello, world!")
        self.assertEqual(
            recorder.names, ["client connected", "received", "sent", "received", "sent"]
        )

    def test_large_input_is_read_in_portions(self) -> None:
        echo, transport, recorder, _ = connect(chunk_size=4)
        echo.dataReceived(b"0123456789")
        self.assertEqual(transport.value(), b"0123456789")
        self.assertEqual(
            [event["bytes"] for event in recorder if event["event"] == "received"], [4, 4, 2]
        )

    def test_connections_are_independent(self) -> None:
        events, _ = recorded_events()
        factory = EchoFactory(Clock(), events, upper=True)
        echoes = []
        for data in (b"\xd0", b"a"):
            echo, transport = factory.buildProtocol(None), Wire()
            echo.makeConnection(transport)
            echo.dataReceived(data)
            echoes.append(transport.value())
        self.assertEqual(echoes, [b"", b"A"])
        self.assertEqual(len(factory.connections), 2)

    def test_upper_keeps_a_split_character_whole(self) -> None:
        for split in range(len("при".encode()) + 1):
            echo, transport, _, _ = connect(upper=True)
            echo.dataReceived("при".encode()[:split])
            echo.dataReceived("при".encode()[split:])
            self.assertEqual(transport.value().decode(), "ПРИ")

    def test_an_incomplete_character_is_sent_back_at_the_end(self) -> None:
        echo, transport, recorder, _ = connect(upper=True)
        echo.dataReceived(b"a\xd0")
        self.assertEqual(transport.value(), b"A")
        echo.readConnectionLost()
        self.assertEqual(transport.value(), b"A\xd0")
        self.assertEqual(recorder[-1]["bytes"], 1)

    @given(pieces, st.integers(1, 50))
    def test_property_the_echo_equals_the_input(self, data: list[bytes], chunk_size: int) -> None:
        echo, transport, _, _ = connect(chunk_size)
        for piece in data:
            echo.dataReceived(piece)
        echo.readConnectionLost()
        self.assertEqual(transport.value(), b"".join(data))

    @given(texts, st.lists(st.integers(0, 200)), st.integers(1, 50))
    def test_property_the_upper_echo_equals_upper_case(
        self, text: str, splits: list[int], chunk_size: int
    ) -> None:
        echo, transport, _, _ = connect(chunk_size, upper=True)
        data = text.encode()
        for start, end in zip([0, *sorted(splits)], [*sorted(splits), None], strict=True):
            echo.dataReceived(data[start:end])
        echo.readConnectionLost()
        self.assertEqual(transport.value().decode(), text.upper())

    @given(st.lists(st.sampled_from([b"\xd0", b"\xbf", b"a", b"\xff", b"\xe2\x82", b"\xf0\x9f"])))
    def test_property_bytes_that_are_not_utf8_pass_unchanged(self, data: list[bytes]) -> None:
        echo, transport, _, _ = connect(upper=True)
        for piece in data:
            echo.dataReceived(piece)
        echo.readConnectionLost()
        whole = b"".join(data).decode("utf-8", "surrogateescape")
        self.assertEqual(transport.value(), whole.upper().encode("utf-8", "surrogateescape"))

    def test_the_transport_is_its_own_producer(self) -> None:
        echo, transport, _, _ = connect()
        self.assertIs(transport.producer, transport)
        self.assertTrue(transport.streaming)
        echo.readConnectionLost()
        self.assertIsNone(transport.producer)

    def test_a_half_closed_peer_is_closed_after_it_got_everything(self) -> None:
        echo, transport, recorder, clock = connect()
        echo.dataReceived(b"hello")
        clock.advance(0.8)
        echo.readConnectionLost()
        self.assertTrue(transport.disconnecting)
        self.assertFalse(transport.disconnected)
        echo.connectionLost(Failure(ConnectionDone()))
        self.assertEqual(
            recorder.messages[-1],
            "client disconnected: 127.0.0.1:50412, 5 bytes in, 5 bytes out, 0.8 s, "
            "closed by the client",
        )

    def test_a_reset_is_one_line(self) -> None:
        echo, _, recorder, _ = connect()
        echo.connectionLost(Failure(ConnectionLost()))
        self.assertEqual(recorder.names, ["client connected", "client disconnected"])
        self.assertIn("connection reset", recorder.messages[-1])

    def test_finish_closes_after_pending_output(self) -> None:
        echo, transport, recorder, clock = connect()
        echo.dataReceived(b"answered")
        transport.pauseProducing()
        echo.finish()
        self.assertTrue(transport.half_closed)
        self.assertIsNone(transport.producer)
        self.assertEqual(transport.producerState, "producing")
        echo.dataReceived(b"dropped")
        echo.writeConnectionLost()
        self.assertFalse(transport.disconnecting)
        echo.readConnectionLost()
        self.assertTrue(transport.disconnecting)
        self.assertEqual(transport.value(), b"answered")
        echo.connectionLost(Failure(ConnectionDone()))
        self.assertIn("closed by the server", recorder.messages[-1])
        clock.advance(600)
        self.assertEqual(clock.getDelayedCalls(), [])

    def test_a_peer_that_does_not_close_is_aborted(self) -> None:
        echo, transport, _, clock = connect()
        echo.finish()
        echo.writeConnectionLost()
        clock.advance(2)
        self.assertTrue(transport.disconnecting)

    def test_abort_closes_immediately(self) -> None:
        echo, transport, recorder, _ = connect()
        echo.finish()
        echo.abort()
        self.assertTrue(transport.disconnected)
        echo.connectionLost(Failure(ConnectionAborted()))
        self.assertIn("cut off by the server", recorder.messages[-1])

    def test_the_end_is_logged_before_the_connection_is_removed(self) -> None:
        echo, _, recorder, clock = connect()
        drained = echo.factory.connections.drain(clock, 5)
        drained.addCallback(lambda _: self.assertEqual(recorder.names[-1], "client disconnected"))
        echo.connectionLost(Failure(ConnectionDone()))
        self.successResultOf(drained)


class LimitTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.clock = Clock()
        self.events, self.recorder = recorded_events()
        connections = Connections(most=1)
        self.factory = EchoFactory(self.clock, self.events, patience=100, connections=connections)
        self.echo, self.wire = self.connect()

    def connect(self) -> tuple[Echo, Wire]:
        echo, wire = self.factory.buildProtocol(None), Wire()
        echo.makeConnection(wire)
        return echo, wire

    def pass_time(self, seconds: int) -> None:
        self.clock.pump([1] * seconds)

    def test_a_refused_peer_gets_the_reason(self) -> None:
        echo, wire = self.connect()
        told = b"error: too many connections: 1 are served at once; try again later\n"
        self.assertEqual(wire.value(), told)
        self.assertTrue(wire.half_closed)
        echo.dataReceived(b"hello")
        self.assertEqual(wire.value(), told)
        self.assertEqual(self.events.counters.errors, {"refused": 1})
        self.echo.dataReceived(b"hello")
        self.assertEqual(self.wire.value(), b"hello")

    def test_further_refused_peers_are_aborted_silently(self) -> None:
        for _ in range(MOST_REFUSED_PER_PEER):
            self.assertFalse(self.connect()[1].disconnected)
        _, wire = self.connect()
        self.assertTrue(wire.disconnected)
        self.assertEqual(wire.value(), b"")

    def test_a_silent_peer_reaches_the_idle_timeout(self) -> None:
        self.pass_time(99)
        self.assertFalse(self.wire.half_closed)
        self.pass_time(12)
        self.assertTrue(self.wire.half_closed)
        self.assertEqual(self.wire.value(), b"")
        self.assertIn("nothing heard for 100 s", self.recorder.messages[-1])
        self.assertEqual(self.events.counters.errors, {"silent": 1})

    def test_a_peer_that_sends_input_stays_connected(self) -> None:
        for _ in range(10):
            self.pass_time(90)
            self.echo.dataReceived(b"x")
        self.assertFalse(self.wire.half_closed)

    def test_a_peer_that_takes_no_output_is_aborted(self) -> None:
        self.pass_time(111)
        self.assertFalse(self.wire.disconnected)
        self.pass_time(111)
        self.assertTrue(self.wire.disconnected)

    def test_no_timer_runs_without_connections(self) -> None:
        self.echo.connectionLost(Failure(ConnectionDone()))
        self.pass_time(100)
        self.assertEqual(self.clock.getDelayedCalls(), [])
        echo, wire = self.connect()
        self.pass_time(111)
        self.assertTrue(wire.half_closed)
        self.assertEqual(echo.traffic(), Traffic())


class MakeServiceTests(SynchronousTestCase):
    def test_options_reach_the_factory(self) -> None:
        options = Options()
        options.parseOptions(["--upper", "--chunk-size", "7", "--port", "0"])
        service = build(ServiceProcess(options, FakeReactor()), options)
        factory = service._ports._factory
        assert isinstance(factory, EchoFactory)
        self.assertEqual(factory.chunk_size, 7)
        echo = factory.buildProtocol(None)
        transport = Wire()
        echo.makeConnection(transport)
        echo.dataReceived(b"a")
        self.assertEqual(transport.value(), b"A")

    def test_the_default_port_is_9090(self) -> None:
        options = Options()
        options.parseOptions([])
        self.assertEqual(options["port"], 9090)
