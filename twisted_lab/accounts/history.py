"""A room's history in the database."""

from __future__ import annotations

from contextlib import aclosing
from dataclasses import astuple, replace
from functools import partial
from typing import Any

from twisted_lab.accounts.database import Store
from twisted_lab.accounts.queries import Queries
from twisted_lab.rooms import CLIENTS, PAGE_MESSAGES, Page, Said


class KeptHistory:
    """A `twisted_lab.rooms.History` that outlives the process.

    Args:
        storage: Where it is kept.
    """

    def __init__(self, storage: Store) -> None:
        self._storage = storage

    async def add(self, said: Said) -> int | None:
        """See `twisted_lab.rooms.History`."""
        return await self._storage.keep(partial(_add, said=said))

    async def knows(self, client: str) -> bool:
        """See `twisted_lab.rooms.History`."""
        return await self._storage.run(partial(_knows, client=client))

    async def newest(self) -> int:
        """See `twisted_lab.rooms.History`."""
        return await self._storage.run(_newest)

    async def last(self, most: int) -> tuple[int, int]:
        """See `twisted_lab.rooms.History`."""
        return await self._storage.run(partial(_last, most=most))

    async def since(self, place: int, client: str) -> list[Said]:
        """See `twisted_lab.rooms.History`."""
        return await self._storage.run(partial(_since, place=place, client=client))


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


async def _knows(queries: Queries, client: str) -> bool:
    return await queries.client(client) is not None


async def _newest(queries: Queries) -> int:
    return await queries.newest_place()


async def _last(queries: Queries, most: int) -> tuple[int, int]:
    return await queries.places_of_last(most)


async def _since(queries: Queries, place: int, client: str) -> list[Said]:
    page = Page()
    found: Any = queries.said_since(place, client, PAGE_MESSAGES)
    async with aclosing(aiter(found)) as messages:
        async for said in messages:
            if not page.add(said):
                break
    return page.said
