"""Checks programs again and again while all cores are busy, and lists verdicts that change.

    python -m tests.programs.check_repeat [--count N] [--jobs N] [--all] [--first N] [PROGRAM ...]

By default it checks the correct programs of tests/checked and 20 broken ones; with --all, all of
them. A PROGRAM is a part of a program's name, such as "select" or "ES-4". Each run has a seed of
its own. It also lists each correct program that fails, and each broken one that does not. Ctrl-C
ends it, and lists what was found so far.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path

from tests.checked.clients import manifest as clients
from tests.checked.servers import manifest as servers
from tests.processes import ROOT
from tests.programs.repeat import busy_core

DEADLINE = 600  # seconds for one program: some use all the processor time that they get
_CHOSEN = 10  # broken servers, and as many broken clients


@dataclass(frozen=True)
class Program:
    """A program of tests/checked.

    Attributes:
        name: Its name, for people.
        task: The task that it is checked for.
        folder: Its folder.
        command: Its command.
        fails: The id of a requirement that it fails; "" if it is correct.
        lacks: The ids of requirements that it fails, although it counts as correct.
    """

    name: str
    task: str
    folder: Path
    command: Sequence[str]
    fails: str = ""
    lacks: frozenset[str] = frozenset()


def programs(base: Path, is_all: bool) -> Iterator[Program]:
    """Copy the programs to a folder, build those that need it, and yield them."""
    for task, manifest in (("echo-server", servers), ("echo-client", clients)):
        folder = base / task
        shutil.copytree(Path(str(manifest.__file__)).parent, folder)
        for tool, build in manifest.BUILDS.items():
            if shutil.which(tool):
                subprocess.run(build, cwd=folder, check=True)
        lacks = getattr(manifest, "LACKS", {})
        for name, command, needed in manifest.CORRECT:
            if shutil.which(needed):
                kept = lacks.get(name, frozenset())
                yield Program(f"{task}: {name}", task, folder, command, lacks=kept)
        broken = list(manifest.BROKEN.items())
        for key, file in broken if is_all else _spread(broken):
            yield Program(f"{task}: broken {key}", task, folder, (sys.executable, file), key)
        for mistake, started, key in manifest.MISTAKES if is_all else ():
            command = (sys.executable, started) if isinstance(started, str) else started
            yield Program(f"{task}: mistake {mistake}", task, folder, command, key)


def _spread(items: list[tuple[str, str]]) -> list[tuple[str, str]]:
    return [items[index * len(items) // _CHOSEN] for index in range(_CHOSEN)]


def check(program: Program, seed: int) -> dict[str, str]:
    """Check a program, and return the verdicts by the ids of requirements."""
    arguments = (program.task, "--seed", str(seed), "--json", "-", "--", *program.command)
    ended = subprocess.run(
        [sys.executable, "-m", "twisted_lab.check", "--folder", str(program.folder), *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=DEADLINE,
    )
    if ended.returncode not in (0, 1, 3):
        sys.exit(f"{program.name}: the checker ended with {ended.returncode}: {ended.stderr}")
    report = json.loads(ended.stdout)
    for each in report["findings"]:
        is_known = each["id"] == program.fails or each["note"].startswith("It depends on")
        if each["verdict"] in ("fail", "flaky", "not checked") and not is_known:
            print(f"  {program.name}: {each['id']} {each['verdict']}: {each['note']}", flush=True)
    return {each["id"]: each["verdict"] for each in report["findings"]}


def wrong(program: Program, verdicts: dict[str, Counter[str]]) -> Iterator[str]:
    """Yield what is wrong with the verdicts of all runs on a program, one line each."""
    for key, counts in verdicts.items():
        seen = ", ".join(f"{verdict} {count} times" for verdict, count in counts.most_common())
        may_fail = program.fails or key in program.lacks
        if len(counts) > 1:
            yield f"{program.name}: {key} changes: {seen}"
        elif key == program.fails and "fail" not in counts:
            yield f"{program.name}: {key} does not fail: {seen}"
        elif not may_fail and "fail" in counts:
            yield f"{program.name}: {key} fails: {seen}"


def main() -> None:
    """Repeat the checks; exit with status 1 if a verdict changed or is wrong."""
    parser = argparse.ArgumentParser(prog="python -m tests.programs.check_repeat")
    parser.add_argument("--count", type=int, default=10)
    parser.add_argument("--first", type=int, default=1, help="the seed of the first run")
    parser.add_argument("--jobs", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--all", action="store_true")
    parser.add_argument("programs", nargs="*")
    arguments = parser.parse_args()
    verdicts: dict[Program, dict[str, Counter[str]]] = defaultdict(lambda: defaultdict(Counter))
    runs = 0
    with tempfile.TemporaryDirectory() as base, ExitStack() as stack:
        Path(base).chmod(0o755)  # root's programs run as another user
        chosen = [
            each
            for each in programs(Path(base), arguments.all)
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
                for program, found in zip(chosen, results, strict=True):
                    for key, verdict in found.items():
                        verdicts[program][key][verdict] += 1
                runs += 1
                print(f"run {runs}: {time.monotonic() - begun:.0f} s", flush=True)
        pool.shutdown(cancel_futures=True)
    total = sum(counts.total() for each in verdicts.values() for counts in each.values())
    lines = [line for program in chosen for line in wrong(program, verdicts[program])]
    print(f"{len(chosen)} programs, {runs} runs, {total:,} verdicts; {len(lines)} wrong")
    print("\n".join(lines))
    sys.exit(bool(lines) or runs < arguments.count)


if __name__ == "__main__":
    main()
