"""Transactions on a room that several nodes share, on PostgreSQL.

All that changes the room locks the room's own row until it is committed. So places are committed in
their order, and a reader that asks for the entries after a place misses none.
"""

from __future__ import annotations

import secrets
from collections.abc import Awaitable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from twisted_lab.rooms.history import CLIENTS, Said
from twisted_lab.rooms.kept_history import all_of
from twisted_lab.rooms.member import CannotSay, MemberGone
from twisted_lab.rooms.names import resembles, taken
from twisted_lab.rooms.queries import Client
from twisted_lab.rooms.room import NOBODY
from twisted_lab.rooms.shared_queries import Seated, SharedQueries
from twisted_lab.rooms.shared_writing import Node, NodeGone, Writing
from twisted_lab.text.user_names import name_key, skeletons

LEASE_SECONDS = 10.0
JOINED = "has joined"
MOVED = "has moved"  # to another connection, perhaps of another node; not shown
CALLED = "is now called "
# Entries that a node reads at a time, and members of a dead node that are removed at a time.
PAGE = 500
SECRET_SECONDS = 30.0
SECRET_BYTES = 32


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


async def register(queries: SharedQueries, node: Node, place: int) -> Registered:
    """Make a process a node; see `SharedLog.register`."""
    await queries.raise_top()
    top = await queries.lock()
    # A later entry comes after this place, even if the server's clock is set back.
    await queries.set_top(top.place, top.upto)
    is_whole = place > 0 and await queries.pruned() <= place
    if not is_whole:
        place = top.place
    await queries.add_node(node.id, LEASE_SECONDS, place)
    return Registered(place, None if is_whole else await all_of(queries.members()))


async def renew(queries: SharedQueries, node: Node, place: int) -> Renewed:
    """Renew a node's lease; see `SharedLog.renew`."""
    # First, as all others do: two transactions that lock in different orders wait for each other.
    await queries.lock()
    if await queries.renew(node.id, LEASE_SECONDS, place) is None:
        raise NodeGone
    period = await queries.period(SECRET_SECONDS)
    wanted = {period - 1, period, period + 1}
    found = dict(await all_of(queries.secrets_from(period - 1)))
    if not wanted <= found.keys():
        await queries.remove_secrets(period - 1)
        for each in wanted - found.keys():
            await queries.add_secret(each, secrets.token_hex(SECRET_BYTES))
        found = dict(await all_of(queries.secrets_from(period - 1)))
    by_period = {each: bytes.fromhex(secret) for each, secret in found.items()}
    return Renewed(Secrets(period, by_period), await all_of(queries.expired()))


async def bury(queries: SharedQueries, node: Node, dead: Sequence[str]) -> bool:
    """Remove dead nodes; see `SharedLog.bury`."""
    writing, _ = await Writing.begin(queries, node)
    for each in dead:
        await queries.expire(each)
    orphans = await all_of(queries.orphans(PAGE))
    for member in orphans:
        await _remove(queries, writing, member, "has gone silent")
    await writing.end()
    if len(orphans) == PAGE:
        return True
    await queries.remove_dead()
    return False


async def unregister(queries: SharedQueries, node: Node) -> None:
    """Give a node up; see `SharedLog.unregister`."""
    await queries.lock()  # Others may be removing dead nodes: this one's members must go with it.
    await queries.give_up(node.id)


async def enter(
    queries: SharedQueries,
    node: Node,
    name: str,
    client: str,
    seat: str,
    now: float,
    is_return: bool,
) -> int:
    """Make somebody a member; see `SharedLog.enter`."""
    writing, (there, same, called, looks) = await Writing.begin(
        queries,
        node,
        queries.member_in(seat),
        queries.member_of(client),
        *_named(queries, name),
        now=now,
    )
    # The seat is found if the first try was stored, and the server did not say so.
    before: Seated | None = there or same
    if before is not None and before.seat != seat and is_return:
        raise MemberGone("you are here over another connection")
    _check(name, before, called, looks)
    if before is not None:
        await _take_out(queries, before)
        if before.name != name:
            writing.tell(before.name, f"{CALLED}{name}")
    await _put_in(queries, node, name, client, seat)
    writing.tell(name, MOVED if before is not None else JOINED, seat)
    return await writing.end()


async def rename(queries: SharedQueries, node: Node, seat: str, name: str, now: float) -> int:
    """Change the name of a member; see `SharedLog.rename`."""
    writing, (member, called, looks) = await Writing.begin(
        queries, node, queries.member_in(seat), *_named(queries, name), now=now
    )
    if member is None:
        raise MemberGone
    _check(name, member, called, looks)
    await _take_out(queries, member)
    await _put_in(queries, node, name, member.client, seat)
    writing.tell(member.name, f"{CALLED}{name}")
    return await writing.end()


def _named(queries: SharedQueries, name: str) -> list[Awaitable[Any]]:
    """Return the queries for `_check`: the member with a name, and the keys of similar names."""
    return [
        queries.member(name_key(name)),
        all_of(queries.looks_like(sorted(set(skeletons(name))))),
    ]


def _check(name: str, of: Seated | None, called: Seated | None, looks: Sequence[str]) -> None:
    own = of.key if of is not None else None
    if called is not None and called.key != own:
        raise taken(name)
    if any(look != own for look in looks):
        raise resembles(name)


async def _put_in(queries: SharedQueries, node: Node, name: str, client: str, seat: str) -> None:
    key = name_key(name)
    await queries.add_member(key, name, client, node.id, seat)
    for skeleton in skeletons(name):
        await queries.add_look(skeleton, key)


async def _take_out(queries: SharedQueries, member: Seated) -> None:
    await queries.remove_member(member.key)
    await queries.remove_looks(member.key)


async def _remove(queries: SharedQueries, writing: Writing, member: Seated, how: str) -> None:
    await _take_out(queries, member)
    writing.tell(member.name, how)


async def leave(queries: SharedQueries, node: Node, leaving: Mapping[str, str], now: float) -> None:
    """Remove members; see `SharedLog.leave`."""
    seats = [*leaving]
    writing, [members] = await Writing.begin(
        queries, node, all_of(queries.members_in(seats)), now=now, may_be_gone=True
    )
    for member in sorted(members, key=lambda each: seats.index(each.seat)):
        await _remove(queries, writing, member, f"has {leaving[member.seat]}")
    await writing.end()


async def entries(queries: SharedQueries, place: int) -> list[Said]:
    """Return up to PAGE entries after `place`."""
    return await all_of(queries.entries(place, PAGE))


async def add(
    queries: SharedQueries, node: Node, messages: Sequence[Said]
) -> list[int | Exception | None]:
    """Store messages; return for each its place, None if it is a repetition, or an error."""
    speakers = sorted({said.speaker for said in messages if said.speaker})
    keys = sorted({name_key(said.to) for said in messages if said.to})
    writing, (known, called) = await Writing.begin(
        queries,
        node,
        all_of(queries.clients(speakers)),
        all_of(queries.members_called(keys)),
    )
    clients: dict[str, Client] = dict(known)
    addressees: dict[str, Seated] = {member.key: member for member in called}
    spoken: dict[int, dict[str, object]] = {}  # by slot
    results: list[int | Exception | None] = []
    for said in messages:
        client = clients.get(said.speaker)
        if client is not None and said.count <= client.count:
            results.append(None)
            continue
        to = addressees.get(name_key(said.to)) if said.to else None
        if to is not None:
            said = replace(said, to=to.name, listener=to.client)
        elif said.to:
            results.append(CannotSay(NOBODY))
            continue
        place = writing.add(said)
        results.append(place)
        if said.speaker:
            if client is None:
                slot = await queries.free_slot(CLIENTS)
                # At once, so that the next new client has another slot.
                await queries.set_client(slot, said.speaker, said.count, place)
            else:
                slot = client.slot
            clients[said.speaker] = Client(slot, said.count)
            spoken[slot] = {
                "slot": slot,
                "id": said.speaker,
                "count": said.count,
                "place": place,
            }
    await writing.end([*spoken.values()])
    return results
