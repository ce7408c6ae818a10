"""The cheapest known attacks, with a small crowd, and in the long tests with the full one.

`make hostile` prints what they cost.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.hostile.attacks import CATALOGUE, Attack
from tests.hostile.measure import measure
from tests.hostile.target import FULL, SMALL, Size, Target

# One worker of pytest-xdist attacks one target. It mostly waits, while the others compute.
pytestmark = pytest.mark.xdist_group("hostile")


@pytest.fixture(
    scope="module",
    params=[SMALL, pytest.param(FULL, marks=pytest.mark.long)],
    ids=["small", "full"],
)
def target(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Target]:
    size: Size = request.param
    with Target(tmp_path_factory.mktemp("hostile"), size, has_neighbour=size == FULL) as target:
        yield target


@pytest.mark.parametrize("attack", CATALOGUE, ids=lambda attack: attack.name)
def test_each_attack_costs_less_than_its_bound(target: Target, attack: Attack) -> None:
    result = measure(target, attack)
    assert not result.exceeds, (
        f"{result.failure or result.exceeded}, {result.cost} of {result.bounds}"
    )
