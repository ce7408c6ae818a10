"""The same message to many, in one order, without keeping others waiting."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any
from unittest.mock import patch

from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.task import Clock
from twisted.logger import LogLevel
from twisted.trial.unittest import SynchronousTestCase

from tests.doubles.recording import Wire, recorded_events
from twisted_lab.channels import (
    Channel,
    ConversationFactory,
    FanOut,
    Int32Channel,
    StreamChannel,
    TextChannel,
)
from twisted_lab.channels.fan_out import BATCH_MESSAGES, SLICE_SENDS
from twisted_lab.codecs import encode_text, line_encoder
from twisted_lab.testing import ScriptedChannel

TURN = 0.001


class TurningClock(Clock):
    """A clock whose next turn is not the same instant."""

    def callLater(self, delay: float, *args: Any, **kwargs: Any) -> Any:
        return super().callLater(max(delay, TURN), *args, **kwargs)


class Gathered:
    """A channel whose messages go out together with those of others."""

    encode = staticmethod(str.encode)

    def __init__(self, relay_to_all: Callable[[list[Any], list[bytes]], object]) -> None:
        self.relay_to_all = relay_to_all

    def say(self, text: str) -> None:
        raise AssertionError(text)


class FanOutTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.clock = TurningClock()
        self.events, self.log = recorded_events(LogLevel.debug)
        self.fan_out = FanOut(self.clock, self.events)

    def add(self, count: int = 1, group: int = 0) -> list[ScriptedChannel]:
        channels = [ScriptedChannel() for _ in range(count)]
        for channel in channels:
            self.fan_out.add(channel, group)
        return channels

    def sends(self, channels: list[ScriptedChannel]) -> int:
        return sum(len(channel.said) for channel in channels)

    def sent(self) -> Deferred[None]:
        return Deferred.fromCoroutine(self.fan_out.sent())

    def turn(self) -> None:
        self.clock.advance(TURN)

    def test_a_conversation_waits_at_its_end_unless_it_is_cancelled(self) -> None:
        self.add(2 * SLICE_SENDS)
        for end, has_to_wait in ((None, True), (ValueError, True), (CancelledError, False)):
            work: Deferred[None] = Deferred()
            conversation = Deferred.fromCoroutine(self.talk(work))
            if end is None:
                work.callback(None)
            else:
                work.errback(end())
            self.assertEqual(not conversation.called, has_to_wait)
            self.clock.pump([TURN] * 5)
            if end is None:
                self.successResultOf(conversation)
            else:
                self.failureResultOf(conversation, end)

    async def talk(self, work: Deferred[None]) -> None:
        async with self.fan_out.heard_out():
            self.fan_out.say("hello")
            await work

    def test_few_are_told_at_once(self) -> None:
        anna, boris = self.add(2)
        self.fan_out.say("hello")
        self.assertEqual((anna.said, boris.said), (["hello"], ["hello"]))
        self.successResultOf(self.sent())
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_each_group_has_a_text_of_its_own(self) -> None:
        [anna], [boris] = self.add(), self.add(group=1)
        self.fan_out.say("hello", "7 hello")
        self.assertEqual((anna.said, boris.said), (["hello"], ["7 hello"]))

    def test_a_member_that_fails_keeps_no_other_waiting(self) -> None:
        told: list[list[object]] = []
        gathered = Gathered(lambda channels, pieces: told.append([*channels, *pieces]))
        self.fan_out.add(gathered)
        [broken] = self.add()
        [last] = self.add()
        for text in ("a", "b"):
            with patch.object(broken, "say", side_effect=ZeroDivisionError):
                self.assertRaises(ZeroDivisionError, self.fan_out.say, text)
        self.fan_out.say("c")
        self.assertEqual(told, [[gathered, text] for text in (b"a", b"b", b"c")])
        self.assertEqual((broken.said, last.said), (["c"], ["a", "b", "c"]))

    def test_many_are_told_in_slices(self) -> None:
        members = self.add(4 * SLICE_SENDS + 1)
        self.fan_out.say("hello")
        for turn in range(1, 5):
            self.assertEqual(self.sends(members), turn * SLICE_SENDS)
            self.turn()
        self.assertEqual(self.sends(members), len(members))

    def test_a_turn_has_a_slice_however_many_messages_there_are(self) -> None:
        members = self.add(SLICE_SENDS // 2 + 1)
        for number in range(100):
            self.fan_out.say(str(number))
        # A message that fits into a slice is not cut.
        self.assertEqual(self.sends(members), SLICE_SENDS + 2)
        before = self.sends(members)
        for _ in range(10):
            self.turn()
            self.assertLess(self.sends(members) - before, SLICE_SENDS + BATCH_MESSAGES)
            before = self.sends(members)

    def test_messages_that_wait_go_to_a_stream_in_one_write(self) -> None:
        wires = [self.connect(TextChannel) for _ in range(SLICE_SENDS + 1)]
        for number in range(10):
            self.fan_out.say(str(number))
        self.clock.pump([TURN] * 4)
        lines = b"".join(b"%d\n" % number for number in range(10))
        self.assertEqual({wire.value() for wire in wires}, {lines})
        self.assertEqual(len(wires[-1].writes), 2)

    def test_messages_to_a_peer_that_ends_none_are_kept_apart(self) -> None:
        wires = [self.connect(TextChannel) for _ in range(SLICE_SENDS + 1)]
        members: list[Any] = list(self.fan_out._members)
        members[0]._outbox.keep_apart(0.05)
        for number in range(10):
            self.fan_out.say(str(number))
        self.clock.pump([TURN] * 600)
        self.assertEqual(wires[0].writes, [b"%d\n" % number for number in range(10)])

    def test_a_speaker_waits_while_a_batch_waits(self) -> None:
        self.add(SLICE_SENDS + 1)
        for number in range(1 + BATCH_MESSAGES):
            self.successResultOf(Deferred.fromCoroutine(self.fan_out.has_room()))
            self.fan_out.say(str(number))
        waiting = Deferred.fromCoroutine(self.fan_out.has_room())
        self.assertNoResult(waiting)
        self.clock.pump([TURN] * 200)
        self.successResultOf(waiting)

    def test_a_long_message_counts_for_several(self) -> None:
        members = self.add(SLICE_SENDS)
        self.fan_out.say("x" * 65_536)
        self.assertEqual(self.sends(members), SLICE_SENDS // 65 + 1)

    def test_all_are_told_the_same_in_one_order(self) -> None:
        members = self.add(SLICE_SENDS + 1)
        texts = [str(number) for number in range(5)]
        for text in texts:
            self.fan_out.say(text)
        self.fan_out.tell(members[-1], "for you")
        self.clock.pump([TURN] * 8)
        self.assertEqual({tuple(member.said) for member in members[:-1]}, {tuple(texts)})
        self.assertEqual(members[-1].said, [*texts, "for you"])

    def test_a_newcomer_is_told_what_is_said_from_then_on(self) -> None:
        self.add(SLICE_SENDS + 1)
        self.fan_out.say("before")
        self.fan_out.say("before, too")
        [newcomer] = self.add()
        self.fan_out.say("after")
        self.clock.pump([TURN] * 8)
        self.assertEqual(newcomer.said, ["after"])

    def test_one_who_has_left_is_told_nothing_more(self) -> None:
        anna, boris = self.add(2)
        self.fan_out.remove(anna)
        self.fan_out.remove(anna)
        self.fan_out.say("hello")
        self.assertEqual((anna.said, boris.said), ([], ["hello"]))

    def test_a_speaker_waits_until_all_are_told(self) -> None:
        members = self.add(SLICE_SENDS + 1)
        self.fan_out.say("hello")
        first, second = self.sent(), self.sent()
        self.assertNoResult(first)
        first.cancel()
        self.failureResultOf(first, CancelledError)
        self.turn()
        self.assertEqual(self.sends(members), len(members))
        self.assertNoResult(second)  # No conversation goes on in the middle of a fan-out.
        self.turn()
        self.successResultOf(second)

    def test_the_log_has_one_line_for_a_message_to_many(self) -> None:
        self.events.allow_bytes()
        for _ in range(3):
            self.connect(TextChannel)
        self.log.clear()
        self.fan_out.say("hello")
        self.assertEqual(self.log.messages, ["sent 6 bytes to each of 3 peers: hello\\n"])

    def connect(
        self, kind: Callable[[float], StreamChannel], encode: Callable[[str], bytes] | None = None
    ) -> Wire:
        async def listen(channel: Channel) -> None:
            await channel.hear()

        factory = ConversationFactory(self.clock, self.events, listen, partial(kind, 60))
        channel = factory.buildProtocol(None)
        channel.encode = encode or channel.encode
        channel.makeConnection(wire := Wire())
        self.fan_out.add(channel)
        return wire

    def test_a_message_is_encoded_once_for_each_framing(self) -> None:
        encoded: list[str] = []

        def counted(encode: Callable[[str], bytes]) -> Callable[[str], bytes]:
            def counting(text: str) -> bytes:
                encoded.append(text)
                return encode(text)

            return counting

        as_frame, as_line = counted(encode_text), counted(line_encoder(b"\n"))
        kinds: list[tuple[Callable[[float], StreamChannel], Callable[[str], bytes]]]
        kinds = [(Int32Channel, as_frame), (TextChannel, as_line)] * 3
        wires = [self.connect(kind, encode) for kind, encode in kinds]
        [script] = self.add()
        self.fan_out.say("ж\ud800")
        self.assertEqual(encoded, ["ж\ud800"] * 2)
        frame, line = b"\0\0\0\3\xd0\xb6?", "ж?\n".encode()
        self.assertEqual([wire.value() for wire in wires], [frame, line] * 3)
        self.assertEqual(script.said, ["ж?"])

    def test_channels_of_one_framing_encode_alike(self) -> None:
        self.assertIs(TextChannel(60).encode, TextChannel(60).encode)
        self.assertIs(Int32Channel(60).encode, Int32Channel(60).encode)
        self.assertIsNot(TextChannel(60).encode, TextChannel(60, newline=b"\r\n").encode)
