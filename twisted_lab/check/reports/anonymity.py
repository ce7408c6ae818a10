"""Numbers in place of names.

Names are those of the folders. What a program says about its author in other words, or in another
script, stays.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from random import Random

from twisted_lab.check.reports.mapping import LETTERS, folded, map_texts, own_words, words
from twisted_lab.check.reports.students import Result, Student

_REMOVED = "[...]"
_MOST_NAMESAKES = 5  # a word that more names have, and half of all, is such as "homework"
_LEAST_STEM = 5  # letters of a name that count with any ending, as Russian has


def numbers_for(names: Iterable[str], known: Mapping[str, int], random: Random) -> dict[str, int]:
    """Return a number for each name; one that is known keeps its number.

    Args:
        names: The names.
        known: The numbers of earlier runs.
        random: Decides the order, which would otherwise tell the names' order.
    """
    new = sorted(set(names) - known.keys())
    random.shuffle(new)
    first = max(known.values(), default=0) + 1
    return {**known, **{name: number for number, name in enumerate(new, first)}}


def anonymous(students: Sequence[Student], numbers: Mapping[str, int]) -> list[Student]:
    """Return the students without their names, in the order of their numbers.

    Words of their names are removed from all that their programs have said, too.

    Args:
        students: The students.
        numbers: Their numbers.
    """
    names = _name_words(students)

    def remove(text: str) -> str:
        return LETTERS.sub(lambda found: _REMOVED if _is_name(found[0], names) else found[0], text)

    def without(result: Result) -> Result:
        return replace(
            result,
            file=remove(result.file),
            why=remove(result.why),
            problem=remove(result.problem),
            others=tuple(map(remove, result.others)),
            report=result.report and map_texts(result.report, remove),
        )

    ordered = sorted(students, key=lambda student: numbers[student.name])
    return [
        Student(str(numbers[student.name]), tuple(map(without, student.results)))
        for student in ordered
    ]


def _name_words(students: Sequence[Student]) -> set[str]:
    """Return the words of all names, but for those that many have, and the checker's own."""
    counts = Counter(word for student in students for word in words(student.name))
    reports = [result.report for student in students for result in student.results]
    own = set[str]().union(*(own_words(report) for report in reports if report))
    most = max(len(students) // 2, _MOST_NAMESAKES)
    return {word for word, count in counts.items() if count <= most} - own


def _is_name(word: str, names: set[str]) -> bool:
    word = folded(word)
    return word in names or any(
        word[:length] in names or word[-length:] in names
        for length in range(_LEAST_STEM, min(len(word), 40))
    )
