"""netlab-chat: a room for clients on UDP, on our reliable protocol, and on TCP."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial
from typing import ClassVar

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IReactorTime
from twisted.internet.task import deferLater
from twisted.python import usage

from twisted_lab.accounts import KeptHistory
from twisted_lab.channels import Channel, ConversationFactory, FanOut, PeerGone, PeerSilent, Unable
from twisted_lab.channels.datagram_server import DatagramServer
from twisted_lab.eventlog.counters import Measure
from twisted_lab.eventlog.events import ServiceEvents
from twisted_lab.peers import network
from twisted_lab.rooms import (
    LEAVE,
    Addresses,
    History,
    Limits,
    Member,
    MemoryHistory,
    Rates,
    Retention,
    Room,
    TooMany,
    client_id,
)
from twisted_lab.rooms.rate_limits import MUTE_SECONDS, WELCOME_BYTES, Address, Allowance
from twisted_lab.serving import (
    ConversationOptions,
    NetworkService,
    ServiceProcess,
    datagram_listener,
    listeners,
    natural_number,
    port_number,
    process_of,
)
from twisted_lab.serving.storage import shared_storage
from twisted_lab.text.user_names import BadName

FULL_SECONDS = 5  # until a client tries again whose address has as many members as it may
# The secret of a client that comes back is followed by the place of its last received message.
_JOIN = re.compile(r"/join +(\S+)(?: +([0-9a-f]{16})(?: +([0-9]{1,18}))?)? *")


class Chat:
    """One room.

    Args:
        history: Where messages are kept.
        now: Tells the time, in seconds of Unix time.
        clock: Waits, and tells the time for rate limits.
        events: Messages to all are reported here.
        rates: The rates of all peers of one address together.
    """

    def __init__(
        self,
        history: History,
        now: Callable[[], float],
        clock: IReactorTime,
        events: ServiceEvents,
        rates: Rates,
    ) -> None:
        self._room = Room(history, FanOut(clock, events), clock.seconds, partial(deferLater, clock))
        self._now = now
        self._ticks = clock.seconds
        self._addresses = Addresses(rates)
        self._members: dict[Channel, Member] = {}

    def name_of(self, channel: Channel) -> str:
        """Return the name of the peer; "" before it has one."""
        member = self._members.get(channel)
        return member.name if member else ""

    async def converse(self, channel: Channel) -> None:
        """Have the peer as a member, from a good name on."""
        address = self._addresses.of(network(channel.peer.host), self._ticks())
        address.peers += 1
        try:
            member = await self._join(channel, address)
            if member is not None:
                await self._hear(channel, member)
        finally:
            address.peers -= 1

    async def _hear(self, channel: Channel, member: Member) -> None:
        self._members[channel] = member
        member.limits.address.members += 1
        how = "left"
        try:
            async with self._room.heard_out():
                while await self._room.hear(member, await channel.hear(), self._now()):
                    pass
        except PeerSilent:
            how = "gone silent"
            raise
        finally:
            member.limits.address.members -= 1
            del self._members[channel]
            self._room.leave(member, self._now(), how)

    async def _join(self, channel: Channel, address: Address) -> Member | None:
        """Let the peer become a member; None if it leaves before."""
        allowance = Allowance(self._ticks())
        later = 0.0  # when this peer may try again
        while True:
            text = await channel.hear()
            if text.strip() in LEAVE:
                return None
            if not self._may_speak(channel, allowance):
                continue
            join = _JOIN.fullmatch(text)
            if join is None:
                channel.say("error: /join NAME")
                continue
            name, secret, place = join.groups(default="")
            client = client_id(secret)
            try:
                self._room.check_name(name, client)  # before the history is sent for nothing
                if (early := later - self._ticks()) > 0:
                    # So clients that try all the time do not take all places.
                    raise TooMany("too many have joined from your address", early)
                await self._admit(channel, client, address)
                if client:
                    heard = int(place) if place else None
                    await self._room.catch_up(channel, client, heard, address)
                self._check_room(client, address)
                if channel.is_gone:
                    raise PeerGone("gone before it joined")
                limits = Limits(address, self._ticks())
                return self._room.join(name, channel, limits, self._now(), client)
            except TooMany as error:
                later = self._ticks() + error.seconds
                channel.say(f"error: {error}")
            except BadName as error:
                channel.say(f"error: {error}")

    def _may_speak(self, channel: Channel, allowance: Allowance) -> bool:
        """Count a message of a peer that has not joined; one over the rate limit is dropped."""
        tick = self._ticks()
        if allowance.is_mute(tick):
            return False
        if not allowance.spend(tick):
            channel.say(f"error: too fast; you are mute for {MUTE_SECONDS:g} s")
            return False
        return True

    async def _admit(self, channel: Channel, client: str, address: Address) -> None:
        """Count a join against what its address may do.

        Raises:
            TooMany: It may not join now.
        """
        self._check_room(client, address)
        if client and await self._room.is_known(client):
            await self._room.pace(channel, address.history, WELCOME_BYTES)
        elif seconds := address.joins.wait(1, self._ticks()):
            raise TooMany("too many have joined from your address", seconds)
        else:
            address.joins.take(1, self._ticks())

    def _check_room(self, client: str, address: Address) -> None:
        if address.members >= address.most_members and not self._room.is_here(client):
            raise TooMany("too many members are here from your address", FULL_SECONDS)


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
            "history-bytes",
            None,
            Retention.most_bytes,
            "The newest bytes of messages that are kept.",
            natural_number("history-bytes"),
        ],
        [
            "history-days",
            None,
            Retention.days,
            "Days after which a message is removed.",
            natural_number("history-days", 1, 36_500),
        ],
        [
            "tcp-port",
            None,
            None,
            "A TCP port for those who come by TCP. [default: none]",
            port_number,
        ],
        [
            "address-members",
            None,
            Rates.members,
            "How many members may be there from one IP address, or IPv6 network of 64 bits.",
            natural_number("address-members"),
        ],
        [
            "address-joins",
            None,
            int(Rates.joins),
            "How many may join from it in a second; 15 times as many at once.",
            natural_number("address-joins"),
        ],
        [
            "address-message-bytes",
            None,
            int(Rates.message_bytes),
            "How many bytes they may say in a second; twice as many at once.",
            natural_number("address-message-bytes"),
        ],
        [
            "address-history-bytes",
            None,
            int(Rates.history_bytes),
            "How many bytes of history they are told in a second; 15 times as many at once.",
            natural_number("address-history-bytes"),
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


def makeService(options: Options) -> ServiceProcess:
    """Build the service that `options` describe."""
    process = process_of(options)
    events = process.log.events_of(options.command)
    retention = Retention(options["history-bytes"], options["history-days"])
    history: History = MemoryHistory(retention)
    if options["history"] is not None:
        kept = history = KeptHistory(shared_storage(process, options["history"]), retention)
        # Once the file is open. If nothing can be stored, the first message will tell.
        Deferred.fromCoroutine(kept.prune(process.now())).addErrback(
            lambda error: error.trap(Unable)
        )
    rates = Rates(
        options["address-members"],
        options["address-joins"],
        options["address-message-bytes"],
        options["address-history-bytes"],
    )
    chat = Chat(history, process.now, process.reactor, events, rates)
    streams = ConversationFactory(
        process.reactor,
        events,
        chat.converse,
        options.make_channel,
        options.make_connections(),
        process.turns,
    )
    datagrams = DatagramServer(
        process.reactor,
        events,
        chat.converse,
        streams.connections,
        options["idle-timeout"],
        options["max-message"],
        turns=process.turns,
    )
    process.measures.append(
        Measure(
            options.command,
            "retransmissions",
            "Packets that were sent again.",
            True,
            lambda: datagrams.retransmissions,
        )
    )
    listening = [datagram_listener(options, process.reactor, datagrams)]
    if options["tcp-port"] is not None:
        listening += listeners(options, process, "tcp-port")
    process.names[options.command] = chat.name_of
    process.addService(NetworkService(process, events, listening, streams, streams.connections))
    if options["tls"]:
        process.reactor.callWhenRunning(events.not_encrypted)
    return process
