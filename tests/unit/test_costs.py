"""The search for expensive input is deterministic."""

import sys

from twisted.trial.unittest import SynchronousTestCase

from fuzz.costs import HEADER, SCENARIOS, Step, cost, search


class SearchTests(SynchronousTestCase):
    def test_the_same_seed_finds_the_same_input(self) -> None:
        found = [search("messages", count=5, number=1) for _ in range(2)]
        self.assertEqual(found[0], found[1])
        self.assertGreater(found[0]["lines"][0], 0)

    def test_each_scenario_runs(self) -> None:
        trace = sys.gettrace()
        steps = [Step(way=0, lines=["/who", "/who"], end="\n", size=0, wait=1)]
        for name, make in SCENARIOS.items():
            costs = cost(make, steps)
            self.assertGreater(costs["lines"], 1, name)
            self.assertGreater(costs["sent"], 0, name)
            self.assertEqual(costs, cost(make, steps), name)
        self.assertIs(sys.gettrace(), trace)

    def test_a_broadcast_costs_something_per_member(self) -> None:
        steps = [Step(way=0, lines=["x"], end="\n", size=0, wait=0)]
        heard = len("Message from client ('192.0.2.20', 4000): X\n") * 21
        self.assertEqual(cost(SCENARIOS["broadcast"], steps)["sent"], heard / (2 * HEADER + 2))
