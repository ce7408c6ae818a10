"""A student's own progress over several runs, in a file."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from twisted_lab.check.requirements.requirement import Level
from twisted_lab.check.task import Task
from twisted_lab.check.verdicts import Report, Verdict
from twisted_lab.text.language import _
from twisted_lab.text.private_files import read_private, write_private

FORMAT = 1


def update(path: Path, task: Task, report: Report) -> str:
    """Add the verdicts of a run, and return one line for people.

    A file that is no progress file is left as it is: it may be the student's program.
    """
    try:
        content = read_progress(read_private(path)) if path.exists() else {}
        verdicts = content.setdefault(task.name, {})
        verdicts |= {each.requirement.id: each.verdict.value for each in report.findings}
        text = json.dumps({"format": FORMAT, "tasks": content}, indent=1)
        write_private(path, text.encode())
    except ValueError:
        return _("{path!r} is no progress file; it stays as it is.", path=str(path))
    except OSError as error:
        return _(
            "The progress cannot be kept in {path!r}: {reason}",
            path=str(path),
            reason=error.strerror,
        )
    return said(task, verdicts)


def read_progress(data: bytes) -> dict[str, dict[str, str]]:
    """Return the verdicts by task and id.

    Raises:
        ValueError: It is no progress file.
    """
    try:
        content: Any = json.loads(data)
    except RecursionError:
        raise ValueError("it is nested too deeply") from None
    tasks = content.get("tasks") if isinstance(content, dict) else None
    if not isinstance(tasks, dict) or content.get("format") != FORMAT:
        raise ValueError("it is no progress file")
    words = {each.value for each in Verdict}
    for verdicts in tasks.values():
        if not isinstance(verdicts, dict) or not all(
            isinstance(word, str) and word in words for word in verdicts.values()
        ):
            raise ValueError("it is no progress file")
    return tasks


def said(task: Task, verdicts: Mapping[str, str]) -> str:
    """Return the progress and the next requirement, such as ``14 of 20; next ES-8``.

    Args:
        task: The task. Requirements for information, those not offered, and those that do not
            apply to the program, do not count.
        verdicts: The last verdict on each requirement, by id.
    """
    counted = [
        each
        for each in task.requirements
        if each.level is not Level.INFORMATION
        and verdicts.get(each.id) not in (Verdict.NOT_OFFERED.value, Verdict.INFO.value)
    ]
    left = [each for each in counted if verdicts.get(each.id) != Verdict.PASS.value]
    done = len(counted) - len(left)
    if not left:
        return _("{task}: {done} of {all}", task=task.name, done=done, all=len(counted))
    # Failures come first, and a MUST before a SHOULD.
    first = min(
        left,
        key=lambda each: (
            verdicts.get(each.id) != Verdict.FAIL.value,
            each.level is not Level.MUST,
        ),
    )
    return _(
        "{task}: {done} of {all}; next {id}",
        task=task.name,
        done=done,
        all=len(counted),
        id=first.id,
    )
