"""docs/scale.md: it is what its script computes."""

from __future__ import annotations

import json

from twisted.trial.unittest import SynchronousTestCase

from bench.scale import PAGE, STAGE, STORED, UNITS, Room, page


class ScaleTests(SynchronousTestCase):
    def test_the_page_is_computed_from_the_stored_units(self) -> None:
        stored = json.loads(STORED.read_text())
        self.assertEqual({name for name, *_ in UNITS}, {*stored["units"]})
        text = page(stored["units"], stored["machine"], stored["date"])
        self.assertEqual(PAGE.read_text(), text, "run python -m bench.scale --stored")

    def test_copies_grow_with_the_square_of_the_members(self) -> None:
        units = {name: 1.0 for name, *_ in UNITS}
        small, large = (Room(size, size / 600, units) for size in (1000, 10_000))
        self.assertAlmostEqual(large.copies, 100 * small.copies)
        self.assertAlmostEqual(small.copies, 1000 * (1000 / 600 + 2 * 1000 / 3600))

    def test_a_stage_has_more_joins_than_messages_from_ten_thousand_members_on(self) -> None:
        units = {name: 1.0 for name, *_ in UNITS}
        self.assertGreater(2 * Room(10_000, STAGE, units).joins, STAGE)
        self.assertLess(2 * Room(8_000, STAGE, units).joins, STAGE)
