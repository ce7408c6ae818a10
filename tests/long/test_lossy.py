"""The chat on a bad network: long runs, which need no other process."""

from __future__ import annotations

from tests.programs.lossy import talk


def test_fifty_members_say_ten_thousand_messages() -> None:
    talk(seed=1, members=50, messages=200)


def test_a_thousand_seeds() -> None:
    for seed in range(1000):
        talk(seed, members=3, messages=4)
