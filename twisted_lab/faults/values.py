"""Values of toxics as people write them: ``50ms``, ``20%``, ``100KB``, ``5-10``."""

from __future__ import annotations

import re
from typing import NamedTuple

_AMOUNT = re.compile(r"([0-9]+(?:\.[0-9]+)?) *([A-Za-zµ%/]*)", re.ASCII | re.IGNORECASE)
_SECONDS = {"us": 1e-6, "ms": 1e-3, "s": 1.0, "min": 60.0, "h": 3600.0}
_BYTES = {"b": 1, "kb": 1000, "mb": 1_000_000, "kib": 1024, "mib": 1_048_576}
LONGEST = 86_400.0  # seconds
LARGEST = 10**12  # bytes
_WHOLE = re.compile(r"[0-9]{1,15}", re.ASCII)


def _amount(text: str, units: dict[str, float], bare: str, what: str) -> float:
    found = _AMOUNT.fullmatch(text.strip())
    unit = (found[2] or bare).lower() if found else ""
    if not found or unit not in units:
        raise ValueError(f"expected {what}, not {text!r}")
    return float(found[1]) * units[unit]


def _at_most(value: float, most: float, text: str, limit: str) -> float:
    if value > most:
        raise ValueError(f"expected at most {limit}, not {text!r}")
    return value


def milliseconds(text: str) -> float:
    """Read a time, in seconds; a bare number is milliseconds, as in toxiproxy."""
    value = _amount(text, _SECONDS, "ms", "a time such as 50ms or 2s")
    return _at_most(value, LONGEST, text, "one day")


def microseconds(text: str) -> float:
    """Read a time, in seconds; a bare number is microseconds, as for toxiproxy's slicer."""
    value = _amount(text, _SECONDS, "us", "a time such as 100us or 5ms")
    return _at_most(value, LONGEST, text, "one day")


def size(text: str) -> int:
    """Read a number of bytes, such as 1000 or 64KB."""
    value = _amount(text, dict(_BYTES), "b", "a size such as 1000 or 64KB")
    return int(_at_most(value, LARGEST, text, "1000000 MB"))


def rate(text: str) -> float:
    """Read a rate, in bytes a second; a bare number is KB/s, as in toxiproxy."""
    units = {f"{name}/s": float(factor) for name, factor in _BYTES.items()}
    units |= {"kbit/s": 125.0, "mbit/s": 125_000.0, "gbit/s": 125_000_000.0}
    what = "a rate such as 100KB/s or 2Mbit/s"
    value = _at_most(_amount(text, units, "kb/s", what), LARGEST, text, "1000000 MB/s")
    if value < 1:
        raise ValueError(f"expected a rate of at least 1 byte a second, not {text!r}")
    return value


def share(text: str) -> float:
    """Read a probability: 20% or 0.2."""
    value = _amount(text, {"%": 0.01, "": 1.0}, "", "a probability such as 20% or 0.2")
    return _at_most(value, 1.0, text, "100%")


def count(text: str) -> int:
    """Read a whole number from 1 up."""
    if not _WHOLE.fullmatch(text) or not int(text):
        raise ValueError(f"expected a whole number from 1 up, not {text!r}")
    return int(text)


def few(text: str) -> int:
    """Read a whole number from 1 to 100."""
    if (value := count(text)) > 100:
        raise ValueError(f"expected at most 100, not {text!r}")
    return value


class Span(NamedTuple):
    """A range of unit numbers, both ends included; `last` is None if it has no end."""

    first: int
    last: int | None

    def __contains__(self, number: object) -> bool:
        assert isinstance(number, int)
        return self.first <= number and (self.last is None or number <= self.last)

    def __str__(self) -> str:
        return f"{self.first}-{'' if self.last is None else self.last}"


def span(text: str) -> Span:
    """Read a range of numbers: 5-10, or 5- without an end."""
    first, dash, last = text.partition("-")
    try:
        read = Span(count(first), count(last) if last else None)
    except ValueError:
        read = Span(0, None)
    if not dash or not read.first or (read.last is not None and read.last < read.first):
        raise ValueError(f"expected a range such as 5-10 or 5-, not {text!r}")
    return read
