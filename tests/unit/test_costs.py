"""The search for input that costs much finds the same each time."""

import sys

from twisted.trial.unittest import SynchronousTestCase

from fuzz.costs import HEADER, SCENES, Step, cost, search


class SearchTests(SynchronousTestCase):
    def test_the_same_seed_finds_the_same(self) -> None:
        found = [search("messages", count=5, number=1) for _ in range(2)]
        self.assertEqual(found[0], found[1])
        self.assertGreater(found[0]["lines"][0], 0)

    def test_each_scene_is_played(self) -> None:
        trace = sys.gettrace()
        steps = [Step(way=0, lines=["/who", "/who"], end="\n", size=0, wait=1)]
        for name, make in SCENES.items():
            costs = cost(make, steps)
            self.assertGreater(costs["lines"], 1, name)
            self.assertGreater(costs["sent"], 0, name)
            self.assertEqual(costs, cost(make, steps), name)
        self.assertIs(sys.gettrace(), trace)

    def test_a_message_to_all_costs_something_for_each(self) -> None:
        steps = [Step(way=0, lines=["x"], end="\n", size=0, wait=0)]
        heard = len("Message from client ('192.0.2.20', 4000): X\n") * 21
        self.assertEqual(cost(SCENES["broadcast"], steps)["sent"], heard / (2 * HEADER + 2))
