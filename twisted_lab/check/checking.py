"""Checking a program: learn how it wants to be used, then judge it."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from twisted.internet.defer import CancelledError

from twisted_lab.check.bench import Bench
from twisted_lab.check.judging import judge
from twisted_lab.check.requirements.requirement import Requirement
from twisted_lab.check.task import Task
from twisted_lab.check.verdicts import Finding, Report
from twisted_lab.text.language import _

MOST_SECONDS = 600.0  # a correct program needs 10, and one that always spins 40


class Interrupted(CancelledError):
    """The check was cancelled before its end.

    Attributes:
        report: What was found until then.
    """

    def __init__(self, report: Report) -> None:
        super().__init__()
        self.report = report


async def check(
    bench: Bench,
    task: Task,
    only: tuple[str, ...],
    step: Callable[[Requirement, str], object],
    found: Callable[[Finding], object],
) -> Report:
    """Check a program.

    Args:
        bench: How to start it, or where to reach it.
        task: The task.
        only: The ids of the requirements to judge; empty for all of the task.
        step: Is told of each step, and the requirement that it is for.
        found: Is told of each finding.

    Raises:
        Interrupted: The check was cancelled.
    """
    began = bench.activity.clock.seconds()
    bench.ends = began + MOST_SECONDS
    bench.watch = partial(step, task.requirements[0])
    findings: list[Finding] = []
    behaviour: tuple[str, ...] = ()

    def take(finding: Finding) -> None:
        findings.append(finding)
        found(finding)

    def report() -> Report:
        return Report(
            task=task.name,
            program=" ".join(bench.command) or "{}:{}".format(*bench.address or ("", 0)),
            seed=bench.seed,
            findings=tuple(findings),
            behaviour=behaviour,
            problems=bench.lacks,
            incidents=tuple(sorted(bench.incidents)),
            seconds=bench.activity.clock.seconds() - began,
        )

    wanted = frozenset(only or (each.id for each in task.requirements))
    try:
        bench.watch(_("First the checker learns how the program wants to be used:"))
        manners = await task.learn(bench)
        behaviour = manners.behaviour
        bench.watch(_("Now the program is judged:"))
        await judge(bench, task, manners, wanted, step, take)
    except CancelledError:
        raise Interrupted(report()) from None
    finally:
        for close in bench.at_end:
            close()
    return report()
