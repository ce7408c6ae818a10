"""Reports that `json_report` has written, read again."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from twisted_lab.check.reports.json_report import FORMAT
from twisted_lab.check.requirements.requirement import Level, Mistake, Requirement
from twisted_lab.check.verdicts import Difference, Evidence, Finding, Report, Verdict
from twisted_lab.faults.pictures.diagram import Passage

_MOST_BYTES = 10_000_000  # of a difference


def read_report(content: Mapping[str, Any]) -> Report:
    """Return the report that JSON describes.

    Of the requirements, it has what the JSON has; of differences, the bytes around the first one.

    Args:
        content: The object in the JSON.

    Raises:
        ValueError: It is no report, or one of another format.
    """
    try:
        if content["format"] != FORMAT:
            raise ValueError(f"the report has the format {content['format']!r}, not {FORMAT}")
        return Report(
            task=content["task"],
            program=content["program"],
            seed=content["seed"],
            findings=tuple(map(_finding, content["findings"])),
            behaviour=tuple(content["behaviour"]),
            problems=tuple(content["problems"]),
            incidents=tuple(content["incidents"]),
            seconds=content["seconds"],
        )
    except (KeyError, TypeError) as error:
        raise ValueError(f"the report is damaged: {error!r}") from None


def _finding(content: Mapping[str, Any]) -> Finding:
    mistake = Mistake(*(content[key] or "" for key in ("mistake", "hint", "answer")))
    requirement = Requirement(
        id=content["id"],
        level=Level(content["level"]),
        text=content["text"],
        why=content["why"],
        source=content["source"],
        difficulty=1,
        by_hand="",
        mistake=mistake,
        needs=tuple(content["needs"]),
    )
    evidence = Evidence(
        note=content["note"],
        steps=tuple(content["steps"]),
        difference=content["difference"] and _difference(content["difference"]),
        passages=tuple(
            Passage(**{**each, "causes": tuple(each["causes"])}) for each in content["passages"]
        ),
        screen=content["screen"],
        by_hand=content["by_hand"],
    )
    return Finding(requirement, Verdict(content["verdict"]), evidence, content["seconds"])


def _difference(content: Mapping[str, Any]) -> Difference:
    def whole(name: str) -> bytes:
        # Zeros stand for what was left out, too far from the first difference to be shown.
        excerpt = bytes(content["excerpt_start"]) + bytes.fromhex(content[name])
        return excerpt.ljust(content[f"{name}_bytes"], b"\0")

    if max(content["expected_bytes"], content["received_bytes"]) > _MOST_BYTES:
        raise ValueError("the report is damaged: the difference is too long")
    return Difference(whole("expected"), whole("received"))
