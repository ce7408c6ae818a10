"""Actions: what happens to a unit. The decision about a unit is a list of actions.

They are done in the order of `What`, whatever the order of the toxics: what changes a unit comes
before what delays it, as in a network card and a wire.

An action says what to do, not when: it depends on the unit, never on the clock. So a recorded list
of actions does the same to the same unit again.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Any, NamedTuple


class What(StrEnum):
    """The kinds of actions, with the meaning of their numbers."""

    LOSE = "lose"
    REPLACE = "replace"  # hexadecimal bytes of the new unit
    CORRUPT = "corrupt"  # number of the bit to invert
    TRUNCATE = "truncate"  # bytes to keep
    JOIN = "join"  # units to collect, seconds to wait for them at most
    SLICE = "slice"  # average size and its variation in bytes, seconds between slices, a draw
    RATE = "rate"  # bytes a second
    DELAY = "delay"  # seconds
    COPY = "copy"  # copies in addition to the unit itself
    REBIND = "rebind"
    LATER = "later"  # units that overtake this one, seconds to wait for them at most
    HOLD = "hold"
    END = "end"  # close, reset or half-close; seconds until then


class End(StrEnum):
    """How a link ends, or one direction of it."""

    EOF = "eof"  # the sender's own close of its sending side, passed on
    HALF_CLOSE = "half-close"
    CLOSE = "close"
    RESET = "reset"


class Action(NamedTuple):
    """One action on a unit.

    Attributes:
        what: Its kind.
        toxic: The name of the toxic that has decided it.
        values: Its numbers, see `What`.
    """

    what: What
    toxic: str
    values: tuple[Any, ...] = ()
