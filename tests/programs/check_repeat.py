"""Checks programs again and again while all cores are busy, and lists verdicts that change.

    python -m tests.programs.check_repeat [--count N] [--jobs N] [--all] [--first N] [PROGRAM ...]

By default it checks the correct programs of tests/checked and 20 broken ones; with --all, all of
them. A PROGRAM is a part of a program's name, such as "select" or "ES-4". Each run has a seed of
its own. It also lists each correct program that fails, and each broken one that does not. Ctrl-C
ends it, and lists what was found so far.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress
from pathlib import Path

from tests.programs.checked import Program, broken, check, correct, mistaken, prepare
from tests.programs.repeat import busy_core

_CHOSEN = 20  # broken programs, unless all are wanted


def tell(program: Program, findings: list[dict[str, str]]) -> None:
    """Print what a program is blamed for, and what could not be checked."""
    for each in findings:
        is_known = each["id"] == program.fails or each["note"].startswith("It depends on")
        if each["verdict"] in ("fail", "flaky", "not checked") and not is_known:
            print(f"  {program.name}: {each['id']} {each['verdict']}: {each['note']}", flush=True)


def wrong(program: Program, verdicts: dict[str, Counter[str]]) -> Iterator[str]:
    """Yield what is wrong with the verdicts of all runs on a program, one line each."""
    for key, counts in verdicts.items():
        seen = ", ".join(f"{verdict} {count} times" for verdict, count in counts.most_common())
        may_fail = program.fails or key in program.lacks
        if len(counts) > 1:
            yield f"{program.name}: {key} changes: {seen}"
        elif key == program.fails and not counts.keys() & _expected(program):
            yield f"{program.name}: {key} is not found: {seen}"
        elif not may_fail and "fail" in counts:
            yield f"{program.name}: {key} fails: {seen}"


def _expected(program: Program) -> set[str]:
    if program.mistake:
        return {f"fail ({program.mistake})", f"weak ({program.mistake})"}
    return {"weak" if program.is_weak else "fail"}


def _verdict(program: Program, finding: dict[str, str]) -> str:
    """Return a verdict; with the mistake that was seen, if a program is there to show one."""
    verdict = finding["verdict"]
    is_shown = program.mistake and finding["id"] == program.fails
    return f"{verdict} ({finding['mistake']})" if is_shown else verdict


def programs(is_all: bool) -> list[Program]:
    """Return the programs to repeat: the correct ones and some broken ones, or all of them."""
    if is_all:
        return [*correct(), *broken(), *mistaken()]
    failing = list(broken())
    return [*correct(), *failing[:: max(1, len(failing) // _CHOSEN)][:_CHOSEN]]


def main() -> None:
    """Repeat the checks; exit with status 1 if a verdict changed or is wrong."""
    parser = argparse.ArgumentParser(prog="python -m tests.programs.check_repeat")
    parser.add_argument("--count", type=int, default=10)
    parser.add_argument("--first", type=int, default=1, help="the seed of the first run")
    parser.add_argument("--jobs", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--all", action="store_true")
    parser.add_argument("programs", nargs="*")
    arguments = parser.parse_args()
    verdicts: dict[str, dict[str, Counter[str]]] = defaultdict(lambda: defaultdict(Counter))
    runs = 0
    with tempfile.TemporaryDirectory() as base, ExitStack() as stack:
        Path(base).chmod(0o755)  # root's programs run as another user
        chosen = [
            prepare(each, Path(base, str(number)))
            for number, each in enumerate(programs(arguments.all))
            if not arguments.programs or any(word in each.name for word in arguments.programs)
        ]
        for _ in os.sched_getaffinity(0):
            stack.enter_context(busy_core())
        pool = stack.enter_context(ThreadPoolExecutor(arguments.jobs))
        with suppress(KeyboardInterrupt):
            for seed in range(arguments.first, arguments.first + arguments.count):
                begun = time.monotonic()
                # Each run is a pass over all programs, so that an early end has seen them all.
                results = pool.map(lambda each, seed=seed: check(each, seed), chosen)
                for program, findings in zip(chosen, results, strict=True):
                    tell(program, findings)
                    for each in findings:
                        verdicts[program.name][each["id"]][_verdict(program, each)] += 1
                runs += 1
                print(f"run {runs}: {time.monotonic() - begun:.0f} s", flush=True)
        pool.shutdown(cancel_futures=True)
    total = sum(counts.total() for each in verdicts.values() for counts in each.values())
    lines = [line for program in chosen for line in wrong(program, verdicts[program.name])]
    summary = f"{len(chosen)} programs, {runs} runs, {total:,} verdicts; {len(lines)} wrong"
    print(summary, *lines, sep="\n")
    sys.exit(bool(lines) or runs < arguments.count)


if __name__ == "__main__":
    main()
