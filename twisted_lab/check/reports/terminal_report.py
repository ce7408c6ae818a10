"""The whole report, as text for a terminal."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from twisted_lab.check.language import _
from twisted_lab.check.reports.failure import brief, failure
from twisted_lab.check.reports.style import Style, shown
from twisted_lab.check.requirements.requirement import Level
from twisted_lab.check.verdicts import Finding, Report, Verdict

_COUNTED = {
    Verdict.PASS: "passed",
    Verdict.FAIL: "failed",
    Verdict.WEAK: "weak",
    Verdict.FLAKY: "flaky",
    Verdict.NOT_CHECKED: "not checked",
    Verdict.NOT_OFFERED: "not offered",
    Verdict.INFO: "for information",
}
_MOST_LINES = 50  # about behaviour, and of the other sections


def terminal_report(
    report: Report, style: Style, with_answers: bool = False, with_pictures: bool = False
) -> str:
    """Return a report as text.

    Args:
        report: The report.
        style: How its lines look.
        with_answers: Whether to show the second stage of each hint.
        with_pictures: Whether to draw, for each failure, who sent what to whom.
    """
    lines = style.wrapped(f"{report.task}: {shown(report.program)}", "  ", "")
    lines += [line(finding, style) for finding in report.findings]
    for finding in report.findings:
        if finding.verdict is Verdict.FAIL:
            lines += ["", *failure(finding, style, with_answers, with_pictures)]
        elif finding.verdict in (Verdict.WEAK, Verdict.FLAKY):
            lines += ["", *brief(finding, style, with_answers)]
    for title, texts in sections(report):
        lines += _section(title, texts, style)
    lines += ["", *style.wrapped(summary(report)), *style.wrapped(next_step(report, with_answers))]
    return "\n".join(lines)


def sections(report: Report) -> list[tuple[str, Sequence[str]]]:
    """Return titles, and the lines that follow each; those without a line are left out."""
    learned = " ".join(report.behaviour)
    found = [
        f"{each.requirement.id}: {each.evidence.note}"
        for each in _are(report, Verdict.INFO)
        if each.evidence.note not in learned
    ]
    every = [
        (_("How it behaves"), [*report.behaviour, *found]),
        (_("Not offered"), _by_reason(report, Verdict.NOT_OFFERED)),
        (_("Not checked"), _by_reason(report, Verdict.NOT_CHECKED)),
        (_("What this machine does not allow"), report.problems),
        (_("What the program did to its surroundings"), report.incidents),
    ]
    return [(title, texts) for title, texts in every if texts]


def line(finding: Finding, style: Style) -> str:
    """Return one line about a requirement: symbol, verdict, id, level and text."""
    requirement = finding.requirement
    words = f"{finding.verdict.value:11}  {requirement.id:5}  {requirement.level.name[0]}  "
    text = style.cut(requirement.text, 2 + len(words))
    return f"{style.mark(finding.verdict)} {words}{text}"


def summary(report: Report) -> str:
    """Return how many requirements have which verdict, in one line."""
    counts = Counter(finding.verdict for finding in report.findings)
    words = [f"{counts[each]} {word}" for each, word in _COUNTED.items() if counts[each]]
    if failed := len([each for each in _are(report, Verdict.FAIL) if _is_must(each)]):
        words[words.index(f"{counts[Verdict.FAIL]} failed")] += f" ({failed} of them a must)"
    return f"{', '.join(words) or 'nothing checked'}; {report.seconds:.1f} s, seed {report.seed}"


def next_step(report: Report, with_answers: bool) -> str:
    """Return what to do next, in one or two sentences."""
    failed = sorted(_are(report, Verdict.FAIL), key=lambda each: not _is_must(each))
    if failed:
        first = failed[0].requirement.id
        text = f"Next: {first}. Add --only {first} --watch after {report.task} to see each step"
        return f"{text}." if with_answers else f"{text}, or --hint to read the answer to the hint."
    if flaky := _are(report, Verdict.FLAKY):
        ids = ",".join(each.requirement.id for each in flaky)
        return f"Next: repeat what was flaky, with --only {ids} --seed {report.seed}."
    if _are(report, Verdict.NOT_CHECKED):
        return "Nothing failed, but not everything was checked: the reasons are above."
    if weak := _are(report, Verdict.WEAK):
        return f"Nothing failed. Next: {weak[0].requirement.id}, which is weak."
    return "Nothing failed."


def _are(report: Report, verdict: Verdict) -> list[Finding]:
    return [finding for finding in report.findings if finding.verdict is verdict]


def _is_must(finding: Finding) -> bool:
    return finding.requirement.level is Level.MUST


def _by_reason(report: Report, verdict: Verdict) -> list[str]:
    """Return each reason once, after the ids of all requirements that it concerns."""
    reasons: dict[str, list[str]] = {}
    for finding in _are(report, verdict):
        reasons.setdefault(finding.evidence.note, []).append(finding.requirement.id)
    return [f"{', '.join(ids)}: {reason}" for reason, ids in reasons.items() if reason]


def _section(title: str, texts: Sequence[str], style: Style) -> Iterator[str]:
    yield from ("", f"{title}:")
    for text in texts[:_MOST_LINES]:
        yield from style.wrapped(shown(text), "    ", "  - ")
    if len(texts) > _MOST_LINES:
        yield f"  ({len(texts) - _MOST_LINES:,} more)"
