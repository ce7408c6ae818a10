"""A thousand members that read nothing, four times."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.doubles.crowd import Crowd


@pytest.mark.long
@pytest.mark.parametrize("add", [Crowd.add_stream, Crowd.add_session])
def test_four_rounds_of_a_thousand(add: Callable[[Crowd], None]) -> None:
    crowd = Crowd()
    for _ in range(4):
        crowd.drop(add, 1000)
    crowd.end()
