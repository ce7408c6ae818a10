"""A few of the programs that `python -m tests.programs.check_family` checks."""

from __future__ import annotations

import pytest

from tests.programs.check_family import check
from tests.programs.prompting import programs

CHOSEN = (
    "client-ru-bare-port-host-loop",
    "client-translit-print-colon-word",
    "client-en-input-host-port-loop-menu-enter",
)


@pytest.mark.parametrize("name", CHOSEN)
def test_a_correct_program_gets_what_it_deserves(name: str) -> None:
    [program] = [each for each in programs() if each.name == name]
    assert not check(program, "EC-1,EC-12")
