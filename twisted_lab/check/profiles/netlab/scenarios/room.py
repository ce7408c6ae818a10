"""The room of netlab-chat, which all scenarios share and leave empty."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from twisted_lab.check.profiles.netlab.talk.datagrams import DatagramParty
from twisted_lab.check.profiles.netlab.talk.lab import Lab, LabScenario
from twisted_lab.check.profiles.netlab.talk.party import Party
from twisted_lab.check.profiles.netlab.talk.wire import TEXT
from twisted_lab.check.subjects.server import StartedServer
from twisted_lab.text.language import _

# One start for both.
SHORT_OR_BY_NAME = ("--idle-timeout", "2", "--join-by-name", "127.0.0.0/8")
HELP = "/help lists what you can do"


class ChatRoom:
    """The room, and all that come into it during one trial.

    Args:
        lab: Where the server runs.
    """

    def __init__(self, lab: Lab) -> None:
        self.lab = lab
        self.options: tuple[str, ...] = ()
        self.framing = TEXT
        self._parties: list[Party] = []
        self._plain: list[DatagramParty] = []

    async def server(self) -> StartedServer:
        """Return the server, with `options` and in `framing`."""
        return await self.lab.server("chat", *self.options, framing=self.framing)

    async def connect(self) -> Party:
        """Connect a peer by TCP."""
        party = await self.lab.join(await self.server(), self.framing)
        self._parties.append(party)
        return party

    async def join(self, name: str) -> Party:
        """Return a new member that has heard its welcome; the others have not heard of it."""
        party = await self.connect()
        party.say(f"/join {name}")
        await party.expect(f"* welcome, {name}; {HELP}")
        await party.expect_start("* here: ")
        return party

    async def datagrams(self) -> DatagramParty:
        """Return a peer that uses UDP."""
        server, source = await self.server(), self.lab.new_source()
        name = _("the peer at {source}", source=source)
        party = DatagramParty(self.lab.trial, server, source, name)
        self._plain.append(party)
        return party

    async def join_plain(self, name: str) -> DatagramParty:
        """Return a new member that uses plain datagrams, and has heard its welcome."""
        party = await self.datagrams()
        party.say(f"/join {name}")
        party.say(await party.expect_start(f"/join {name} "))
        await party.expect(f"* welcome, {name}; {HELP}")
        await party.expect_start("* here: ")
        return party

    async def leave(self) -> None:
        """Let all leave, so that the next trial finds the room empty."""
        for party in self._parties:
            party.finish()
        for plain in self._plain:
            plain.say("/leave")
        await self.lab.trial.activity.until(
            lambda: all(party.peer.has_ended for party in self._parties),
            self.lab.trial.bench.patience,
        )
        await (await self.server()).program.settle(self.lab.trial.bench.patience)


RoomScenario = Callable[[ChatRoom], Awaitable[None]]


def in_room(converse: RoomScenario) -> LabScenario:
    """Return a scenario after which the room is empty."""

    async def run(lab: Lab) -> None:
        room = ChatRoom(lab)
        await converse(room)
        await room.leave()

    return run
