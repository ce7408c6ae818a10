"""A section of docs/protocols.md, and the requirements that come from it."""

from __future__ import annotations

from dataclasses import dataclass

from twisted_lab.check.requirements.requirement import Level, Mistake, Requirement
from twisted_lab.text.language import N_

_WHY = N_("Clients are written for what docs/protocols.md says, also by people who never ask us.")
_MISTAKE = Mistake(
    "protocol",
    N_("What does this section of docs/protocols.md say about it?"),
    N_("The page is the authority. Correct the service; or the page, if the page is wrong."),
)
_DIFFICULTY = 3


@dataclass(frozen=True, slots=True)
class Section:
    """A section of docs/protocols.md.

    Attributes:
        title: Its title.
        by_hand: The command that talks to a service by hand.
    """

    title: str
    by_hand: str

    def must(self, key: str, text: str, *needs: str) -> Requirement:
        """Return a requirement without which peers do not understand the service."""
        return self._requirement(Level.MUST, key, text, needs)

    def should(self, key: str, text: str, *needs: str) -> Requirement:
        """Return a requirement about limits, unusual peers and options."""
        return self._requirement(Level.SHOULD, key, text, needs)

    def _requirement(
        self, level: Level, key: str, text: str, needs: tuple[str, ...]
    ) -> Requirement:
        source = f"docs/protocols.md, {self.title}"
        return Requirement(
            key, level, text, _WHY, source, _DIFFICULTY, self.by_hand, _MISTAKE, needs
        )
