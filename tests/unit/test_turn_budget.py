"""The work on messages in one turn of the reactor, for one channel and for many."""

from __future__ import annotations

from collections import Counter
from typing import Any
from unittest.mock import patch

from twisted.internet.task import Clock
from twisted.logger import LogLevel
from twisted.trial.unittest import SynchronousTestCase

from tests.doubles.recording import Wire, recorded_events
from twisted_lab.channels import Channel, ConversationFactory, Int32Channel, StreamChannel
from twisted_lab.channels.base import FIRST_BATCH, MOST_BATCH
from twisted_lab.channels.turn_budget import SHARE_MESSAGES, TURN_MESSAGES, TurnBudget
from twisted_lab.codecs import encode_frame


class TurnTestCase(SynchronousTestCase):
    """Conversations whose messages take `cost` seconds each."""

    def setUp(self) -> None:
        self.clock = Clock()
        self.cost = 0.0
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
        self.give(channel, 1000)  # Then its batches are large.
        self.turn()
        self.cost = 0.001
        # After 8 messages there are 2 ms left, and it has a batch of 16.
        self.assertEqual(self.give(channel, 2000), [256] + [24] * 72 + [16])

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

    def test_they_share_a_turn(self) -> None:
        self.cost = 5e-6
        self.give_all(2048)
        # The first one is given a turn, and each of the others a first batch.
        begun = self.clock.seconds()
        self.assertLess(begun, 0.010 + 256 * 5e-6 + 48 * FIRST_BATCH * 5e-6)
        while self.heard.total() < self.COUNT * 2048:
            self.turn()
            turn, begun = self.clock.seconds() - begun, self.clock.seconds()
            self.assertLess(turn, 0.010 + 256 * 5e-6)

    def test_all_are_served_in_order_a_share_each(self) -> None:
        self.give_all(5000)
        self.turn()
        for _ in range(10):
            self.turn()
            counts = sorted(self.heard.values())[:-1]  # Without the first one.
            self.assertLessEqual(counts[-1] - counts[0], 2 * SHARE_MESSAGES + MOST_BATCH)

    def test_a_newcomer_does_not_wait_behind_them(self) -> None:
        self.cost = 1e-5
        self.give_all(5000)
        newcomer = self.connect()
        for _ in range(3):
            newcomer.dataReceived(encode_frame(b"x"))
            self.turn()
        self.assertEqual(self.heard[newcomer], 3)

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
