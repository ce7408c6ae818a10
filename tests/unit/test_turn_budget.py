"""The work on messages in one turn of the reactor, for one channel and for many."""

from __future__ import annotations

from collections import Counter
from typing import Any
from unittest.mock import patch

from twisted.internet.defer import Deferred, succeed
from twisted.internet.task import Clock
from twisted.logger import LogLevel
from twisted.trial.unittest import SynchronousTestCase

from tests.doubles.recording import Wire, recorded_events
from twisted_lab.channels import Channel, ConversationFactory, Int32Channel, StreamChannel
from twisted_lab.channels.turn_budget import (
    FIRST_BATCH,
    MOST_BATCH,
    SHARE_MESSAGES,
    TURN_MESSAGES,
    TurnBudget,
)
from twisted_lab.codecs import encode_frame


class TurnTestCase(SynchronousTestCase):
    """Conversations whose messages take `cost` seconds each."""

    def setUp(self) -> None:
        self.clock = Clock()
        self.cost = 0.0
        self.other_work: Deferred[None] = succeed(None)
        self.heard: Counter[Channel] = Counter()
        self.turns = TurnBudget(self.clock)
        events, _ = recorded_events(LogLevel.warn)
        self.factory = ConversationFactory(
            self.clock, events, self.work, lambda: Int32Channel(600, 100), turns=self.turns
        )

    async def work(self, channel: Channel) -> None:
        while True:
            await channel.hear()
            self.heard[channel] += 1
            await self.other_work
            self.clock.rightNow += self.cost

    def connect(self) -> StreamChannel:
        channel = self.factory.buildProtocol(None)
        channel.makeConnection(Wire())
        return channel

    def turn(self) -> list[int]:
        """Run the calls of one turn of the reactor; return how many messages each was given."""
        before = self.heard.copy()
        calls: Any = self.clock.getDelayedCalls()
        for call in [call for call in calls if call.getTime() <= self.clock.seconds()]:
            action, arguments = call.func, call.args
            call.cancel()
            action(*arguments)
        return [self.heard[channel] - before[channel] for channel in self.heard]


class OneChannelTests(TurnTestCase):
    def give(self, channel: StreamChannel, count: int) -> list[int]:
        """Give the channel that many messages; return how many were heard in each turn."""
        before = self.heard[channel]
        channel.dataReceived(encode_frame(b"x") * count)
        turns = [self.heard[channel] - before]
        while self.heard[channel] < before + count:
            turns += self.turn()
        return turns

    def test_many_messages(self) -> None:
        *turns, _ = self.give(self.connect(), 10_000)
        self.assertEqual(len(turns), 4)
        for count in turns:
            self.assertTrue(TURN_MESSAGES <= count < TURN_MESSAGES + MOST_BATCH)

    def test_slow_messages(self) -> None:
        channel = self.connect()
        self.give(channel, 1000)  # That these are quick says nothing of later ones.
        self.turn()
        self.cost = 0.001
        for count in self.give(channel, 2000):
            self.assertLessEqual(count, 11)

    def test_very_slow_messages(self) -> None:
        self.cost = 0.1
        self.assertEqual(self.give(self.connect(), 20), [FIRST_BATCH] + [1] * 12)

    def test_a_conversation_that_has_waited_for_other_work(self) -> None:
        channel = self.connect()
        self.other_work = Deferred()
        channel.dataReceived(encode_frame(b"x") * 1000)
        self.cost = 0.001
        self.clock.advance(100)
        self.other_work.callback(None)
        self.assertTrue(2 * FIRST_BATCH < self.heard[channel] <= 2 * FIRST_BATCH + 2)
        [count] = self.turn()
        self.assertLessEqual(count, 11)

    def test_a_peer_that_waits_for_its_turn_is_not_read(self) -> None:
        channel = self.connect()
        self.cost = 0.01
        for _ in range(2):
            channel.dataReceived(encode_frame(b"x" * 90) * 1000)
        self.assertEqual(self.heard[channel], FIRST_BATCH)
        wire: Any = channel.transport
        self.assertEqual(wire.producerState, "paused")

    def test_few_messages_need_no_timer(self) -> None:
        channel = self.connect()
        with patch.object(self.clock, "callLater", None):
            self.assertEqual(self.give(channel, 200), [200])


class ManyChannelsTests(TurnTestCase):
    COUNT = 48

    def give_all(self, size: int) -> list[StreamChannel]:
        channels = [self.connect() for _ in range(self.COUNT)]
        for channel in channels:
            channel.dataReceived(encode_frame(b"x") * size)
        return channels

    def serve_all(self) -> None:
        """Run turns until each channel has had a share."""
        while len(self.heard) < self.COUNT:
            self.turn()

    def test_they_share_a_turn(self) -> None:
        self.cost = 5e-6
        self.give_all(2048)
        turn, begun = 0.0, self.clock.seconds()
        self.assertLess(begun, 0.011)
        while self.heard.total() < self.COUNT * 2048:
            self.turn()
            turn, begun = self.clock.seconds() - begun, self.clock.seconds()
            self.assertLess(turn, 0.011)

    def test_first_batches_share_a_turn_too(self) -> None:
        self.cost = 0.001
        self.give_all(FIRST_BATCH)
        self.assertLess(self.clock.seconds(), 0.017)
        self.assertEqual(self.heard.total(), 2 * FIRST_BATCH)
        for _ in range(self.COUNT):
            self.turn()
        self.assertEqual(self.heard.total(), self.COUNT * FIRST_BATCH)

    def test_all_are_served_in_order_a_share_each(self) -> None:
        self.give_all(5000)
        self.serve_all()
        for _ in range(4):
            self.turn()
        before = self.heard.copy()
        for _ in range(12):
            self.turn()
            counts = sorted((self.heard - before).values())
            self.assertLessEqual(counts[-1], SHARE_MESSAGES * 3)
        self.assertEqual((len(counts), counts[0]), (self.COUNT, 2 * SHARE_MESSAGES))

    def test_a_newcomer_does_not_wait_behind_them(self) -> None:
        self.cost = 1e-3
        self.give_all(5000)
        self.serve_all()
        newcomer = self.connect()
        for _ in range(3):
            newcomer.dataReceived(encode_frame(b"x"))
            self.turn()
        self.assertEqual(self.heard[newcomer], 3)
        self.cost = 1e-6
        newcomer.dataReceived(encode_frame(b"x") * 20)
        self.turn()
        self.assertEqual(self.heard[newcomer], 23)

    def test_newcomers_do_not_keep_the_others_waiting(self) -> None:
        self.cost = 1e-3
        busy, *_ = self.give_all(1000)
        self.serve_all()
        before = self.heard[busy]
        for _ in range(20):
            for _ in range(20):
                self.connect().dataReceived(encode_frame(b"x"))
            self.turn()
        self.assertGreater(self.heard[busy], before)

    def test_one_that_has_ended_meanwhile_keeps_no_other_waiting(self) -> None:
        first, second, *others = self.give_all(3000)
        second.abort()
        for _ in range(self.COUNT * 3000 // TURN_MESSAGES + 1):
            self.turn()
        self.assertEqual({self.heard[each] for each in [first, *others]}, {3000})

    def test_a_failure_keeps_no_other_waiting(self) -> None:
        *_, broken, last = self.give_all(3000)
        with patch.object(broken, "_work", side_effect=ZeroDivisionError):
            for _ in range(100):
                try:
                    self.turn()
                except ZeroDivisionError:
                    break
        while self.heard[last] < 3000:
            self.turn()
