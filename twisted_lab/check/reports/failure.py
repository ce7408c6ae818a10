"""A failure in full: the steps, the bytes that differ, why it matters, and a hint."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from twisted_lab.check.reports.comparison import compare, summary
from twisted_lab.check.reports.style import Style, shown
from twisted_lab.check.requirements.mistakes import UNREADABLE
from twisted_lab.check.verdicts import Evidence, Finding, Verdict
from twisted_lab.faults.pictures.sketch import sketch
from twisted_lab.text.language import N_, _

_INDENT = "  "
_LABELS = N_("Why"), N_("Seen"), N_("Hint"), N_("Answer")
_MOST_STEPS, _MOST_PASSAGES, _MOST_LINES = 20, 30, 12
_MOST_SCREEN = 4000  # characters
_LIBRARY = re.compile(r'  File "(?:<frozen |[^"]*/python3[^"/]*/(?!(?:site|dist)-packages/))')


def failure(
    finding: Finding,
    style: Style,
    with_answer: bool = False,
    with_picture: bool = False,
) -> Iterator[str]:
    """Return the lines that explain a failure.

    Args:
        finding: The failure.
        style: How the lines look.
        with_answer: Whether to show the second stage of the hint.
        with_picture: Whether to draw who sent what to whom.
    """
    evidence, requirement = finding.evidence, finding.requirement
    yield from heading(finding, style)
    yield from _part("Why", _(requirement.why), style)
    yield from _steps(finding, style)
    if evidence.note:
        yield from _part("Seen", shown(evidence.note), style)
    if evidence.difference is not None:
        yield from style.wrapped(summary(evidence.difference), _INDENT)
        room = style.columns - len(_INDENT)
        yield from (_INDENT + line for line in compare(evidence.difference, room))
    if with_picture:
        yield from _picture(evidence, style)
    yield from _screen(evidence.screen, style)
    yield from _hint(finding, style, with_answer)
    if finding.mistake.name == UNREADABLE.name:
        return  # there is nothing to try
    yield _INDENT + _("By hand, in another terminal:")
    # Not wrapped, so that it can be copied.
    yield f"{_INDENT * 2}{shown(evidence.by_hand or _(requirement.by_hand), 2000)}"


def brief(finding: Finding, style: Style, with_answer: bool = False) -> Iterator[str]:
    """Return the lines about what works, but not as it should, or failed once; see `failure`.

    If the cause was seen, they explain it as they explain a failure.
    """
    if shows_cause(finding.evidence):
        yield from failure(finding, style, with_answer)
        return
    yield from heading(finding, style)
    if finding.evidence.note:
        yield from _part("Seen", shown(finding.evidence.note), style)
    yield from _hint(finding, style, with_answer)


def shows_cause(evidence: Evidence) -> bool:
    """Return whether bytes differ, or a traceback was seen that is not due to Ctrl-C."""
    _before, word, rest = evidence.screen.rpartition("Traceback (most recent call last):")
    return evidence.difference is not None or bool(word and "\nKeyboardInterrupt" not in rest)


def _hint(finding: Finding, style: Style, with_answer: bool) -> Iterator[str]:
    yield from _part("Hint", _(finding.mistake.question), style)
    if with_answer:
        yield from _part("Answer", _(finding.mistake.answer), style)


def heading(finding: Finding, style: Style) -> list[str]:
    """Return the verdict and the requirement, in one or more lines."""
    requirement = finding.requirement
    level, verdict = _(requirement.level.value), _(finding.verdict.value)
    text = f"{requirement.id} ({level}) {verdict}: {_(requirement.text)}"
    return style.wrapped(text, _INDENT, f"{style.mark(finding.verdict)} ")


def _part(label: str, text: str, style: Style) -> list[str]:
    width = len(_INDENT) + max(len(_(each)) for each in _LABELS) + 1
    return style.wrapped(text, " " * width, f"{_INDENT}{_(label)}".ljust(width))


def _steps(finding: Finding, style: Style) -> Iterator[str]:
    steps = finding.evidence.steps
    count = len(steps)
    if count > _MOST_STEPS:
        yield _INDENT + _("({n:,} earlier steps are not shown)", n=count - _MOST_STEPS)
    for number, step in list(enumerate(steps, 1))[-_MOST_STEPS:]:
        symbol = style.mark(finding.verdict if number == count else Verdict.PASS)
        label = f"{number:>{len(str(count))}}. "
        indent = " " * len(f"{_INDENT}  {label}")
        yield from style.wrapped(shown(step), indent, f"{_INDENT}{symbol} {label}")


def _picture(evidence: Evidence, style: Style) -> Iterator[str]:
    passages = evidence.passages[-_MOST_PASSAGES:]
    if left_out := len(evidence.passages) - len(passages):
        yield _INDENT + _("({n:,} earlier messages are not drawn)", n=left_out)
    for passage in passages:
        for copy in range(max(len(passage.arrivals), 1)):
            yield sketch(passage, copy, evidence.passages[0].sent, style.is_coloured, style.columns)


def last_lines(screen: str) -> list[str]:
    """Return the last lines that are not empty; they are not escaped."""
    lines = [line.rstrip() for line in screen[-_MOST_SCREEN:].split("\n")]
    lines = [line for line in lines if line]
    if len(lines) > _MOST_LINES:
        lines = list(_without_library(lines))
    return lines[-_MOST_LINES:]


def _without_library(lines: Sequence[str]) -> Iterator[str]:
    """Return lines without the frames of Python's own library, which a reader did not write."""
    is_hidden = False
    for line in lines:
        is_hidden = bool(_LIBRARY.match(line)) or (is_hidden and line.startswith("    "))
        if not is_hidden:
            yield line


def _screen(text: str, style: Style) -> Iterator[str]:
    lines = last_lines(text)
    if lines:
        yield _INDENT + _("The last lines on its terminal:")
    for line in lines:
        yield f"{_INDENT}| {style.cut(shown(line), len(_INDENT) + 2)}"
