"""A room on many nodes on a simulated clock, in a small form."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from tests.programs.many_nodes import Simulation


class ManyNodesTests(SynchronousTestCase):
    def test_nodes_have_one_order_and_read_each_entry_once(self) -> None:
        simulation = Simulation(12, 120)
        simulation.start()
        counted = simulation.talk(rate=20, seconds=3)
        simulation.kill()
        simulation.check()
        self.assertLess(abs(counted.entries - 20), 1)
        self.assertLess(abs(counted.commits - 20), 1)
        self.assertAlmostEqual(counted.notifications, 12 * counted.commits)
        # A read for each entry at most, and one in each second.
        self.assertLess(counted.reads, 22)
        self.assertAlmostEqual(counted.renewals, 12 / 3)
