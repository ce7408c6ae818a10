"""The cheapest known attacks, with a small crowd; `make hostile` has the full size."""

from __future__ import annotations

from pathlib import Path

from tests.hostile.attacks import CATALOGUE
from tests.hostile.lab import SMALL, Lab
from tests.hostile.measure import measure


def test_each_attack_costs_less_than_its_bound(tmp_path: Path) -> None:
    with Lab(tmp_path, SMALL, has_neighbour=False) as lab:
        results = [measure(lab, attack) for attack in CATALOGUE]
    wrong = [each for each in results if each.is_broken]
    assert not wrong, [
        f"{each.attack.name}: {each.failure or each.exceeded}, {each.cost} of {each.bounds}"
        for each in wrong
    ]
