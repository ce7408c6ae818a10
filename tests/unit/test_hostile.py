"""Costs of attacks and their bounds."""

import io
from contextlib import redirect_stdout
from unittest.mock import patch

from twisted.trial.unittest import SynchronousTestCase

from tests.hostile import __main__ as program
from tests.hostile.attacks import CATALOGUE, within
from tests.hostile.measure import Result
from tests.hostile.target import FULL, SMALL, Cost, Target


def result(**cost: float) -> Result:
    return Result(CATALOGUE[0], 10, Cost(**cost), within()(FULL), "")


class BoundTests(SynchronousTestCase):
    def test_each_cost_has_a_bound(self) -> None:
        self.assertEqual(result().exceeded, [])
        self.assertFalse(result().exceeds)
        for name, most in vars(within()(FULL)).items():
            self.assertEqual(result(**{name: most}).exceeded, [])
            self.assertEqual(result(**{name: most * 1.01}).exceeded, [name])
            self.assertTrue(result(**{name: most * 1.01}).exceeds)

    def test_a_broadcast_may_cost_something_per_member(self) -> None:
        more = within(fan_out=2, copy_cpu=1e-5, copy_sent=50, copy_logged=3)(FULL)
        self.assertEqual(more.messages, within()(FULL).messages + 2 * 990)
        self.assertEqual(more.sent, within()(FULL).sent + 2 * 990 * 50)
        self.assertEqual(more.logged, within()(FULL).logged + 2 * 990 * 3)
        self.assertAlmostEqual(more.cpu, within()(FULL).cpu + 2 * 990 * 1e-5)

    def test_bounds_shrink_with_the_size(self) -> None:
        self.assertEqual(within(sent=2**15 + 1000)(SMALL).sent, 2**15 + 100)


class ProgramTests(SynchronousTestCase):
    def run_with(self, found: Result) -> tuple[int, str]:
        with (
            patch("sys.argv", ["hostile", found.attack.name]),
            patch.object(Target, "__enter__", lambda target: target),
            patch.object(program, "measure", lambda target, attack: found),
            redirect_stdout(io.StringIO()) as said,
        ):
            end = self.assertRaises(SystemExit, program.main)
        assert isinstance(end.code, int)
        return end.code, said.getvalue()

    def test_an_exceeded_bound_is_marked_and_gives_status_1(self) -> None:
        status, said = self.run_with(result(delay=1.5, cpu=0.001))
        self.assertEqual(status, 1)
        self.assertIn("1.5 s!", said)
        self.assertIn("1 attacks, 1 of which exceed a bound (!)", said)
        self.assertRegex(said, r"per received byte +100 us")

    def test_kept_bounds_give_status_0(self) -> None:
        status, said = self.run_with(result(cpu=0.001))
        self.assertEqual(status, 0)
        self.assertNotIn("s!", said)
