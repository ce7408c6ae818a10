"""Waiting for conditions, on a fake clock."""

from __future__ import annotations

from twisted.internet.defer import Deferred
from twisted.internet.testing import MemoryReactorClock
from twisted.trial.unittest import SynchronousTestCase

from twisted_lab.check.activity import LOOK_SECONDS, Activity


class ActivityTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.clock = MemoryReactorClock()
        self.activity = Activity(self.clock)
        self.is_true = False
        self.looks = 0

    def condition(self) -> bool:
        self.looks += 1
        return self.is_true

    def until(self, seconds: float = 1) -> Deferred[bool]:
        return Deferred.fromCoroutine(self.activity.until(self.condition, seconds))

    def assert_idle(self) -> None:
        self.assertEqual(self.clock.getDelayedCalls(), [])
        looks = self.looks
        self.activity.happened()
        self.assertEqual(self.looks, looks)

    def test_what_is_true_is_not_waited_for(self) -> None:
        self.is_true = True
        self.assertTrue(self.successResultOf(self.until()))
        self.assert_idle()

    def test_what_happens_wakes_at_once(self) -> None:
        found = self.until()
        self.activity.happened()
        self.assertNoResult(found)
        self.is_true = True
        self.activity.happened()
        self.assertTrue(self.successResultOf(found))
        self.assert_idle()

    def test_what_nothing_announces_is_looked_at_often(self) -> None:
        found = self.until()
        self.clock.advance(LOOK_SECONDS)
        self.is_true = True
        self.assertNoResult(found)
        self.clock.advance(LOOK_SECONDS)
        self.assertTrue(self.successResultOf(found))
        self.assert_idle()

    def test_time_is_over(self) -> None:
        found = self.until(2.5 * LOOK_SECONDS)
        self.clock.advance(LOOK_SECONDS)
        self.clock.advance(LOOK_SECONDS)
        self.assertNoResult(found)
        self.clock.advance(LOOK_SECONDS / 2)
        self.assertFalse(self.successResultOf(found))
        self.assert_idle()

    def test_what_becomes_true_at_the_last_moment_counts(self) -> None:
        found = self.until(LOOK_SECONDS / 2)
        self.is_true = True
        self.clock.advance(LOOK_SECONDS)
        self.assertTrue(self.successResultOf(found))

    def test_an_exception_reaches_the_coroutine(self) -> None:
        def condition() -> bool:
            return 1 / self.looks > 0

        found = Deferred.fromCoroutine(self.activity.until(condition, 1))
        self.failureResultOf(found, ZeroDivisionError)
        self.assert_idle()

    def test_a_condition_may_announce_something_itself(self) -> None:
        def condition() -> bool:
            self.looks += 1
            self.activity.happened()
            return False

        found = Deferred.fromCoroutine(self.activity.until(condition, 1))
        self.assertEqual(self.looks, 1)
        self.assertNoResult(found)
        self.clock.pump([LOOK_SECONDS] * 300)
        self.assertFalse(self.successResultOf(found))

    def test_several_wait_at_the_same_time(self) -> None:
        first, second = self.until(LOOK_SECONDS), self.until(1)
        self.clock.advance(LOOK_SECONDS)
        self.assertFalse(self.successResultOf(first))
        self.assertNoResult(second)
        self.is_true = True
        self.activity.happened()
        self.assertTrue(self.successResultOf(second))

    def test_a_pause_takes_its_time(self) -> None:
        paused = Deferred.fromCoroutine(self.activity.pause(3 * LOOK_SECONDS))
        self.clock.advance(2 * LOOK_SECONDS)
        self.activity.happened()
        self.assertNoResult(paused)
        self.clock.advance(LOOK_SECONDS)
        self.successResultOf(paused)

    def test_delays_of_the_checker_count_if_time_ran_out(self) -> None:
        found = self.until(1)
        self.clock.advance(LOOK_SECONDS)
        self.clock.advance(LOOK_SECONDS + 0.25)
        self.clock.advance(LOOK_SECONDS)
        self.assertEqual(self.activity.lateness, 0)
        self.clock.pump([LOOK_SECONDS] * 250)
        self.assertFalse(self.successResultOf(found))
        self.assertAlmostEqual(self.activity.lateness, 0.25)

    def test_what_was_seen_in_time_is_true_however_late_the_checker_was(self) -> None:
        found = self.until(1)
        self.is_true = True
        self.clock.advance(0.5)
        self.assertTrue(self.successResultOf(found))
        paused = Deferred.fromCoroutine(self.activity.pause(0.1))
        self.clock.advance(0.9)
        self.successResultOf(paused)
        self.assertEqual(self.activity.lateness, 0)
