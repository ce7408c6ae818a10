"""Repeats tests while all cores are busy, and lists which test failed how often.

    python -m tests.programs.repeat [--count N] [TEST ...]

A TEST is what pytest takes, such as tests/integration/test_chat.py or a test's own name; without
one it is all integration tests that `make test` runs. The output of a run that failed is printed.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from xml.etree import ElementTree

from tests.processes import ROOT


@contextmanager
def busy_core() -> Iterator[None]:
    """Have a process that computes all the time."""
    burner = subprocess.Popen([sys.executable, "-c", "while True: pass"])
    try:
        yield
    finally:
        burner.kill()
        burner.wait()


def run(tests: list[str], report: Path) -> tuple[int, str]:
    """Run the tests once; return pytest's exit status and output."""
    ended = subprocess.run(
        [
            *(sys.executable, "-m", "pytest", "--quiet", "-m", "not long"),
            *("--numprocesses", str(len(os.sched_getaffinity(0)) + 1), "--dist", "loadgroup"),
            *(f"--junit-xml={report}", *tests),
        ],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    return ended.returncode, ended.stdout


def failed(report: Path) -> list[str]:
    """Return the names of the tests that failed."""
    return [
        f"{case.get('classname')}::{case.get('name')}"
        for case in ElementTree.parse(report).iter("testcase")  # noqa: S314 (pytest has written it)
        if case.find("failure") is not None or case.find("error") is not None
    ]


def main() -> None:
    """Repeat what the command line says; exit status 1 if a test has failed."""
    parser = argparse.ArgumentParser(prog="python -m tests.programs.repeat")
    parser.add_argument("--count", type=int, default=10)
    parser.add_argument("tests", nargs="*", default=["tests/integration"])
    arguments = parser.parse_args()
    failures: Counter[str] = Counter()
    with tempfile.TemporaryDirectory() as directory, ExitStack() as stack:
        report = Path(directory, "report.xml")
        for _ in range(len(os.sched_getaffinity(0))):
            stack.enter_context(busy_core())
        for number in range(1, arguments.count + 1):
            begun = time.monotonic()
            status, output = run(arguments.tests, report)
            if status not in (0, 1):  # Not even the tests were run, or Ctrl-C.
                sys.exit(f"{output}\npytest ended with exit status {status}")
            names = failed(report)
            failures.update(names)
            if names:
                print(output)
            seconds = time.monotonic() - begun
            print(f"run {number}: {seconds:.0f} s, {len(names)} failed", flush=True)
    for name, count in failures.most_common():
        print(f"failed {count} of {arguments.count} times: {name}")
    if not failures:
        print(f"{arguments.count} runs, no test failed")
    sys.exit(bool(failures))


if __name__ == "__main__":
    main()
