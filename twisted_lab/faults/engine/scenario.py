"""Scenarios: toxics and refusing proxies that change over time, read from a TOML file."""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from math import inf
from pathlib import Path
from typing import Any, NamedTuple

from twisted_lab.faults.engine import values
from twisted_lab.faults.engine.spec import Place, check, named, read_toxic
from twisted_lab.faults.engine.toxic import Toxics
from twisted_lab.text.language import N_, Message
from twisted_lab.text.sizes import size
from twisted_lab.text.system_errors import reason_of

MOST_BYTES = 1_000_000  # of a file
MOST_PHASES = 10_000
# Shorter phases would change the toxics of all links all the time.
SHORTEST_SECONDS = 0.001
_EXAMPLES = {
    "repeat": "repeat = true",
    "phase": "[[phase]]",
    "after": 'after = "10s"',
    "for": 'for = "5s"',
    "toxics": 'toxics = ["loss=50%"]',
    "disabled": 'disabled = ["tcp:9190"]',
}
_TYPES = {key: type(tomllib.loads(text)[key]) for key, text in _EXAMPLES.items()}


class Phase(NamedTuple):
    """One phase of a scenario.

    Attributes:
        after: The wait after the end of the phase before it, in seconds.
        lasts: Its length, in seconds; infinite if it lasts until the end.
        toxics: The toxics that act in it, in addition to those of the options.
        disabled: The names of the proxies that refuse their clients and close all links.
    """

    after: float
    lasts: float
    toxics: Toxics
    disabled: frozenset[str]


class Now(NamedTuple):
    """The state of a scenario at a time.

    Attributes:
        toxics: The toxics of the phase.
        disabled: The names of the proxies that are disabled.
        until: When that changes, in seconds after the beginning; None if it never does.
    """

    toxics: Toxics = ()
    disabled: frozenset[str] = frozenset()
    until: float | None = None


class Scenario:
    """Phases, one after the other.

    Args:
        phases: The phases; only the last one can last until the end.
        repeats: Whether they begin again after the last one.
    """

    def __init__(self, phases: Sequence[Phase], repeats: bool = False) -> None:
        self.phases = tuple(phases)
        self._length = sum(phase.after + phase.lasts for phase in phases)
        self._repeats = repeats

    def phase_at(self, elapsed: float) -> Now:
        """Return what acts after `elapsed` seconds."""
        begun, phases = 0.0, self.phases
        if self._repeats:
            begun = elapsed // self._length * self._length
            # Twice, because rounding can end the last phase a little before `_length`.
            phases += phases
        for phase in phases:
            starts = begun + phase.after
            if elapsed < starts:
                return Now(until=starts)
            begun = starts + phase.lasts
            if elapsed < begun:
                until = None if begun == inf else begun
                return Now(phase.toxics, phase.disabled, until)
        return Now()


def read_scenario(path: str, base: Toxics, places: Sequence[Place]) -> Scenario:
    """Return the scenario in a TOML file.

    Args:
        path: The file.
        base: The toxics that act in all phases; those of a phase get other names.
        places: The proxies.

    Raises:
        ValueError: The file cannot be read, or is no scenario; the text says where.
    """
    try:
        if Path(path).exists() and not Path(path).is_file():  # A FIFO would stop the process.
            raise ValueError(N_("it is not a file"))
        with Path(path).open("rb") as file:
            content = file.read(MOST_BYTES + 1)
        if len(content) > MOST_BYTES:
            raise ValueError(N_("it has more than {most}", most=size(MOST_BYTES)))
        table = tomllib.loads(content.decode())
        return _scenario(table, base, places)
    except OSError as error:
        raise ValueError(Message("{path}: {reason}", path=path, reason=reason_of(error))) from None
    except UnicodeDecodeError:
        raise ValueError(N_("{path}: it is not UTF-8", path=path)) from None
    except RecursionError:
        raise ValueError(N_("{path}: it is nested too deeply", path=path)) from None
    except ValueError as error:
        raise ValueError(Message("{path}: {error}", path=path, error=error)) from None


def _scenario(table: dict[str, Any], base: Toxics, places: Sequence[Place]) -> Scenario:
    _check_keys(table, "repeat", "phase")
    tables, repeats = table.get("phase", []), table.get("repeat", False)
    if not 0 < len(tables) <= MOST_PHASES:
        raise ValueError(
            N_("expected 1 to {most} [[phase]], not {count}", most=MOST_PHASES, count=len(tables))
        )
    phases = []
    for number, each in enumerate(tables, 1):
        try:
            phases.append(_phase(each, base, places))
        except ValueError as error:
            raise ValueError(N_("phase {number}: {error}", number=number, error=error)) from None
        if phases[-1].lasts == inf and (number < len(tables) or repeats):
            raise ValueError(
                N_(
                    'phase {number}: expected for = "5s", because another one follows',
                    number=number,
                )
            )
    return Scenario(phases, repeats)


def _phase(table: Any, base: Toxics, places: Sequence[Place]) -> Phase:
    if not isinstance(table, dict):
        raise ValueError(N_("expected [[phase]]"))
    _check_keys(table, "after", "for", "toxics", "disabled")
    after = values.milliseconds(table.get("after", "0"))
    lasts = values.milliseconds(table["for"]) if "for" in table else inf
    if lasts < SHORTEST_SECONDS:
        raise ValueError(N_("expected at least 1ms as for, not {text!r}", text=table["for"]))
    toxics = named([*base, *map(read_toxic, _texts(table, "toxics"))])[len(base) :]
    check(toxics, places)
    disabled = _texts(table, "disabled")
    names = [place.name for place in places]
    for name in disabled:
        if name not in names:
            raise ValueError(
                N_(
                    "there is no proxy {name!r}; there is {names}",
                    name=name,
                    names=", ".join(names),
                )
            )
    return Phase(after, lasts, toxics, frozenset(disabled))


def _texts(table: dict[str, Any], key: str) -> list[str]:
    texts: list[str] = table.get(key, [])
    if not all(isinstance(text, str) for text in texts):
        raise ValueError(
            N_("expected {example}, not {value!r:.60}", example=_EXAMPLES[key], value=texts)
        )
    return texts


def _check_keys(table: dict[str, Any], *keys: str) -> None:
    for key, value in table.items():
        if key not in keys:
            raise ValueError(
                N_("expected one of {known}, not {key!r:.60}", known=", ".join(keys), key=key)
            )
        if type(value) is not _TYPES[key]:
            raise ValueError(
                N_("expected {example}, not {value!r:.60}", example=_EXAMPLES[key], value=value)
            )
