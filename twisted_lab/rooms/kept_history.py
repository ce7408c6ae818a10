"""History of a room in the database."""

from __future__ import annotations

from contextlib import aclosing
from dataclasses import astuple, replace
from functools import partial
from typing import Any, TypeVar

from twisted_lab.rooms.history import (
    CLIENTS,
    KEPT_FOR_A_MONTH,
    OVERHEAD,
    PAGE_MESSAGES,
    HistoryBusy,
    Page,
    Retention,
    Said,
)
from twisted_lab.rooms.queries import HistoryQueries, Newest, Places
from twisted_lab.storage import Store, Work

Result = TypeVar("Result")

# While this many reads are pending, `last` raises HistoryBusy.
MOST_READS = 16
# A transaction removes at most this many messages, so that others can run in between. One that adds
# a large message removes as many more as that message can replace.
PRUNED = 100
END = 2**62  # after all places


class KeptHistory:
    """A `twisted_lab.rooms.History` that outlives the process.

    Pages are read concurrently with the writer, which never waits for them. A reader may see a
    message before the room knows of it, so a page ends with the newest message that the room knows.
    The room may learn of others during the read. So the writer reads an empty page again, because
    its results come in the order of storage.

    Args:
        storage: The store of the messages.
        retention: The limits of the history.
    """

    def __init__(
        self, storage: Store[HistoryQueries], retention: Retention = KEPT_FOR_A_MONTH
    ) -> None:
        self._storage = storage
        self._retention = retention
        self._newest = 0  # the place of the newest message that the room knows
        self._reads = 0

    async def add(self, said: Said) -> int | None:
        """See `twisted_lab.rooms.History`."""
        place = await self._storage.keep(partial(_add, said=said, retention=self._retention))
        self._newest = max(self._newest, place or 0)
        return place

    async def prune(self, now: float) -> None:
        """Remove messages that exceed the limits at `now`, in small transactions.

        Raises:
            Exception: See `Store.run`.
        """
        work = partial(_prune, now=now, retention=self._retention, most=PRUNED)
        while await self._storage.run(work):
            pass

    async def newest(self) -> int:
        """See `twisted_lab.rooms.History`."""
        newest = (await self._storage.run(_newest)).place
        self._newest = max(self._newest, newest)
        return newest

    async def last(self, most: int) -> tuple[int, int]:
        """See `twisted_lab.rooms.History`."""
        if self._reads >= MOST_READS:
            raise HistoryBusy
        newest = self._newest or await self.newest()
        return await self._read(partial(_last, most=most, newest=newest))

    async def since(self, place: int, client: str) -> list[Said]:
        """See `twisted_lab.rooms.History`."""
        newest = self._newest or await self.newest()
        if place >= newest:
            return []
        after = partial(_since, place=place, client=client)
        page = await self._read(partial(after, newest=newest))
        return page or await self._storage.run(partial(after, newest=END))

    async def knows(self, client: str) -> bool:
        """See `twisted_lab.rooms.History`."""
        return await self._read(partial(_knows, client=client))

    async def _read(self, work: Work[HistoryQueries, Result]) -> Result:
        self._reads += 1
        try:
            return await self._storage.read(work)
        finally:
            self._reads -= 1


async def _add(queries: HistoryQueries, said: Said, retention: Retention) -> int | None:
    newest = await queries.newest()
    place = max(said.place, newest.place + 1)
    if said.speaker:
        known = await queries.client(said.speaker)
        if known is not None and said.count <= known.count:
            return None
        slot = known.slot if known is not None else await queries.free_slot(CLIENTS)
        await queries.set_client(slot, said.speaker, said.count, place)
    row = (*astuple(replace(said, place=place)), newest.upto + said.size)
    await queries.add_said(*row)
    await _prune(queries, said.time, retention, PRUNED + said.size // OVERHEAD)
    return place


async def _prune(queries: HistoryQueries, now: float, retention: Retention, most: int) -> bool:
    newest = await queries.newest()
    forgotten: Any = queries.prune(
        newest.place, newest.upto - retention.most_bytes, retention.oldest(now), most
    )
    async with aclosing(aiter(forgotten)) as places:
        return len([place async for place in places]) > 0


async def _newest(queries: HistoryQueries) -> Newest:
    return await queries.newest()


async def _last(queries: HistoryQueries, most: int, newest: int) -> Places:
    return await queries.places_of_last(most, newest)


async def _since(queries: HistoryQueries, place: int, client: str, newest: int) -> list[Said]:
    page = Page()
    found: Any = queries.said_since(place, newest, client, PAGE_MESSAGES)
    async with aclosing(aiter(found)) as messages:
        async for said in messages:
            if not page.add(said):
                break
    return page.said


async def _knows(queries: HistoryQueries, client: str) -> bool:
    return await queries.client(client) is not None
