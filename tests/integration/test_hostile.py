"""What the cheapest known attacks cost, with a small crowd; `make hostile` has the full numbers."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.hostile.attacks import CATALOGUE, Attack
from tests.hostile.lab import SMALL, Lab
from tests.hostile.measure import measure

# They share a lab, which is one process.
pytestmark = pytest.mark.xdist_group("hostile")


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    with Lab(tmp_path_factory.mktemp("lab"), SMALL, has_neighbour=False) as lab:
        yield lab


def known(attack: Attack) -> Any:
    """Return a parameter; of an attack that is known to break its bounds nothing is expected."""
    marks = [pytest.mark.xfail(reason=attack.broken, strict=False)] if attack.broken else []
    return pytest.param(attack, id=attack.name, marks=marks)


@pytest.mark.parametrize("attack", [known(attack) for attack in CATALOGUE])
def test_what_an_attack_costs(lab: Lab, attack: Attack) -> None:
    result = measure(lab, attack)
    assert not result.failure
    assert not result.exceeded, f"{result.cost} is beyond {result.bounds}"
