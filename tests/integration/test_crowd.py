"""Crowds of a thousand members that read nothing."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.doubles.crowd import Crowd


@pytest.mark.long
@pytest.mark.parametrize("add", [Crowd.add_stream, Crowd.add_session])
def test_four_rounds_of_a_thousand_silent_members_are_dropped(add: Callable[[Crowd], None]) -> None:
    crowd = Crowd()
    for _ in range(4):
        crowd.drop(add, 1000)
    crowd.end()
