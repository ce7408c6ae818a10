"""Requirements as text: the output of --list and --explain."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from twisted_lab.check.reports.style import Style
from twisted_lab.check.requirements.requirement import Level, Requirement
from twisted_lab.text.language import _


def requirement_list(requirements: Iterable[Requirement], style: Style) -> str:
    """Return the ids, levels and texts of requirements, as lines."""
    width = max(len(_(level.value)) for level in Level)
    lines: list[str] = []
    for each in requirements:
        label = f"{each.id:5}  {_(each.level.value):{width}}  "
        lines += style.wrapped(_(each.text), " " * len(label), label)
    return "\n".join(lines)


def explanation(requirement: Requirement, known: Mapping[str, Requirement], style: Style) -> str:
    """Return all that there is to know about a requirement, as lines.

    Args:
        requirement: The requirement.
        known: All requirements, by their ids.
        style: How the lines look.
    """
    return "\n".join(_explain(requirement, known, style))


def _explain(
    requirement: Requirement, known: Mapping[str, Requirement], style: Style
) -> Iterator[str]:
    needs = "; ".join(f"{each}: {_(known[each].text)}" for each in requirement.needs)
    yield from style.wrapped(_(requirement.text), " " * 7, f"{requirement.id:5}  ")
    for label, text in (
        (_("Level"), _(requirement.level.value)),
        (_("Source"), _(requirement.source)),
        (_("Difficulty"), _("{difficulty} of 3", difficulty=requirement.difficulty)),
        (_("Why"), _(requirement.why)),
        (_("Needs"), needs or _("nothing else")),
        (_("Hint"), _(requirement.mistake.question)),
        (_("Answer"), _(requirement.mistake.answer)),
    ):
        yield from style.wrapped(text, " " * 14, f"  {label:12}")
    yield "  " + _("By hand, in another terminal, with the host and the port of the server:")
    yield f"    {_(requirement.by_hand)}"  # not wrapped, so that it can be copied
