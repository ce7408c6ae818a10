from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any
from unittest.mock import patch

from hypothesis import given
from hypothesis import strategies as st
from twisted.internet.defer import Deferred
from twisted.internet.error import ConnectionAborted, ConnectionDone, ConnectionLost
from twisted.internet.interfaces import ISSLTransport
from twisted.internet.task import Clock
from twisted.logger import LogLevel
from twisted.protocols.basic import Int32StringReceiver
from twisted.python.failure import Failure
from twisted.trial.unittest import SynchronousTestCase
from zope.interface import alsoProvides

from tests.doubles.recording import Wire, recorded_events
from tests.unit.test_codecs import cuts, split
from twisted_lab.channels import (
    Channel,
    Conversation,
    ConversationFactory,
    Int32Channel,
    PeerSilent,
    Refused,
    StreamChannel,
    TextChannel,
)
from twisted_lab.channels.connections import MOST_REFUSED_PER_PEER
from twisted_lab.codecs import (
    FrameDecoder,
    MessageError,
    encode_frame,
)
from twisted_lab.eventlog.counters import Traffic


class ChannelTestCase(SynchronousTestCase):
    make: Callable[[], StreamChannel] = staticmethod(lambda: Int32Channel(600, 100))

    def setUp(self) -> None:
        self.clock = Clock()
        self.events, self.recorder = recorded_events()
        self.heard: list[str] = []
        self.ends: list[str] = []

    def connect(self, conversation: Conversation, **options: Any) -> StreamChannel:
        self.factory = ConversationFactory(self.clock, self.events, conversation, self.make)
        self.channel = self.factory.buildProtocol(None)
        self.wire = Wire()
        self.channel.makeConnection(self.wire)
        return self.channel

    async def echo(self, channel: Channel) -> None:
        while True:
            text = await channel.hear()
            self.heard.append(text)
            channel.say(text)

    async def listen(self, channel: Channel) -> None:
        try:
            while True:
                self.heard.append(await channel.hear())
        except Exception as error:
            self.ends.append(f"{type(error).__name__}: {error}")
            raise

    def lose(self, error: Exception) -> None:
        self.channel.connectionLost(Failure(error))

    def frames(self) -> list[bytes]:
        decoder = FrameDecoder(10**7)
        decoder.feed(self.wire.value())
        return decoder.take(10**7)


class ConversationTests(ChannelTestCase):
    def test_messages_are_heard_and_said_in_order(self) -> None:
        self.connect(self.echo)
        self.channel.dataReceived(encode_frame(b"a") + encode_frame(b"") + encode_frame(b"b"))
        self.channel.dataReceived(encode_frame("ж".encode()))
        self.assertEqual(self.heard, ["a", "", "b", "ж"])
        self.assertEqual(self.frames(), [b"a", b"", b"b", "ж".encode()])

    def test_the_peer(self) -> None:
        self.connect(self.listen)
        self.assertEqual((self.channel.peer.host, self.channel.peer.port), ("127.0.0.1", 50412))
        self.assertEqual(self.channel.peer.text, "127.0.0.1:50412")

    def test_the_answers_to_one_piece_are_one_write(self) -> None:
        self.connect(self.echo)
        self.channel.dataReceived(encode_frame(b"a") * 10)
        self.assertEqual(len(self.wire.writes), 1)

    def test_an_end_is_a_hang_up(self) -> None:
        async def one(channel: Channel) -> None:
            channel.say("hello")

        self.connect(one)
        self.assertEqual(self.frames(), [b"hello"])
        self.assertTrue(self.wire.half_closed)
        self.assertIsNone(self.wire.producer)

    def test_after_a_hang_up_the_peers_input_is_dropped_until_it_closes(self) -> None:
        async def one(channel: Channel) -> None:
            await channel.hear()
            channel.hang_up()
            channel.say("too late")
            channel.hang_up()

        self.connect(one)
        self.channel.dataReceived(encode_frame(b"a"))
        self.channel.dataReceived(encode_frame(b"b"))
        self.channel.writeConnectionLost()
        self.assertFalse(self.wire.disconnecting)
        self.channel.readConnectionLost()
        self.assertTrue(self.wire.disconnecting)
        self.assertEqual(self.wire.value(), b"")
        self.lose(ConnectionDone())
        self.assertIn("closed by the server", self.recorder.messages[-1])
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_a_peer_that_does_not_close_its_side_is_not_waited_for_long(self) -> None:
        async def nothing(channel: Channel) -> None:
            pass

        self.connect(nothing)
        self.channel.writeConnectionLost()
        self.clock.advance(1.9)
        self.assertFalse(self.wire.disconnecting)
        self.clock.advance(0.2)
        self.assertTrue(self.wire.disconnecting)

    def test_what_came_before_the_peer_closed_is_heard(self) -> None:
        held: Deferred[None] = Deferred()

        async def slow(channel: Channel) -> None:
            await held
            await self.listen(channel)

        self.connect(slow)
        self.channel.dataReceived(encode_frame(b"a") + encode_frame(b"b"))
        self.channel.readConnectionLost()
        self.lose(ConnectionDone())
        self.assertEqual(len(self.factory.connections), 1)
        held.callback(None)
        self.assertEqual(self.heard, ["a", "b"])
        self.assertEqual(self.ends, ["PeerGone: closed by the client"])
        self.assertEqual(len(self.factory.connections), 0)

    def test_a_half_closed_peer_gets_its_answers(self) -> None:
        self.connect(self.echo)
        self.channel.dataReceived(encode_frame(b"a"))
        self.channel.readConnectionLost()
        self.assertTrue(self.wire.disconnecting)
        self.assertEqual(self.frames(), [b"a"])
        self.lose(ConnectionDone())
        self.assertIn("closed by the client", self.recorder.messages[-1])

    def test_a_reset(self) -> None:
        self.connect(self.listen)
        self.lose(ConnectionLost())
        self.assertEqual(self.ends, ["PeerGone: connection reset"])
        self.assertEqual(len(self.factory.connections), 0)
        self.channel.say("to nobody")
        self.assertEqual(self.wire.value(), b"")

    def test_a_conversation_that_raises_is_logged_with_its_peer(self) -> None:
        async def broken(channel: Channel) -> None:
            raise ValueError("bad\nluck {0}")

        self.connect(broken)
        self.assertTrue(self.wire.half_closed)
        self.assertEqual(
            self.recorder.messages[-1],
            r"the conversation with 127.0.0.1:50412 failed: ValueError: bad\nluck {0}",
        )
        self.assertIsInstance(self.recorder[-1]["log_failure"], Failure)

    def test_an_error_that_cannot_be_reported_closes_the_connection(self) -> None:
        async def broken(channel: Channel) -> None:
            await channel.hear()
            raise ValueError

        self.connect(broken)
        with patch.object(self.events.counters, "errors", None):
            self.assertRaises(TypeError, self.channel.dataReceived, encode_frame(b"a"))
        self.assertTrue(self.wire.half_closed)

    def test_the_events(self) -> None:
        self.connect(self.echo)
        self.channel.dataReceived(encode_frame(b"hello"))
        self.clock.advance(2)
        self.lose(ConnectionDone())
        self.assertEqual(
            self.recorder.messages,
            [
                "client connected: 127.0.0.1:50412",
                "received 5 bytes from 127.0.0.1:50412",
                "sent 9 bytes to 127.0.0.1:50412",
                "client disconnected: 127.0.0.1:50412, 9 bytes in, 9 bytes out, 2.0 s, "
                "closed by the client",
            ],
        )


class SilenceTests(ChannelTestCase):
    def test_a_peer_that_is_not_served_is_told(self) -> None:
        self.connect(self.listen)
        self.factory.connections.most = 1
        channel, wire = self.factory.buildProtocol(None), Wire()
        channel.makeConnection(wire)
        told = b"error: too many connections: 1 are served at once; try again later"
        self.assertEqual(wire.value(), encode_frame(told))
        self.assertTrue(wire.half_closed)
        self.assertEqual(self.events.counters.errors, {"refused": 1})
        self.channel.dataReceived(encode_frame(b"a"))
        self.assertEqual(self.heard, ["a"])
        for _ in range(MOST_REFUSED_PER_PEER):
            channel, wire = self.factory.buildProtocol(None), Wire()
            channel.makeConnection(wire)
        self.assertTrue(wire.disconnected)  # silently, because of their number
        self.assertEqual(wire.value(), b"")

    def test_a_conversation_can_refuse(self) -> None:
        async def refuse(_: Channel) -> None:
            raise Refused("not today")

        self.connect(refuse)
        self.assertEqual(self.frames(), [b"error: not today"])
        self.assertEqual(self.events.counters.errors, {"refused": 1})

    def test_a_conversation_has_a_time_limit_of_its_own(self) -> None:
        async def refuse(_: Channel) -> None:
            raise PeerSilent("you took too long")

        self.connect(refuse)
        self.assertEqual(self.frames(), [b"error: you took too long"])
        self.assertEqual(self.events.counters.errors, {"silent": 1})

    def test_patience_that_is_changed(self) -> None:
        self.connect(self.listen)
        self.clock.advance(10)
        self.channel.patience = 60
        self.clock.advance(49)
        self.channel.dataReceived(encode_frame(b"a"))
        self.clock.advance(59)
        self.assertEqual(self.ends, [])
        self.channel.patience = 600
        self.clock.advance(500)
        self.assertEqual(self.ends, [])
        self.channel.patience = 60
        self.clock.advance(0)
        self.assertEqual(self.ends, ["PeerSilent: nothing heard for 60 s"])
        self.assertEqual(self.channel.patience, 60)

    def test_what_has_come_and_gone_is_counted(self) -> None:
        self.connect(self.echo)
        self.channel.dataReceived(encode_frame(b"abc") * 3)
        self.assertEqual(self.channel.traffic(), Traffic(21, 21, 3, 3))
        self.lose(ConnectionDone())
        self.assertEqual(self.factory.connections.traffic(), Traffic(21, 21, 3, 3))

    def test_a_level_that_is_changed_is_heeded(self) -> None:
        self.connect(self.echo)
        for level, names in ((LogLevel.warn, []), (LogLevel.info, ["received", "sent"])):
            self.events.log_from(level)
            self.recorder.clear()
            self.channel.dataReceived(encode_frame(b"abc"))
            self.assertEqual(self.recorder.names, names)

    def test_a_silent_peer_is_told_and_hung_up_on(self) -> None:
        self.connect(self.listen)
        self.clock.advance(599)
        self.channel.dataReceived(encode_frame(b"a"))
        self.clock.advance(599)
        self.assertEqual(self.ends, [])
        self.clock.advance(1)
        self.assertEqual(self.ends, ["PeerSilent: nothing heard for 600 s"])
        self.assertEqual(self.frames(), [b"error: nothing heard for 600 s"])
        self.assertTrue(self.wire.half_closed)
        self.assertIn(
            "disconnecting 127.0.0.1:50412: nothing heard for 600 s",
            self.recorder.messages,
        )

    def test_a_conversation_may_go_on(self) -> None:
        async def patient(channel: Channel) -> None:
            with self.assertRaises(PeerSilent):
                await channel.hear()
            channel.say("still there?")
            await self.listen(channel)

        self.connect(patient)
        self.clock.advance(600)
        self.channel.dataReceived(encode_frame(b"yes"))
        self.assertEqual(self.heard, ["yes"])
        self.clock.advance(600)
        self.assertEqual(self.ends, ["PeerSilent: nothing heard for 600 s"])

    def test_a_conversation_that_does_not_listen_is_not_disturbed(self) -> None:
        held: Deferred[None] = Deferred()

        async def busy(channel: Channel) -> None:
            await held
            await self.listen(channel)

        self.connect(busy)
        self.clock.advance(700)
        held.callback(None)
        self.assertEqual(self.ends, [])

    def test_a_transport_may_abort_at_once(self) -> None:
        """Then the timer that aborts it is the last one."""
        channel = self.connect(self.listen)
        with patch.object(self.wire, "abortConnection", lambda: self.lose(ConnectionAborted())):
            channel.hang_up()
            self.clock.pump([600, 0, 600])
        self.assertEqual(self.recorder.names[-1], "client disconnected")
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_a_hang_up_begins_the_patience_anew(self) -> None:
        held: Deferred[None] = Deferred()

        async def slow(channel: Channel) -> None:
            await held

        self.connect(slow)
        self.clock.advance(599)
        held.callback(None)
        self.clock.advance(599)
        self.channel.dataReceived(b"trickle")
        self.assertFalse(self.wire.disconnected)
        self.clock.advance(2)
        self.assertTrue(self.wire.disconnected)

    def test_a_peer_that_takes_nothing_is_not_waited_for_for_ever(self) -> None:
        async def one(channel: Channel) -> None:
            channel.say("x")

        self.connect(one)
        self.clock.pump([600, 600])
        self.assertTrue(self.wire.disconnected)


class BadMessageTests(ChannelTestCase):
    def test_a_message_over_the_limit(self) -> None:
        self.connect(self.echo)
        self.channel.dataReceived(encode_frame(b"good") + encode_frame(b"x" * 101))
        self.assertEqual(
            self.frames(), [b"good", b"error: message of 101 bytes is over the limit of 100"]
        )
        self.assertTrue(self.wire.half_closed)
        self.assertIn("disconnecting 127.0.0.1:50412: message of 101", self.recorder.messages[-2])
        self.channel.dataReceived(encode_frame(b"ignored"))
        self.assertEqual(self.heard, ["good"])

    def test_a_length_of_four_gibibytes_byte_by_byte(self) -> None:
        self.connect(self.echo)
        for _ in range(4):
            self.assertEqual(self.wire.value(), b"")
            self.channel.dataReceived(b"\xff")
            self.clock.advance(1)
        self.assertEqual(
            self.frames(), [b"error: message of 4294967295 bytes is over the limit of 100"]
        )

    def test_not_utf8(self) -> None:
        self.connect(self.echo)
        self.channel.dataReceived(encode_frame(b"good") + encode_frame(b"ab\xff"))
        self.assertEqual(self.frames(), [b"good", b"error: not UTF-8 at byte 2"])

    def test_a_codec_may_have_an_exception_of_its_own(self) -> None:
        class BadFrame(MessageError):
            def __init__(self, number: int, problem: str) -> None:
                super().__init__(f"frame {number}: {problem}")
                self.number = number

        class Decoder(FrameDecoder):
            def take(self, most: int) -> list[bytes]:
                raise BadFrame(1, "too odd")

        class OddChannel(Int32Channel):
            def __init__(self) -> None:
                StreamChannel.__init__(self, Decoder(100), 600)

        numbers: list[int] = []

        async def listen(channel: Channel) -> None:
            try:
                await channel.hear()
            except BadFrame as error:
                numbers.append(error.number)
                raise

        self.make = OddChannel
        self.connect(listen).dataReceived(b"a")
        self.assertEqual((numbers, self.frames()), ([1], [b"error: frame 1: too odd"]))

    def test_an_error_that_is_caught_comes_again(self) -> None:
        async def stubborn(channel: Channel) -> None:
            for _ in range(2):
                with self.assertRaises(MessageError):
                    await channel.hear()

        self.connect(stubborn)
        self.channel.dataReceived(encode_frame(b"\xff"))
        self.assertTrue(self.wire.half_closed)

    @given(st.lists(st.binary(max_size=30)), st.booleans())
    def test_property_any_bytes_give_messages_or_the_error(
        self, pieces: list[bytes], text: bool
    ) -> None:
        self.setUp()
        self.make = lambda: TextChannel(600, 100) if text else Int32Channel(600, 100)
        self.connect(self.listen)
        for piece in pieces:
            self.channel.dataReceived(piece)
        self.channel.readConnectionLost()
        self.lose(ConnectionDone())
        (end,) = self.ends
        self.assertRegex(end, "PeerGone: closed by the client|MessageError: ")
        self.assertNotIn("conversation failed", self.recorder.names)


class FlowControlTests(ChannelTestCase):
    def test_reading_stops_while_messages_wait(self) -> None:
        held: Deferred[None] = Deferred()

        async def slow(channel: Channel) -> None:
            await held
            await self.listen(channel)

        self.connect(slow)
        piece = encode_frame(b"x" * 96)
        for _ in range(655):
            self.channel.dataReceived(piece)
        self.assertEqual(self.wire.producerState, "producing")
        self.channel.dataReceived(piece)
        self.assertEqual(self.wire.producerState, "paused")
        held.callback(None)
        self.assertEqual(self.wire.producerState, "producing")
        self.assertEqual(len(self.heard), 656)

    def test_a_message_larger_than_the_inbox_can_be_heard(self) -> None:
        self.make = lambda: Int32Channel(600, 10**6)
        self.connect(self.listen)
        frame = encode_frame(b"x" * 10**6)
        for start in range(0, len(frame), 65536):
            self.assertEqual(self.wire.producerState, "producing")
            self.channel.dataReceived(frame[start : start + 65536])
        self.assertEqual(len(self.heard[0]), 10**6)

    def test_hear_holds_back_while_the_peer_takes_nothing(self) -> None:
        self.connect(self.echo)
        self.channel._outbox.pauseProducing()
        self.channel.dataReceived(encode_frame(b"a"))
        self.assertEqual(self.heard, [])
        self.channel._outbox.resumeProducing()
        self.assertEqual(self.heard, ["a"])
        self.assertEqual(self.frames(), [b"a"])

    def test_reading_stops_while_the_peer_takes_nothing(self) -> None:
        self.connect(self.echo)
        self.channel._outbox.pauseProducing()
        self.channel.dataReceived(encode_frame(b"x" * 96) * 700)
        self.assertEqual(self.wire.producerState, "paused")
        self.channel._outbox.resumeProducing()
        self.assertEqual(self.wire.producerState, "producing")
        self.assertEqual(len(self.heard), 700)

    def test_a_peer_that_is_too_far_behind_is_cut_off(self) -> None:
        self.connect(self.listen)
        self.channel._outbox.pauseProducing()
        said = 0
        while not self.wire.disconnected:
            self.channel.say("x" * 1000)
            said += 1
        self.assertEqual(said, 262144 // 1004 + 2)
        self.assertEqual(
            self.recorder.messages[-1],
            "client dropped: 127.0.0.1:50412 is more than 256 KiB behind",
        )
        for _ in range(1000):
            self.channel.say("x" * 1000)
        self.assertEqual(self.channel._outbox._size, 0)
        self.lose(ConnectionAborted())
        self.assertEqual(self.ends, ["PeerGone: cut off by the server"])
        self.assertIn("cut off by the server", self.recorder.messages[-1])

    def test_many_small_messages_are_not_kept_one_by_one(self) -> None:
        self.connect(self.listen)
        for _ in range(10_000):
            self.channel.say("x")
        self.assertLess(len(self.wire.writes), 100)
        self.clock.advance(0)
        self.assertEqual(self.wire.value(), encode_frame(b"x") * 10_000)

    def test_two_cannot_hear_at_once(self) -> None:
        self.connect(self.listen)
        self.failureResultOf(Deferred.fromCoroutine(self.channel.hear()), RuntimeError)

    def test_a_lone_surrogate_harms_nobody(self) -> None:
        self.connect(self.listen)
        self.channel.say("a\ud800")
        self.assertEqual(self.frames(), [b"a?"])

    def test_one_large_message_is_not_too_much(self) -> None:
        self.connect(self.listen)
        self.channel._outbox.pauseProducing()
        self.channel.say("x" * 10**6)
        self.channel.hang_up()
        self.assertFalse(self.wire.disconnected)
        self.channel._outbox.resumeProducing()
        self.assertEqual(self.frames(), [b"x" * 10**6])

    def test_before_that_the_kernel_is_asked(self) -> None:
        self.connect(self.echo)
        self.wire.doWrite = self.channel._outbox.resumeProducing
        self.channel._outbox.pauseProducing()
        self.channel.dataReceived(encode_frame(b"waits"))
        for _ in range(1000):
            self.channel.say("x" * 1000)
            if not self.channel._outbox._congested:
                # It is another's turn: this conversation goes on after it.
                self.assertEqual(self.heard, [])
        self.assertFalse(self.wire.disconnected)
        self.clock.advance(0)
        self.assertEqual(self.heard, ["waits"])

    def test_a_peer_that_is_lost_before_it_was_sent_everything(self) -> None:
        async def part(channel: Channel) -> None:
            await channel.hear()
            self.channel._outbox.pauseProducing()
            channel.say("never sent")

        self.connect(part)
        self.channel.dataReceived(encode_frame(b"a"))
        self.lose(ConnectionLost())
        self.channel._outbox.end_batch()
        self.assertFalse(self.wire.half_closed)
        self.assertIn("5 bytes in, 0 bytes out", self.recorder.messages[-1])

    def test_what_is_owed_is_sent_before_the_end(self) -> None:
        async def two(channel: Channel) -> None:
            await channel.hear()
            channel.say("last words")

        self.connect(two)
        self.channel.dataReceived(encode_frame(b"a"))
        self.assertTrue(self.wire.half_closed)

        self.connect(two)
        self.channel._outbox.pauseProducing()
        self.channel._conversation.give("go")
        self.assertEqual(self.wire.value(), b"")
        self.assertFalse(self.wire.half_closed)
        self.channel._outbox.resumeProducing()
        self.assertEqual(self.frames(), [b"last words"])
        self.assertTrue(self.wire.half_closed)

    def test_one_turn_hears_no_more_than_its_share(self) -> None:
        self.connect(self.echo)
        self.channel.dataReceived(encode_frame(b"") * 5000)
        self.assertEqual(len(self.heard), 2048)
        self.channel.dataReceived(encode_frame(b""))
        self.assertEqual(len(self.heard), 2048)
        self.clock.advance(0)
        self.assertEqual(len(self.heard), 5001)
        self.assertEqual(self.wire.value(), encode_frame(b"") * 5001)

    def test_all_is_heard_though_the_peer_has_gone(self) -> None:
        self.connect(self.listen)
        self.channel.dataReceived(encode_frame(b"") * 3000)
        self.channel.readConnectionLost()
        self.lose(ConnectionDone())
        self.clock.pump([0] * 5)
        self.assertEqual(len(self.heard), 3000)
        self.assertEqual(self.ends, ["PeerGone: closed by the client"])
        self.assertEqual(len(self.factory.connections), 0)
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_what_was_held_back_can_fill_the_transport_again(self) -> None:
        self.connect(self.echo)
        outbox = self.channel._outbox
        outbox.pauseProducing()
        self.channel.say("a")
        with patch.object(self.wire, "write", lambda _: outbox.pauseProducing()):
            outbox.resumeProducing()
        self.channel.dataReceived(encode_frame(b"b"))
        self.assertEqual(self.heard, [])
        outbox.resumeProducing()
        self.assertEqual(self.heard, ["b"])


class TLSTests(ChannelTestCase):
    def test_a_peer_that_does_not_close_is_cut_off(self) -> None:
        self.connect(self.listen)
        alsoProvides(self.wire, ISSLTransport)
        self.wire.pauseProducing()
        self.channel.hang_up()
        self.assertEqual(self.wire.producerState, "producing")
        self.assertTrue(self.wire.disconnecting)
        self.assertFalse(self.wire.disconnected)
        self.clock.advance(10)
        self.assertTrue(self.wire.disconnected)
        self.lose(ConnectionAborted())
        self.assertEqual(self.clock.getDelayedCalls(), [])


class DrainTests(ChannelTestCase):
    def test_a_peer_that_is_not_talking(self) -> None:
        self.connect(self.listen)
        drained = self.factory.connections.drain(self.clock, 5)
        self.clock.advance(0)
        self.assertEqual(self.ends, ["PeerGone: closed by the server"])
        self.assertTrue(self.wire.half_closed)
        self.lose(ConnectionDone())
        self.successResultOf(drained)
        self.assertIn("closed by the server", self.recorder.messages[-1])

    def test_what_a_conversation_is_saying_is_said(self) -> None:
        held: Deferred[None] = Deferred()

        async def slow(channel: Channel) -> None:
            await held
            channel.say("stored")
            await channel.hear()

        self.connect(slow)
        self.factory.connections.drain(self.clock, 5)
        self.assertFalse(self.wire.half_closed)
        held.callback(None)
        self.assertEqual(self.frames(), [b"stored"])
        self.assertTrue(self.wire.half_closed)

    def test_a_conversation_that_does_not_end_is_ended(self) -> None:
        async def stuck(channel: Channel) -> None:
            await Deferred()

        self.connect(stuck)
        drained = self.factory.connections.drain(self.clock, 5)
        self.clock.pump([1] * 5)
        self.assertTrue(self.wire.disconnected)
        self.lose(ConnectionAborted())
        self.successResultOf(drained)
        self.assertNotIn("conversation failed", self.recorder.names)


class Int32ChannelTests(ChannelTestCase):
    def test_it_is_twisteds(self) -> None:
        channel = self.connect(self.listen)
        self.assertIsInstance(channel, Int32StringReceiver)
        assert isinstance(channel, Int32Channel)
        self.assertEqual(channel.MAX_LENGTH, 100)
        channel.sendString(b"raw")
        self.assertEqual(self.frames(), [b"raw"])

    @given(st.lists(st.text(st.characters(exclude_categories=["Cs"]), max_size=20)), cuts)
    def test_property_any_messages_under_any_split(self, texts: list[str], at: list[int]) -> None:
        self.setUp()
        self.connect(self.echo)
        data = b"".join(encode_frame(text.encode()) for text in texts)
        for piece in split(data, at):
            self.channel.dataReceived(piece)
        self.assertEqual(self.heard, texts)
        self.assertEqual(self.wire.value(), data)

    def test_a_frame_that_is_cut_short_is_not_a_message(self) -> None:
        self.connect(self.listen)
        self.channel.dataReceived(encode_frame(b"whole") + encode_frame(b"half")[:-2])
        self.channel.readConnectionLost()
        self.assertEqual(self.heard, ["whole"])
        self.assertEqual(self.ends, ["PeerGone: closed by the client"])


line_texts = st.lists(
    st.text(
        st.characters(exclude_categories=["Cs"], exclude_characters="\0\r\n\ufeff"), max_size=20
    )
)


class TextChannelTests(ChannelTestCase):
    make = staticmethod(lambda: TextChannel(600, 100))

    def silence(self, seconds: float = 0.2) -> None:
        self.clock.pump([seconds, 0.001])

    def test_lines(self) -> None:
        self.connect(self.echo)
        self.channel.dataReceived(b"a\r\nb\n\nc")
        self.assertEqual(self.heard, ["a", "b", ""])
        self.assertEqual(self.wire.value(), b"a\nb\n\n")

    @given(line_texts, cuts, st.sampled_from(["\n", "\r\n"]))
    def test_property_any_lines_under_any_split(
        self, texts: list[str], at: list[int], newline: str
    ) -> None:
        self.setUp()
        self.connect(self.echo)
        for piece in split("".join(text + newline for text in texts).encode(), at):
            self.channel.dataReceived(piece)
        self.assertEqual(self.heard, texts)
        self.assertEqual(self.wire.value(), "".join(text + "\n" for text in texts).encode())

    def test_newlines(self) -> None:
        for newline in (b"\r\n", b""):
            self.make = partial(TextChannel, 600, 100, newline)
            self.connect(self.echo)
            self.channel.dataReceived(b"a\n")
            self.assertEqual(self.wire.value(), b"a" + newline)

    def test_silence_ends_a_message(self) -> None:
        self.connect(self.listen)
        self.channel.dataReceived(b"lines\nhello")
        self.silence(0.1)
        self.channel.dataReceived(b", world")
        self.silence(0.1)
        self.assertEqual(self.heard, ["lines"])
        self.silence(0.1)
        self.assertEqual(self.heard, ["lines", "hello, world"])
        self.silence(1)
        self.assertEqual(self.heard, ["lines", "hello, world"])

    def test_a_process_that_was_held_up_looks_once_more(self) -> None:
        self.connect(self.listen)
        self.channel.dataReceived(b"hel")
        self.clock.advance(10)
        self.channel.dataReceived(b"lo\n")
        self.clock.advance(10)
        self.assertEqual(self.heard, ["hello"])

    def test_what_others_say_does_not_keep_an_unterminated_peer_from_being_heard(self) -> None:
        self.connect(self.listen)
        self.channel.dataReceived(b"hi")
        self.silence()
        for _ in range(100):
            self.channel.say("from another")
        self.channel.dataReceived(b"help\n")
        self.assertEqual(self.heard, ["hi", "help"])

    def test_over_tls_the_close_is_the_end_of_the_last_line(self) -> None:
        self.connect(self.listen)
        self.channel.dataReceived(b"last words")
        self.lose(ConnectionDone())
        self.assertEqual(self.heard, ["last words"])

    def test_a_line_is_not_ended_while_it_is_not_read(self) -> None:
        held: Deferred[None] = Deferred()

        async def slow(channel: Channel) -> None:
            await held
            await self.listen(channel)

        self.connect(slow)
        self.channel.dataReceived(b"a\n" * 40_000 + b"hal")
        self.assertEqual(self.wire.producerState, "paused")
        self.silence(5)
        held.callback(None)
        self.clock.pump([0] * 50)
        self.channel.dataReceived(b"f\n")
        self.assertEqual(self.heard[-1], "half")

    def test_messages_to_an_unterminated_peer_are_kept_apart(self) -> None:
        async def talk(channel: Channel) -> None:
            channel.say("1")
            channel.say("2")
            self.heard.append(await channel.hear())
            channel.say("3")
            channel.say("4")
            channel.say("5")
            self.heard.append(await channel.hear())
            channel.say("6")

        self.connect(talk)
        self.assertEqual(self.wire.writes, [b"1\n2\n"])
        self.channel.dataReceived(b"hi")
        self.silence()
        self.channel.dataReceived(b"b\n")
        self.assertEqual(self.wire.writes[1:], [b"3\n"])
        self.clock.advance(0.04)
        self.assertEqual(self.wire.writes[1:], [b"3\n"])
        self.clock.advance(0.01)
        self.assertEqual(self.wire.writes[1:], [b"3\n", b"4\n"])
        self.assertEqual(self.heard, ["hi", "b"])
        self.clock.advance(0.05)
        self.assertFalse(self.wire.half_closed)
        self.clock.advance(0.05)
        self.assertEqual(self.wire.writes[1:], [b"3\n", b"4\n", b"5\n", b"6\n"])
        self.clock.advance(0.05)
        self.assertTrue(self.wire.half_closed)

    def test_a_congested_unterminated_peer(self) -> None:
        self.connect(self.echo)
        self.channel.dataReceived(b"hi")
        self.silence()
        self.clock.advance(1)
        self.channel._outbox.pauseProducing()
        self.channel.say("b")
        self.clock.advance(1)
        self.assertEqual(self.wire.value(), b"hi\n")
        self.channel._outbox.resumeProducing()
        self.assertEqual(self.wire.value(), b"hi\nb\n")

    def test_an_unterminated_peer_can_fall_behind_too(self) -> None:
        self.connect(self.listen)
        self.channel.dataReceived(b"hi")
        self.silence()
        for _ in range(300):
            self.channel.say("x" * 1000)
        self.assertTrue(self.wire.disconnected)
        self.assertIn("client dropped", self.recorder.names)

    def test_a_last_line_without_an_end(self) -> None:
        self.connect(self.echo)
        self.channel.dataReceived(b"a\nb")
        self.channel.readConnectionLost()
        self.assertEqual(self.heard, ["a", "b"])
        self.assertEqual(self.wire.value(), b"a\nb\n")
        self.assertTrue(self.wire.disconnecting)

    def test_a_reset_leaves_no_timers(self) -> None:
        self.connect(self.echo)
        self.channel.dataReceived(b"a")
        self.silence()
        self.channel.dataReceived(b"b")
        self.lose(ConnectionLost())
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_a_bad_message(self) -> None:
        self.connect(self.echo)
        self.channel.dataReceived(b"good\n" + b"x" * 102)
        self.assertEqual(
            self.wire.value(),
            b"good\nerror: message of more than 100 bytes is over the limit of 100\n",
        )


class LineTimerTests(ChannelTestCase):
    make = staticmethod(lambda: TextChannel(600, 100))

    def test_each_piece_of_a_line_puts_its_end_off(self) -> None:
        self.connect(self.listen)
        for _ in range(10):
            self.channel.dataReceived(b"hi")
            self.clock.advance(0.15)
        self.assertEqual(self.heard, [])
        self.clock.pump([0.05, 0.001])
        self.assertEqual(self.heard, ["hi" * 10])

    def test_a_piece_that_comes_at_the_last_moment(self) -> None:
        self.connect(self.listen)
        self.channel.dataReceived(b"hel")
        self.clock.advance(0.2)
        self.channel.dataReceived(b"lo")
        self.clock.advance(0.19)
        self.assertEqual(self.heard, [])
        self.clock.pump([0.01, 0.001])
        self.assertEqual(self.heard, ["hello"])

    def test_pieces_make_no_timers(self) -> None:
        self.connect(self.listen)
        self.channel.dataReceived(b"a")
        timers = self.clock.getDelayedCalls()
        times = [timer.getTime() for timer in timers]
        for _ in range(50):
            self.clock.advance(0.001)
            self.channel.dataReceived(b"a")
            self.channel.dataReceived(b"\na")
        self.assertEqual(self.clock.getDelayedCalls(), timers)
        self.assertEqual([timer.getTime() for timer in timers], times)
