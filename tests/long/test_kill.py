from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

from tests.processes import ENVIRONMENT


def test_what_was_acknowledged_outlives_kills() -> None:
    script = subprocess.run(
        [sys.executable, "-m", "tests.programs.kill", "--count", "20", "--seed", "1"],
        cwd=Path(__file__).parents[2],
        env=ENVIRONMENT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=240,
    )
    assert script.returncode == 0, script.stdout
    counts = re.fullmatch(
        r"20 kills, (\d+) names, (\d+) accounts, (\d+) tokens acknowledged; none lost\n",
        script.stdout,
    )
    assert counts, script.stdout
    assert all(int(number) for number in counts.groups()), script.stdout
