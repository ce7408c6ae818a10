"""Phases in the life of a channel."""

from __future__ import annotations

from enum import Enum, auto


class Phase(Enum):
    """The phase that a channel is in.

    TALKING -- hang_up() --> FLUSHING -- output sent --> CLOSING -- connection lost --> GONE
    TALKING, FLUSHING, CLOSING -- abort() --> ABORTED -- connection lost --> GONE
    TALKING, FLUSHING -- connection lost --> GONE

    A datagram channel has no CLOSING and no ABORTED: both arrows lead to GONE.
    """

    TALKING = auto()
    FLUSHING = auto()
    CLOSING = auto()
    ABORTED = auto()
    GONE = auto()
