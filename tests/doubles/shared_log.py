"""Log of a room on several nodes, in memory."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from itertools import count, islice
from typing import TypeVar

from twisted.internet.defer import DeferredLock
from twisted.internet.task import Clock, deferLater

from twisted_lab.resources import Unable
from twisted_lab.rooms import MemberGone, Said
from twisted_lab.rooms.history import Page
from twisted_lab.rooms.member import CannotSay
from twisted_lab.rooms.names import Names
from twisted_lab.rooms.room import NOBODY
from twisted_lab.rooms.shared_queries import Seated
from twisted_lab.rooms.shared_transactions import (
    CALLED,
    JOINED,
    LEASE_SECONDS,
    MOVED,
    PAGE,
    SECRET_SECONDS,
    Registered,
    Renewed,
    Secrets,
)
from twisted_lab.rooms.shared_writing import PRESENCE, NodeGone
from twisted_lab.text.user_names import name_key

Result = TypeVar("Result")
START = 1_700_000_000.0


class Server:
    """The server of a room.

    Args:
        clock: Its clock.

    Attributes:
        said: The entries, oldest first.
        place: The place of the newest entry.
        pruned: The place up to which entries may be missing.
        members: The members by key, each with the id of its node.
        nodes: The end of each node's lease, and the place up to which it has read.
        is_down: Whether all work fails.
        loses: How many of the next commits are done, while their nodes learn of a failure.
        most: The number of entries that are kept.
        commits: The number of transactions that have changed something.
        notifications: The number of wake-ups of a node.
    """

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.said: list[Said] = []
        self.pruned = self.place = 0
        self.members: dict[str, tuple[Seated, str]] = {}
        self.names = Names()
        self.by_seat: dict[str, str] = {}  # keys
        self.by_client: dict[str, str] = {}  # keys
        self.counts: dict[str, int] = {}
        self.nodes: dict[str, tuple[float, int]] = {}
        self.is_down = False
        self.loses = 0
        self.most = 10**9
        self.commits = self.notifications = 0
        self.logs: list[MemoryLog] = []
        self._ids = count(1)

    def new_id(self) -> str:
        return f"node{next(self._ids)}"

    def add(self, said: Said) -> int:
        """Add an entry behind the others."""
        self.place = max(self.place + 1, round(self.clock.seconds() * 1e6))
        self.said.append(replace(said, place=self.place))
        return self.place

    def tell(self, name: str, text: str, seat: str = "") -> int:
        return self.add(Said(0, name, text, PRESENCE, listener=seat, time=self.clock.seconds()))

    def put_in(self, member: Seated, node: str) -> None:
        self.members[member.key] = member, node
        self.names.add(member.name)
        self.by_seat[member.seat] = member.key
        if member.client:
            self.by_client[member.client] = member.key

    def take_out(self, member: Seated) -> None:
        del self.members[member.key]
        self.names.remove(member.name)
        del self.by_seat[member.seat]
        self.by_client.pop(member.client, None)

    def in_seat(self, seat: str) -> Seated | None:
        key = self.by_seat.get(seat)
        return self.members[key][0] if key is not None else None

    def of_client(self, client: str) -> Seated | None:
        key = self.by_client.get(client)
        return self.members[key][0] if key is not None else None

    def after(self, place: int) -> int:
        """Return the index of the first entry after `place`."""
        return bisect_right(self.said, place, key=lambda said: said.place)

    def commit(self) -> None:
        """End a transaction that has changed something."""
        self.commits += 1
        read = min((place for until, place in self.nodes.values() if until), default=0)
        over = min(len(self.said) - self.most, self.after(read))
        if over > 0:
            self.pruned = self.said[over - 1].place
            del self.said[:over]
        for log in self.logs:
            if log.hears and not log.is_cut:
                self.notifications += 1
                log.clock.callLater(0, log.notified, str(self.said[-1].place))


class MemoryLog:
    """A `twisted_lab.rooms.room_log.RoomLog` of one node.

    Args:
        server: The server.
        clock: The clock of the node.

    Attributes:
        notified: Called with the newest place when there are new entries.
        delay: Returns the seconds that each request takes, and each answer.
        is_cut: Whether this node cannot reach the server.
        cannot_read: Whether it can store, but not read.
        hears: Whether it gets notifications.
        reads: The number of its reads of entries.
        read_entries: The number of entries that it has read.
        renewals: The number of times that it has renewed its lease.
    """

    def __init__(self, server: Server, clock: Clock) -> None:
        self.clock = clock
        self.id = ""
        self.notified: Callable[[str], object] = lambda _: None
        self.delay: Callable[[], float] = lambda: 0.0
        self.is_cut = self.cannot_read = False
        self.hears = True
        self.reads = self.read_entries = self.renewals = 0
        self._server = server
        self._newest = 0
        # One connection for writing, and one for reading.
        self._writing, self._reading = DeferredLock(), DeferredLock()
        server.logs.append(self)

    async def _keep(self, work: Callable[[], Result]) -> Result:
        return await self._do(self._writing, work)

    async def _do(self, connection: DeferredLock, work: Callable[[], Result]) -> Result:
        await connection.acquire()
        try:
            await self._pass()
            self._check()
            if self.cannot_read and connection is self._reading:
                raise Unable("cannot read the data now", "down", is_known=True)
            result = work()
            is_lost = connection is self._writing and self._server.loses > 0
            self._server.loses -= is_lost
            await self._pass()
            self._check()
            if is_lost:
                raise Unable("cannot store the data now", "lost", is_known=True)
        except Exception:  # not GeneratorExit: then all that wait are garbage, too
            connection.release()
            raise
        connection.release()
        return result

    async def _pass(self) -> None:
        if seconds := self.delay():
            await deferLater(self.clock, seconds)

    def _check(self) -> None:
        if self._server.is_down or self.is_cut:
            raise Unable("cannot store the data now", "down", is_known=True)

    def _alive(self) -> Server:
        if not self._server.nodes.get(self.id, (0.0, 0))[0]:
            raise NodeGone
        return self._server

    # This node

    async def register(self, place: int) -> Registered:
        def work() -> Registered:
            server = self._server
            top = server.place = max(server.place, round(server.clock.seconds() * 1e6))
            is_whole = place > 0 and server.pruned <= place
            found = server.new_id()
            at = place if is_whole else top
            server.nodes[found] = server.clock.seconds() + LEASE_SECONDS, at
            members = None if is_whole else [member for member, _ in server.members.values()]
            self._registered = found
            return Registered(at, members)

        registered = await self._keep(work)
        self.id, self._newest = self._registered, registered.place
        return registered

    async def renew(self, place: int) -> Renewed:
        def work() -> Renewed:
            server, now = self._alive(), self._server.clock.seconds()
            server.nodes[self.id] = now + LEASE_SECONDS, place
            self.renewals += 1
            period = int(now // SECRET_SECONDS)
            common = {each: b"%d" % each for each in range(period - 1, period + 2)}
            dead = [each for each, (until, _) in server.nodes.items() if until < now]
            return Renewed(Secrets(period, common), dead)

        return await self._keep(work)

    async def bury(self, dead: Sequence[str]) -> bool:
        def work() -> bool:
            server = self._alive()
            for node in dead:
                until, place = server.nodes.get(node, (0.0, 0))
                if until and until < server.clock.seconds():
                    server.nodes[node] = 0.0, place
            gone = {node for node, (until, _) in server.nodes.items() if not until}
            orphans = [member for member, node in server.members.values() if node in gone]
            for member in orphans[:PAGE]:
                server.take_out(member)
                server.tell(member.name, "has gone silent")
            if len(orphans) < PAGE:
                for node in gone:
                    del server.nodes[node]
            if orphans:
                server.commit()
            return len(orphans) >= PAGE

        return await self._keep(work)

    async def unregister(self) -> None:
        def work() -> None:
            if self.id in self._server.nodes:
                self._server.nodes[self.id] = 0.0, 0

        await self._keep(work)

    # Members

    async def enter(
        self, name: str, client: str, seat: str, now: float, is_return: bool = False
    ) -> int:
        def work() -> int:
            server = self._alive()
            before = server.in_seat(seat) or server.of_client(client)
            if before is not None and before.seat != seat and is_return:
                raise MemberGone("you are here over another connection")
            server.names.free(name, before.key if before is not None else None)
            if before is not None:
                server.take_out(before)
                if before.name != name:
                    server.tell(before.name, f"{CALLED}{name}")
            server.put_in(Seated(name, name_key(name), client, seat), self.id)
            place = server.tell(name, MOVED if before is not None else JOINED, seat)
            server.commit()
            return place

        return await self._keep(work)

    async def rename(self, seat: str, name: str, now: float) -> int:
        def work() -> int:
            server = self._alive()
            member = server.in_seat(seat)
            if member is None:
                raise MemberGone
            server.names.free(name, member.key)
            server.take_out(member)
            server.put_in(replace(member, name=name, key=name_key(name)), self.id)
            place = server.tell(member.name, f"{CALLED}{name}")
            server.commit()
            return place

        return await self._keep(work)

    async def leave(self, leaving: Mapping[str, str], now: float) -> None:
        def work() -> None:
            found = {seat: self._server.in_seat(seat) for seat in leaving}
            for seat, member in found.items():
                if member is not None:
                    self._server.take_out(member)
                    self._server.tell(member.name, f"has {leaving[seat]}")
            if any(found.values()):
                self._server.commit()

        await self._keep(work)

    # Entries

    async def entries(self, place: int) -> Sequence[Said]:
        self.reads += 1
        server = self._server

        def work() -> list[Said]:
            first = server.after(place)
            return server.said[first : first + PAGE]

        entries = await self._do(self._reading, work)
        self.read_entries += len(entries)
        return entries

    def has_read(self, place: int) -> None:
        self._newest = place

    async def add(self, said: Said) -> int | None:
        def work() -> int | None:
            server = self._alive()
            to, listener = said.to, ""
            if to:
                if (other := server.members.get(name_key(to))) is None:
                    raise CannotSay(NOBODY)
                to, listener = other[0].name, other[0].client
            if said.speaker:
                if said.count <= server.counts.get(said.speaker, 0):
                    return None
                server.counts[said.speaker] = said.count
            place = server.add(replace(said, to=to, listener=listener))
            server.commit()
            return place

        return await self._keep(work)

    async def newest(self) -> int:
        return await self._do(self._reading, lambda: self._server.place)

    async def last(self, most: int) -> tuple[int, int]:
        def work() -> tuple[int, int]:
            read = islice(reversed(self._server.said[: self._server.after(self._newest)]), None)
            places = list(islice((said.place for said in read if not said.to), most)) or [0]
            return places[-1] - 1, places[0]

        return await self._do(self._reading, work)

    async def since(self, place: int, client: str) -> list[Said]:
        def work() -> list[Said]:
            page = Page()
            for said in islice(self._server.said, self._server.after(place), None):
                if said.place > newest:
                    break
                if said.is_for(client) and not page.add(said):
                    break
            return page.said

        newest = self._newest
        return await self._do(self._reading, work)

    async def knows(self, client: str) -> bool:
        return await self._do(self._reading, lambda: client in self._server.counts)
