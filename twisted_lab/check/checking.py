"""Checking a program: learn how it wants to be used, then judge it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from typing import Any

from twisted_lab.check.bench import Bench
from twisted_lab.check.judging import Scenario, judge
from twisted_lab.check.outcomes import NotChecked
from twisted_lab.check.requirements.requirement import Requirement
from twisted_lab.check.requirements.tasks import TASKS
from twisted_lab.check.scenarios import echo_client, echo_server
from twisted_lab.check.trials.learn_client import learn_client
from twisted_lab.check.trials.learn_server import learn_server
from twisted_lab.check.trials.trial import Trial
from twisted_lab.check.verdicts import Finding, Report

MOST_SECONDS = 600.0  # a correct program needs 10, and one that always spins 40

# How to learn the manners of a program, and the scenarios that are given them, by the task.
_TASKS: Mapping[str, tuple[Callable[[Bench], Awaitable[Any]], Mapping[str, Scenario[Any]]]] = {
    "echo-server": (learn_server, echo_server.SCENARIOS),
    "echo-client": (learn_client, echo_client.SCENARIOS),
}


async def check(
    bench: Bench,
    task: str,
    only: tuple[str, ...],
    step: Callable[[Requirement, str], object],
    found: Callable[[Finding], object],
) -> Report:
    """Check a program.

    Args:
        bench: How to start it, or where to reach it.
        task: The task, such as ``echo-server``.
        only: The ids of the requirements to judge; empty for all of the task.
        step: Is told of each step, and the requirement that it is for.
        found: Is told of each finding.
    """
    began = bench.activity.clock.seconds()
    bench.ends = began + MOST_SECONDS
    requirements = TASKS[task]
    learn, scenarios = _TASKS[task]
    bench.watch = partial(step, requirements[0])
    manners = await learn(bench)
    if bench.address:
        scenarios = {**scenarios, **dict.fromkeys(echo_server.NEED_A_START, _not_started)}
    findings: list[Finding] = []

    def take(finding: Finding) -> None:
        findings.append(finding)
        found(finding)

    wanted = frozenset(only or (each.id for each in requirements))
    await judge(bench, requirements, scenarios, manners, wanted, step, take)
    return Report(
        task=task,
        program=" ".join(bench.command) or "{}:{}".format(*bench.address or ("", 0)),
        seed=bench.seed,
        findings=tuple(findings),
        behaviour=manners.behaviour,
        problems=bench.lacks,
        incidents=tuple(sorted(bench.incidents)),
        seconds=bench.activity.clock.seconds() - began,
    )


async def _not_started(_: Trial, __: object) -> None:
    raise NotChecked("The checker did not start the server.")
