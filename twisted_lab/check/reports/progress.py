"""The progress of a check: a status line on a terminal, and each step with --watch."""

from __future__ import annotations

from twisted_lab.check.reports.style import Style, shown
from twisted_lab.check.reports.terminal_report import row
from twisted_lab.check.requirements.requirement import Requirement
from twisted_lab.check.verdicts import Finding
from twisted_lab.faults.terminal import Screen
from twisted_lab.text.language import _


class Progress:
    """The progress of a check.

    Args:
        screen: Where it is shown.
        style: How the lines look.
        total: The number of requirements that are checked.
        is_watching: Whether to show each step, and each verdict at once.
    """

    def __init__(self, screen: Screen, style: Style, total: int, is_watching: bool) -> None:
        self._screen = screen
        self._style = style
        self._total = total
        self._is_watching = is_watching
        self._done = 0

    def show_step(self, requirement: Requirement, text: str) -> None:
        """Show what is done for a requirement; the text may quote the program."""
        # The status has only our own words, each one column wide: a line that wraps would stay.
        count = _("{done} of {total} checked", done=self._done, total=self._total)
        self._screen.set_status(f"{count}  {requirement.id} {_(requirement.text)}")
        if self._is_watching:
            self._screen.show(f"{requirement.id:5}  {shown(text)}")

    def show_finding(self, finding: Finding) -> None:
        """Count a verdict; it is final."""
        self._done += 1
        if self._is_watching:
            for line in row(finding, self._style):
                self._screen.show(line)

    def end(self) -> None:
        """Remove the status line."""
        self._screen.set_status("")
