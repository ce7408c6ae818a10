"""netlab-chat: a room for whoever comes by UDP, by our reliable protocol or by TCP."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from typing import ClassVar

from twisted.python import usage

from twisted_lab.accounts import KeptHistory
from twisted_lab.channels import Channel, ConversationFactory, PeerSilent
from twisted_lab.channels.datagrams import Datagrams
from twisted_lab.names import BadName
from twisted_lab.rooms import History, Member, MemoryHistory, Room, client_id
from twisted_lab.serving import (
    ConversationOptions,
    Lab,
    NetworkService,
    datagram_listener,
    lab_of,
    listeners,
    port_number,
)
from twisted_lab.serving.storage import shared_storage
from twisted_lab.tally import Measure

# The secret of a client that comes back is followed by the place of what it has heard last.
_JOIN = re.compile(r"/join +(\S+)(?: +([0-9a-f]{16})(?: +([0-9]{1,18}))?)? *")


class Chat:
    """One room.

    Args:
        history: Where what is said is kept.
        now: Tells the time, in seconds of Unix time.
        ticks: See `Room`.
    """

    def __init__(
        self,
        history: History,
        now: Callable[[], float],
        ticks: Callable[[], float] = time.monotonic,
    ) -> None:
        self._room = Room(history, ticks)
        self._now = now
        self._members: dict[Channel, Member] = {}

    def name_of(self, channel: Channel) -> str:
        """Return the name of whoever is there; "" before it has one."""
        member = self._members.get(channel)
        return member.name if member else ""

    async def converse(self, channel: Channel) -> None:
        """Have whoever is there as a member, from a good name on."""
        self._members[channel] = member = await self._join(channel)
        how = "left"
        try:
            while await self._room.hear(member, await channel.hear(), self._now()):
                pass
        except PeerSilent:
            how = "gone silent"
            raise
        finally:
            del self._members[channel]
            self._room.leave(member, self._now(), how)

    async def _join(self, channel: Channel) -> Member:
        while True:
            join = _JOIN.fullmatch(await channel.hear())
            if join is None:
                channel.say("error: /join NAME")
                continue
            name, secret, place = join.groups(default="")
            client = client_id(secret)
            try:
                self._room.check_name(name, client)  # before the history is sent for nothing
                if client:
                    await self._room.catch_up(channel, client, int(place) if place else None)
                return self._room.join(name, channel, self._now(), client)
            except BadName as error:
                channel.say(f"error: {error}")


class Options(ConversationOptions):
    """The options of netlab-chat."""

    command = "netlab-chat"
    client_type = "UDP"
    default_port = 9095
    one_process = "all members must be in one process to hear each other"
    no_endpoints = True
    optParameters: ClassVar = [
        ["history", None, None, "The SQLite file that keeps what is said. [default: none]"],
        [
            "tcp-port",
            None,
            None,
            "A TCP port for those who come by TCP. [default: none]",
            port_number,
        ],
    ]

    def __init__(self) -> None:
        super().__init__()
        self["idle-timeout"] = 60
        self.defaults["idle-timeout"] = 60  # which --help shows
        self.docs["port"] = self.docs["port"].replace("TCP", "UDP")
        for name in ("tls", "proxy-protocol"):
            self.docs[name] = f"For --tcp-port: {self.docs[name]}"

    def postOptions(self) -> None:
        """See `ServiceOptions`."""
        super().postOptions()
        if self["tcp-port"] is None:
            for name in ("tls", "proxy-protocol"):
                if self[name] and name not in self.shared:
                    raise usage.UsageError(f"--{name} is for --tcp-port: UDP has no such thing")

    def opt_listen(self, description: str) -> None:
        """Not here: there are no endpoints for UDP."""
        raise usage.UsageError("--listen is for streams; give --port, --interface and --tcp-port")


def makeService(options: Options) -> Lab:
    """Build the service that `options` describe."""
    lab = lab_of(options)
    events = lab.log.events_of(options.command)
    history: History = MemoryHistory()
    if options["history"] is not None:
        history = KeptHistory(shared_storage(lab, options["history"]))
    chat = Chat(history, lab.now, lab.reactor.seconds)
    streams = ConversationFactory(
        lab.reactor, events, chat.converse, options.make_channel, options.make_connections()
    )
    datagrams = Datagrams(
        lab.reactor,
        events,
        chat.converse,
        streams.connections,
        options["idle-timeout"],
        options["max-message"],
    )
    lab.measures.append(
        Measure(
            options.command,
            "retransmissions",
            "Packets that were sent again.",
            True,
            lambda: datagrams.retransmissions,
        )
    )
    listening = [datagram_listener(options, lab.reactor, datagrams)]
    if options["tcp-port"] is not None:
        listening += listeners(options, lab, "tcp-port")
    lab.names[options.command] = chat.name_of
    lab.addService(NetworkService(lab, events, listening, streams, streams.connections))
    if options["tls"]:
        lab.reactor.callWhenRunning(events.not_encrypted)
    return lab
