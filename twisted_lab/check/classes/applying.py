"""Verdicts by hand in place of the checker's, and what they change in what depends on them.

What the checker has seen itself stays. A requirement that it did not try, because another one was
not met, follows that other one: after a failure by hand, it is blocked; after any other verdict by
hand, it stays as it was, and is left to judge by hand.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from twisted_lab.check.judging import is_met, not_checked
from twisted_lab.check.verdicts import Evidence, Finding, Report, Verdict
from twisted_lab.text.language import _


def apply(
    report: Report, given: Sequence[Finding], *, was_checked: bool = True
) -> tuple[Report, tuple[str, ...]]:
    """Return a report with verdicts by hand, and the ids of requirements left to judge.

    Args:
        report: What the checker found.
        given: The verdicts by hand.
        was_checked: Whether there was a program; without one, nothing is left to judge.
    """
    new = {each.requirement.id: each for each in given}
    old = {each.requirement.id: each for each in report.findings}
    failed: set[str] = set()  # by hand, and what needs these
    left: dict[str, None] = {}
    findings = []
    for finding in report.findings:  # none needs a later one
        name, needs = finding.requirement.id, finding.requirement.needs
        causes = [each for each in needs if each in old and not is_met(old[each])]
        if name in new:
            finding = new[name]
            if finding.verdict is Verdict.FAIL:
                failed.add(name)
        elif causes and (blocking := next((each for each in needs if each in failed), None)):
            finding = not_checked(finding.requirement, new[blocking])
            failed.add(name)
        elif was_checked and causes and _is_changed(old[causes[0]], new):
            left[name] = None
            finding = replace(finding, evidence=Evidence(_then(old[causes[0]])))
        elif causes and causes[0] in left:
            left[name] = None
        new[name] = finding
        findings.append(finding)
    others = [each for each in given if each.requirement.id not in old]
    return replace(report, findings=(*findings, *others)), tuple(left)


def _is_changed(finding: Finding, new: Mapping[str, Finding]) -> bool:
    return new[finding.requirement.id].verdict is not finding.verdict


def _then(cause: Finding) -> str:
    name = cause.requirement.id
    if cause.verdict is Verdict.FAIL:
        return _("It was not checked, because {id} failed then.", id=name)
    return _(
        "It was not checked, because the verdict on {id} was then: {verdict}.",
        id=name,
        verdict=_(cause.verdict.value),
    )
