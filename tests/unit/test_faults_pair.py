"""The pair of protocols on a simulated clock: bytes, ends, faults and back-pressure."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from twisted.internet.endpoints import TCP4ClientEndpoint, connectProtocol
from twisted.internet.error import ConnectionAborted, ConnectionDone, ConnectionLost
from twisted.internet.interfaces import (
    IConsumer,
    IHalfCloseableProtocol,
    IPushProducer,
    ITCPTransport,
)
from twisted.internet.protocol import Factory, Protocol, connectionDone
from twisted.internet.task import Clock, deferLater
from twisted.protocols.basic import LineReceiver
from twisted.python.failure import Failure
from twisted.trial.unittest import SynchronousTestCase, TestCase
from zope.interface import implementer
from zope.interface.verify import verifyObject

from twisted_lab.faults import FaultyPair, advance

MIB = 1_048_576


class End(Protocol):
    """Remembers what happens to it."""

    transport: Any

    def __init__(self) -> None:
        self.pieces: list[bytes] = []
        self.ends: list[object] = []

    def dataReceived(self, data: bytes) -> None:
        assert "read" not in self.ends
        self.pieces.append(data)

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        self.ends.append(reason.type)

    @property
    def received(self) -> bytes:
        return b"".join(self.pieces)

    @property
    def happened(self) -> tuple[bytes, list[object]]:
        return self.received, self.ends

    @property
    def has_ended(self) -> bool:
        return not {ConnectionDone, ConnectionLost, ConnectionAborted}.isdisjoint(self.ends)


@implementer(IHalfCloseableProtocol)
class HalfCloseable(End):
    """An end that outlives the other end's half-close."""

    def readConnectionLost(self) -> None:
        self.ends.append("read")

    def writeConnectionLost(self) -> None:
        self.ends.append("write")


class Echo(HalfCloseable):
    def dataReceived(self, data: bytes) -> None:
        super().dataReceived(data)
        self.transport.write(data)

    def readConnectionLost(self) -> None:
        super().readConnectionLost()
        self.transport.loseConnection()


class Source:
    """A producer of pieces of 10,000 bytes."""

    def __init__(self, end: End, pieces: int) -> None:
        self.left = pieces
        self.calls: list[str] = []
        self._end = end

    def resumeProducing(self) -> None:
        self.calls.append("resume")
        self.produce()

    def produce(self) -> None:
        self.left -= 1
        self._end.transport.write(bytes(10_000))
        if not self.left:
            self._end.transport.unregisterProducer()

    def pauseProducing(self) -> None:
        self.calls.append("pause")

    def stopProducing(self) -> None:
        self.calls.append("stop")


class PairTests(SynchronousTestCase):
    def connect(
        self,
        *toxics: str,
        client: End | None = None,
        server: End | None = None,
        **options: Any,
    ) -> FaultyPair:
        self.clock = Clock()
        self.client = client or End()
        self.server = server or End()
        self.pair = FaultyPair(self.clock, self.client, self.server, toxics, **options)
        return self.pair

    def turn(self, seconds: float = 0.0) -> None:
        advance(self.clock, seconds)

    def test_bytes_arrive_when_the_clock_advances(self) -> None:
        self.connect(server=Echo())
        self.client.transport.write(b"one")
        self.client.transport.writeSequence([b"two", b"three"])
        self.assertEqual(self.server.pieces, [])
        self.turn()
        self.assertEqual(self.server.pieces, [b"one", b"twothree"])
        self.assertEqual(self.client.received, b"onetwothree")
        self.assertRaises(TypeError, self.client.transport.write, "text")

    def test_transports_are_those_of_twisted(self) -> None:
        pair = self.connect()
        for interface in (ITCPTransport, IConsumer, IPushProducer):
            verifyObject(interface, pair.client)
        self.assertEqual(pair.client.getPeer(), pair.server.getHost())
        self.assertEqual(pair.server.getPeer(), pair.client.getHost())
        pair.client.setTcpNoDelay(True)
        pair.client.setTcpKeepAlive(True)
        self.assertFalse(pair.client.getTcpNoDelay() or pair.client.getTcpKeepAlive())

    def test_a_close_arrives_after_the_bytes_before_it(self) -> None:
        self.connect("latency=50ms")
        self.client.transport.write(b"bye")
        self.client.transport.loseConnection()
        self.assertEqual(self.client.ends, [])
        self.turn()
        self.assertEqual((self.client.ends, self.server.ends), ([ConnectionDone], []))
        self.turn(0.05)
        self.assertEqual((self.server.pieces, self.server.ends), ([b"bye"], [ConnectionDone]))
        self.assertFalse(self.pair.server.connected)
        self.assertTrue(self.pair.server.disconnected)

    def test_a_half_close_lets_the_answer_through(self) -> None:
        self.connect(client=HalfCloseable(), server=Echo())
        self.client.transport.write(b"request")
        self.client.transport.loseWriteConnection()
        self.turn()
        self.assertEqual(self.server.ends, ["read", ConnectionDone])
        self.assertEqual(self.client.received, b"request")
        self.assertEqual(self.client.ends, ["write", "read"])
        self.client.transport.write(b"ignored")
        self.client.transport.loseConnection()
        self.turn()
        self.assertEqual(self.client.ends, ["write", "read", ConnectionDone])

    def test_an_abort_is_a_reset_for_the_other_end(self) -> None:
        self.connect(server=HalfCloseable())
        self.client.transport.write(b"lost?")
        self.turn()
        self.client.transport.abortConnection()
        self.client.transport.abortConnection()
        self.client.transport.write(b"x")
        self.assertEqual(self.client.ends, [])
        self.turn()
        self.assertEqual(
            (self.client.ends, self.server.ends), ([ConnectionAborted], [ConnectionLost])
        )
        self.assertEqual(self.server.pieces, [b"lost?"])

    def test_bytes_to_a_closed_end_are_answered_with_a_reset(self) -> None:
        self.connect(client=HalfCloseable())
        self.server.transport.write(b"bye")
        self.server.transport.loseConnection()
        self.turn()
        self.assertEqual((self.client.received, self.client.ends), (b"bye", ["read"]))
        for _ in range(2):
            self.assertEqual(self.client.ends, ["read"])
            self.client.transport.write(b"too late")
            self.turn()
        self.assertEqual(self.client.ends, ["read", ConnectionLost])

    def test_bytes_that_cross_a_close_do_not_destroy_what_came_before_it(self) -> None:
        self.connect("latency=50ms", client=HalfCloseable())
        self.client.transport.write(b"crossing")
        self.server.transport.write(b"bye")
        self.server.transport.loseConnection()
        self.turn(0.04)
        self.turn(0.02)
        self.assertEqual((self.client.received, self.client.ends), (b"bye", ["read"]))

    def test_what_is_read_after_a_close_of_ones_own_is_dropped(self) -> None:
        self.connect()
        self.server.transport.write(b"unread")
        self.client.transport.loseConnection()
        self.client.transport.resumeProducing()
        self.turn()
        self.assertEqual((self.client.pieces, self.client.ends), ([], [ConnectionDone]))
        self.assertEqual(self.server.ends, [ConnectionDone])

    def test_toxics_end_the_connection(self) -> None:
        for toxic, end in (
            ("refuse", ConnectionLost),
            ("reset_peer=1s", ConnectionLost),
            ("limit_data=3,direction=upstream", ConnectionDone),
            ("timeout=1s", ConnectionDone),
            ("half_close=1s,direction=upstream", ConnectionDone),
        ):
            self.connect(toxic)
            self.turn(0.5)
            self.client.transport.write(b"abcdef")
            self.turn(1)
            self.assertEqual((self.client.ends, self.server.ends), ([end], [end]), toxic)

    def test_a_toxic_that_closes_leaves_nothing_to_write_to(self) -> None:
        self.connect("timeout=1s", client=HalfCloseable(), server=HalfCloseable())
        self.turn(1)
        self.assertEqual((self.client.ends, self.server.ends), (["read"], ["read"]))
        for _ in range(2):
            self.assertEqual(self.client.ends, ["read"])
            self.client.transport.write(b"x")
            self.turn()
        self.assertEqual(self.client.ends, ["read", ConnectionLost])

    def test_an_end_that_does_not_read_notices_a_reset_later(self) -> None:
        for notice in ("resumeProducing", "write"):
            self.connect("reset_peer=1s,direction=upstream")
            self.server.transport.pauseProducing()
            self.client.transport.write(b"before")
            self.turn(1)
            self.assertEqual((self.client.ends, self.server.ends), ([ConnectionLost], []))
            getattr(self.server.transport, notice)(*[b"x"] * (notice == "write"))
            self.turn()
            self.assertEqual(self.server.ends, [ConnectionLost])
            self.assertEqual(self.server.received, b"" if notice == "write" else b"before")

    def test_the_messages_of_a_framing_are_lost_one_by_one(self) -> None:
        self.connect("loss,every=2", framing="text")
        self.client.transport.write(b"1\n2\n3\n4")
        self.turn(1)
        self.assertEqual(self.server.received, b"1\n3\n")
        error = self.assertRaises(ValueError, self.connect, "loss")
        self.assertIn("tell where its messages end", str(error))
        self.assertRaises(ValueError, self.connect, framing="lines")

    def test_a_message_that_is_larger_than_a_link_holds_arrives(self) -> None:
        self.connect("latency=1ms", framing="int32")
        message = (MIB - 4).to_bytes(4) + bytes(MIB - 4)
        self.client.transport.write(message[:300_000])
        self.client.transport.write(message[300_000:])
        self.turn(1)
        self.assertEqual(len(self.server.received), MIB)

    def test_slices_reach_a_line_receiver_as_lines(self) -> None:
        lines: list[bytes] = []

        class Lines(LineReceiver):
            def lineReceived(self, line: bytes) -> None:
                lines.append(line)

        pair = FaultyPair(clock := Clock(), End(), Lines(), ["slicer=3,size_variation=2,delay=1ms"])
        pair.client.write(b"a first line\r\nand a second\r\n")
        advance(clock, 1)
        self.assertEqual(lines, [b"a first line", b"and a second"])

    def test_held_units_are_released(self) -> None:
        pair = self.connect("hold,nth=2,direction=upstream")
        for data in (b"1", b"2", b"3"):
            self.client.transport.write(data)
        self.turn(10)
        self.assertEqual(self.server.pieces, [b"1"])
        self.assertEqual(pair.release(), 2)
        self.turn()
        self.assertEqual(self.server.pieces, [b"1", b"2", b"3"])

    def test_the_toxics_change(self) -> None:
        pair = self.connect("blackhole")
        self.client.transport.write(b"1")
        pair.change(["hold"])
        self.client.transport.write(b"2")
        self.turn(1)
        pair.change([])
        self.turn()
        self.assertEqual(self.server.pieces, [b"2"])

    def test_an_end_that_does_not_read_stops_a_push_producer(self) -> None:
        self.connect()
        self.server.transport.pauseProducing()
        source = Source(self.client, 200)
        self.client.transport.registerProducer(source, True)
        self.assertRaises(RuntimeError, self.client.transport.registerProducer, source, True)
        while source.calls[-1:] != ["pause"]:
            source.produce()
            self.turn()
        produced = 200 - source.left
        # What the link holds, with what its receiver has not read.
        self.assertTrue(1_050_000 < produced * 10_000 < 1_200_000, produced)
        self.client.transport.loseConnection()
        self.turn(100)
        self.assertEqual((self.client.ends, self.server.pieces), ([], []))
        self.server.transport.resumeProducing()
        self.turn()
        self.assertEqual(source.calls, ["pause", "resume"])
        while source.left:
            source.produce()
        self.turn()
        self.assertEqual((self.client.ends, self.server.ends), ([ConnectionDone], [ConnectionDone]))
        self.assertEqual(len(self.server.received), 2_000_000)

    def test_a_pull_producer_is_asked_until_the_link_is_full(self) -> None:
        self.connect("latency=50ms")
        source = Source(self.client, 200)
        self.client.transport.registerProducer(source, False)
        self.turn(0.01)
        self.assertTrue(100 < 200 - source.left < 110, source.left)
        self.turn(10)
        self.assertEqual(len(self.server.received), 2_000_000)

    def test_a_producer_stops_with_the_connection(self) -> None:
        self.connect()
        source = Source(self.client, 100)
        self.client.transport.registerProducer(source, True)
        self.server.transport.abortConnection()
        self.turn()
        self.assertEqual(source.calls, ["stop"])
        self.client.transport.registerProducer(source, True)
        self.assertEqual(source.calls, ["stop", "stop"])

    def test_the_seed_decides(self) -> None:
        def received(seed: int) -> bytes:
            self.connect("corrupt=50%", seed=seed)
            for number in range(20):
                self.client.transport.write(b"%02d" % number)
            self.turn()
            return self.server.received

        self.assertEqual(received(1), received(1))
        self.assertNotEqual(received(1), received(2))

    @given(
        st.lists(st.binary(min_size=1, max_size=50), max_size=10),
        st.integers(0, 2**32),
        st.sets(
            st.sampled_from(
                [
                    "latency=30ms,jitter=20ms",
                    "bandwidth=1KB/s",
                    "slicer=4,size_variation=3,delay=1ms",
                    "coalesce=3",
                    "slow_close=1s",
                    "corrupt,toxicity=0",
                ]
            )
        ),
        st.sampled_from(["text", "int32", "none"]),
    )
    def test_property_toxics_that_lose_nothing_change_no_byte(
        self, pieces: list[bytes], seed: int, toxics: set[str], framing: str
    ) -> None:
        ends = {"client": HalfCloseable(), "server": Echo()}
        self.connect(*sorted(toxics), seed=seed, framing=framing, **ends)
        for piece in pieces:
            self.client.transport.write(piece)
            self.turn(0.005)
        self.client.transport.loseWriteConnection()
        self.turn(60)
        self.assertEqual(self.server.received, b"".join(pieces))
        self.assertEqual(self.client.received, b"".join(pieces))
        self.assertEqual(self.client.ends, ["write", "read"])


Step = Callable[[Any, Any], object]  # with the transports of the client and the server

# By ends: what is done, step by step, each time until nothing more happens.
SCENARIOS: list[tuple[type[End], type[End], list[Step]]] = [
    (End, End, [lambda c, s: c.write(b"1"), lambda c, s: c.loseConnection()]),
    (End, End, [lambda c, s: (s.write(b"1"), s.loseConnection(), s.write(b"2"))]),
    (End, End, [lambda c, s: (c.loseConnection(), s.loseConnection())]),
    (End, End, [lambda c, s: c.loseWriteConnection()]),
    (End, End, [lambda c, s: c.abortConnection()]),
    (
        End,
        End,
        [
            lambda c, s: s.pauseProducing(),
            lambda c, s: c.write(b"1"),
            lambda c, s: c.abortConnection(),
            lambda c, s: s.resumeProducing(),
        ],
    ),
    (
        End,
        End,
        [
            lambda c, s: s.pauseProducing(),
            lambda c, s: c.abortConnection(),
            lambda c, s: s.write(b"1"),
        ],
    ),
    (End, End, [lambda c, s: (c.loseConnection(), c.abortConnection())]),
    (HalfCloseable, Echo, [lambda c, s: c.write(b"1"), lambda c, s: c.loseWriteConnection()]),
    (HalfCloseable, Echo, [lambda c, s: (c.write(b"1"), c.loseWriteConnection())]),
    (
        HalfCloseable,
        HalfCloseable,
        [
            lambda c, s: s.loseWriteConnection(),
            lambda c, s: s.write(b"ignored"),
            lambda c, s: c.write(b"1"),
            lambda c, s: c.loseWriteConnection(),
            lambda c, s: c.loseConnection(),
            lambda c, s: s.loseConnection(),
        ],
    ),
    (
        HalfCloseable,
        End,
        [lambda c, s: s.loseConnection(), lambda c, s: c.write(b"1"), lambda c, s: c.write(b"2")],
    ),
    (
        HalfCloseable,
        End,
        [
            lambda c, s: s.pauseProducing(),
            lambda c, s: c.write(b"1"),
            lambda c, s: s.loseConnection(),
        ],
    ),
]


class Given(Factory):
    """Makes nothing: it has a protocol."""

    def __init__(self, protocol: Protocol) -> None:
        self._protocol = protocol

    def buildProtocol(self, addr: object) -> Protocol:
        return self._protocol


class SameAsTCPTests(TestCase):
    """The same steps on a pair and on real sockets; both ends learn the same."""

    async def test_ends_are_those_of_real_connections(self) -> None:
        from twisted.internet import reactor as installed

        reactor: Any = installed
        for number, (client_class, server_class, steps) in enumerate(SCENARIOS):
            clock = Clock()
            ends = client_class(), server_class()
            FaultyPair(clock, *ends)
            server = server_class()
            port = reactor.listenTCP(0, Given(server), interface="127.0.0.1")
            self.addCleanup(port.stopListening)
            client = await connectProtocol(
                TCP4ClientEndpoint(reactor, "127.0.0.1", port.getHost().port), client_class()
            )
            while not server.connected:
                await deferLater(reactor, 0)
            for count, step in enumerate(steps):
                step(ends[0].transport, ends[1].transport)
                step(client.transport, server.transport)
                advance(clock, 1)
                for _ in range(3):  # A step that changes nothing must be over, too.
                    await deferLater(reactor, 0)
                for real, expected in zip((client, server), ends, strict=True):
                    give_up = reactor.seconds() + 10
                    while real.happened != expected.happened and reactor.seconds() < give_up:
                        await deferLater(reactor, 0)
                    self.assertEqual(expected.happened, real.happened, (number, count))
            client.transport.abortConnection()
            server.transport.abortConnection()
            while not (client.has_ended and server.has_ended):
                await deferLater(reactor, 0)
