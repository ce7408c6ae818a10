from __future__ import annotations

import re
import subprocess
import sys

import pytest

from tests.processes import ENVIRONMENT, ROOT


@pytest.mark.parametrize("kills", [2, pytest.param(20, marks=pytest.mark.long)])
def test_acknowledged_data_survive_kills(kills: int) -> None:
    script = subprocess.run(
        [sys.executable, "-m", "tests.programs.kill", "--count", str(kills), "--seed", "1"],
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
