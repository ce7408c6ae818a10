"""The reports about a class, as files of a folder."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from random import Random
from typing import Any

from twisted_lab.check.reports.anonymity import anonymous, numbers_for
from twisted_lab.check.reports.csv_table import TABLE, csv_table
from twisted_lab.check.reports.gradescope import gradescope
from twisted_lab.check.reports.html.index import index
from twisted_lab.check.reports.html.page import page
from twisted_lab.check.reports.junit import junit
from twisted_lab.check.reports.marks import Marks
from twisted_lab.check.reports.students import Student
from twisted_lab.text.language import _
from twisted_lab.text.private_files import read_private, write_private

NUMBERS = "numbers.json"
_OWN = ("pages", "gradescope")  # folders: what is left in them from an earlier run is removed
_MOST_NAME = 50  # characters of a file's name, which may have 255 bytes


def write_files(
    students: Sequence[Student], folder: Path, marks: Marks, remarks: Sequence[str]
) -> list[Path]:
    """Write all reports about a class, and return the paths of those that people open first.

    Args:
        students: The students, in the order in which they are shown.
        folder: The folder.
        marks: The mark for each verdict.
        remarks: Lines about the class for its page.

    Raises:
        OSError: A file cannot be written.
    """
    files = class_files(students, marks, remarks)
    for path, text in files.items():
        write_private(folder / path, text.encode())
    for owned in _OWN:
        for old in (folder / owned).glob("*"):
            if f"{owned}/{old.name}" not in files:
                old.unlink()
    return [folder / path for path in files if "/" not in path]


def without_names(students: Sequence[Student], folder: Path, random: Random) -> list[Student]:
    """Return the students with numbers for names; the folder remembers which number is whose.

    Raises:
        OSError: A file cannot be read or written.
        ValueError: The file with the numbers is damaged.
    """
    path = folder / NUMBERS
    known: Any = {}
    if path.exists():
        try:
            known = json.loads(read_private(path))
        except ValueError:
            known = None
    if not isinstance(known, dict) or not all(type(each) is int for each in known.values()):
        raise ValueError(_("{file} is damaged; delete it to begin with other numbers", file=path))
    numbers = numbers_for((student.name for student in students), known, random)
    write_private(path, json.dumps(numbers, indent=1).encode())
    return anonymous(students, numbers)


def class_files(
    students: Sequence[Student], marks: Marks, remarks: Sequence[str]
) -> dict[str, str]:
    """Return the texts of all reports about a class, by their paths."""
    stems = file_stems([student.name for student in students])
    pages = {name: f"pages/{stem}.html" for name, stem in stems.items()}
    files = {
        "index.html": index(students, pages, marks, remarks),
        # Spreadsheets take UTF-8 for another encoding without this mark at the beginning.
        TABLE: "\ufeff" + csv_table(students, marks),
        "junit.xml": junit(students),
    }
    for student in students:
        files[pages[student.name]] = page(student, marks)
        files[f"gradescope/{stems[student.name]}.json"] = gradescope(student, marks)
    return files


def file_stems(names: Sequence[str]) -> dict[str, str]:
    """Return a name of a file, without its suffix, for each name; no two differ in case alone."""
    stems: dict[str, str] = {}
    taken: set[str] = set()
    for name in names:
        safe = "".join(char if char.isalnum() or char in "-_" else "_" for char in name)
        stem = safe[:_MOST_NAME] or "_"
        number = 1
        while stem.casefold() in taken:
            number += 1
            stem = f"{safe[:_MOST_NAME]}_{number}"
        taken.add(stem.casefold())
        stems[name] = stem
    return stems
