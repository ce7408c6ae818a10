"""State that all trials of one program share."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from math import inf
from pathlib import Path
from typing import Any

from twisted_lab.check.activity import Activity
from twisted_lab.check.sandbox.sandbox import Sandbox

LEAST_PATIENCE, MOST_PATIENCE = 2.0, 10.0  # seconds
_SLOWER = 50  # an answer may take this many times as long as one in the warm-up


@dataclass(slots=True)
class Bench:
    """State that all trials of one program share.

    Attributes:
        reactor: Watches terminals and connections.
        activity: Wakes those who wait.
        command: The command, in which ``{host}`` and ``{port}`` stand for the address.
        folder: The folder that is copied for each start.
        address: The host and port of a server that the checker has not started, or None.
        open_sandbox: Opens a sandbox.
        seed: The seed of all chance.
        watch: Is told of each step, as it happens.
        ends: When the check ends, in seconds of the clock of `activity`.
        patience: How long a program that is busy may take for an answer, in seconds.
        lacks: What the sandboxes could not isolate.
        incidents: What the program did that sandboxes are for.
        answers: Words of the program's questions, and what to answer to each.
        at_end: Called at the end of the check: servers may run during several trials.
    """

    reactor: Any
    activity: Activity
    command: Sequence[str]
    folder: Path
    address: tuple[str, int] | None
    open_sandbox: Callable[[Path, Sequence[str]], Sandbox]
    seed: int
    watch: Callable[[str], object]
    ends: float = inf
    patience: float = MOST_PATIENCE
    lacks: tuple[str, ...] = ()
    incidents: set[str] = field(default_factory=set)
    answers: Sequence[tuple[str, str]] = ()
    at_end: list[Callable[[], object]] = field(default_factory=list)

    def warm(self, seconds: float) -> None:
        """Derive the patience from the time of an answer in the warm-up, in seconds."""
        self.patience = min(MOST_PATIENCE, max(LEAST_PATIENCE, _SLOWER * seconds))
