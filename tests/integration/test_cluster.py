"""A room on three nodes, each a process, whose nodes and database fail."""

from __future__ import annotations

import re
import subprocess
import sys

import pytest

from tests.doubles.postgresql import PostgreSQL
from tests.processes import ENVIRONMENT, ROOT

pytestmark = pytest.mark.xdist_group("postgresql")


# It starts a server of its own: that one is killed.
@pytest.mark.parametrize(
    ("rounds", "faults", "longest", "members"),
    [
        (1, "kill", "1", 12),
        pytest.param(2, "kill-database,drain", "1", 60, marks=pytest.mark.long),
    ],
)
def test_no_member_misses_a_message_when_something_fails(
    rounds: int, faults: str, longest: str, members: int, postgresql: PostgreSQL
) -> None:
    script = subprocess.run(
        [
            *(sys.executable, "-m", "tests.programs.cluster", "--count", str(rounds)),
            *("--seed", "1", "--faults", faults, "--longest", longest),
            *("--members", str(members)),
        ],
        cwd=ROOT,
        env=ENVIRONMENT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=240,
    )
    assert script.returncode == 0, script.stdout
    assert re.search(rf"^{rounds} rounds, [1-9]\d* messages, each got once", script.stdout, re.M)
