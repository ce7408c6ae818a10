"""A room: who is in it, and what they say to each other."""

from __future__ import annotations

import re
from collections.abc import Callable

from twisted_lab.names import BadName, clean_name, name_key
from twisted_lab.rooms.history import History, Said
from twisted_lab.rooms.limits import MUTE_SECONDS, Allowance

LONGEST_NAME = 32
MOST_HISTORY = 100
# What a terminal obeys, with its arguments, and whatever else does not print.
STEERING = re.compile(r"\x1b\[[0-?]*[ -/]*[@-~]|\x1b[@-_]")
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
    return "".join(char for char in text if char.isprintable()).strip()


class Member:
    """Somebody in a room.

    Attributes:
        name: The name.
        tell: Says something to this member.
    """

    def __init__(self, name: str, tell: Callable[[str], object], now: float) -> None:
        self.name = name
        self.tell = tell
        self.allowance = Allowance(now)


class Room:
    """Members with names of their own, who all hear what each says, in one order.

    Args:
        history: Where what is said to all is kept, before anybody hears it.
    """

    def __init__(self, history: History) -> None:
        self._history = history
        self._members: dict[str, Member] = {}

    def join(self, name: str, tell: Callable[[str], object], now: float) -> Member:
        """Let somebody in, and tell all others.

        Raises:
            BadName: It cannot be a name here, or somebody has it.
        """
        member = Member(self._free_name(name), tell, now)
        self._tell_all(f"* {member.name} has joined")
        self._members[name_key(member.name)] = member
        tell(f"* welcome, {member.name}; /help lists what you can do")
        self._who(member)
        return member

    def _free_name(self, text: str, of: Member | None = None) -> str:
        name = clean_name(text, LONGEST_NAME)
        if " " in name:
            raise BadName("a name has no spaces here")
        if self._members.get(name_key(name), of) is not of:
            raise BadName(f"somebody is called {name} already; choose another name")
        return name

    def leave(self, member: Member, how: str = "left") -> None:
        """Let somebody go, and tell all others how."""
        del self._members[name_key(member.name)]
        self._tell_all(f"* {member.name} has {how}")

    async def hear(self, member: Member, text: str, now: float) -> bool:
        """Do what a member says.

        Returns:
            Whether the member stays.
        """
        if member.allowance.is_mute(now):
            return True
        if not member.allowance.spend(now):
            member.tell(f"error: too fast; you are mute for {MUTE_SECONDS:g} s")
            return True
        command, _, argument = text.strip().partition(" ")
        if command == "/leave" or text.strip() == "exit":
            return False
        try:
            await self._do(member, command, argument.strip(), text, now)
        except BadName as error:
            member.tell(f"error: {error}")
        return True

    async def _do(self, member: Member, command: str, argument: str, text: str, now: float) -> None:
        if command == "/msg":
            self._message_one(member, argument)
        elif command == "/who":
            self._who(member)
        elif command == "/nick":
            self._rename(member, argument)
        elif command == "/history":
            await self._repeat(member, argument)
        elif command == "/help":
            for line in HELP:
                member.tell(line)
        elif command.startswith("/"):
            member.tell("error: that is no command; /help lists them")
        elif said := plain(text):
            await self._history.add(Said(now, member.name, said))
            self._tell_all(f"{member.name}: {said}")

    def _message_one(self, member: Member, argument: str) -> None:
        name, _, text = argument.partition(" ")
        text = plain(text)
        other = self._members.get(name_key(name))
        if not text:
            member.tell("error: say to whom and what: /msg NAME TEXT")
        elif other is None:
            member.tell("error: nobody of that name is here; /who lists who is")
        else:
            other.tell(f"{member.name} (to you): {text}")
            member.tell(f"{member.name} (to {other.name}): {text}")

    def _who(self, member: Member) -> None:
        names = sorted((other.name for other in self._members.values()), key=name_key)
        member.tell(f"* here: {', '.join(names)}")

    def _rename(self, member: Member, argument: str) -> None:
        name = self._free_name(argument, member)
        del self._members[name_key(member.name)]
        self._members[name_key(name)] = member
        old, member.name = member.name, name
        self._tell_all(f"* {old} is now called {name}")

    async def _repeat(self, member: Member, argument: str) -> None:
        if not (argument.isascii() and argument.isdigit() and 0 < len(argument) < 4):
            member.tell(f"error: say how many: /history N, up to {MOST_HISTORY}")
            return
        for said in await self._history.last(min(int(argument), MOST_HISTORY)):
            member.tell(f"{said.name}: {said.text}")

    def _tell_all(self, text: str) -> None:
        for member in list(self._members.values()):
            member.tell(text)
