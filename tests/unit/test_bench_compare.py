"""The comparison of two checkouts, on given figures."""

import os
import sys
from math import comb
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from bench import compare
from bench.compare import EDGE, ROUNDS, Comparison, find, git, main, percent


def around(middle: float, spread: float) -> list[float]:
    """Return the unsorted ratios of 15 rounds with this median."""
    steps = [0, 7, -7, 1, -1, 6, -6, 2, -2, 5, -5, 3, -3, 4, -4]
    return [middle + spread * step / 7 for step in steps]


class IntervalTests(SynchronousTestCase):
    """The confidence interval is as narrow as possible."""

    def coverage(self, edge: int) -> float:
        """Return the probability that the median lies between these order statistics."""
        outside = sum(comb(ROUNDS, below) for below in range(edge))
        return 1 - 2 * outside / (1 << ROUNDS)

    def test_the_interval_has_the_confidence_level(self) -> None:
        self.assertGreaterEqual(self.coverage(EDGE), 0.95)
        self.assertLess(self.coverage(EDGE + 1), 0.95)

    def test_the_interval_spans_the_fourth_to_the_twelfth_round(self) -> None:
        comparison = Comparison("echo", [float(n) for n in reversed(range(1, 16))])
        self.assertEqual((comparison.low, comparison.median, comparison.high), (4, 8, 12))

    def test_outliers_do_not_change_the_interval(self) -> None:
        calm = Comparison("echo", around(1, 0.01))
        wild = Comparison("echo", [*sorted(around(1, 0.01))[:-3], 5, 6, 7])
        self.assertEqual((calm.low, calm.high), (wild.low, wild.high))


class VerdictTests(SynchronousTestCase):
    """Only a certain slowdown fails."""

    def test_equal_cost_passes(self) -> None:
        comparison = Comparison("echo", around(1, 0.02))
        self.assertFalse(comparison.is_slower(3))
        self.assertEqual(
            comparison.line(3),
            "echo: 1.000 times the CPU time (0.989 to 1.011): no more than 3% slower",
        )

    def test_a_certain_slowdown_fails(self) -> None:
        comparison = Comparison("frames", around(1.06, 0.02))
        self.assertTrue(comparison.is_slower(3))
        self.assertEqual(
            comparison.line(3),
            "frames: 1.060 times the CPU time (1.049 to 1.071): SLOWER by more than 3%",
        )

    def test_an_interval_across_the_limit_passes(self) -> None:
        comparison = Comparison("frames", around(1.035, 0.02))
        self.assertLess(comparison.low, 1.03)
        self.assertFalse(comparison.is_slower(3))
        self.assertIn("may be more than 3% slower", comparison.line(3))

    def test_an_interval_at_the_limit_passes(self) -> None:
        self.assertFalse(Comparison("echo", [1.25] * 15).is_slower(25))
        self.assertIn("no more than 25% slower", Comparison("echo", [1.25] * 15).line(25))

    def test_the_given_limit_counts(self) -> None:
        self.assertTrue(Comparison("echo", around(1.06, 0.02)).is_slower(4.5))
        self.assertFalse(Comparison("echo", around(1.06, 0.02)).is_slower(7))
        self.assertIn("no more than 7.5% slower", Comparison("echo", around(1.06, 0.02)).line(7.5))

    def test_a_speedup_passes(self) -> None:
        comparison = Comparison("echo", around(0.5, 0.02))
        self.assertFalse(comparison.is_slower(3))
        self.assertIn("no more than 3% slower", comparison.line(3))


class LimitTests(SynchronousTestCase):
    """A limit is a percentage."""

    def test_a_number_is_a_limit(self) -> None:
        self.assertEqual(percent("2.5"), 2.5)

    def test_other_text_is_refused(self) -> None:
        for text in ("three", "nan", "inf", "-x"):
            error = self.assertRaises(SystemExit, percent, text)
            self.assertEqual(str(error), f"LIMIT is a percentage such as 3, not {text!r}")


class CommitTests(SynchronousTestCase):
    """A wrong REV gives one line."""

    def problem(self, rev: str) -> str:
        return str(self.assertRaises(SystemExit, find, rev))

    def test_missing_git_is_one_line(self) -> None:
        self.patch(compare, "ROOT", self.repository())
        self.patch(os, "environ", {"PATH": "/nonexistent"})
        self.assertEqual(
            self.problem("main"), "git is not installed, so the other commit is not available"
        )

    def test_a_tree_without_history_is_one_line(self) -> None:
        self.patch(compare, "ROOT", Path(self.mktemp()))
        self.assertEqual(
            self.problem("main"),
            "this tree has no git history, so there is no commit to compare with",
        )

    def test_an_unknown_commit_is_one_line(self) -> None:
        self.patch(compare, "ROOT", self.repository())
        for rev in ("nosuch", "-x", "--all", "--since=1"):
            self.assertEqual(self.problem(rev), f"REV: this repository has no commit {rev!r}")

    def repository(self) -> Path:
        root = Path(self.mktemp()).absolute()
        git("init", str(root))
        return root

    def test_an_interrupt_is_one_line(self) -> None:
        def interrupted(_: str) -> str:
            raise KeyboardInterrupt

        self.patch(compare, "find", interrupted)
        self.patch(sys, "argv", ["compare", "main"])
        self.assertEqual(str(self.assertRaises(SystemExit, main)), "interrupted")
