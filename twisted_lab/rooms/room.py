"""A room: its members, and the messages between them."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager

from twisted_lab.codecs import byte_length
from twisted_lab.rooms.history import History, Said
from twisted_lab.rooms.member import CannotSay, Member, MemberChannel, Speaker
from twisted_lab.rooms.names import Names
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
from twisted_lab.text.user_names import BadName
from twisted_lab.token_bucket import Bucket

MOST_HISTORY = 100
NOBODY = f"no member has that name; {WHO} lists the members"
# Control sequences of terminals, with their parameters.
STEERING = re.compile(r"\x1b\[[0-?]*[ -/]*[@-~]|\x1b[@-_]")


def plain(text: str) -> str:
    """Return `text` without control sequences and other unprintable characters."""
    if not text.isprintable():
        text = STEERING.sub("", text.replace("\t", " "))
        text = "".join(filter(str.isprintable, text))
    return text.strip()


def line_of(said: Said, client: str) -> str:
    """Return the line of a message, as `client` reads it."""
    if not said.to:
        return f"{said.name}: {said.text}"
    to = "you" if said.listener == client != said.speaker else said.to
    return f"{said.name} (to {to}): {said.text}"


class Room(ABC):
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
        self._members: dict[str, Member] = {}  # of this process, by the keys of their names
        self._clients: dict[str, Member] = {}
        self._names = Names()
        self._place = 0  # of the newest message

    # Joining and leaving

    async def is_known(self, client: str) -> bool:
        """Tell whether `client` is a member, or was one and has said something."""
        return client in self._clients or await self._history.knows(client)

    def is_here(self, client: str) -> bool:
        """Tell whether `client` is a member, served by this process."""
        return client in self._clients

    @abstractmethod
    def check_name(self, name: str, client: str) -> None:
        """Check that `client` can join as `name`, as far as that is known without waiting.

        Raises:
            BadName: The name is invalid, or equals or resembles that of another member.
        """

    @abstractmethod
    async def enter(
        self,
        name: str,
        channel: MemberChannel,
        limits: Limits,
        now: Callable[[], float],
        client: str = "",
        place: int | None = None,
    ) -> Member:
        """Add a member, and tell all others. It first gets the messages that it has missed.

        If the client is a member already, on a channel that it has given up, the new member
        replaces that one.

        Args:
            name: The name.
            channel: The channel to the client.
            limits: The limits of the member.
            now: Returns the time, in seconds of Unix time.
            client: The client's id; empty if it has none.
            place: The place of the last message that it received; None if it was never a member.

        Raises:
            BadName: The name is invalid, or equals or resembles that of another member.
            MemberGone: The client has gone meanwhile.
        """

    @abstractmethod
    def leave(
        self, member: Member, now: float, how: str = "left", is_sent_on: bool = False
    ) -> None:
        """Remove a member, and tell all others how it left.

        Args:
            member: The member.
            now: The time, in seconds of Unix time.
            how: The words that complete "has".
            is_sent_on: Whether the process stops, and the client may continue with another one.
        """

    def _welcome(self, member: Member, now: float) -> None:
        """Make `member` hear everything from now on."""
        self._members[member.key] = member
        if member.client:
            self._clients[member.client] = member
        self._speaker.add(member.channel, 1 if member.client else 0)
        self._tell(member, f"* welcome, {member.name}; {HELP} lists what you can do", now)
        self._tell(member, self._names.here(), now)

    def _drop(self, member: Member) -> bool:
        """Send nothing more to `member`; return False if it was none any more."""
        if self._members.get(member.key) is not member:
            return False
        del self._members[member.key]
        self._clients.pop(member.client, None)
        self._speaker.remove(member.channel)
        return True

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
        except (BadName, CannotSay) as error:
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
            here = self._names.here()
            await self.pace(member.channel, member.limits.address.history, byte_length(here))
            self._tell(member, here, now)
        elif command == NICK and not argument.strip():
            self._tell(member, f"error: say your new name: {usage(NICK)}", now)
        elif command == NICK and argument == member.name:
            self._tell(member, f"* you are called {member.name} already", now)
        elif command == NICK:
            await self._rename(member, argument, now)
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
            await self._say(
                member,
                Said(round(now * 1e6), member.name, words, "", member.client, count, time=now),
            )

    async def _message_one(self, member: Member, argument: str, count: int, now: float) -> None:
        name, _, words = argument.partition(" ")
        words = plain(words)
        other = self._names.find(name)
        if not words:
            self._tell(member, f"error: say to whom and what: {usage(MSG)}", now)
        elif other is None:
            raise CannotSay(NOBODY)
        else:
            await self._say_to_one(
                member,
                Said(round(now * 1e6), member.name, words, other, member.client, count, time=now),
            )

    @abstractmethod
    async def _say(self, member: Member, said: Said) -> None:
        """Store a message to all, and send it."""

    @abstractmethod
    async def _say_to_one(self, member: Member, said: Said) -> None:
        """Store a message to one member, and send it."""

    @abstractmethod
    async def _rename(self, member: Member, name: str, now: float) -> None:
        """Change a member's name, and tell all.

        Raises:
            BadName: The name is invalid, or equals or resembles that of another member.
        """

    async def _repeat(self, member: Member, argument: str, now: float) -> None:
        if not (argument.isascii() and argument.isdigit() and 0 < len(argument) < 4):
            self._tell(member, f"error: say how many: {usage(HISTORY)}, up to {MOST_HISTORY}", now)
            return
        place, last = await self._history.last(min(int(argument), MOST_HISTORY))
        while place < last and (page := await self._history.since(place, "")):
            for said in page:
                place = said.place
                if place <= last:  # The member has received later ones already.
                    text = self._text(member, line_of(said, ""), said.time)
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
