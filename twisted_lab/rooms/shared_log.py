"""Entries of a room that several nodes share, on PostgreSQL: messages, joins, leaves and renames.

All that changes the room locks the room's own row until it is committed. So places are committed in
their order, and a reader that asks for the entries after a place misses none.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, NamedTuple

from twisted_lab.rooms.history import KEPT_FOR_A_MONTH, Retention, Said
from twisted_lab.rooms.kept_history import KeptHistory, prune, store
from twisted_lab.rooms.member import CannotSay, MemberGone
from twisted_lab.rooms.names import resembles, taken
from twisted_lab.rooms.queries import Newest
from twisted_lab.rooms.room import NOBODY
from twisted_lab.rooms.shared_queries import Seated, SharedQueries, Top
from twisted_lab.storage import Store, together
from twisted_lab.text.user_names import name_key, skeletons

LEASE_SECONDS = 10.0
# The addressee of entries about members, which is no name. Their text says what has happened.
PRESENCE = "*"
JOINED = "has joined"
MOVED = "has moved"  # to another connection, perhaps of another node; not shown
CALLED = "is now called "
# Entries that a node reads at a time, and members of a dead node that are removed at a time.
PAGE = 500
CHANNEL = "netlab_room"
SECRET_SECONDS = 30.0
SECRET_BYTES = 32


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


@dataclass(frozen=True)
class Registered:
    """A node that has just been registered.

    Attributes:
        place: The place after which it reads.
        members: The members at that place; None if the node knows them, because no entry is missing
            since the place up to which it has read.
    """

    place: int
    members: Sequence[Seated] | None


class Secrets(NamedTuple):
    """The secrets of cookies that all nodes have in common.

    Attributes:
        period: The number of the current period.
        by_period: The secrets of the period before, this one and the next one.
    """

    period: int
    by_period: Mapping[int, bytes]


class Renewed(NamedTuple):
    """A lease that has just been renewed.

    Attributes:
        secrets: The secrets of cookies.
        dead: The nodes whose leases have expired.
    """

    secrets: Secrets
    dead: Sequence[str]


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
        registered = await self._shared.keep(partial(_register, node=node, place=place))
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
        return await self._shared.keep(partial(_renew, node=self._node, place=place))

    async def bury(self, dead: Sequence[str]) -> bool:
        """Remove nodes, unless they have renewed their leases meanwhile, and some of their members.

        Returns:
            Whether there may be more of their members.

        Raises:
            NodeGone: This node has been removed.
            Unable: The server cannot store that now.
        """
        return await self._shared.keep(partial(_bury, node=self._node, dead=dead))

    async def unregister(self) -> None:
        """Be no node any more. If members are left, other nodes remove them.

        Raises:
            Unable: The server cannot store that now.
        """
        await self._shared.keep(partial(_unregister, node=self._node))

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
                _enter,
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
            partial(_rename, node=self._node, seat=seat, name=name, now=now)
        )

    async def leave(self, leaving: Mapping[str, str], now: float) -> None:
        """Remove members, if they are still in their seats.

        Args:
            leaving: How each has left, by its seat.
            now: The time, in seconds of Unix time.

        Raises:
            Unable: The server cannot store that now.
        """
        await self._shared.keep(partial(_leave, node=self._node, leaving=leaving, now=now))

    # Entries

    async def entries(self, place: int) -> list[Said]:
        """Return up to PAGE entries after `place`.

        Raises:
            Unable: The server cannot be read now.
        """
        return await self._shared.read(partial(_entries, place=place))

    def has_read(self, place: int) -> None:
        """Note that the room has given its members all entries up to `place`."""
        self._newest = place

    async def since(self, place: int, client: str) -> list[Said]:
        """See `twisted_lab.rooms.History`."""
        return await self._read_since(place, client, self._newest)

    async def _add_all(self, messages: Sequence[Said]) -> Sequence[Any]:
        return await self._shared.keep(partial(_add, node=self._node, messages=messages))


async def _all(rows: Any) -> list[Any]:
    async with aclosing(aiter(rows)) as found:
        return [each async for each in found]


async def _register(queries: SharedQueries, node: Node, place: int) -> Registered:
    await queries.raise_top()
    top = await queries.lock(node.id)
    # A later entry comes after this place, even if the server's clock is set back.
    await queries.set_top(top.place, top.upto)
    is_whole = place > 0 and await queries.pruned() <= place
    if not is_whole:
        place = top.place
    await queries.add_node(node.id, LEASE_SECONDS, place)
    return Registered(place, None if is_whole else await _all(queries.members()))


async def _renew(queries: SharedQueries, node: Node, place: int) -> Renewed:
    if await queries.renew(node.id, LEASE_SECONDS, place) is None:
        raise NodeGone
    period = await queries.period(SECRET_SECONDS)
    wanted = {period - 1, period, period + 1}
    found = dict(await _all(queries.secrets_from(period - 1)))
    if not wanted <= found.keys():
        await queries.remove_secrets(period - 1)
        for each in wanted - found.keys():
            await queries.add_secret(each, secrets.token_hex(SECRET_BYTES))
        found = dict(await _all(queries.secrets_from(period - 1)))
    by_period = {each: bytes.fromhex(secret) for each, secret in found.items()}
    return Renewed(Secrets(period, by_period), await _all(queries.expired()))


async def _bury(queries: SharedQueries, node: Node, dead: Sequence[str]) -> bool:
    writing = await _Writing.begin(queries, node)
    for each in dead:
        await queries.expire(each)
    orphans = await _all(queries.orphans(PAGE))
    for member in orphans:
        await writing.remove(member, "has gone silent")
    await writing.end()
    if len(orphans) == PAGE:
        return True
    await queries.remove_dead()
    return False


async def _unregister(queries: SharedQueries, node: Node) -> None:
    await queries.give_up(node.id)


async def _enter(
    queries: SharedQueries,
    node: Node,
    name: str,
    client: str,
    seat: str,
    now: float,
    is_return: bool,
) -> int:
    writing = await _Writing.begin(queries, node, now)
    # The seat is found if the first try was stored, and the server did not say so.
    before = await queries.member_in(seat) or await queries.member_of(client)
    if before is not None and before.seat != seat and is_return:
        raise MemberGone("you are here over another connection")
    await _check(queries, name, before)
    if before is not None:
        await writing.take_out(before)
        if before.name != name:
            await writing.tell(before.name, f"{CALLED}{name}")
    await writing.put_in(name, client, seat)
    await writing.tell(name, MOVED if before is not None else JOINED, seat)
    return await writing.end()


async def _rename(queries: SharedQueries, node: Node, seat: str, name: str, now: float) -> int:
    writing = await _Writing.begin(queries, node, now)
    member = await queries.member_in(seat)
    if member is None:
        raise MemberGone
    await _check(queries, name, member)
    await writing.take_out(member)
    await writing.put_in(name, member.client, seat)
    await writing.tell(member.name, f"{CALLED}{name}")
    return await writing.end()


async def _check(queries: SharedQueries, name: str, of: Seated | None) -> None:
    key = name_key(name)
    own = of.key if of is not None else None
    if key != own and await queries.member(key) is not None:
        raise taken(name)
    looks = await together(*(queries.looks_like(skeleton) for skeleton in skeletons(name)))
    if any(look not in (None, own) for look in looks):
        raise resembles(name)


async def _leave(
    queries: SharedQueries, node: Node, leaving: Mapping[str, str], now: float
) -> None:
    writing = await _Writing.begin(queries, node, now, may_be_gone=True)
    for seat, how in leaving.items():
        if (member := await queries.member_in(seat)) is not None:
            await writing.remove(member, f"has {how}")
    await writing.end()


async def _entries(queries: SharedQueries, place: int) -> list[Said]:
    return await _all(queries.entries(place, PAGE))


async def _add(
    queries: SharedQueries, node: Node, messages: Sequence[Said]
) -> list[int | Exception | None]:
    top = await queries.lock(node.id)
    if not top.is_alive:
        raise NodeGone
    keys = {name_key(said.to) for said in messages if said.to}
    others = dict(zip(keys, await together(*(queries.member(key) for key in keys)), strict=True))
    results: dict[int, int | Exception | None] = {}
    addressed: dict[int, Said] = {}
    for number, said in enumerate(messages):
        if not said.to:
            addressed[number] = replace(said, place=0)
        elif (other := others[name_key(said.to)]) is not None:
            addressed[number] = replace(said, place=0, to=other.name, listener=other.client)
        else:
            results[number] = CannotSay(NOBODY)
    added = [*addressed.values()]
    places, newest = await store(queries, added, Newest(top.place, top.upto))
    results |= zip(addressed, places, strict=True)
    if newest.place > top.place:
        await _end(queries, newest, added, node.retention)
    return [results[number] for number in range(len(messages))]


async def _end(
    queries: SharedQueries, newest: Newest, added: Sequence[Said], retention: Retention
) -> None:
    """Store the newest place, remove old entries, and wake all nodes."""
    await queries.set_top(newest.place, newest.upto)
    # Entries that a node has not read yet must stay.
    upto = min(newest.place, await queries.read_by_all())
    if removed := await prune(queries, Newest(upto, newest.upto), added, retention):
        await queries.set_pruned(max(removed))
    await queries.notify(CHANNEL)


class _Writing:
    """A transaction that adds entries about members."""

    def __init__(self, queries: SharedQueries, node: Node, top: Top, now: float) -> None:
        self._queries = queries
        self._node = node
        self._newest = Newest(top.place, top.upto)
        self._now = now
        self._added: list[Said] = []

    @classmethod
    async def begin(
        cls, queries: SharedQueries, node: Node, now: float = 0.0, may_be_gone: bool = False
    ) -> _Writing:
        """Lock the room.

        Raises:
            NodeGone: The node has been removed.
        """
        top = await queries.lock(node.id)
        if not (top.is_alive or may_be_gone):
            raise NodeGone
        return cls(queries, node, top, now or top.place / 1e6)

    async def put_in(self, name: str, client: str, seat: str) -> None:
        key = name_key(name)
        await self._queries.add_member(key, name, client, self._node.id, seat)
        for skeleton in skeletons(name):
            await self._queries.add_look(skeleton, key)

    async def take_out(self, member: Seated) -> None:
        await self._queries.remove_member(member.key)
        await self._queries.remove_looks(member.key)

    async def remove(self, member: Seated, how: str) -> None:
        await self.take_out(member)
        await self.tell(member.name, how)

    async def tell(self, name: str, text: str, seat: str = "") -> None:
        # Clients' ids are longer than seats, so no history has the entry for its listener.
        said = Said(self._newest.place + 1, name, text, PRESENCE, listener=seat, time=self._now)
        self._newest = Newest(said.place, self._newest.upto + said.size)
        self._added.append(said)
        await self._queries.add_said(
            said.place, name, text, PRESENCE, "", 0, seat, self._now, self._newest.upto
        )

    async def end(self) -> int:
        """Store the entries, and return the place of the last one."""
        if self._added:
            await _end(self._queries, self._newest, self._added, self._node.retention)
        return self._newest.place
