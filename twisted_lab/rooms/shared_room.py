"""Room on several nodes, whose members all get the same messages in the same order.

A node gives its members only what it reads from the log, in order, also what they have said
themselves. So the order is the same on all nodes, and each knows the members of all.
"""

from __future__ import annotations

import secrets
from collections import deque
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import replace
from functools import partial
from heapq import heappop, heappush
from itertools import count, islice
from math import inf
from typing import TypeVar

from twisted.internet.defer import CancelledError, Deferred, DeferredList, DeferredSemaphore
from twisted.python.log import err

from twisted_lab.resources import Unable
from twisted_lab.rooms.history import Said
from twisted_lab.rooms.lease import RENEWAL_SECONDS, Lease
from twisted_lab.rooms.member import CannotSay, Member, MemberChannel, MemberGone, Speaker
from twisted_lab.rooms.names import Names
from twisted_lab.rooms.rate_limits import Limits
from twisted_lab.rooms.room import Room, line_of
from twisted_lab.rooms.room_log import RoomLog
from twisted_lab.rooms.shared_transactions import CALLED, JOINED, MOVED, PAGE, Registered
from twisted_lab.rooms.shared_writing import PRESENCE, NodeGone
from twisted_lab.text.chat_messages import placed
from twisted_lab.text.user_names import BadName, name_key, nickname

Result = TypeVar("Result")

# A notification may be lost; then the entry is read this much later.
POLL_SECONDS = 1.0
RETRY_SECONDS = 1.0
# Members that enter in one transaction: a renewal of the lease waits for the one before it.
ENTERING = 100
# The newest entries, for members that join: in a busy room the log would always have more of them.
TAIL = 200
LOST = "the server has lost the room for a while"


class SharedRoom(Room):
    """This node's part of a room.

    Args:
        log: The entries.
        speaker: Sends to the members; group 1 gets places and times.
        ticks: Returns the seconds of a monotonic clock, for rate limits.
        sleep: Waits for a number of seconds.
        now: Returns the time, in seconds of Unix time.
        uptime: Returns the seconds of a monotonic clock that goes on while the machine sleeps, for
            the lease.
        share: Called with the number of the current period, and the common secrets of cookies by
            period, whenever they are read.
        report_lease: Called with False when the lease is lost, and with True when it is back.
        random: Returns a random number of so many bytes, in hexadecimal digits.
    """

    def __init__(
        self,
        log: RoomLog,
        speaker: Speaker,
        ticks: Callable[[], float],
        sleep: Callable[[float], Deferred[object]],
        now: Callable[[], float],
        uptime: Callable[[], float],
        share: Callable[[int, Mapping[int, bytes]], object],
        report_lease: Callable[[bool], object],
        random: Callable[[int], str] = secrets.token_hex,
    ) -> None:
        super().__init__(log, speaker, ticks, sleep)
        self._log = log
        self._now = now
        self._lease = Lease(
            log, uptime, share, lambda: self._place, self._start_at, self._was_removed
        )
        self._report_lease = report_lease
        self._had_lease: bool | None = None  # as last reported; None before the first one
        self._random = random
        self._seats: dict[str, str] = {}  # of all members, by the keys of their names
        self._tail: deque[Said] = deque(maxlen=TAIL)
        self._waiting: list[tuple[int, int, Deferred[None]]] = []  # for a place
        self._order = count()
        self._leaving: dict[str, str] = {}
        self._entering: dict[str, Member] = {}  # by their seats, if they have nothing to catch up
        self._away: dict[Member, None] = {}  # members here that other nodes have removed
        self._is_flushing = self._is_reading = self._is_returning = False
        self._entrance = DeferredSemaphore(ENTERING)
        self._wanted = 0.0  # the place up to which to read
        self._loops: list[Deferred[object]] = []
        self._is_open = self._keeps_lease = False

    # The node

    def open(self) -> None:
        """Become a node, and read from now on."""
        self._is_open = True
        for seconds, work in (RENEWAL_SECONDS, self._renew), (POLL_SECONDS, self._poll):
            loop: Deferred[object] = Deferred.fromCoroutine(self._repeat_every(seconds, work))
            loop.addErrback(lambda failure: failure.trap(CancelledError)).addErrback(
                lambda failure: err(failure)
            )
            self._loops.append(loop)

    async def close(self) -> None:
        """End, after all members have left."""
        self.discard()
        with suppress(Unable):
            await self._log.leave(dict(self._leaving), self._now())
            if self._lease.is_node and not self._keeps_lease:
                await self._log.unregister()

    def discard(self) -> None:
        """Stop reading."""
        self._is_open = False
        self._lease.stop()
        for loop in self._loops:
            loop.cancel()

    async def _repeat_every(self, seconds: float, work: Callable[[], Awaitable[None]]) -> None:
        while self._is_open:
            try:
                await work()
            except CancelledError:
                raise
            except Exception:
                err()  # A node that made a mistake once must not lose its lease for ever.
            await self._sleep(seconds)

    async def _poll(self) -> None:
        self._watch_lease()
        self.wake()

    def _watch_lease(self) -> None:
        is_held = self._lease.is_held
        if self._had_lease not in (None, is_held):
            self._report_lease(is_held)
        if is_held or self._had_lease:
            self._had_lease = is_held

    async def _renew(self) -> None:
        with suppress(Unable):
            await self._lease.renew()
        self.wake()
        self._flush_soon()
        if self._lease.is_node and self._away and not self._is_returning:
            Deferred.fromCoroutine(self._return_all())

    @property
    def holds_lease(self) -> bool:
        """Tell whether other nodes still count on this one."""
        return self._lease.is_held

    @property
    def members(self) -> int:
        """The number of members of all nodes."""
        return len(self._seats)

    def _start_at(self, registered: Registered) -> None:
        if registered.members is not None:
            self._names, self._seats = Names(), {}
            for seated in registered.members:
                self._names.add(seated.name)
                self._seats[seated.key] = seated.seat
            self._tail.clear()
            for member in [*self._clients.values()]:
                # It has missed the entries since the last one that was read.
                self._lose(member, f"error: {LOST}")
            self._has_read(registered.place)

    def _was_removed(self) -> None:
        self._away = dict.fromkeys(self._members.values())

    async def _return_all(self) -> None:
        """Make the members that other nodes have removed members again."""
        self._is_returning = True
        away = iter([*self._away])
        while some := [*islice(away, ENTERING)]:
            await DeferredList([Deferred.fromCoroutine(self._return(each)) for each in some])
        self._is_returning = False

    async def _return(self, member: Member) -> None:
        """Make a member that other nodes have removed a member again."""
        problem = ""
        try:
            # Not later: if it leaves meanwhile, that must be stored after this.
            if self._members.get(member.key) is member:
                await self._log.enter(
                    member.name, member.client, member.seat, self._now(), is_return=True
                )
        except (NodeGone, Unable):
            return  # until the next renewal
        except (BadName, MemberGone) as error:
            problem = str(error)
        self._away.pop(member, None)
        if problem:
            self._lose(member, f"error: {LOST}; {problem}")

    def _lose(self, member: Member, why: str = "") -> None:
        """Hang up on a member; a client that knows other servers moves there, and catches up."""
        if self._drop(member):
            if why:
                # Without a place: earlier messages may be on their way to it.
                member.channel.say(why)
            member.channel.hang_up()

    # Reading

    def notified(self, payload: str | None) -> None:
        """Read after a notification of the newest place; None if some may have been lost."""
        self.wake(int(payload) if payload else inf)

    def wake(self, place: float = inf) -> None:
        """Read up to `place`, unless that has been read."""
        self._wanted = max(self._wanted, place)
        if not self._is_reading and self._lease.is_node and self._place < self._wanted:
            Deferred.fromCoroutine(self._read())

    async def _read(self) -> None:
        self._is_reading = True
        try:
            while self._place < self._wanted:
                self._wanted = 0.0
                place = self._place
                entries = await self._log.entries(place)
                self._lease.has_read()
                if not self._lease.is_held:
                    # The process was paused, and others may have gone on without it. The next
                    # renewal will tell.
                    return
                if self._place != place:  # It has begun anew meanwhile, at a later place.
                    self._wanted = inf
                    continue
                for entry in entries:
                    self._hear_of(entry)
                self._has_read(self._place)
                if len(entries) == PAGE:
                    self._wanted = inf
                await self._speaker.has_room()
        except Unable:
            pass  # until the next poll
        finally:
            self._is_reading = False

    def _has_read(self, place: int) -> None:
        self._place = place
        self._log.has_read(place)
        while self._waiting and self._waiting[0][0] <= place:
            _, _, waiting = heappop(self._waiting)
            if not waiting.called:
                waiting.callback(None)

    async def _reached(self, place: int) -> None:
        """Wait until this node has read the entries up to `place`."""
        if self._place < place:
            waiting: Deferred[None] = Deferred()
            heappush(self._waiting, (place, next(self._order), waiting))
            self.wake(place)
            await waiting

    def _hear_of(self, entry: Said) -> None:
        self._place = entry.place
        self._tail.append(entry)
        if entry.to == PRESENCE:
            self._hear_of_member(entry)
        elif entry.to:
            self._hear_to_one(entry)
        else:
            self._tell_all(line_of(entry, ""), entry.time)

    def _hear_to_one(self, said: Said) -> None:
        # A name may have another owner now, if the sender's node had been removed.
        ends = (said.to, said.listener, "you"), (said.name, said.speaker, said.to)
        for name, client, to in ends:
            member = self._members.get(name_key(name))
            if member is not None and member.client == client:
                self._tell(member, f"{said.name} (to {to}): {said.text}", said.time)

    def _hear_of_member(self, entry: Said) -> None:
        key, seat = name_key(entry.name), entry.listener
        if seat:
            if entry.text == JOINED:
                self._names.add(entry.name)
            self._seats[key] = seat
            member = self._members.get(key)
            if member is not None and member.seat != seat:
                # Without a move, this node was removed, and another client has the name now.
                self._lose(member, f"error: {LOST}" if entry.text == JOINED else "")
        elif entry.text.startswith(CALLED):
            self._hear_of_name(key, entry.name, entry.text.removeprefix(CALLED))
        else:
            self._names.remove(entry.name)
            self._seats.pop(key, None)
            if (member := self._members.get(key)) is not None:
                self._away[member] = None  # Other nodes have removed it.
        if entry.text != MOVED:
            self._tell_all(f"* {entry.name} {entry.text}", entry.time)
        if (entering := self._entering.pop(seat, None)) is not None:
            self._welcome(entering, self._now())

    def _hear_of_name(self, key: str, old: str, new: str) -> None:
        self._names.remove(old)
        self._names.add(new)
        self._seats[name_key(new)] = self._seats.pop(key)
        if (member := self._members.pop(key, None)) is not None:
            member.name, member.key = new, name_key(new)
            self._members[member.key] = member

    # Members

    def check_name(self, name: str, client: str) -> None:
        """See `Room`: only the log knows whether the name is free."""
        nickname(name)

    async def enter(
        self,
        name: str,
        channel: MemberChannel,
        limits: Limits,
        now: Callable[[], float],
        client: str = "",
        place: int | None = None,
    ) -> Member:
        """See `Room`.

        Raises:
            Unable: The log cannot be used now.
        """
        await self._reached(1)  # that is, until it is a node
        member = Member(nickname(name), channel, client, limits, self._random(8))
        if place is None:
            # It is welcomed as soon as the entry about it is read, which may be before `enter`
            # returns: so it hears all entries after that one.
            self._entering[member.seat] = member
        try:
            async with self._entrance:
                entered = await self._log.enter(member.name, client, member.seat, now())
            await self._reached(entered)
            if place is not None:
                await self._catch_up(member, place, entered)
            if channel.is_gone or self._seats.get(member.key) != member.seat:
                raise MemberGone
            if self._members.get(member.key) is not member:
                self._welcome(member, now())
        except BadName:
            raise
        except NodeGone:
            raise Unable(LOST, "its lease has expired", is_known=True) from None
        except BaseException:
            self.leave(member, now())
            raise
        finally:
            self._entering.pop(member.seat, None)
        return member

    async def _catch_up(self, member: Member, place: int, entered: int) -> None:
        """Send the entries after `place`; on return none is missing up to the room's place."""
        channel, address = member.channel, member.limits.address
        while True:
            read = self._place
            page = await self._log.since(place, member.client)
            for said in page:
                place = said.place
                text = placed(place, said.time, line_of(said, member.client))
                # Newer ones are not rate-limited, or busy members could keep others out.
                await self._repeat_line(channel, text, address if place <= entered else None)
            if not page:
                place = max(place, read)
            # A busy room has a next page at any time.
            if place >= self._place or (self._tail and self._tail[0].place <= place):
                break
        for said in self._tail:
            if said.place > place and said.to != PRESENCE and said.is_for(member.client):
                text = placed(said.place, said.time, line_of(said, member.client))
                self._speaker.tell(channel, text)

    def leave(
        self, member: Member, now: float, how: str = "left", is_sent_on: bool = False
    ) -> None:
        """See `Room`."""
        self._drop(member)
        if is_sent_on and member.client:
            # It is another node's member soon; if not, it has gone silent when the lease ends.
            self._keeps_lease = True
        else:
            self._leave(member.seat, how)

    def _leave(self, seat: str, how: str) -> None:
        self._leaving[seat] = how
        self._flush_soon()

    def _flush_soon(self) -> None:
        if self._leaving and not self._is_flushing:
            Deferred.fromCoroutine(self._flush())

    async def _flush(self) -> None:
        """Store who has left; a failure is tried again with the next renewal."""
        self._is_flushing = True
        try:
            while self._leaving:
                leaving = dict(self._leaving)
                await self._log.leave(leaving, self._now())
                for seat in leaving:
                    del self._leaving[seat]
        except Unable:
            pass
        finally:
            self._is_flushing = False

    # Saying

    async def _say(self, member: Member, said: Said) -> None:
        place = await self._stored(
            member,
            said.count > 0,
            # A message that waits comes after others, and so must its time.
            lambda: self._log.add(replace(said, time=self._now())),
        )
        if place is not None:
            await self._reached(place)

    _say_to_one = _say

    async def _rename(self, member: Member, name: str, now: float) -> None:
        rename = partial(self._log.rename, member.seat, nickname(name), now)
        try:
            await self._reached(await self._stored(member, False, rename))
        except MemberGone:
            if self._members.get(member.key) is not member:
                raise
            raise CannotSay(LOST) from None  # Other nodes have removed it: it returns soon.

    async def _stored(
        self, member: Member, may_repeat: bool, work: Callable[[], Awaitable[Result]]
    ) -> Result:
        """Do work on the log; if that fails, wait and try again.

        Args:
            member: The member that wants it.
            may_repeat: Whether work whose outcome is unknown may be done again.
            work: The work.

        Raises:
            CannotSay: It has failed, and cannot be repeated.
            MemberGone: The member has gone meanwhile.
        """
        is_told = False
        while True:
            try:
                return await work()
            except NodeGone:
                pass
            except Unable as error:
                if not may_repeat:
                    raise CannotSay(str(error)) from None
                if not is_told:
                    is_told = True
                    self._tell(member, f"error: {error}; your message waits", self._now())
            await self._sleep(RETRY_SECONDS)
            if member.channel.is_gone:
                raise MemberGone
