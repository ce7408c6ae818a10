"""The chat on a simulated bad network: one process, a simulated clock.

`make lossy` has more seeds, and four times the messages.
"""

from __future__ import annotations

import pytest

from tests.programs.chaos import Storm
from tests.programs.lossy import talk


@pytest.mark.parametrize(
    ("members", "messages"), [(10, 20), pytest.param(50, 50, marks=pytest.mark.long)]
)
def test_all_members_get_all_messages_in_one_order(members: int, messages: int) -> None:
    talk(1, members, messages)


@pytest.mark.parametrize("seeds", [20, pytest.param(300, marks=pytest.mark.long)])
def test_messages_arrive_for_many_seeds(seeds: int) -> None:
    for seed in range(seeds):
        talk(seed, members=3, messages=4)


@pytest.mark.parametrize("seeds", [20, pytest.param(200, marks=pytest.mark.long)])
def test_no_member_is_stuck_after_a_storm(seeds: int) -> None:
    for seed in range(seeds):
        Storm(seed).run()
