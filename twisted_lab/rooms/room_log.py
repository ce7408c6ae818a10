"""Interface of the entries of a room that several nodes share."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from twisted_lab.rooms.history import History, Said
from twisted_lab.rooms.shared_transactions import Registered, Renewed


class RoomLog(History, Protocol):
    """The entries of a room that several nodes share; see `SharedLog`."""

    async def register(self, place: int) -> Registered:
        """Become a node under a new name."""
        ...

    async def renew(self, place: int) -> Renewed:
        """Renew this node's lease."""
        ...

    async def bury(self, dead: Sequence[str]) -> bool:
        """Remove nodes and some of their members; tell whether there may be more of these."""
        ...

    async def unregister(self) -> None:
        """Be no node any more."""
        ...

    async def enter(
        self, name: str, client: str, seat: str, now: float, is_return: bool = False
    ) -> int:
        """Make somebody a member."""
        ...

    async def rename(self, seat: str, name: str, now: float) -> int:
        """Change the name of a member."""
        ...

    async def leave(self, leaving: Mapping[str, str], now: float) -> None:
        """Remove members."""
        ...

    async def entries(self, place: int) -> Sequence[Said]:
        """Return up to PAGE entries after `place`."""
        ...

    def has_read(self, place: int) -> None:
        """Note that the room has given its members all entries up to `place`."""
        ...
