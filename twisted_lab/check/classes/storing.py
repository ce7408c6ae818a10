"""Results on disk: one JSON file for each task of each submission."""

from __future__ import annotations

import fcntl
import json
from dataclasses import asdict
from pathlib import Path
from typing import BinaryIO

from twisted_lab.check.classes.model import Checked, TaskResult
from twisted_lab.text.language import _
from twisted_lab.text.private_files import write_private

FORMAT = 1
FOLDER = "checks"  # in the folder of the reports
_LOCK = ".lock"  # in FOLDER: no submission begins with a dot


def claim(folder: Path) -> BinaryIO:
    """Return a file that reserves the folder of the reports for this run, as long as it is open.

    Other files in the folder would be replaced or removed, so it must be new or empty, or have
    been claimed before.

    Raises:
        ValueError: The folder has other files or is a file, or another run goes on.
        OSError: It cannot be made.
    """
    if folder.is_file():
        raise ValueError(_("{folder} is a file: name a new folder", folder=folder))
    if not (folder / FOLDER).is_dir() and folder.exists() and any(folder.iterdir()):
        raise ValueError(
            _("{folder!r} has other files: name a new folder for the reports", folder=str(folder))
        )
    (folder / FOLDER).mkdir(parents=True, exist_ok=True, mode=0o700)
    file = (folder / FOLDER / _LOCK).open("wb")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        file.close()
        raise ValueError(_("another run writes into {folder!r}", folder=str(folder))) from None
    return file


class Store:
    """Results on disk. Each is stored with a key: what it depends on.

    Args:
        folder: The folder of the reports.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder / FOLDER

    def _path(self, submission: str, task: str) -> Path:
        return self._folder / submission / f"{task}.json"

    def load(self, submission: str, task: str, key: str) -> TaskResult | None:
        """Return a result that was stored with this key; None if there is none.

        One without a report is none, because the problem may have been the machine's.
        """
        try:
            content = json.loads(self._path(submission, task).read_bytes())
            if (content["format"], content["key"]) != (FORMAT, key):
                return None
            programs = tuple(Checked(**each) for each in content["programs"])
            has_reports = all(each.report for each in programs)
            return TaskResult(task, programs, content["problem"]) if has_reports else None
        except (OSError, ValueError, TypeError, LookupError, RecursionError):
            return None  # it is checked again

    def save(self, submission: str, result: TaskResult, key: str) -> None:
        """Store a result; only the owner can read it, because it quotes the submission.

        Raises:
            OSError: It cannot be written.
        """
        content = {"format": FORMAT, "key": key, "submission": submission, **asdict(result)}
        text = json.dumps(content, indent=1)
        write_private(self._path(submission, result.task), text.encode())
