"""History of a room in the database."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import aclosing
from functools import partial
from typing import Any, TypeVar

from twisted.internet.defer import Deferred

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
from twisted_lab.rooms.queries import Client, HistoryQueries, Newest, Places
from twisted_lab.storage import Store, Uncancelled, Work, together

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
        self._waiting: list[tuple[Said, Deferred[int | None]]] = []
        self._is_storing = False

    async def add(self, said: Said) -> int | None:
        """See `twisted_lab.rooms.History`.

        Messages that come while others are being stored are stored together: each costs less then,
        above all on a server.
        """
        place: Deferred[int | None] = Uncancelled()
        self._waiting.append((said, place))
        if not self._is_storing:
            Deferred.fromCoroutine(self._store_all())
        return await place

    async def _store_all(self) -> None:
        self._is_storing = True
        while self._waiting:
            waiting, self._waiting = self._waiting, []
            await self._store(waiting)
        self._is_storing = False

    async def _store(self, waiting: Sequence[tuple[Said, Deferred[int | None]]]) -> None:
        try:
            places = await self._add_all([said for said, _ in waiting])
        except Exception as error:
            for _, result in waiting:
                result.errback(error)
            return
        for (_, result), place in zip(waiting, places, strict=True):
            if isinstance(place, Exception):
                result.errback(place)
            else:
                result.callback(place)

    async def _add_all(self, messages: Sequence[Said]) -> Sequence[Any]:
        """Return the place of each message, None or an exception; see `add`."""
        work = partial(_add, messages=messages, retention=self._retention)
        places = await self._storage.keep(work)
        self._newest = max(self._newest, *(place or 0 for place in places))
        return places

    async def prune(self, now: float) -> None:
        """Remove messages that exceed the limits at `now`, in small transactions.

        Raises:
            Exception: See `Store.run`.
        """
        work = partial(_prune_newest, now=now, retention=self._retention, most=PRUNED)
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
        page = await self._read_since(place, client, newest)
        return page or await self._storage.run(
            partial(_since, place=place, client=client, newest=END)
        )

    async def _read_since(self, place: int, client: str, newest: int) -> list[Said]:
        return await self._read(partial(_since, place=place, client=client, newest=newest))

    async def knows(self, client: str) -> bool:
        """See `twisted_lab.rooms.History`."""
        return await self._read(partial(_knows, client=client))

    async def _read(self, work: Work[HistoryQueries, Result]) -> Result:
        self._reads += 1
        try:
            return await self._storage.read(work)
        finally:
            self._reads -= 1


async def _add(
    queries: HistoryQueries, messages: Sequence[Said], retention: Retention
) -> list[int | None]:
    newest = await queries.newest()
    place, upto = newest.place, newest.upto
    speakers = {said.speaker for said in messages if said.speaker}
    found = await together(*(queries.client(speaker) for speaker in speakers))
    known = dict(zip(speakers, found, strict=True))
    last: dict[str, int] = {}  # the place of each speaker's last message
    places: list[int | None] = []
    for said in messages:
        if said.speaker:
            client = known[said.speaker]
            if client is not None and said.count <= client.count:
                places.append(None)
                continue
            if client is None:
                slot = await queries.free_slot(CLIENTS)
                # At once, so that the next new client has another slot.
                await queries.set_client(slot, said.speaker, said.count, place)
            else:
                slot = client.slot
            known[said.speaker] = Client(slot, said.count)
        place, upto = max(said.place, place + 1), upto + said.size
        last[said.speaker] = place
        await queries.add_said(
            place,
            said.name,
            said.text,
            said.to,
            said.speaker,
            said.count,
            said.listener,
            said.time,
            upto,
        )
        places.append(place)
    for speaker, spoken in last.items():
        if (client := known.get(speaker)) is not None:
            await queries.set_client(client.slot, speaker, client.count, spoken)
    if last:
        most = sum(PRUNED + said.size // OVERHEAD for said in messages)
        await prune(queries, Newest(place, upto), messages[-1].time, retention, most)
    return places


async def prune(
    queries: HistoryQueries, newest: Newest, now: float, retention: Retention, most: int
) -> list[int]:
    """Remove messages that exceed the limits at `now`, at most `most` for each limit.

    Returns:
        Their places, all before that of `newest`.
    """
    forgotten: Any = queries.prune(
        newest.place, newest.upto - retention.most_bytes, retention.oldest(now), most
    )
    return await all_of(forgotten)


async def all_of(rows: Any) -> list[Any]:
    """Return all rows of a query."""
    async with aclosing(aiter(rows)) as found:
        return [each async for each in found]


async def _prune_newest(
    queries: HistoryQueries, now: float, retention: Retention, most: int
) -> list[int]:
    return await prune(queries, await queries.newest(), now, retention, most)


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
