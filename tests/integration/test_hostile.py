"""The cheapest known attacks, with a small crowd; `make hostile` has the full size."""

from __future__ import annotations

from pathlib import Path

from tests.hostile.attacks import CATALOGUE
from tests.hostile.measure import measure
from tests.hostile.target import SMALL, Target


def test_each_attack_costs_less_than_its_bound(tmp_path: Path) -> None:
    with Target(tmp_path, SMALL, has_neighbour=False) as target:
        results = [measure(target, attack) for attack in CATALOGUE]
    wrong = [each for each in results if each.exceeds]
    assert not wrong, [
        f"{each.attack.name}: {each.failure or each.exceeded}, {each.cost} of {each.bounds}"
        for each in wrong
    ]
