"""Judging a program: one scenario after the other, and no verdict on the strength of one trial."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial

from twisted.internet.defer import CancelledError
from twisted.logger import Logger

from twisted_lab.check.bench import Bench
from twisted_lab.check.conversation.framings import with_headers
from twisted_lab.check.outcomes import NotChecked, Outcome
from twisted_lab.check.requirements.requirement import Requirement
from twisted_lab.check.sandbox.sandbox import SandboxFailed
from twisted_lab.check.task import Learned, Scenario, Task
from twisted_lab.check.trials.start_server import filled
from twisted_lab.check.trials.trial import Trial
from twisted_lab.check.verdicts import Evidence, Finding, Verdict
from twisted_lab.text.language import _

MOST_TRIALS = 5  # a trial in which the checker itself was late does not count
_REPEATED = {Verdict.FAIL, Verdict.WEAK, Verdict.NOT_OFFERED}
_MET = {Verdict.PASS, Verdict.WEAK, Verdict.INFO}

_log = Logger()


async def judge(
    bench: Bench,
    task: Task,
    manners: Learned,
    wanted: frozenset[str],
    step: Callable[[Requirement, str], object],
    found: Callable[[Finding], object],
) -> None:
    """Judge a program.

    Args:
        bench: What all trials share.
        task: What to judge it by.
        manners: What the task has learned about it.
        wanted: The ids to judge; those that they need are judged, too.
        step: Is told of each step, as it happens, and the requirement that it is for.
        found: Is told of each finding.
    """
    needed = with_needs(task.requirements, wanted)
    findings: dict[str, Finding] = {}
    for requirement in task.requirements:
        if requirement.id not in needed:
            continue
        bench.watch = partial(step, requirement)
        missing = next((each for each in requirement.needs if not is_met(findings[each])), None)
        finding: Finding | None = None
        if missing is None or (
            requirement.id in task.may_pass_alone and findings[missing].verdict is Verdict.FAIL
        ):
            scenario = task.scenarios[requirement.id]
            if bench.address and requirement.id in task.need_a_start:
                scenario = _not_started
            finding = await _judge_one(bench, requirement, scenario, manners)
        if missing and (finding is None or finding.verdict is not Verdict.PASS):
            finding = not_checked(requirement, findings[missing])
        assert finding is not None
        findings[requirement.id] = finding
        found(finding)


def with_needs(requirements: Sequence[Requirement], wanted: frozenset[str]) -> set[str]:
    """Return the ids of requirements, and of all that they need."""
    needed = set(wanted)
    for requirement in reversed(requirements):
        if requirement.id in needed:
            needed.update(requirement.needs)
    return needed


async def _not_started(_trial: Trial, _manners: Learned) -> None:
    raise NotChecked(_("The checker did not start the server."))


def is_met(finding: Finding) -> bool:
    """Return whether what needs a requirement can be checked."""
    return finding.verdict in _MET


def not_checked(requirement: Requirement, cause: Finding) -> Finding:
    """Return the verdict on a requirement that needs one that is not met."""
    note = _(
        "It depends on {id}: {verdict}.", id=cause.requirement.id, verdict=_(cause.verdict.value)
    )
    verdict = Verdict.NOT_CHECKED
    if cause.verdict is Verdict.NOT_OFFERED:
        verdict = Verdict.NOT_OFFERED
    return Finding(requirement, verdict, Evidence(note))


async def _judge_one(
    bench: Bench, requirement: Requirement, scenario: Scenario[Learned], manners: Learned
) -> Finding:
    began = bench.activity.clock.seconds()
    first: Finding | None = None
    last: Finding | None = None
    finding = Finding(requirement, Verdict.NOT_CHECKED, Evidence(_("This machine was too busy.")))
    for _trial in range(MOST_TRIALS):
        if last:
            # For those who watch: the same steps follow.
            verdict = _(last.verdict.value)
            bench.watch(_("{verdict}: {note} Again:", verdict=verdict, note=last.evidence.note))
        bench.activity.lateness = 0.0
        now = last = await _try(bench, requirement, scenario, manners)
        if first is not None and now.verdict is Verdict.NOT_CHECKED and bench.address:
            finding = first  # the server has ended, and the checker cannot start it again
            break
        if now.verdict not in _REPEATED:
            finding = now if first is None else _after_two(first, now)
            break
        if now.verdict is Verdict.FAIL and bench.activity.is_late:
            continue  # what seemed slow may have been the checker
        if first is None:
            first = now
            continue
        finding = now if now.verdict is first.verdict else _after_two(first, now)
        break
    return replace(finding, seconds=bench.activity.clock.seconds() - began)


def _after_two(first: Finding, second: Finding) -> Finding:
    """Return the verdict of two trials that differ: a failure that did not repeat is flaky."""
    if Verdict.FAIL not in (first.verdict, second.verdict):
        return first if first.verdict is Verdict.WEAK else second
    failure = first if first.verdict is Verdict.FAIL else second
    return replace(failure, verdict=Verdict.FLAKY)


async def _try(
    bench: Bench, requirement: Requirement, scenario: Scenario[Learned], manners: Learned
) -> Finding:
    trial = Trial(bench, requirement.id)
    try:
        note = await scenario(trial, manners) or ""
        return Finding(requirement, Verdict.PASS, trial.evidence(note))
    except Outcome as outcome:
        evidence = replace(
            trial.evidence(outcome.note),
            difference=outcome.difference,
            mistake=outcome.mistake,
            by_hand=by_hand(requirement, trial),
        )
        return Finding(requirement, outcome.verdict, evidence)
    except SandboxFailed as problem:
        return Finding(requirement, Verdict.NOT_CHECKED, Evidence(str(problem)))
    except CancelledError:
        raise
    except Exception as error:  # a bug must not cost the other findings
        _log.failure("The checker has a bug in {id}", id=requirement.id)
        note = _("The checker has a bug: {error!r}", error=error)
        return Finding(requirement, Verdict.NOT_CHECKED, Evidence(note))
    finally:
        trial.close()


def by_hand(requirement: Requirement, trial: Trial) -> str:
    """Return the shell command that shows the same as a trial."""
    host, port = trial.dialled[0] if trial.dialled else trial.address
    command = shlex.join(filled(trial.bench.command, host, port))
    filled_in = _(requirement.by_hand).replace("{command}", command)
    filled_in = filled_in.replace("{host}", host).replace("{port}", str(port))
    if trial.has_own_port and "{port}" in requirement.by_hand:
        note = _("in place of {port}: the port to which your program sends", port=port)
        filled_in += ("; " if "  # " in filled_in else "  # ") + note
    return with_headers(filled_in, trial.framing)
