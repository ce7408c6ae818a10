"""The work on messages in one turn of the reactor."""

from __future__ import annotations

from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from twisted_lab.channels.turn_budget import (
    FIRST_BATCH,
    MOST_BATCH,
    TURN_MESSAGES,
    TURN_SECONDS,
    TurnBudget,
)


class TurnBudgetTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.clock = Clock()
        self.budget = TurnBudget(self.clock)
        self.worked: list[float] = []

    def spend(self, cost: float) -> int:
        """Handle messages that take `cost` seconds each until the budget is spent."""
        handled = 0
        while batch := self.budget.next_batch():
            self.budget.count(batch)
            self.clock.rightNow += batch * cost
            handled += batch
        return handled

    def test_the_number_of_messages_is_bounded(self) -> None:
        self.assertTrue(TURN_MESSAGES <= self.spend(0.0) < TURN_MESSAGES + MOST_BATCH)

    def test_the_time_is_bounded(self) -> None:
        self.assertEqual(self.spend(TURN_SECONDS), FIRST_BATCH)
        self.assertEqual(self.budget.next_batch(), 0)

    def test_slow_messages_come_in_small_batches(self) -> None:
        self.assertLess(self.spend(0.001), 3 * FIRST_BATCH)

    def test_the_next_turn_has_a_new_budget(self) -> None:
        self.spend(TURN_SECONDS)
        self.budget.wait(self.worked.append)
        self.budget.wait(self.worked.append)
        self.assertTrue(self.budget.is_waiting)
        self.budget.renew(self.clock.seconds())
        self.assertEqual(self.budget.next_batch(), 0)
        self.clock.advance(0)
        self.assertEqual(self.worked, [self.clock.seconds()])
        self.assertEqual(self.budget.next_batch(), FIRST_BATCH)

    def test_each_input_of_a_stream_renews_the_budget(self) -> None:
        self.spend(TURN_SECONDS)
        self.budget.renew(self.clock.seconds())
        self.assertEqual(self.budget.next_batch(), FIRST_BATCH)

    def test_datagrams_of_one_turn_share_a_budget(self) -> None:
        self.budget = TurnBudget(self.clock, TURN_SECONDS, most=1)
        self.budget.renew(0.0)
        self.spend(0.0)
        self.budget.renew(self.clock.seconds())
        self.assertEqual(self.budget.next_batch(), 0)
        self.budget.renew(self.clock.seconds() + TURN_SECONDS)
        self.assertEqual(self.budget.next_batch(), 1)

    def test_slow_datagrams_after_fast_ones_do_not_exceed_the_time(self) -> None:
        self.budget = TurnBudget(self.clock, TURN_SECONDS, most=1)
        self.spend(0.0)
        self.clock.rightNow += 1.0
        self.budget.renew(self.clock.seconds())
        self.assertEqual(self.spend(0.6 * TURN_SECONDS), 2)
