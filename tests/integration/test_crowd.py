"""Crowds of a thousand members that read nothing."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.doubles.crowd import Crowd


@pytest.mark.long
@pytest.mark.parametrize("add", [Crowd.add_stream, Crowd.add_session])
def test_rounds_of_a_thousand_silent_members_are_dropped(add: Callable[[Crowd], None]) -> None:
    crowd = Crowd()
    # The second one meets what the first one has left.
    for _ in range(2):
        crowd.drop(add, 1000)
    crowd.end()
