"""The whole report, as JSON."""

from __future__ import annotations

import json
from collections import Counter

from twisted_lab.check.verdicts import Difference, Evidence, Finding, Report, Verdict
from twisted_lab.faults.pictures.diagram import Passage
from twisted_lab.text.language import _

FORMAT = 1  # another number if a key goes or gets another meaning; new keys may come at any time
_EXCERPT = 384  # bytes before and after the first difference
_MOST = 10_000  # characters of one text
_MOST_TEXTS = 200  # in one list
_MOST_PASSAGES, _MOST_PASSAGE = 60, 200  # the last ones; characters of each


def json_report(report: Report, is_strict: bool) -> str:
    """Return a report as JSON, in ASCII; docs/checking-json.md describes its keys.

    Args:
        report: The report.
        is_strict: Whether SHOULD counts like MUST in the exit status.
    """
    counts = Counter(finding.verdict for finding in report.findings)
    content = {
        "format": FORMAT,
        "task": report.task,
        "program": _cut(report.program),
        "seed": report.seed,
        "seconds": round(report.seconds, 3),
        "status": report.status(is_strict),
        "counts": {verdict.value: counts[verdict] for verdict in Verdict},
        "findings": [_finding(each) for each in report.findings],
        "behaviour": _cut_all(report.behaviour),
        "problems": _cut_all(report.problems),
        "incidents": _cut_all(report.incidents),
    }
    return json.dumps(content, indent=1)


def _finding(finding: Finding) -> dict[str, object]:
    requirement = finding.requirement
    is_mistake = finding.verdict in (Verdict.FAIL, Verdict.WEAK, Verdict.FLAKY)
    return {
        "id": requirement.id,
        "level": requirement.level.value,
        "text": _(requirement.text),
        "why": _(requirement.why),
        "source": _(requirement.source),
        "needs": list(requirement.needs),
        "verdict": finding.verdict.value,
        "mistake": finding.mistake.name if is_mistake else None,
        "hint": _(finding.mistake.question) if is_mistake else None,
        "answer": _(finding.mistake.answer) if is_mistake else None,
        "seconds": round(finding.seconds, 3),
        **_evidence(finding.evidence),
        "passages": [_passage(each) for each in finding.evidence.passages[-_MOST_PASSAGES:]]
        if is_mistake
        else [],
    }


def _evidence(evidence: Evidence) -> dict[str, object]:
    return {
        "note": _cut(evidence.note),
        "steps": _cut_all(evidence.steps),
        "difference": evidence.difference and _difference(evidence.difference),
        "screen": evidence.screen[-_MOST:],
        "by_hand": _cut(evidence.by_hand),
    }


def _passage(passage: Passage) -> dict[str, object]:
    return {
        "left": passage.left,
        "right": passage.right,
        "is_rightwards": passage.is_rightwards,
        "text": passage.text[:_MOST_PASSAGE],
        "sent": passage.sent,
        "arrivals": passage.arrivals,
        "is_lost": passage.is_lost,
        "is_changed": passage.is_changed,
        "causes": list(passage.causes),
    }


def _difference(difference: Difference) -> dict[str, object]:
    first = difference.first
    start, end = max(first - _EXCERPT, 0), first + _EXCERPT
    return {
        "first": first,
        "expected_bytes": len(difference.expected),
        "received_bytes": len(difference.received),
        "excerpt_start": start,
        "expected": difference.expected[start:end].hex(),
        "received": difference.received[start:end].hex(),
    }


def _cut(text: str) -> str:
    return text[:_MOST]


def _cut_all(texts: tuple[str, ...]) -> list[str]:
    return [_cut(text) for text in texts[:_MOST_TEXTS]]
