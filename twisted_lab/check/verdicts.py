"""Verdicts, and what was seen that led to them."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

from twisted_lab.check.requirements.requirement import Mistake, Requirement
from twisted_lab.faults.pictures.diagram import Passage
from twisted_lab.text.language import N_


class Verdict(Enum):
    """The verdict on one requirement; the value is a word for people, untranslated."""

    PASS = N_("pass")
    FAIL = N_("fail")
    WEAK = N_("weak")  # works, but not as it should
    INFO = N_("info")  # how the program behaves
    NOT_OFFERED = N_("not offered")  # a probe found that the program does not do this
    NOT_CHECKED = N_(
        "not checked"
    )  # a requirement that it depends on, or the checker's own problem
    FLAKY = N_("flaky")  # the failure did not repeat


def is_offered(musts: Sequence[Verdict]) -> bool:
    """Return whether a program offers a task at all.

    Args:
        musts: The verdicts on the MUSTs of the task, in their order. The second one tells what the
            task is about: any server listens, and many serve the next client.
    """
    return any(each is not Verdict.NOT_OFFERED for each in musts[1:2] or musts)


_LEAST_START = 4  # bytes that do not stand in other words by chance


@dataclass(frozen=True, slots=True)
class Difference:
    """What was expected, and what came instead.

    Attributes:
        expected: The expected bytes.
        received: The received bytes; they may be fewer.
    """

    expected: bytes
    received: bytes

    @classmethod
    def within(cls, expected: bytes, *parts: bytes) -> Difference:
        """Return the difference to the part that fits best, without what stands before it there.

        Args:
            expected: The expected bytes.
            parts: What was received: datagrams, or all that came by a stream.
        """

        def is_missing(size: int) -> bool:
            return not any(expected[:size] in part for part in parts)

        size = bisect_left(range(1, len(expected) + 1), True, key=is_missing)
        start = expected[:size]
        if size < _LEAST_START:
            return cls(expected, parts[-1] if parts else b"")
        part = next(each for each in parts if start in each)
        return cls(expected, part[part.index(start) :])

    @property
    def first(self) -> int:
        """The index of the first byte that differs."""
        pairs = zip(self.expected, self.received, strict=False)
        same = min(len(self.expected), len(self.received))
        return next((index for index, (left, right) in enumerate(pairs) if left != right), same)


@dataclass(frozen=True, slots=True)
class Evidence:
    """What was seen in one trial of a requirement.

    Attributes:
        note: What was seen, one line. It may quote the program, and is not escaped.
        steps: What was done, in order. After a failure the last one is the step that failed.
        difference: Bytes that differ from what was expected.
        mistake: The likely cause, if the failure shows another one than the requirement's.
        passages: Who sent what to whom.
        screen: The end of what the program wrote to its terminal.
        by_hand: The command that shows the same, with the address that was used.
    """

    note: str = ""
    steps: tuple[str, ...] = ()
    difference: Difference | None = None
    mistake: Mistake | None = None
    passages: tuple[Passage, ...] = ()
    screen: str = ""
    by_hand: str = ""


@dataclass(frozen=True, slots=True)
class Finding:
    """The verdict on one requirement of a program.

    Attributes:
        requirement: The requirement.
        verdict: The verdict.
        evidence: What was seen.
        seconds: How long the check took.
        is_given: Whether a person has given the verdict, in place of the checker's.
    """

    requirement: Requirement
    verdict: Verdict
    evidence: Evidence = Evidence()
    seconds: float = 0.0
    is_given: bool = False

    @property
    def mistake(self) -> Mistake:
        """The likely cause of a failure."""
        return self.evidence.mistake or self.requirement.mistake


@dataclass(frozen=True, slots=True)
class Report:
    """All findings about one program.

    Attributes:
        task: The task, such as ``echo-server``.
        program: The command, or the address, that was checked.
        seed: The seed of all chance.
        findings: One for each requirement that was asked for, in the order of their ids.
        behaviour: What the checker learned about the program, one line each.
        problems: What could not be checked here, and why; one line each.
        incidents: What the program did to its surroundings, such as a limit that it exceeded.
        seconds: How long it took.
    """

    task: str
    program: str
    seed: int
    findings: tuple[Finding, ...]
    behaviour: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()
    incidents: tuple[str, ...] = ()
    seconds: float = 0.0

    def status(self, is_strict: bool) -> int:
        """Return the exit status: 1 for failures, 3 for what is not known, 0 otherwise.

        Args:
            is_strict: Whether SHOULD counts like MUST.
        """
        counted = [
            finding.verdict
            for finding in self.findings
            if finding.requirement.level.name == "MUST"
            or (is_strict and finding.requirement.level.name == "SHOULD")
        ]
        if Verdict.FAIL in counted:
            return 1
        return 3 if {Verdict.NOT_CHECKED, Verdict.FLAKY} & set(counted) else 0
