"""What was said in a room, for those who come later."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import Protocol

KEPT = 1000


@dataclass(frozen=True)
class Said:
    """Something that was said to all.

    Attributes:
        when: The time, in seconds of Unix time.
        name: Who said it.
        text: What.
    """

    when: float
    name: str
    text: str


class History(Protocol):
    """Where it is kept."""

    async def add(self, said: Said) -> None:
        """Keep `said`; when this returns it is kept."""
        ...

    async def last(self, count: int) -> list[Said]:
        """Return the last `count` of what was said, oldest first."""
        ...


class MemoryHistory:
    """Keeps the last 1,000, for as long as the process runs."""

    def __init__(self) -> None:
        self._said: deque[Said] = deque(maxlen=KEPT)

    async def add(self, said: Said) -> None:
        """See `History`."""
        self._said.append(said)

    async def last(self, count: int) -> list[Said]:
        """See `History`."""
        return list(self._said)[-count:] if count else []
