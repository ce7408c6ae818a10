"""Verdicts that a teacher gives by hand: they stand in the reports in place of the checker's."""

from __future__ import annotations

import tomllib
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from twisted_lab.check.requirements.requirement import Requirement
from twisted_lab.check.task import Task
from twisted_lab.check.verdicts import Evidence, Finding, Verdict
from twisted_lab.text.language import _
from twisted_lab.text.nearest import with_nearest

_VERDICTS = (
    Verdict.PASS,
    Verdict.WEAK,
    Verdict.FAIL,
    Verdict.NOT_OFFERED,
    Verdict.NOT_CHECKED,
)
Given = Mapping[tuple[str, str], Sequence[Finding]]  # by submission and task


def read_given(text: str, submissions: Collection[str], tasks: Mapping[str, Task]) -> Given:
    """Read TOML such as ``[anna.echo-server]`` and ``ES-12 = "pass: tried by hand"``.

    Args:
        text: The text of the file.
        submissions: The names of all submissions.
        tasks: All tasks by their names.

    Raises:
        ValueError: The file is wrong; one line says where.
    """
    try:
        content = tomllib.loads(text)
    except RecursionError:
        raise ValueError(_("it is nested too deeply")) from None
    given: dict[tuple[str, str], list[Finding]] = {}
    for submission, tables in content.items():
        if submission not in submissions:
            problem = _("no submission has this name")
            raise _wrong(submission, with_nearest(problem, submission, submissions))
        for task, verdicts in _table(submission, tables).items():
            place = f"{submission}.{task}"
            if task not in tasks:
                problem = _("the tasks are {tasks}", tasks=", ".join(tasks))
                raise _wrong(place, with_nearest(problem, task, tasks))
            known = {each.id: each for each in tasks[task].requirements}
            given[submission, task] = [
                _finding(f"{place}.{key}", known.get(key), words)
                for key, words in _table(place, verdicts).items()
            ]
    return given


def _table(place: str, value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise _wrong(place, _("a table is expected"))
    return value


def _finding(place: str, requirement: Requirement | None, words: Any) -> Finding:
    if requirement is None:
        raise _wrong(place, _("the task has no such requirement"))
    word, _colon, reason = words.partition(":") if isinstance(words, str) else ("", "", "")
    verdict = next((each for each in _VERDICTS if each.value == word.strip()), None)
    if verdict is None or not reason.strip():
        raise _wrong(
            place,
            _(
                "a verdict and a reason are expected, such as 'pass: tried by hand'; the verdicts "
                "are {verdicts}",
                verdicts=", ".join(each.value for each in _VERDICTS),
            ),
        )
    note = _("given by hand: {reason}", reason=reason.strip())
    return Finding(requirement, verdict, Evidence(note), is_given=True)


def _wrong(place: str, reason: str) -> ValueError:
    return ValueError(f"{place!r}: {reason}")
