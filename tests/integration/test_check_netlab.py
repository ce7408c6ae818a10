"""The profile netlab: our services pass it, and each of them with a mistake fails it."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import cast

import pytest
import pytest_twisted
from twisted.internet.interfaces import IReactorTime

from tests.checked.netlab import manifest
from tests.processes import DEADLINE, ROOT
from twisted_lab.check import checking
from twisted_lab.check.activity import Activity
from twisted_lab.check.bench import Bench
from twisted_lab.check.profiles.netlab import COMMAND, TASKS
from twisted_lab.check.sandbox.opening import open_sandbox
from twisted_lab.check.task import Task

MUTANTS = ROOT / "tests" / "checked" / "netlab"
BY_NAME = {task.name: task for task in TASKS}


async def verdicts(task: Task, command: Sequence[str], folder: Path, *only: str) -> dict[str, str]:
    """Return what does not pass: verdicts and notes by id, of some requirements or all."""
    from twisted.internet import reactor

    bench = Bench(
        reactor=reactor,
        activity=Activity(cast(IReactorTime, reactor)),
        command=command,
        folder=folder,
        address=None,
        open_sandbox=partial(open_sandbox, modules=[ROOT]),
        seed=7,
        watch=lambda _: None,
    )
    report = await checking.check(bench, task, only, lambda *_: None, lambda _: None)
    return {
        each.requirement.id: f"{each.verdict.value}: {each.evidence.note}"
        for each in report.findings
        if each.verdict.value != "pass"
    }


def test_a_service_of_ours_is_checked_without_a_command() -> None:
    command = [sys.executable, "-m", "twisted_lab.check", "--profile", "netlab", "--only", "NE-1"]
    ended = subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, timeout=DEADLINE, check=False
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert "1 passed" in ended.stdout


@pytest.mark.long
@pytest.mark.parametrize("task", TASKS, ids=lambda each: each.name)
@pytest_twisted.ensureDeferred
async def test_our_services_pass(task: Task, tmp_path: Path) -> None:
    assert await verdicts(task, COMMAND, tmp_path) == {}


@pytest.mark.long
@pytest.mark.parametrize("key", manifest.BROKEN)
@pytest_twisted.ensureDeferred
async def test_a_service_with_a_mistake_fails(key: str) -> None:
    name, file = manifest.BROKEN[key]
    options = ("--interface", "127.0.0.1", "--port", "{port}", "{options}")
    command = (sys.executable, file, *options)
    found = await verdicts(BY_NAME[name], command, MUTANTS, key)
    assert list(found) == [key], found
    assert found[key].startswith("fail: "), found
