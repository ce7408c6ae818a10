"""A finding in full: steps, bytes, diagram, terminal and hint."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterator

from twisted_lab.check.reports.comparison import compare, summary
from twisted_lab.check.reports.failure import last_lines, shows_cause
from twisted_lab.check.reports.html.document import style_class, symbol
from twisted_lab.check.reports.markup import Markup, element
from twisted_lab.check.reports.style import shown
from twisted_lab.check.requirements.mistakes import UNREADABLE
from twisted_lab.check.verdicts import Difference, Evidence, Finding, Verdict
from twisted_lab.faults.pictures.diagram import lay_out
from twisted_lab.faults.pictures.svg import draw
from twisted_lab.text.language import _, ngettext

_COLUMNS = 100  # of the bytes that differ
_MOST_STEPS, _MOST_PASSAGES = 20, 30
_MOST_BY_HAND = 2000  # characters


def in_full(finding: Finding, anchor: str) -> Markup:
    """Return a section that explains a failure, or what is weak or flaky.

    Args:
        finding: What was found.
        anchor: The id of the section.
    """
    requirement, evidence, mistake = finding.requirement, finding.evidence, finding.mistake
    heading = element(
        "h3",
        symbol(finding.verdict),
        f" {requirement.id} ({_(requirement.level.value)}) {_(finding.verdict.value)}: ",
        _(requirement.text),
    )
    parts = [heading, _part(_("Why"), _(requirement.why))]
    if evidence.steps and (finding.verdict is Verdict.FAIL or shows_cause(evidence)):
        parts += _steps(evidence.steps, finding.verdict)
    if evidence.note:
        parts.append(_part(_("Seen"), shown(evidence.note)))
    if evidence.difference is not None:
        parts += _difference(evidence.difference)
    parts += _picture(evidence)
    if lines := [shown(line) for line in last_lines(evidence.screen)]:
        parts += [element("p", _("The last lines on its terminal:")), _verbatim("\n".join(lines))]
    parts.append(_part(_("Hint"), _(mistake.question)))
    answer = element("summary", _("Answer"))
    parts.append(element("details", answer, element("p", _(mistake.answer))))
    if evidence.by_hand and mistake.name != UNREADABLE.name:
        parts.append(element("p", _("By hand, in another terminal:")))
        parts.append(_verbatim(shown(evidence.by_hand, _MOST_BY_HAND)))
    return element("section", *parts, class_=f"finding {style_class(finding.verdict)}", id=anchor)


def _part(label: str, text: str) -> Markup:
    return element("p", element("strong", label), " ", text)


def _verbatim(text: str) -> Markup:
    return element("pre", text, tabindex="0")  # so that keys can scroll it


def _steps(steps: tuple[str, ...], last: Verdict) -> Iterator[Markup]:
    count, left_out = len(steps), max(len(steps) - _MOST_STEPS, 0)
    if left_out:
        yield element(
            "p",
            ngettext(
                "({n:,} earlier step is not shown)", "({n:,} earlier steps are not shown)", left_out
            ),
        )
    words = {Verdict.PASS: _("done"), Verdict.FAIL: _("failed")}
    rows = []
    for number, step in list(enumerate(steps, 1))[left_out:]:
        verdict = last if number == count else Verdict.PASS
        mark = symbol(verdict, words.get(verdict, _(verdict.value)))
        rows.append(element("li", mark, f" {shown(step)}", value=str(number)))
    yield element("ol", *rows)


def _difference(difference: Difference) -> Iterator[Markup]:
    yield element("p", summary(difference))
    if rows := compare(difference, _COLUMNS):
        yield _verbatim("\n".join(rows))


def _picture(evidence: Evidence) -> Iterator[Markup]:
    """Return the diagram as an image, so that its style is not that of the page."""
    passages = evidence.passages[-_MOST_PASSAGES:]
    if not passages:
        return
    if left_out := len(evidence.passages) - len(passages):
        yield element("p", _("({n:,} earlier messages are not drawn)", n=left_out))
    svg = draw(lay_out(passages))
    data = b64encode(svg.encode()).decode()
    alt = _("Who sent what to whom; the steps say the same.")
    source = Markup(f"data:image/svg+xml;base64,{data}")
    yield element("figure", element("img", alt=alt, src=source))
