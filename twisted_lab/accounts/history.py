"""A room's history in the database."""

from __future__ import annotations

from dataclasses import astuple, replace
from functools import partial

from twisted_lab.accounts.database import Store
from twisted_lab.accounts.queries import Queries
from twisted_lab.rooms import CLIENTS, Said


class KeptHistory:
    """A `twisted_lab.rooms.History` that outlives the process.

    Args:
        storage: Where it is kept.
    """

    def __init__(self, storage: Store) -> None:
        self._storage = storage

    async def add(self, said: Said) -> int | None:
        """See `twisted_lab.rooms.History`."""
        return await self._storage.run(partial(_add, said=said))

    async def newest(self) -> int:
        """See `twisted_lab.rooms.History`."""
        return await self._storage.run(_newest)

    async def last(self, most: int) -> list[Said]:
        """See `twisted_lab.rooms.History`."""
        return await self._storage.run(partial(_last, most=most))

    async def since(self, place: int, client: str, most: int) -> list[Said]:
        """See `twisted_lab.rooms.History`."""
        return await self._storage.run(partial(_since, place=place, client=client, most=most))


async def _add(queries: Queries, said: Said) -> int | None:
    place = max(said.place, await queries.newest_place() + 1)
    if said.speaker:
        known = await queries.client(said.speaker)
        if known is not None and said.count <= known.count:
            return None
        slot = known.slot if known is not None else await queries.free_slot(CLIENTS)
        await queries.set_client(slot, said.speaker, said.count, place)
    await queries.add_said(*astuple(replace(said, place=place)))
    return place


async def _newest(queries: Queries) -> int:
    return await queries.newest_place()


async def _last(queries: Queries, most: int) -> list[Said]:
    return [said async for said in queries.last_said(most)][::-1]


async def _since(queries: Queries, place: int, client: str, most: int) -> list[Said]:
    return [said async for said in queries.said_since(place, client, most)]
