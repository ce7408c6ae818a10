"""Room of one process."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from twisted_lab.rooms.history import Said
from twisted_lab.rooms.member import Member, MemberChannel, MemberGone
from twisted_lab.rooms.rate_limits import Address, Limits
from twisted_lab.rooms.room import Room, line_of
from twisted_lab.text.chat_messages import placed
from twisted_lab.text.user_names import name_key


class LocalRoom(Room):
    """A room whose members are all served by this process."""

    async def enter(
        self,
        name: str,
        channel: MemberChannel,
        limits: Limits,
        now: Callable[[], float],
        client: str = "",
        place: int | None = None,
    ) -> Member:
        """See `Room`."""
        if client:
            await self.catch_up(channel, client, place, limits.address)
        if channel.is_gone:
            raise MemberGone
        return self.join(name, channel, limits, now(), client)

    async def catch_up(
        self, channel: MemberChannel, client: str, place: int | None, address: Address
    ) -> None:
        """Send `client` the messages after `place` that it has missed, before it joins.

        It gets each message once if it joins before anything else is awaited.

        Args:
            channel: The channel to the client.
            client: The client's id.
            place: The place of the last message that it received; None if it was never a member.
            address: The rate limits of its address.
        """
        if place is None:
            self._place = max(self._place, await self._history.newest())
            return
        newest = await self._history.newest()
        while missed := await self._history.since(place, client):
            for said in missed:
                place = said.place
                self._place = max(self._place, place)
                text = placed(place, said.time, line_of(said, client))
                # Newer messages are not rate-limited, or busy members could keep others out.
                await self._repeat_line(channel, text, address if place <= newest else None)

    def check_name(self, name: str, client: str) -> None:
        """See `Room`."""
        before = self._clients.get(client)
        self._names.free(name, before.key if before else None)

    def join(
        self, name: str, channel: MemberChannel, limits: Limits, now: float, client: str = ""
    ) -> Member:
        """Add a member, and tell all others; see `Room.enter`.

        Raises:
            BadName: The name is invalid, or equals or resembles that of another member.
        """
        before = self._clients.get(client)
        member = Member(
            self._names.free(name, before.key if before else None), channel, client, limits
        )
        if before is not None:
            self._names.remove(before.name)
            self._drop(before)
            before.channel.hang_up()
            if before.name != member.name:
                self._tell_all(f"* {before.name} is now called {member.name}", now)
        else:
            self._tell_all(f"* {member.name} has joined", now)
        self._names.add(member.name)
        self._welcome(member, now)
        return member

    def leave(
        self,
        member: Member,
        now: float,
        how: str = "left",
        is_sent_on: bool = False,
    ) -> None:
        """See `Room`."""
        if self._drop(member):
            self._names.remove(member.name)
            self._tell_all(f"* {member.name} has {how}", now)

    def _now(self, member: Member) -> Member:
        """Return the member that has replaced `member`, or `member` itself."""
        return self._clients.get(member.client, member)

    async def _say(self, member: Member, said: Said) -> None:
        place = await self._history.add(said)
        if place is not None:
            self._place = place
            self._tell_all(line_of(said, ""), said.time)

    async def _say_to_one(self, member: Member, said: Said) -> None:
        other = self._members[name_key(said.to)]
        said = replace(said, listener=other.client)
        place = await self._history.add(said)
        if place is not None:
            self._place = place
            self._tell(self._now(other), f"{said.name} (to you): {said.text}", said.time)
            self._tell(self._now(member), f"{said.name} (to {said.to}): {said.text}", said.time)

    async def _rename(self, member: Member, name: str, now: float) -> None:
        name, old = self._names.free(name, member.key), member.name
        self._names.remove(old)
        del self._members[member.key]
        member.name, member.key = name, name_key(name)
        self._members[member.key] = member
        self._names.add(name)
        self._tell_all(f"* {old} is now called {name}", now)
