"""Repeats tests while all cores are busy, and lists which test failed how often.

    python -m tests.programs.repeat [--count N] [TEST ...]

A TEST is an argument of pytest such as tests/integration/test_chat.py, whose long tests also run.
By default it repeats the integration tests of `make test`. It prints the output of failed runs.
Ctrl-C ends it, and lists the failures so far.
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
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from xml.etree import ElementTree

from tests.processes import ROOT


@contextmanager
def busy_core() -> Iterator[None]:
    """Keep a core busy with a process that computes, and that does not outlive this one."""
    code = f"import os\nwhile os.getppid() == {os.getpid()}: pass"
    burner = subprocess.Popen([sys.executable, "-c", code])
    try:
        yield
    finally:
        burner.kill()
        burner.wait()


def run(tests: list[str], report: Path) -> tuple[int, str]:
    """Run the tests once; return pytest's exit status and output."""
    ended = subprocess.run(
        [
            *(sys.executable, "-m", "pytest", "--quiet", f"--junit-xml={report}"),
            *("--numprocesses", str(len(os.sched_getaffinity(0)) + 1), "--dist", "loadgroup"),
            *(tests or ("tests/integration", "-m", "not long")),
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
        for case in ElementTree.parse(report).iter("testcase")  # noqa: S314 (written by pytest)
        if case.find("failure") is not None or case.find("error") is not None
    ]


def main() -> None:
    """Repeat the tests; exit with status 1 if a test failed."""
    parser = argparse.ArgumentParser(prog="python -m tests.programs.repeat")
    parser.add_argument("--count", type=int, default=10)
    parser.add_argument("tests", nargs="*")
    arguments = parser.parse_args()
    if arguments.count < 1:
        parser.error("--count is a whole number from 1 on")
    failures: Counter[str] = Counter()
    runs = 0
    with tempfile.TemporaryDirectory() as directory, ExitStack() as stack:
        report = Path(directory, "report.xml")
        for _ in os.sched_getaffinity(0):
            stack.enter_context(busy_core())
        with suppress(KeyboardInterrupt):
            while runs < arguments.count:
                begun = time.monotonic()
                status, output = run(arguments.tests, report)
                if status not in (0, 1):
                    sys.exit(f"{output}\npytest ended with exit status {status}")
                names = failed(report)
                failures.update(names)
                if names:
                    print(output)
                runs += 1
                seconds = time.monotonic() - begun
                print(f"run {runs}: {seconds:.0f} s, {len(names)} failed", flush=True)
    for name, count in failures.most_common():
        print(f"failed {count} of {runs} times: {name}")
    if not failures:
        print(f"{runs} runs, no test failed")
    sys.exit(bool(failures) or runs < arguments.count)


if __name__ == "__main__":
    main()
