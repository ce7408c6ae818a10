"""The whole report, as text for a terminal."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from twisted_lab.check.reports.failure import brief, failure
from twisted_lab.check.reports.style import Style, shown
from twisted_lab.check.requirements.requirement import Level
from twisted_lab.check.verdicts import Finding, Report, Verdict
from twisted_lab.text.language import N_, _, ngettext

_COUNTED = {
    Verdict.PASS: N_("{n} passed"),
    Verdict.FAIL: N_("{n} failed"),
    Verdict.WEAK: N_("{n} weak"),
    Verdict.FLAKY: N_("{n} flaky"),
    Verdict.NOT_CHECKED: N_("{n} not checked"),
    Verdict.NOT_OFFERED: N_("{n} not offered"),
    Verdict.INFO: N_("{n} for information"),
}
_MOST_LINES = 50  # about behaviour, and of the other sections


def terminal_report(
    report: Report,
    style: Style,
    with_answers: bool = False,
    with_pictures: bool = False,
    unchecked: Sequence[str] = (),
    only: Sequence[str] = (),
) -> str:
    """Return a report as text.

    Args:
        report: The report.
        style: How its lines look.
        with_answers: Whether to show the second stage of each hint.
        with_pictures: Whether to draw, for each failure, who sent what to whom.
        unchecked: The ids of requirements that an interruption has left out.
        only: The ids that were asked for; empty for all.
    """
    lines = style.wrapped(f"{report.task}: {shown(report.program)}", "  ", "")
    blocked = _blocked(report)
    findings = tuple(each for each in report.findings if each.requirement.id not in blocked)
    if blocked:  # nothing is more important than why
        lines += [*style.wrapped(shown(findings[0].evidence.note)), ""]
    needed = [each.requirement.id for each in findings if only and each.requirement.id not in only]
    if needed:
        ids = ", ".join(needed)
        also = ngettext(
            "{ids} is checked, too: what you asked for depends on it.",
            "{ids} are checked, too: what you asked for depends on them.",
            len(needed),
            ids=ids,
        )
        lines += style.wrapped(also)
    for finding in findings:
        lines += row(finding, style)
    if blocked:
        more = ngettext(
            "{n} more, which depends on {id}",
            "{n} more, which depend on {id}",
            len(blocked),
            id=findings[0].requirement.id,
        )
        lines += _row(Verdict.NOT_CHECKED, "", more, style)
    for finding in explained(findings):
        if finding.verdict is Verdict.FAIL:
            lines += ["", *failure(finding, style, with_answers, with_pictures)]
        else:
            lines += ["", *brief(finding, style, with_answers)]
    for title, texts in sections(replace(report, findings=findings), with_answers):
        lines += _section(title, texts, style)
    levels = ", ".join(f"{level.name[0]}: {_(level.value)}" for level in Level)
    lines += [
        "",
        levels,
        *style.wrapped(summary(report)),
        *style.wrapped(_interrupted(unchecked) or next_step(report, with_answers)),
    ]
    return "\n".join(lines)


def _interrupted(unchecked: Sequence[str]) -> str:
    if not unchecked:
        return ""
    return _("Interrupted before these were checked: {ids}.", ids=", ".join(unchecked))


def _blocked(report: Report) -> list[str]:
    """Return the ids of all that depends on the first requirement, if it is not met."""
    blocked: list[str] = []
    first = report.findings[:1]
    if first and first[0].verdict in (Verdict.FAIL, Verdict.NOT_CHECKED):
        for each in report.findings[1:]:
            if {first[0].requirement.id, *blocked}.intersection(each.requirement.needs):
                blocked.append(each.requirement.id)
    return blocked


def sections(report: Report, with_answers: bool = False) -> list[tuple[str, Sequence[str]]]:
    """Return titles, and the lines that follow each; those without a line are left out.

    Args:
        report: The report.
        with_answers: Whether to show the second stage of each hint.
    """
    learned = " ".join(report.behaviour)
    found = [
        f"{each.requirement.id}: {each.evidence.note}"
        for each in _are(report, Verdict.INFO)
        if each.evidence.note not in learned
    ]
    given = [
        f"{each.requirement.id}: {_(each.verdict.value)}, {each.evidence.note}"
        for each in report.findings
        if each.is_given
    ]
    every = [
        (_("Verdicts by hand"), given),
        (_("How it behaves"), [*report.behaviour, *found]),
        (_("Not offered"), _by_reason(report, Verdict.NOT_OFFERED, with_answers)),
        (_("Not checked"), _by_reason(report, Verdict.NOT_CHECKED, with_answers)),
        (_("What this machine does not allow"), report.problems),
        (_("What the program did to its surroundings"), report.incidents),
    ]
    return [(title, texts) for title, texts in every if texts]


def row(finding: Finding, style: Style) -> list[str]:
    """Return one line, or more, about a requirement: symbol, verdict, id, level and text."""
    requirement = finding.requirement
    about = f"{requirement.id:5}  {requirement.level.name[0]}  "
    return _row(finding.verdict, about, _(requirement.text), style)


def _row(verdict: Verdict, about: str, text: str, style: Style) -> list[str]:
    width = max(len(_(each.value)) for each in Verdict)
    words = f"{_(verdict.value):{width}}  {about}"
    return style.wrapped(text, " " * (2 + len(words)), f"{style.mark(verdict)} {words}")


def summary(report: Report) -> str:
    """Return how many requirements have which verdict, in one line."""
    counts = Counter(finding.verdict for finding in report.findings)
    must = sum(map(_is_must, _are(report, Verdict.FAIL)))
    counted = _COUNTED | ({Verdict.FAIL: N_("{n} failed ({must} of them a must)")} if must else {})
    words = [
        _(message, n=counts[each], must=must) for each, message in counted.items() if counts[each]
    ]
    return _(
        "{counts}; {seconds:.1f} s, seed {seed}",
        counts=", ".join(words) or _("nothing checked"),
        seconds=report.seconds,
        seed=report.seed,
    )


def next_step(report: Report, with_answers: bool) -> str:
    """Return what to do next, in one or two sentences."""
    if failed := explained(_are(report, Verdict.FAIL)):
        first = failed[0].requirement.id
        if with_answers:
            return _(
                "Next: {id}. Add --only {id} --watch --picture after {task} to see each step and "
                "message.",
                id=first,
                task=report.task,
            )
        return _(
            "Next: {id}. Add --only {id} --watch --picture after {task} to see each step and "
            "message, or --hint to read the answer to the hint.",
            id=first,
            task=report.task,
        )
    if flaky := _are(report, Verdict.FLAKY):
        ids = ",".join(each.requirement.id for each in flaky)
        return _(
            "Next: repeat what was flaky, with --only {ids} --seed {seed}.",
            ids=ids,
            seed=report.seed,
        )
    offers = _are(report, Verdict.NOT_OFFERED)
    if musts := list(filter(_is_must, offers)):
        return ngettext(
            "{n} must is not offered: {id}; --explain {id} says what it asks.",
            "{n} musts are not offered, the first of them {id}; --explain {id} says what it asks.",
            len(musts),
            id=musts[0].requirement.id,
        )
    if _are(report, Verdict.NOT_CHECKED):
        return _("Nothing failed, but not everything was checked: the reasons are above.")
    left = [
        each
        for each in (*explained(report.findings), *offers)
        if each.requirement.level is not Level.INFORMATION
    ]
    one = min(left, key=lambda each: not _is_must(each), default=None)
    if one is None:
        return _("Nothing failed.")
    if one.verdict is Verdict.WEAK:
        return _("Nothing failed. Next: {id}, which is weak.", id=one.requirement.id)
    return _(
        "Nothing failed. Next: {id}, which is not offered; --explain {id} says what it asks.",
        id=one.requirement.id,
    )


def explained(findings: Iterable[Finding]) -> list[Finding]:
    """Return the findings to explain, the first to mend first: failures, and each MUST."""
    order = (Verdict.FAIL, Verdict.FLAKY, Verdict.WEAK)
    chosen = [each for each in findings if each.verdict in order]
    return sorted(chosen, key=lambda each: (order.index(each.verdict), not _is_must(each)))


def _are(report: Report, verdict: Verdict) -> list[Finding]:
    return [finding for finding in report.findings if finding.verdict is verdict]


def _is_must(finding: Finding) -> bool:
    return finding.requirement.level is Level.MUST


def _by_reason(report: Report, verdict: Verdict, with_answers: bool) -> list[str]:
    """Return each reason once, with its hint, after the ids of all that it concerns."""
    reasons: dict[str, list[str]] = {}
    for finding in _are(report, verdict):
        words = [finding.evidence.note]
        if mistake := finding.evidence.mistake:
            words.append(_("Hint: {question}", question=_(mistake.question)))
            words += [_("Answer: {answer}", answer=_(mistake.answer))] * with_answers
        reasons.setdefault(" ".join(words), []).append(finding.requirement.id)
    return [f"{', '.join(ids)}: {reason}" for reason, ids in reasons.items() if reason]


def _section(title: str, texts: Sequence[str], style: Style) -> Iterator[str]:
    yield from ("", f"{title}:")
    for text in texts[:_MOST_LINES]:
        yield from style.wrapped(shown(text), "    ", "  - ")
    if len(texts) > _MOST_LINES:
        yield "  " + _("({n:,} more)", n=len(texts) - _MOST_LINES)
