"""Servers that are killed while they store; `make kill` does so 200 times."""

from __future__ import annotations

import re
import subprocess
import sys

import pytest

from tests.doubles.postgresql import PostgreSQL
from tests.processes import ENVIRONMENT, ROOT

# With PostgreSQL, three of nine kills hit the services, three its server, and three both.
KILLS = pytest.mark.parametrize("kills", [2, pytest.param(9, marks=pytest.mark.long)])


@KILLS
def test_acknowledged_data_survive_kills(kills: int) -> None:
    kill(kills, "sqlite")


# It starts a server of its own, whose settings are not those of fast tests.
@pytest.mark.xdist_group("postgresql")
@KILLS
def test_acknowledged_data_survive_kills_on_a_server(kills: int, postgresql: PostgreSQL) -> None:
    kill(kills, "postgresql")


def kill(kills: int, database: str) -> None:
    script = subprocess.run(
        [
            *(sys.executable, "-m", "tests.programs.kill"),
            *("--count", str(kills), "--seed", "1", "--database", database),
        ],
        cwd=ROOT,
        env=ENVIRONMENT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=240,
    )
    assert script.returncode == 0, script.stdout
    counts = re.fullmatch(
        rf"{kills} kills, (\d+) names, (\d+) accounts, (\d+) tokens acknowledged; no data lost\n",
        script.stdout,
    )
    assert counts, script.stdout
    assert int(counts[1]), script.stdout
