"""Checks programs that ask for their address in hundreds of ways; none of them may fail.

    python -m tests.programs.check_family [--count N] [--all] [PROGRAM ...]

checks N programs of tests/programs/prompting.py (by default all of them), evenly chosen, or those
that are named. By default it judges how they start, ask and echo; with --all, everything.
It prints each program that does not get what it deserves, and exits with status 1 if there is one.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.processes import ROOT
from tests.programs.prompting import Program, programs

SERVER = "ES-1,ES-2,ES-11,ES-20,ES-21,ES-22"
CLIENT = "EC-1,EC-2,EC-3,EC-6,EC-7,EC-12,EC-13,EC-14"
DESERVED = {"pass", "info"}


def check(program: Program, ids: str) -> str:
    """Check one of the programs, and return what it did not deserve; "" if nothing.

    Args:
        program: The program.
        ids: The ids of the requirements, with commas; "" for all of them.
    """
    with tempfile.TemporaryDirectory() as folder:
        # The checked program runs as another user.
        Path(folder).chmod(0o755)
        Path(folder, "program.py").write_text(program.source)
        only = ("--only", ids) if ids else ()
        task = "echo-server" if program.expectations.is_server else "echo-client"
        ended = subprocess.run(
            [
                *(sys.executable, "-m", "twisted_lab.check", task, "--json", "-", *only),
                *("--folder", folder, "--", sys.executable, "program.py"),
            ],
            cwd=ROOT,
            capture_output=True,
            text=True,
        )
    try:
        findings = json.loads(ended.stdout)["findings"]
    except ValueError:
        return f"no report: {ended.stderr.strip()}"
    # A sequential server does not offer everything, and one that asks without words may have
    # asked for anything.
    expected = program.expectations
    is_clear = bool(ids) and not (expected.is_server and "UNKNOWN" in expected.kinds)
    deserved = DESERVED if is_clear else DESERVED | {"not offered", "weak"}
    return "; ".join(
        f"{each['id']} {each['verdict']}: {each['note']}"
        for each in findings
        if each["verdict"] not in deserved
    )


def main() -> None:
    """Check the programs; exit with status 1 if one does not get what it deserves."""
    parser = argparse.ArgumentParser(prog="python -m tests.programs.check_family")
    parser.add_argument("--count", type=int)
    parser.add_argument("--all", action="store_true")
    parser.add_argument("programs", nargs="*")
    arguments = parser.parse_args()
    family = [
        each for each in programs() if each.name in arguments.programs or not arguments.programs
    ]
    count = arguments.count or len(family)
    if not 0 < count <= len(family):
        parser.error(f"--count is a whole number from 1 to {len(family)}")
    chosen = [family[number * len(family) // count] for number in range(count)]

    def try_one(program: Program) -> str:
        core = SERVER if program.expectations.is_server else CLIENT
        return check(program, "" if arguments.all else core)

    wrong = 0
    with ThreadPoolExecutor(len(os.sched_getaffinity(0))) as pool:
        for program, problem in zip(chosen, pool.map(try_one, chosen), strict=True):
            if problem:
                wrong += 1
                print(f"{program.name}: {problem}", flush=True)
    print(f"{count} programs, {wrong} of them wrong")
    sys.exit(bool(wrong))


if __name__ == "__main__":
    main()
