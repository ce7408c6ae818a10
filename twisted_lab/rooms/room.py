"""A room: who is in it, and what they say to each other."""

from __future__ import annotations

import hashlib
import re
import time
from collections.abc import Callable
from typing import Protocol

from twisted_lab.names import BadName, name_key, nickname
from twisted_lab.rooms.history import History, HistoryBusy, Said
from twisted_lab.rooms.limits import MUTE_SECONDS, Allowance

MOST_HISTORY = 100
# What a terminal obeys, with its arguments, and whatever else does not print.
STEERING = re.compile(r"\x1b\[[0-?]*[ -/]*[@-~]|\x1b[@-_]")
_COUNTED = re.compile(r"([1-9][0-9]{0,17}) (.*)", re.DOTALL)
HELP = (
    "/msg NAME TEXT says it to one",
    "/who lists who is here",
    "/nick NAME changes your name",
    "/history N repeats the last N messages",
    "/help lists this",
    "/leave leaves",
)


def plain(text: str) -> str:
    """Return `text` without what steers a terminal, for others to be shown."""
    text = STEERING.sub("", text.replace("\t", " "))
    return "".join(filter(str.isprintable, text)).strip()


class Ear(Protocol):
    """What a room needs of a channel."""

    def say(self, text: str) -> None:
        """Say something to whoever is there."""
        ...

    def hang_up(self) -> None:
        """Let go."""
        ...

    async def taken(self) -> None:
        """Wait until most of what was said was taken."""
        ...


class Member:
    """Somebody in a room.

    Attributes:
        name: The name.
        channel: Where to say something.
        say: Its `say`, which is what a room does most.
        client: The id of a client that numbers what it says, and is told the places of what it
            hears, so that it can come back; empty for the others. What the client knows is a
            secret, so this is a hash of it.
    """

    def __init__(self, name: str, channel: Ear, tick: float, client: str) -> None:
        self.name = name
        self.channel = channel
        self.say = channel.say
        self.client = client
        self.allowance = Allowance(tick)


def client_id(secret: str) -> str:
    """Return under which id a client is known that has `secret`; none if that is empty."""
    return hashlib.sha256(secret.encode()).hexdigest()[:32] if secret else ""


def _line(said: Said, client: str) -> str:
    if not said.to:
        return f"{said.name}: {said.text}"
    to = "you" if said.listener == client != said.speaker else said.to
    return f"{said.name} (to {to}): {said.text}"


def _placed(place: int, time: float, text: str) -> str:
    return f"{place} {round(time * 1000)} {text}"


class Room:
    """Members with names of their own, who all hear what each says, in one order.

    Args:
        history: Where what is said is kept, before anybody hears it.
        ticks: Tells the seconds on a clock that nobody sets, for how fast members may speak.
    """

    def __init__(self, history: History, ticks: Callable[[], float] = time.monotonic) -> None:
        self._history = history
        self._ticks = ticks
        self._members: dict[str, Member] = {}
        self._place = 0  # of what was said last

    async def catch_up(self, channel: Ear, client: str, place: int | None) -> None:
        """Say to `client`, before it joins, what it has missed after `place`.

        If it joins before anything else is awaited, it hears everything once.

        Args:
            channel: Where to say it.
            client: Its id.
            place: The place of what it has heard last; None if it was never here.
        """
        if place is None:
            self._place = max(self._place, await self._history.newest())
            return
        while missed := await self._history.since(place, client):
            for said in missed:
                place = said.place
                self._place = max(self._place, place)
                channel.say(_placed(place, said.time, _line(said, client)))
                await channel.taken()

    def check_name(self, name: str, client: str) -> None:
        """See whether `client` could join under that name.

        Raises:
            BadName: It cannot be a name here, or somebody has it.
        """
        self._free_name(name, self._with(client))

    def join(self, name: str, channel: Ear, now: float, client: str = "") -> Member:
        """Let somebody in, and tell all others.

        A client that is here already, on a channel that it has given up, takes its own place.

        Raises:
            BadName: It cannot be a name here, or somebody has it.
        """
        before = self._with(client)
        member = Member(self._free_name(name, before), channel, self._ticks(), client)
        if before is not None:
            del self._members[name_key(before.name)]
            before.channel.hang_up()
            if before.name != member.name:
                self._tell_all(f"* {before.name} is now called {member.name}", now)
        else:
            self._tell_all(f"* {member.name} has joined", now)
        self._members[name_key(member.name)] = member
        self._tell(member, f"* welcome, {member.name}; /help lists what you can do", now)
        self._who(member, now)
        return member

    def _with(self, client: str) -> Member | None:
        if not client:
            return None
        return next((m for m in self._members.values() if m.client == client), None)

    def _now(self, member: Member) -> Member:
        """Return the member that has taken the place of `member` since, or that one itself."""
        return self._with(member.client) or member

    def _free_name(self, text: str, of: Member | None = None) -> str:
        name = nickname(text)
        if self._members.get(name_key(name), of) is not of:
            raise BadName(f"somebody is called {name} already; choose another name")
        return name

    def leave(self, member: Member, now: float, how: str = "left") -> None:
        """Let somebody go, and tell all others how."""
        if self._members.get(name_key(member.name)) is member:
            del self._members[name_key(member.name)]
            self._tell_all(f"* {member.name} has {how}", now)

    async def hear(self, member: Member, text: str, now: float) -> bool:
        """Do what a member says.

        Returns:
            Whether the member stays.
        """
        count = 0
        if member.client:
            counted = _COUNTED.fullmatch(text)
            if counted is None:
                self._tell(
                    member, "error: a client with an id counts what it says: COUNT TEXT", now
                )
                return True
            count, text = int(counted[1]), counted[2]
        if text.strip() in ("/leave", "exit"):
            return False
        tick = self._ticks()
        is_mute = member.allowance.is_mute(tick)
        if is_mute or not member.allowance.spend(tick):
            why = f"too fast; you are mute for {MUTE_SECONDS:g} s"
            if count:
                self._tell(member, f"/not {count} {why}", now)
            elif not is_mute:
                self._tell(member, f"error: {why}", now)
            return True
        command, _, argument = text.strip().partition(" ")
        try:
            await self._do(member, command, argument.strip(), text, count, now)
        except (BadName, HistoryBusy) as error:
            self._tell(member, f"error: {error}", now)
        if count:
            self._tell(member, f"/done {count}", now)
        return True

    async def _do(
        self, member: Member, command: str, argument: str, text: str, count: int, now: float
    ) -> None:
        if command == "/msg":
            await self._message_one(member, argument, count, now)
        elif command == "/who":
            self._who(member, now)
        elif command == "/nick":
            self._rename(member, argument, now)
        elif command == "/history":
            await self._repeat(member, argument, now)
        elif command == "/help":
            for line in HELP:
                self._tell(member, line, now)
        elif command == "/join":
            self._tell(member, f"* you are here already, as {member.name}", now)
        elif command.startswith("/"):
            self._tell(member, "error: that is no command; /help lists them", now)
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
            self._tell(member, "error: say to whom and what: /msg NAME TEXT", now)
        elif other is None:
            self._tell(member, "error: nobody of that name is here; /who lists who is", now)
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

    def _who(self, member: Member, now: float) -> None:
        names = sorted((other.name for other in self._members.values()), key=name_key)
        self._tell(member, f"* here: {', '.join(names)}", now)

    def _rename(self, member: Member, argument: str, now: float) -> None:
        name = self._free_name(argument, member)
        del self._members[name_key(member.name)]
        self._members[name_key(name)] = member
        old, member.name = member.name, name
        self._tell_all(f"* {old} is now called {name}", now)

    async def _repeat(self, member: Member, argument: str, now: float) -> None:
        if not (argument.isascii() and argument.isdigit() and 0 < len(argument) < 4):
            self._tell(member, f"error: say how many: /history N, up to {MOST_HISTORY}", now)
            return
        place, last = await self._history.last(min(int(argument), MOST_HISTORY))
        while place < last and (page := await self._history.since(place, "")):
            for said in page:
                place = said.place
                if place <= last:  # The member has heard what was said meanwhile.
                    self._tell(member, _line(said, ""), said.time)
                    await member.channel.taken()

    def _tell(self, member: Member, text: str, time: float) -> None:
        member.say(_placed(self._place, time, text) if member.client else text)

    def _tell_all(self, text: str, time: float) -> None:
        placed = _placed(self._place, time, text)
        for member in list(self._members.values()):
            member.say(placed if member.client else text)
