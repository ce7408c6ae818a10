"""How a scenario ends, unless the program meets the requirement."""

from __future__ import annotations

from twisted_lab.check.requirements.requirement import Mistake
from twisted_lab.check.verdicts import Difference, Verdict
from twisted_lab.text.language import _


class Outcome(Exception):
    """The end of a scenario.

    Args:
        note: What was seen, one line.
        mistake: The likely cause, if what was seen shows another one than the requirement's.
        difference: Bytes that differ from what was expected.
    """

    verdict: Verdict

    def __init__(
        self, note: str, mistake: Mistake | None = None, difference: Difference | None = None
    ) -> None:
        super().__init__(note)
        self.note = note
        self.mistake = mistake
        self.difference = difference


class Failed(Outcome):
    """The program does not meet the requirement."""

    verdict = Verdict.FAIL


class Weak(Outcome):
    """The program meets the requirement, but not as it should."""

    verdict = Verdict.WEAK


class Info(Outcome):
    """This is how the program behaves."""

    verdict = Verdict.INFO


class NotOffered(Outcome):
    """The program does not do this."""

    verdict = Verdict.NOT_OFFERED


class NotChecked(Outcome):
    """Nothing can be said, for a reason that is not the program's."""

    verdict = Verdict.NOT_CHECKED


def unless_crashed(crash: str) -> None:
    """See that no exception ended a server while the checker learned how to talk to it.

    Args:
        crash: The last line of its traceback; "" for none.

    Raises:
        NotChecked: If one did. It is no failure: perhaps the server expected something else.
    """
    if crash:
        raise NotChecked(_('The server ended while a client talked to it: "{error}"', error=crash))
