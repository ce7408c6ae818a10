"""Values of toxics as people write them: ``50ms``, ``20%``, ``100KB``, ``5-10``."""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import Decimal
from typing import Any, NamedTuple

from twisted_lab.faults.engine.units import Direction
from twisted_lab.text.language import N_

_AMOUNT = re.compile(r"([0-9]{1,15}(?:\.[0-9]{1,30})?) *([A-Za-zµ%/]*)", re.ASCII | re.IGNORECASE)
# Decimals, so that 30us is the same number as 0.03ms.
_SECONDS = {
    unit: Decimal(size)
    for unit, size in (("h", 3600), ("min", 60), ("s", 1), ("ms", "1e-3"), ("us", "1e-6"))
}
_BYTES = {
    unit: Decimal(size)
    for unit, size in (("mib", 1_048_576), ("kib", 1024), ("mb", 1_000_000), ("kb", 1000), ("b", 1))
}
LONGEST = 86_400.0  # seconds
LARGEST = 10**12  # bytes
_RATES = {f"{unit}/s": size for unit, size in _BYTES.items()}
_RATES |= {"gbit/s": Decimal(125_000_000), "mbit/s": Decimal(125_000), "kbit/s": Decimal(125)}
_SHARES = {"%": Decimal("0.01"), "": Decimal(1)}
_NAME = re.compile(r"[A-Za-z0-9._-]{1,64}", re.ASCII)
_WHOLE = re.compile(r"[0-9]{1,15}", re.ASCII)


def _amount(text: str, units: dict[str, Decimal], bare: str, what: str) -> float:
    found = _AMOUNT.fullmatch(text.strip())
    unit = (found[2] or bare).lower() if found else ""
    if not found or unit not in units:
        raise ValueError(N_("expected {what}, not {text!r}", what=what, text=text))
    return float(Decimal(found[1]) * units[unit])


def _at_most(value: float, most: float, text: str, limit: str) -> float:
    if value > most:
        raise ValueError(N_("expected at most {limit}, not {text!r}", limit=limit, text=text))
    return value


def milliseconds(text: str) -> float:
    """Read a time, in seconds; a bare number is milliseconds, as in toxiproxy."""
    value = _amount(text, _SECONDS, "ms", N_("a time such as 50ms or 2s"))
    return _at_most(value, LONGEST, text, N_("one day"))


def microseconds(text: str) -> float:
    """Read a time, in seconds; a bare number is microseconds, as for toxiproxy's slicer."""
    value = _amount(text, _SECONDS, "us", N_("a time such as 100us or 5ms"))
    return _at_most(value, LONGEST, text, N_("one day"))


def size(text: str) -> int:
    """Read a number of bytes, such as 1000 or 64KB."""
    value = _amount(text, _BYTES, "b", N_("a size such as 1000 or 64KB"))
    return int(_at_most(value, LARGEST, text, "1000000 MB"))


def rate(text: str) -> float:
    """Read a rate, in bytes a second; a bare number is KB/s, as in toxiproxy."""
    what = N_("a rate such as 100KB/s or 2Mbit/s")
    value = _at_most(_amount(text, _RATES, "kb/s", what), LARGEST, text, "1000000 MB/s")
    if value < 1:
        raise ValueError(N_("expected a rate of at least 1 byte a second, not {text!r}", text=text))
    return value


def share(text: str) -> float:
    """Read a probability: 20% or 0.2."""
    what = N_("a probability such as {example} or 0.2", example="20%")
    value = _amount(text, _SHARES, "", what)
    if value > 1 and "%" not in text:
        raise ValueError(N_("expected {what}, not {text!r}", what=what, text=text))
    return _at_most(value, 1.0, text, "100%")


def count(text: str) -> int:
    """Read a whole number from 1 up."""
    if not _WHOLE.fullmatch(text) or not int(text):
        raise ValueError(N_("expected a whole number from 1 up, not {text!r}", text=text))
    return int(text)


def few(text: str) -> int:
    """Read a whole number from 1 to 100."""
    if (value := count(text)) > 100:
        raise ValueError(N_("expected at most 100, not {text!r}", text=text))
    return value


def direction(text: str) -> Direction:
    """Read a direction."""
    try:
        return Direction(text)
    except ValueError:
        raise ValueError(N_("expected upstream or downstream, not {text!r}", text=text)) from None


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
        raise ValueError(N_("expected a range such as 5-10 or 5-, not {text!r}", text=text))
    return read


def name(text: str) -> str:
    """Read a name."""
    if not _NAME.fullmatch(text):
        raise ValueError(N_("expected up to 64 letters, digits and . _ -, not {text!r}", text=text))
    return text


def encoded(text: str) -> bytes:
    """Return a text's bytes; those on the command line that are not UTF-8 stay as they are."""
    return text.encode(errors="surrogateescape")


def _shown(value: float, units: tuple[str, ...], sizes: dict[str, Decimal]) -> str:
    """Return an amount in the first of `units` in which it is at least 1, or else in the last."""
    if not value:
        return "0"
    exact = Decimal(repr(value))
    unit = next((unit for unit in units if exact >= sizes[unit.lower()]), units[-1])
    return f"{(exact / sizes[unit.lower()]).normalize():f}{unit}"


def seconds_text(value: float) -> str:
    """Return a time that `milliseconds` and `microseconds` read."""
    return _shown(value, ("s", "ms", "us"), _SECONDS)


def rate_text(value: float) -> str:
    """Return a rate that `rate` reads."""
    return _shown(value, ("MB/s", "KB/s", "B/s"), _RATES)


def share_text(value: float) -> str:
    """Return a probability that `share` reads."""
    return _shown(value, ("%",), _SHARES)


# By reader: what writes its values so that it reads them again; ``str`` does for the others.
SHOWN: dict[Callable[[str], Any], Callable[[Any], str]] = {
    milliseconds: seconds_text,
    microseconds: seconds_text,
    rate: rate_text,
    share: share_text,
}
