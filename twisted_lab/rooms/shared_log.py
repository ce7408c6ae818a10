"""Entries of a room that several nodes share, on PostgreSQL."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from twisted_lab.rooms import shared_transactions as transactions
from twisted_lab.rooms.history import KEPT_FOR_A_MONTH, Retention, Said
from twisted_lab.rooms.kept_history import KeptHistory
from twisted_lab.rooms.shared_queries import SharedQueries
from twisted_lab.rooms.shared_transactions import Registered, Renewed
from twisted_lab.rooms.shared_writing import Node
from twisted_lab.storage import Store


class SharedLog(KeptHistory):
    """The entries of a room on a server; `twisted_lab.rooms.History` for this node's members.

    Args:
        storage: The store of the entries.
        retention: The limits of the history.
    """

    def __init__(
        self, storage: Store[SharedQueries], retention: Retention = KEPT_FOR_A_MONTH
    ) -> None:
        super().__init__(storage, retention)
        self._shared = storage
        self._node = Node("", retention)

    # This node

    async def register(self, place: int) -> Registered:
        """Become a node under a new name.

        Args:
            place: The place up to which it has read as an earlier node; 0 for none.

        Raises:
            Unable: The server cannot store that now.
        """
        node = replace(self._node, id=secrets.token_hex(8))
        registered = await self._shared.keep(partial(transactions.register, node=node, place=place))
        self._node, self._newest = node, registered.place
        return registered

    async def renew(self, place: int) -> Renewed:
        """Renew this node's lease.

        Args:
            place: The place up to which it has read.

        Raises:
            NodeGone: The node has been removed.
            Unable: The server cannot store that now.
        """
        return await self._shared.keep(partial(transactions.renew, node=self._node, place=place))

    async def bury(self, dead: Sequence[str]) -> bool:
        """Remove nodes, unless they have renewed their leases meanwhile, and some of their members.

        Returns:
            Whether there may be more of their members.

        Raises:
            NodeGone: This node has been removed.
            Unable: The server cannot store that now.
        """
        return await self._shared.keep(partial(transactions.bury, node=self._node, dead=dead))

    async def unregister(self) -> None:
        """Be no node any more. If members are left, other nodes remove them.

        Raises:
            Unable: The server cannot store that now.
        """
        await self._shared.keep(partial(transactions.unregister, node=self._node))

    # Members

    async def enter(
        self, name: str, client: str, seat: str, now: float, is_return: bool = False
    ) -> int:
        """Make somebody a member, in place of one with the same client.

        Args:
            name: A valid name.
            client: The client's id; empty if it has none.
            seat: The number of its stay.
            now: The time, in seconds of Unix time.
            is_return: Whether it is a member of this node already, which has been removed.

        Returns:
            The place of the entry about it.

        Raises:
            BadName: Another member has the name, or one that looks like it.
            MemberGone: The client has come back on another node before this node could.
            NodeGone: The node has been removed.
            Unable: The server cannot store that now.
        """
        return await self._shared.keep(
            partial(
                transactions.enter,
                node=self._node,
                name=name,
                client=client,
                seat=seat,
                now=now,
                is_return=is_return,
            )
        )

    async def rename(self, seat: str, name: str, now: float) -> int:
        """Change the name of a member.

        Returns:
            The place of the entry about it.

        Raises:
            BadName: Another member has the name, or one that looks like it.
            MemberGone: The member is on another connection now.
            NodeGone: The node has been removed.
            Unable: The server cannot store that now.
        """
        return await self._shared.keep(
            partial(transactions.rename, node=self._node, seat=seat, name=name, now=now)
        )

    async def leave(self, leaving: Mapping[str, str], now: float) -> None:
        """Remove members, if they are still in their seats.

        Args:
            leaving: How each has left, by its seat.
            now: The time, in seconds of Unix time.

        Raises:
            Unable: The server cannot store that now.
        """
        await self._shared.keep(
            partial(transactions.leave, node=self._node, leaving=leaving, now=now)
        )

    # Entries

    async def entries(self, place: int) -> list[Said]:
        """Return up to PAGE entries after `place`.

        Raises:
            Unable: The server cannot be read now.
        """
        return await self._shared.read(partial(transactions.entries, place=place))

    def has_read(self, place: int) -> None:
        """Note that the room has given its members all entries up to `place`."""
        self._newest = place

    async def since(self, place: int, client: str) -> list[Said]:
        """See `twisted_lab.rooms.History`."""
        return await self._read_since(place, client, self._newest)

    async def _add_all(self, messages: Sequence[Said]) -> Sequence[Any]:
        return await self._shared.keep(
            partial(transactions.add, node=self._node, messages=messages)
        )
