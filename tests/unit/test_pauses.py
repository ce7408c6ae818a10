"""A process that was paused: its timers run before it reads the input of the pause."""

from __future__ import annotations

import socket
from collections.abc import Callable
from typing import Any
from unittest.mock import patch

from twisted.internet.error import ConnectionDone
from twisted.internet.protocol import Factory, Protocol
from twisted.internet.task import Clock
from twisted.python.failure import Failure
from twisted.trial.unittest import SynchronousTestCase

from tests.doubles.recording import Wire, recorded_events
from twisted_lab.channels import Channel, ConversationFactory, Int32Channel
from twisted_lab.channels.countdown import Countdown
from twisted_lab.channels.deadlines import READ_SECONDS, Deadlines
from twisted_lab.channels.idleness import LOOK_AGAIN_SECONDS, LOOKS, has_unread
from twisted_lab.channels.turn_budget import TURN_MESSAGES
from twisted_lab.codecs import encode_frame
from twisted_lab.ports.proxy import HEADER_SECONDS, ProxiedFactory
from twisted_lab.ports.tls import TLSFactory
from twisted_lab.services.echo import EchoFactory, EchoOnce


class SocketWire(Wire):
    """A transport with a socket; the test reads the bytes that `peer` sends."""

    def __init__(self) -> None:
        super().__init__()
        self.peer, self.socket = socket.socketpair()

    def read(self) -> bytes:
        return self.socket.recv(65536)

    def close(self) -> None:
        self.peer.close()
        self.socket.close()


class UnreadTests(SynchronousTestCase):
    def test_what_waits_is_seen(self) -> None:
        wire = SocketWire()
        self.assertFalse(has_unread(wire))
        wire.peer.send(b"x")
        self.assertTrue(has_unread(wire))
        wire.read()
        self.assertFalse(has_unread(wire))
        wire.peer.close()  # The end is something to be read, too.
        self.assertTrue(has_unread(wire))
        wire.close()
        self.assertFalse(has_unread(wire))

    def test_others_have_nothing(self) -> None:
        for transport in (Wire(), None):
            self.assertFalse(has_unread(transport))


class PauseTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.clock = Clock()
        self.events, self.recorder = recorded_events()

    def connect(self, factory: Any) -> tuple[Any, SocketWire]:
        protocol: Any = factory.buildProtocol(None)
        wire = SocketWire()
        self.addCleanup(wire.close)
        protocol.makeConnection(wire)
        return protocol, wire

    def hung_up(self) -> list[str]:
        return [text for text in self.recorder.messages if text.startswith("disconnecting")]

    def pause(self, protocol: Any, wire: SocketWire, seconds: float, data: bytes) -> None:
        """Be paused, while the peer sends something, and then read."""
        wire.peer.send(data)
        self.clock.advance(seconds)
        protocol.dataReceived(wire.read())

    def conversations(self) -> ConversationFactory:
        async def listen(channel: Channel) -> None:
            while True:
                channel.say(await channel.hear())

        return ConversationFactory(self.clock, self.events, listen, lambda: Int32Channel(60, 100))

    def test_a_message_that_waits_is_heard(self) -> None:
        channel, wire = self.connect(self.conversations())
        for _ in range(3):
            self.pause(channel, wire, 1000, encode_frame(b"here"))
            self.assertEqual(self.hung_up(), [])
            self.assertEqual(wire.value(), encode_frame(b"here"))
            wire.clear()
            self.clock.pump([1] * 58)
        self.clock.pump([1] * 2)
        self.assertEqual(self.hung_up(), ["disconnecting 127.0.0.1:50412: nothing heard for 60 s"])

    def test_an_echo_that_closes_in_a_silence_reads_first(self) -> None:
        echo, wire = self.connect(EchoFactory(self.clock, self.events, kind=EchoOnce))
        for data in (b"a", b"b", b"c"):
            self.pause(echo, wire, 5, data)
            self.clock.advance(0.1)
        self.assertFalse(wire.half_closed)
        self.assertEqual(wire.value(), b"abc")
        self.clock.advance(0.1)
        self.assertTrue(wire.half_closed)

    def test_who_has_sent_nothing_is_hung_up_on_at_once(self) -> None:
        self.connect(self.conversations())
        self.clock.advance(1000)
        self.assertEqual(len(self.hung_up()), 1)

    def test_what_will_be_read_puts_it_off_until_it_is(self) -> None:
        channel, wire = self.connect(self.conversations())
        wire.peer.send(encode_frame(b"here"))
        self.clock.pump([60] + [LOOK_AGAIN_SECONDS] * 50)
        self.assertEqual(self.hung_up(), [])
        channel.dataReceived(wire.read())
        self.assertEqual(wire.value(), encode_frame(b"here"))
        wire.peer.send(b"not read")
        self.clock.pump([1] * (60 + 59))
        self.assertEqual(self.hung_up(), [])
        self.clock.advance(LOOK_AGAIN_SECONDS)
        self.assertEqual(len(self.hung_up()), 1)

    def test_what_is_never_read_puts_it_off_once(self) -> None:
        channel, wire = self.connect(self.conversations())
        channel._reading = False
        wire.peer.send(b"not read, because the answers are not taken")
        self.clock.advance(60)
        self.assertEqual(self.hung_up(), [])
        self.clock.advance(LOOK_AGAIN_SECONDS)
        self.assertEqual(len(self.hung_up()), 1)

    def test_messages_that_wait_for_their_turn_are_no_silence(self) -> None:
        channel, _ = self.connect(self.conversations())
        channel.dataReceived(encode_frame(b"a") * (2 * TURN_MESSAGES + 1))
        self.clock.rightNow += 1000  # Others had their turns.
        channel._silence.cancel()
        channel._check_silence()
        self.assertEqual(self.hung_up(), [])
        self.clock.pump([0, 0, 59])
        self.assertEqual(self.hung_up(), [])
        self.clock.advance(1)
        self.assertEqual(len(self.hung_up()), 1)

    def test_echo(self) -> None:
        factory = EchoFactory(self.clock, self.events, patience=60)
        echo, wire = self.connect(factory)
        self.clock.pump([6] * LOOKS)
        self.pause(echo, wire, 1000, b"here")
        self.assertEqual(self.hung_up(), [])
        self.assertEqual(wire.value(), b"here")
        wire.peer.send(b"not read")
        self.clock.pump([6] * (LOOKS + 2))
        self.assertEqual(self.hung_up(), [])
        self.clock.advance(6)
        self.assertEqual(len(self.hung_up()), 1)
        echo.connectionLost(Failure(ConnectionDone()))

    def test_the_header_of_a_proxy(self) -> None:
        factory = ProxiedFactory(Factory.forProtocol(Protocol), self.clock, self.events)
        for header, count in ((b"PROXY UNKNOWN\r\n", 0), (b"PROXY", 1)):
            connection, wire = self.connect(factory)
            self.pause(connection, wire, HEADER_SECONDS, header)
            self.assertEqual(self.hung_up(), [])
            self.clock.advance(LOOK_AGAIN_SECONDS)
            self.assertEqual(len(self.hung_up()), count)
            self.assertEqual(wire.disconnected, count > 0)
            connection.connectionLost(Failure(ConnectionDone()))

    def test_a_handshake_of_tls(self) -> None:
        certificate: Any = Certificateless()
        factory = TLSFactory(certificate, self.conversations(), self.clock, self.events, 10)
        for is_agreed, count in ((True, 0), (False, 1)):
            certificate.is_agreed = False
            _, wire = self.connect(factory)
            wire.peer.send(b"hello")
            self.clock.advance(10)
            self.assertEqual(self.hung_up(), [])
            certificate.is_agreed = is_agreed
            self.clock.pump([LOOK_AGAIN_SECONDS] * 10)
            self.assertEqual(len(self.hung_up()), count)


class Certificateless:
    """OpenSSL, which is asked only whether the handshake is complete."""

    is_agreed = False

    def serverConnectionForTLS(self, _: object) -> Any:
        return self

    def get_peer_finished(self) -> bytes | None:
        return b"finished" if self.is_agreed else None

    def __getattr__(self, _: str) -> Callable[..., Any]:
        return lambda *_: b""


class Due:
    """A peer with a deadline."""

    def __init__(self, when: float) -> None:
        self.when: float | None = when
        self.ticks: list[float] = []
        self.excuses: list[tuple[float, float]] = []

    def deadline(self) -> float | None:
        return self.when

    def tick(self, now: float) -> None:
        if self.when is not None and now >= self.when:
            self.ticks.append(now)
            self.when = None

    def extend_timeouts(self, seconds: float, now: float) -> None:
        self.excuses.append((seconds, now))


class DeadlinesTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.clock = Clock()
        self.unread: Callable[[], bool] = lambda: False
        self.deadlines = Deadlines(self.clock, lambda: self.unread())

    def test_what_is_read_first_moves_a_deadline(self) -> None:
        one, other = Due(10), Due(10)
        for each in (one, other):
            self.deadlines.look(each)
        turns: list[int] = []

        def unread() -> bool:
            turns.append(1)
            if len(turns) == 3:
                one.when = 1060  # Its input was among the bytes that were read.
            return len(turns) < 4

        self.unread = unread
        self.clock.advance(1000)
        self.assertEqual((one.ticks, other.ticks), ([], [1000]))
        self.clock.advance(60)
        self.assertEqual(one.ticks, [1060])

    def test_a_pause_is_told_to_all(self) -> None:
        one, other = Due(10), Due(5000)
        for each in (one, other):
            self.deadlines.look(each)
        self.clock.pump([1] * 8)
        self.assertEqual(other.excuses, [])
        self.clock.advance(1000)
        self.assertEqual(one.excuses, [(1000, 1008)])
        self.assertEqual(other.excuses, [(1000, 1008)])

    def test_a_flood_does_not_put_it_off_for_long(self) -> None:
        due = Due(10)
        self.deadlines.look(due)
        self.unread = lambda: True
        later: list[Callable[[], object]] = []

        def call_later(delay: float, action: Callable[[], object]) -> Any:
            self.assertEqual(delay, 0)
            later.append(action)

        with patch.object(self.clock, "callLater", call_later):
            self.clock.advance(10)
            while later:
                self.clock.advance(READ_SECONDS / 4)
                later.pop()()
        [ticked] = due.ticks
        self.assertAlmostEqual(ticked, 10 + READ_SECONDS)


class CountdownTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.clock = Clock()
        self.ends: list[float] = []

    def count(self, seconds: float) -> Countdown:
        return Countdown(self.clock, seconds, lambda: self.ends.append(self.clock.seconds()))

    def test_it_waits_for_so_many_seconds(self) -> None:
        for seconds in (0, 0.5, 2.5):
            self.count(seconds)
        self.clock.pump([0.25] * 12)
        self.assertEqual(self.ends, [0.25, 0.5, 2.5])

    def test_a_pause_counts_as_one(self) -> None:
        self.count(5)
        self.clock.advance(1000)
        self.clock.pump([1] * 3)
        self.assertEqual(self.ends, [])
        self.clock.advance(1)
        self.assertEqual(self.ends, [1004])

    def test_it_can_be_cancelled(self) -> None:
        countdown = self.count(5)
        self.clock.advance(1)
        countdown.cancel()
        self.assertEqual(self.clock.getDelayedCalls(), [])
        countdown.cancel()
