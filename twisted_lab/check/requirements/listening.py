"""The requirement with which the tasks for TCP servers begin."""

from __future__ import annotations

from twisted_lab.check.requirements import mistakes
from twisted_lab.check.requirements.requirement import Level, Requirement
from twisted_lab.text.language import N_


def listening(key: str, source: str) -> Requirement:
    """Return the requirement that a server listens.

    Args:
        key: Its id.
        source: The task of the lab.
    """
    return Requirement(
        key,
        Level.MUST,
        N_(
            "After its questions are answered, the server listens on the port it was told, or on "
            "one of its own."
        ),
        N_("Clients can only connect to a port that is open."),
        source,
        1,
        "ss --listening --tcp --numeric",
        mistakes.NEVER_LISTENS,
    )
