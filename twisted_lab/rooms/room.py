"""A room: its members, and the messages between them."""

from __future__ import annotations

import re
from bisect import bisect_left, insort
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager

from twisted_lab.codecs import byte_length
from twisted_lab.rooms.history import History, HistoryBusy, Said
from twisted_lab.rooms.member import Member, MemberChannel, Speaker
from twisted_lab.rooms.rate_limits import MUTE_SECONDS, SHORT_BYTES, Address, Limits
from twisted_lab.text.chat_messages import (
    HELP,
    HISTORY,
    JOIN,
    MSG,
    NICK,
    WHO,
    done,
    help_lines,
    leaves,
    not_done,
    placed,
    read_counted,
    unknown,
    usage,
)
from twisted_lab.text.user_names import BadName, name_key, nickname, skeletons
from twisted_lab.token_bucket import Bucket

MOST_HISTORY = 100
# Limit of `/who`: the answer to a command of five bytes must be bounded.
MOST_LISTED = 500
# Control sequences of terminals, with their parameters.
STEERING = re.compile(r"\x1b\[[0-?]*[ -/]*[@-~]|\x1b[@-_]")


def plain(text: str) -> str:
    """Return `text` without control sequences and other unprintable characters."""
    if not text.isprintable():
        text = STEERING.sub("", text.replace("\t", " "))
        text = "".join(filter(str.isprintable, text))
    return text.strip()


def _line(said: Said, client: str) -> str:
    if not said.to:
        return f"{said.name}: {said.text}"
    to = "you" if said.listener == client != said.speaker else said.to
    return f"{said.name} (to {to}): {said.text}"


class Room:
    """Members with unique names, who all get the same messages in the same order.

    Args:
        history: The store of the messages; a message is stored before any member gets it.
        speaker: Sends to the members; group 1 gets places and times.
        ticks: Returns the seconds of a monotonic clock, for rate limits.
        sleep: Waits for a number of seconds.
    """

    def __init__(
        self,
        history: History,
        speaker: Speaker,
        ticks: Callable[[], float],
        sleep: Callable[[float], Awaitable[object]],
    ) -> None:
        self._history = history
        self._speaker = speaker
        self._ticks = ticks
        self._sleep = sleep
        self._members: dict[str, Member] = {}
        self._clients: dict[str, Member] = {}
        self._looks: dict[str, Member] = {}  # by the skeletons of their names
        self._names: list[tuple[str, str]] = []  # the keys and names of the members, sorted
        self._place = 0  # of the newest message

    # Joining and leaving

    async def is_known(self, client: str) -> bool:
        """Tell whether `client` is a member, or was one and has said something."""
        return client in self._clients or await self._history.knows(client)

    def is_here(self, client: str) -> bool:
        """Tell whether `client` is a member."""
        return client in self._clients

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
                text = placed(place, said.time, _line(said, client))
                # Newer messages are not rate-limited, or busy members could keep others out.
                await self._repeat_line(channel, text, address if place <= newest else None)

    def check_name(self, name: str, client: str) -> None:
        """Check that `client` can join as `name`.

        Raises:
            BadName: The name is invalid, or equals or resembles that of another member.
        """
        self._free_name(name, self._clients.get(client))

    def join(
        self, name: str, channel: MemberChannel, limits: Limits, now: float, client: str = ""
    ) -> Member:
        """Add a member, and tell all others.

        If the client is a member already, on a channel that it has given up, the new member
        replaces that one.

        Raises:
            BadName: The name is invalid, or equals or resembles that of another member.
        """
        before = self._clients.get(client)
        member = Member(self._free_name(name, before), channel, client, limits)
        if before is not None:
            self._remove(before)
            self._speaker.remove(before.channel)
            before.channel.hang_up()
            if before.name != member.name:
                self._tell_all(f"* {before.name} is now called {member.name}", now)
        else:
            self._tell_all(f"* {member.name} has joined", now)
        self._add(member)
        self._speaker.add(channel, 1 if client else 0)
        self._tell(member, f"* welcome, {member.name}; {HELP} lists what you can do", now)
        self._tell(member, self._here(), now)
        return member

    def leave(self, member: Member, now: float, how: str = "left") -> None:
        """Remove a member, and tell all others how it left."""
        if self._members.get(member.key) is member:
            self._remove(member)
            self._speaker.remove(member.channel)
            self._tell_all(f"* {member.name} has {how}", now)

    def _add(self, member: Member) -> None:
        self._members[member.key] = member
        self._looks.update(dict.fromkeys(skeletons(member.name), member))
        if member.client:
            self._clients[member.client] = member
        insort(self._names, (member.key, member.name))

    def _remove(self, member: Member) -> None:
        del self._members[member.key]
        for skeleton in set(skeletons(member.name)):
            del self._looks[skeleton]
        self._clients.pop(member.client, None)
        del self._names[bisect_left(self._names, (member.key, member.name))]

    def _now(self, member: Member) -> Member:
        """Return the member that has replaced `member`, or `member` itself."""
        return self._clients.get(member.client, member)

    def _free_name(self, text: str, of: Member | None = None) -> str:
        name = nickname(text)
        if self._members.get(name_key(name), of) is not of:
            raise BadName(f"name taken: {name}; choose another")
        if any(self._looks.get(skeleton, of) is not of for skeleton in skeletons(name)):
            raise BadName(f"somebody's name looks like {name}; choose another name")
        return name

    # Hearing

    async def hear(self, member: Member, text: str, now: float) -> bool:
        """Handle a message of a member.

        Returns:
            Whether the member stays.
        """
        stays = await self._heed(member, text, now)
        await self._speaker.has_room()
        return stays

    async def _heed(self, member: Member, text: str, now: float) -> bool:
        tick, allowance = self._ticks(), member.limits.own
        is_mute = allowance.is_mute(tick)
        count = 0
        if member.client:
            counted = read_counted(text)
            if counted is None:
                if not is_mute and allowance.spend(tick):
                    wrong = "error: a client with an id numbers its messages: COUNT TEXT"
                    self._tell(member, wrong, now)
                return True
            count, text = counted
        if leaves(text):
            return False
        if is_mute or not allowance.spend(tick):
            why = f"too fast; you are muted for {MUTE_SECONDS:g} s"
            if count:
                self._tell(member, not_done(count, why), now)
            elif not is_mute:
                self._tell(member, f"error: {why}", now)
            return True
        if not await self._pace_message(member, byte_length(text)):
            return False
        if self._members.get(member.key) is not member:
            return False  # Its client is back on another channel, and sends this again.
        command, _, argument = text.strip().partition(" ")
        try:
            await self._do(member, command, argument.strip(), text, count, now)
        except (BadName, HistoryBusy) as error:
            self._tell(member, f"error: {error}", now)
        if count:
            await self._speaker.sent()
            self._tell(member, done(count), now)
        return True

    async def _pace_message(self, member: Member, size: int) -> bool:
        """Wait until the rate limits allow a message; tell whether to handle it."""
        channel, limits = member.channel, member.limits
        if not await self.pace(channel, limits.address.copies, len(self._members)):
            return False
        if size <= SHORT_BYTES:
            # A short message does not wait for other messages from its address.
            limits.address.messages.drain(size, self._ticks())
            return True
        return await self.pace(channel, limits.bytes, size) and await self.pace(
            channel, limits.address.messages, size
        )

    async def pace(self, channel: MemberChannel, bucket: Bucket, tokens: float) -> bool:
        """Take tokens from a bucket, and wait until its debt is paid.

        Returns:
            Whether the debt was paid. If the peer goes before that, the tokens are given back.
        """
        seconds = bucket.take(tokens, self._ticks())
        try:
            while seconds > 0 and not channel.is_gone:
                await self._sleep(min(seconds, 1.0))
                seconds -= 1.0
        finally:
            if seconds > 0:
                bucket.refund(tokens, seconds)
        return seconds <= 0

    def heard_out(self) -> AbstractAsyncContextManager[None]:
        """Wait at the end of the block until all messages are sent; see `FanOut.heard_out`."""
        return self._speaker.heard_out()

    async def _do(
        self, member: Member, command: str, argument: str, text: str, count: int, now: float
    ) -> None:
        if command == MSG:
            await self._message_one(member, argument, count, now)
        elif command == WHO:
            here = self._here()
            await self.pace(member.channel, member.limits.address.history, byte_length(here))
            self._tell(member, here, now)
        elif command == NICK:
            self._rename(member, argument, now)
        elif command == HISTORY:
            await self._repeat(member, argument, now)
        elif command == HELP:
            for line in help_lines():
                self._tell(member, line, now)
        elif command == JOIN:
            self._tell(member, f"* you are here already, as {member.name}", now)
        elif command.startswith("/"):
            self._tell(member, unknown(command), now)
        elif words := plain(text):
            said = Said(round(now * 1e6), member.name, words, "", member.client, count, time=now)
            place = await self._history.add(said)
            if place is not None:
                self._place = place
                self._tell_all(_line(said, ""), now)

    async def _message_one(self, member: Member, argument: str, count: int, now: float) -> None:
        name, _, words = argument.partition(" ")
        words = plain(words)
        other = self._members.get(name_key(name))
        if not words:
            self._tell(member, f"error: say to whom and what: {usage(MSG)}", now)
        elif other is None:
            self._tell(member, f"error: no member has that name; {WHO} lists the members", now)
        else:
            said = Said(
                round(now * 1e6),
                member.name,
                words,
                other.name,
                member.client,
                count,
                other.client,
                now,
            )
            place = await self._history.add(said)
            if place is not None:
                self._place = place
                self._tell(self._now(other), f"{said.name} (to you): {words}", now)
                self._tell(self._now(member), f"{said.name} (to {said.to}): {words}", now)

    def _here(self) -> str:
        names = ", ".join(name for _, name in self._names[:MOST_LISTED])
        more = len(self._names) - MOST_LISTED
        return f"* here: {names}, and {more} more" if more > 0 else f"* here: {names}"

    def _rename(self, member: Member, argument: str, now: float) -> None:
        name, old = self._free_name(argument, member), member.name
        self._remove(member)
        member.name, member.key = name, name_key(name)
        self._add(member)
        self._tell_all(f"* {old} is now called {name}", now)

    async def _repeat(self, member: Member, argument: str, now: float) -> None:
        if not (argument.isascii() and argument.isdigit() and 0 < len(argument) < 4):
            self._tell(member, f"error: say how many: {usage(HISTORY)}, up to {MOST_HISTORY}", now)
            return
        place, last = await self._history.last(min(int(argument), MOST_HISTORY))
        while place < last and (page := await self._history.since(place, "")):
            for said in page:
                place = said.place
                if place <= last:  # The member has received later ones already.
                    text = self._text(member, _line(said, ""), said.time)
                    await self._repeat_line(member.channel, text, member.limits.address)

    # Saying

    def _text(self, member: Member, text: str, time: float) -> str:
        return placed(self._place, time, text) if member.client else text

    def _tell(self, member: Member, text: str, time: float) -> None:
        self._speaker.tell(member.channel, self._text(member, text, time))

    async def _repeat_line(
        self, channel: MemberChannel, text: str, address: Address | None
    ) -> None:
        """Send a line of the history, at the speed of the peer and of its address's rate limit."""
        if address is not None:
            await self.pace(channel, address.history, max(byte_length(text), SHORT_BYTES))
        self._speaker.tell(channel, text)
        await self._speaker.sent()
        await channel.taken()

    def _tell_all(self, text: str, time: float) -> None:
        self._speaker.say(text, placed(self._place, time, text))
