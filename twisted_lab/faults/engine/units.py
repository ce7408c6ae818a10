"""Units: what the faults act on. A datagram, a message of a framing, or a received portion."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum, StrEnum

from twisted_lab.faults.engine.framing import NO_FRAMING, Framing


class Direction(StrEnum):
    """A direction of a link, with toxiproxy's names."""

    UPSTREAM = "upstream"  # from the client to the server behind the proxy
    DOWNSTREAM = "downstream"


class Kind(Enum):
    """The kinds of units in one direction: one OPEN, any number of DATA, at most one CLOSE."""

    OPEN = "open"
    DATA = "data"
    CLOSE = "close"


@dataclass(slots=True)
class Unit:
    """One unit of a link and direction.

    Attributes:
        kind: What it is; only DATA has bytes.
        number: Its number: 0 for OPEN, then from 1.
        data: Its bytes, with those of its framing.
        framing: The framing.
    """

    kind: Kind
    number: int
    data: bytes = b""
    framing: Framing = field(default=NO_FRAMING, compare=False)

    @property
    def body(self) -> bytes:
        """Its bytes without those of its framing."""
        return self.framing.body(self.data)

    def with_body(self, body: bytes) -> bytes:
        """Return `body` in the same framing."""
        return self.framing.frame(body, self.data)
