"""The phases of a channel's life."""

from __future__ import annotations

from enum import Enum, auto


class Phase(Enum):
    """Where a channel is in its life.

    TALKING -- hang_up() --> FLUSHING -- output sent --> CLOSING -- connection lost --> GONE
    TALKING, FLUSHING, CLOSING -- abort() --> ABORTED -- connection lost --> GONE
    """

    TALKING = auto()
    FLUSHING = auto()
    CLOSING = auto()
    ABORTED = auto()
    GONE = auto()
