"""Change of all texts in a report that a program, or its folder, may have put there."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from dataclasses import replace

from twisted_lab.check.verdicts import Difference, Evidence, Report

# A word, without digits. Names of files from macOS have accents as characters of their own.
LETTERS = re.compile("(?:[^\\W\\d_][\u0300-\u036f]*){3,}")


def folded(word: str) -> str:
    """Return what is the same for all spellings of a word: of case, accents, and the Russian ё."""
    return unicodedata.normalize("NFC", word).casefold().replace("ё", "е")  # noqa: RUF001 (Russian)


def words(text: str) -> set[str]:
    """Return the words of a text that have three letters or more, `folded`."""
    return {folded(word) for word in LETTERS.findall(text)}


def own_words(report: Report) -> set[str]:
    """Return the words of the requirements: each report has them, so they give nothing away."""
    requirements = [finding.requirement for finding in report.findings]
    texts = [text for each in requirements for text in (each.text, each.why)]
    return words(" ".join([report.task, *texts]))


def map_texts(report: Report, change: Callable[[str], str]) -> Report:
    """Return a report with other texts; those of requirements and hints stay.

    Args:
        report: The report.
        change: Returns the text in place of another one.
    """

    def all_of(texts: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(map(change, texts))

    def evidence(old: Evidence) -> Evidence:
        passages = tuple(replace(each, text=change(each.text)) for each in old.passages)
        return replace(
            old,
            note=change(old.note),
            steps=all_of(old.steps),
            difference=old.difference and _difference(old.difference, change),
            passages=passages,
            screen=change(old.screen),
            by_hand=change(old.by_hand),
        )

    return replace(
        report,
        program=change(report.program),
        findings=tuple(replace(each, evidence=evidence(each.evidence)) for each in report.findings),
        behaviour=all_of(report.behaviour),
        problems=all_of(report.problems),
        incidents=all_of(report.incidents),
    )


def _difference(difference: Difference, change: Callable[[str], str]) -> Difference:
    """Change the bytes as text; no byte is lost that is not UTF-8."""

    def changed(data: bytes) -> bytes:
        return change(data.decode(errors="surrogateescape")).encode(errors="surrogateescape")

    return Difference(changed(difference.expected), changed(difference.received))
