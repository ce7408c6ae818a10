"""Contents of recordings. The files are not trusted."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from twisted_lab.faults.engine import values
from twisted_lab.faults.engine.actions import Action, End, What
from twisted_lab.faults.engine.units import Direction, Kind, Unit
from twisted_lab.faults.recordings.recording import FORMAT, fingerprint
from twisted_lab.text.escaping import escape
from twisted_lab.text.language import N_
from twisted_lab.text.sizes import size
from twisted_lab.text.system_errors import reason_of

MOST_LINE = 5_000_000  # bytes: a message of 1 MiB in hexadecimal, and one that replaces it
# A recording needs twice its size in memory. The units after this limit are not replayed.
MOST_BYTES = 100_000_000
MOST_ACTIONS = 100  # on one unit
_MOST_COPIES = 100  # of one unit
_MOST_NAME = 100  # characters of a toxic's name, which logs show


def _is_number(least: float, most: float) -> Callable[[object], bool]:
    def check(value: object) -> bool:
        return type(value) in (int, float) and least <= value <= most  # type: ignore[operator]

    return check


def _is_whole(least: int, most: int = values.LARGEST) -> Callable[[object], bool]:
    return lambda value: type(value) is int and least <= value <= most


def _is_hex(value: object) -> bool:
    # bytes.fromhex would also take spaces.
    return isinstance(value, str) and value == bytes.fromhex(value).hex()


# Twice the longest time of a toxic, because latency and jitter add up.
_is_time = _is_number(0, 2 * values.LONGEST)
_VALUES: dict[What, tuple[Callable[[object], bool], ...]] = {
    What.LOSE: (),
    What.COPY: (_is_whole(1, _MOST_COPIES),),
    What.REPLACE: (_is_hex,),
    What.CORRUPT: (_is_whole(0),),
    What.TRUNCATE: (_is_whole(0),),
    What.JOIN: (_is_whole(1), _is_time),
    What.RATE: (_is_number(1, values.LARGEST),),
    What.DELAY: (_is_time,),
    What.LATER: (_is_whole(1), _is_time),
    What.HOLD: (),
    What.SLICE: (_is_whole(0), _is_whole(0), _is_time, _is_number(0, 1)),
    What.REBIND: (),
    What.END: (lambda value: value in set(End), _is_time),
}


class BadRecord(ValueError):
    """A file is not a recording, and why."""


@dataclass(frozen=True, slots=True)
class RecordedUnit:
    """A unit in a recording.

    Attributes:
        kind: Its kind.
        length: The number of its bytes.
        hash: Their `fingerprint`; "" if it is no data.
        actions: What was done to it.
    """

    kind: Kind
    length: int
    hash: str
    actions: tuple[Action, ...]

    def is_of(self, unit: Unit) -> bool:
        """Tell whether a unit is the recorded one."""
        if (self.kind, self.length) != (unit.kind, len(unit.data)):
            return False
        return unit.kind is not Kind.DATA or self.hash == fingerprint(unit.data)


RecordedLane = dict[int, RecordedUnit]  # by the number of the unit


class Recorded:
    """The contents of a recording.

    Args:
        path: The file.

    Attributes:
        header: The first line.
        lanes: The units of each proxy, link and direction.
        warnings: What is not replayed, and why.

    Raises:
        BadRecord: It is not a recording; the text is one line that says what is wrong.
    """

    def __init__(self, path: str) -> None:
        self.header: dict[str, Any] = {}
        self.lanes: dict[tuple[str, str, Direction], RecordedLane] = {}
        self.warnings: list[str] = []
        try:
            self._read(Path(path))
        except OSError as error:
            raise BadRecord(
                N_("cannot read {file!r}: {reason}", file=path, reason=reason_of(error))
            ) from None

    def _read(self, path: Path) -> None:
        if path.exists() and not path.is_file():  # A FIFO would stop the process.
            raise BadRecord(N_("{file!r} is not a file", file=str(path)))
        number = 0
        try:
            for number, line in enumerate(self._lines(path), 1):
                record = json.loads(line)
                if number == 1:
                    self._begin(record)
                elif "end" in record:
                    self._warn(N_("the recording ended early, and its last line says why"))
                else:
                    self._add(record)
        except BadRecord as error:
            raise BadRecord(
                N_("{file!r}, line {number}: {error}", file=str(path), number=number, error=error)
            ) from None
        except (AttributeError, KeyError, TypeError, ValueError, RecursionError):
            raise BadRecord(
                N_(
                    "{file!r}, line {number}: it is not a line of a recording",
                    file=str(path),
                    number=max(number, 1),
                )
            ) from None
        if not self.header:
            raise BadRecord(N_("{file!r} is not a recording of netlab-faults", file=str(path)))

    def _warn(self, text: str) -> None:
        if text not in self.warnings:
            self.warnings.append(text)

    def _lines(self, path: Path) -> Iterator[bytes]:
        with path.open("rb") as file:
            while line := file.readline(MOST_LINE):
                if file.tell() > MOST_BYTES:
                    self._warn(
                        N_("only the first {most} of the file is replayed", most=size(MOST_BYTES))
                    )
                    return
                if not line.endswith(b"\n") and len(line) < MOST_LINE:
                    self._warn(N_("the last line is cut off, and is not replayed"))
                    return
                yield line

    def _begin(self, header: Any) -> None:
        if not isinstance(header, dict) or "format" not in header:
            raise BadRecord(N_("it is not a recording of netlab-faults"))
        if header["format"] != FORMAT:
            raise BadRecord(
                N_(
                    "its format is {value!r:.20}, and this version reads format {own}",
                    value=header["format"],
                    own=FORMAT,
                )
            )
        self.header = header

    def _add(self, record: dict[str, Any]) -> None:
        kind = Kind(record.get("kind", "data"))
        recorded = list(_actions(record["actions"]))
        actions = tuple(each for each in recorded if each.what is not What.REPLACE or each.values)
        if len(actions) < len(recorded):
            self._warn(
                N_("replacements are not replayed: they need a recording with --record-content")
            )
        unit = RecordedUnit(
            kind,
            record["length"] if kind is Kind.DATA else 0,
            record["hash"] if kind is Kind.DATA else "",
            actions,
        )
        key = record["proxy"], record["link"], Direction(record["direction"])
        lane = self.lanes.setdefault(key, {})
        if kind is Kind.OPEN and lane:
            # Toxics were added while the link existed: it ended after the unit before that.
            last = next(reversed(lane))
            ends = tuple(action for action in unit.actions if action.what is What.END)
            lane[last] = replace(lane[last], actions=lane[last].actions + ends)
        elif _is_whole(0)(record["unit"]):
            lane.setdefault(record["unit"], unit)
        else:
            raise BadRecord(N_("the number of the unit is wrong"))


def _fit(what: What, given: list[Any]) -> bool:
    if what is What.REPLACE and given == []:
        return True  # recorded without the content
    checks = _VALUES[what]
    return len(given) == len(checks) and all(
        check(value) for check, value in zip(checks, given, strict=True)
    )


def _actions(records: list[dict[str, Any]]) -> Iterator[Action]:
    copies = 0
    if len(records) > MOST_ACTIONS:
        raise BadRecord(N_("it has more than {most} actions", most=MOST_ACTIONS))
    for record in records:
        what, toxic, given = What(record["action"]), record["toxic"], record["values"]
        if not isinstance(toxic, str) or not _fit(what, given):
            raise BadRecord(N_("the values of the action {what} are wrong", what=what))
        copies += given[0] if what is What.COPY else 0
        if copies > _MOST_COPIES:
            raise BadRecord(N_("it has more than {most} copies of a unit", most=_MOST_COPIES))
        yield Action(what, sys.intern(escape(toxic[:_MOST_NAME])), tuple(given))
