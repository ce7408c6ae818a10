"""Requirements as text: the output of --list and --explain."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from twisted_lab.check.reports.style import Style
from twisted_lab.check.requirements.requirement import Requirement


def requirement_list(requirements: Iterable[Requirement], style: Style) -> str:
    """Return the ids, levels and texts of requirements, as lines."""
    lines: list[str] = []
    for each in requirements:
        label = f"{each.id:5}  {each.level.value:11}  "
        lines += style.wrapped(each.text, " " * len(label), label)
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
    needs = "; ".join(f"{each}: {known[each].text}" for each in requirement.needs)
    yield from style.wrapped(requirement.text, " " * 7, f"{requirement.id:5}  ")
    for label, text in (
        ("Level", requirement.level.value),
        ("Source", requirement.source),
        ("Difficulty", f"{requirement.difficulty} of 3"),
        ("Why", requirement.why),
        ("Needs", needs or "nothing else"),
        ("Hint", requirement.mistake.question),
        ("Answer", requirement.mistake.answer),
    ):
        yield from style.wrapped(text, " " * 14, f"  {label:12}")
    yield "  By hand, in another terminal, with the host and the port of the server:"
    yield f"    {requirement.by_hand}"  # not wrapped, so that it can be copied
