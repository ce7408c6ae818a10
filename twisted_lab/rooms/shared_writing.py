"""Transactions that add entries to a room that several nodes share."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from twisted_lab.rooms.history import OVERHEAD, Retention, Said
from twisted_lab.rooms.kept_history import prune
from twisted_lab.rooms.queries import Newest
from twisted_lab.rooms.shared_queries import SharedQueries, Top
from twisted_lab.storage import together

# The addressee of entries about members, which is no name. Their text says what has happened.
PRESENCE = "*"
CHANNEL = "netlab_room"
# Old entries are removed once a second, and whenever the new ones have reached this size or this
# part of the history's limit. So the history may exceed its limits by as much.
PRUNED_BYTES = 2**18
PRUNED_PART = 64


class NodeGone(Exception):
    """The node's lease has expired, and other nodes have removed it and its members."""


@dataclass(frozen=True)
class Node:
    """A node.

    Attributes:
        id: Its random name.
        retention: The limits of the history, which are those of whoever adds to it.
    """

    id: str
    retention: Retention


class Writing:
    """A transaction that holds the room's lock, and adds entries.

    Args:
        queries: The queries.
        node: The node that adds them.
        top: The room's row.
        now: The time of the entries about members, in seconds of Unix time; 0 for the server's.

    Attributes:
        place: The place of the newest entry.
    """

    def __init__(self, queries: SharedQueries, node: Node, top: Top, now: float) -> None:
        self.place = top.place
        self._queries = queries
        self._node = node
        self._top = top
        self._upto = top.upto
        self._now = now or top.place / 1e6
        self._time = 0.0  # of the newest entry
        self._entries: list[dict[str, object]] = []

    @classmethod
    async def begin(
        cls,
        queries: SharedQueries,
        node: Node,
        *others: Awaitable[Any],
        now: float = 0.0,
        may_be_gone: bool = False,
    ) -> tuple[Writing, Sequence[Any]]:
        """Lock the room.

        Args:
            queries: The queries.
            node: The node.
            *others: Queries that run at once when the room is locked.
            now: See the class.
            may_be_gone: Whether a node that has been removed may do this.

        Returns:
            The transaction, and the results of the other queries.

        Raises:
            NodeGone: The node has been removed.
        """
        top: Any
        top, is_alive, *found = await together(queries.lock(), queries.is_alive(node.id), *others)
        if not (is_alive or may_be_gone):
            raise NodeGone
        return cls(queries, node, top, now), found

    def add(self, said: Said) -> int:
        """Add an entry after all others, and return its place."""
        self.place += 1
        self._time = said.time
        self._upto += said.size
        self._entries.append(
            {
                "place": self.place,
                "name": said.name,
                "text": said.text,
                "addressee": said.to,
                "speaker": said.speaker,
                "count": said.count,
                "listener": said.listener,
                "time": said.time,
                "upto": self._upto,
            }
        )
        return self.place

    def tell(self, name: str, text: str, seat: str = "") -> None:
        """Add an entry about a member."""
        # Clients' ids are longer than seats, so no history has the entry for its listener.
        self.add(Said(0, name, text, PRESENCE, listener=seat, time=self._now))

    async def end(self, spoken: Sequence[Mapping[str, object]] = ()) -> int:
        """Store the entries, remove old ones, and wake all nodes.

        Args:
            spoken: The rows of the clients that have spoken.

        Returns:
            The newest place.
        """
        if self._entries:
            entries = json.dumps(self._entries, ensure_ascii=False)
            clients = json.dumps(spoken)
            await self._queries.add_entries(entries, clients, self.place, self._upto, CHANNEL)
            await self._prune()
        return self.place

    async def _prune(self) -> None:
        top, retention = self._top, self._node.retention
        step = max(min(PRUNED_BYTES, retention.most_bytes // PRUNED_PART), 1)
        is_large = self._upto // step > top.upto // step
        is_late = self.place // 1_000_000 > top.stored // 1_000_000
        if not (is_large or is_late):
            return
        # Entries that a node has not read yet must stay.
        newest = Newest(min(self.place, await self._queries.read_by_all()), self._upto)
        # If the limits have been lowered, four times as much is removed as is added.
        most = 1 + 4 * (step + self._upto - top.upto) // OVERHEAD
        if removed := await prune(self._queries, newest, self._time, retention, most):
            await self._queries.set_pruned(max(removed))
