"""netlab-chat: a chat room over TCP, and over UDP with our reliable protocol."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from twisted.internet.interfaces import IReactorTime
from twisted.python import usage

from twisted_lab.channels import Channel, ConversationFactory, PeerGone, PeerSilent, Unable
from twisted_lab.channels.datagram_server import DatagramServer
from twisted_lab.channels.unproven import UnprovenChannel
from twisted_lab.defaults import DEFAULTS
from twisted_lab.eventlog.events import ServiceEvents
from twisted_lab.peers import network, read_network
from twisted_lab.rooms import (
    Addresses,
    Limits,
    Member,
    MemberGone,
    Rates,
    Retention,
    Room,
    TooMany,
    client_id,
)
from twisted_lab.rooms.rate_limits import MUTE_SECONDS, WELCOME_BYTES, Address, Allowance
from twisted_lab.services.chat_rooms import make_room
from twisted_lab.serving import (
    ConversationOptions,
    NetworkService,
    ServiceOptions,
    ServiceProcess,
    datagram_listener,
    in_own_process,
    listeners,
    option,
)
from twisted_lab.text.chat_messages import JOIN_FIRST, Join, leaves, read_join
from twisted_lab.text.language import N_, _, message_of
from twisted_lab.text.user_names import BadName

# Peers that join by name have the rates of one address together, because their addresses may be
# forged, and then cost nothing.
UNPROVEN = "unproven"
FULL_SECONDS = 5  # until the next attempt of a client whose address has too many members
RETRY_SECONDS = 5  # the same, while the database cannot be used


class Chat:
    """A chat room for clients on any channel.

    Args:
        room: The room.
        now: Returns the time, in seconds of Unix time.
        clock: The clock for rate limits.
        events: The reporter of joins that fail for lack of the database.
        rates: The rate limits of each address.
        is_stopping: Tells whether connections that end do so because the process stops.
    """

    def __init__(
        self,
        room: Room,
        now: Callable[[], float],
        clock: IReactorTime,
        events: ServiceEvents,
        rates: Rates,
        is_stopping: Callable[[], bool] = lambda: False,
    ) -> None:
        self._room = room
        self._now = now
        self._ticks = clock.seconds
        self._events = events
        self._addresses = Addresses(rates)
        self._is_stopping = is_stopping
        self._members: dict[Channel, Member] = {}

    def name_of(self, channel: Channel) -> str:
        """Return the name of the client; "" before it has joined."""
        member = self._members.get(channel)
        return member.name if member else ""

    async def converse(self, channel: Channel) -> None:
        """Serve a client, as a member once it has joined with a valid name."""
        is_unproven = isinstance(channel, UnprovenChannel)
        limited = UNPROVEN if is_unproven else network(channel.peer.host)
        address = self._addresses.of(limited, self._ticks())
        address.peers += 1
        try:
            member = await self._join(channel, address)
            if member is not None:
                await self._hear(channel, member)
        finally:
            address.peers -= 1

    async def _hear(self, channel: Channel, member: Member) -> None:
        self._members[channel] = member
        how, is_sent_on = "left", False
        try:
            async with self._room.heard_out():
                while await self._room.hear(member, await channel.hear(), self._now()):
                    pass
        except MemberGone:  # Its client is a member over another connection, or soon will be.
            is_sent_on = self._is_stopping()
        except PeerSilent:
            how = "gone silent"
            raise
        except PeerGone:
            is_sent_on = self._is_stopping()
            raise
        finally:
            member.limits.address.members -= 1
            del self._members[channel]
            self._room.leave(member, self._now(), how, is_sent_on)

    async def _join(self, channel: Channel, address: Address) -> Member | None:
        """Let the client join, and return the member; None if it leaves before."""
        allowance = Allowance(self._ticks())
        later = 0.0  # the time from which the client may try again
        while True:
            text = await channel.hear()
            if leaves(text):
                return None
            if not self._may_speak(channel, allowance):
                continue
            join = read_join(text)
            if join is None:
                channel.say(JOIN_FIRST)
                continue
            client = client_id(join.secret)
            try:
                self._room.check_name(join.name, client)  # before the history is sent in vain
                if (early := later - self._ticks()) > 0:
                    # Impatient clients must not take the places of those that wait.
                    raise TooMany("too many have joined from your address", early)
                await self._admit(channel, client, address)
                member = await self._enter(channel, join, client, address)
                if isinstance(channel, UnprovenChannel):
                    channel.joined()
                return member
            except TooMany as error:
                later = self._ticks() + error.seconds
                channel.say(f"error: {error}")
            except BadName as error:
                channel.say(f"error: {error}")
            except Unable as error:
                self._events.unable(
                    channel.peer.text, message_of(error), error.reason, error.is_known
                )
                later = self._ticks() + RETRY_SECONDS
                channel.say(f"error: {error}; try again in {RETRY_SECONDS} s")

    async def _enter(self, channel: Channel, join: Join, client: str, address: Address) -> Member:
        """Make the client a member, within the limit of its address.

        Raises:
            TooMany: The address has too many members.
            BadName: The client cannot have the name.
            PeerGone: The client has gone meanwhile.
        """
        self._check_room(client, address)
        address.members += 1
        try:
            limits = Limits(address, self._ticks())
            return await self._room.enter(join.name, channel, limits, self._now, client, join.place)
        except BaseException as error:
            address.members -= 1
            if isinstance(error, MemberGone):
                raise PeerGone("gone before it joined") from None
            raise

    def _may_speak(self, channel: Channel, allowance: Allowance) -> bool:
        """Tell whether a message before the join is within the rate limit, and count it."""
        tick = self._ticks()
        if allowance.is_mute(tick):
            return False
        if not allowance.spend(tick):
            channel.say(f"error: too fast; you are muted for {MUTE_SECONDS:g} s")
            return False
        return True

    async def _admit(self, channel: Channel, client: str, address: Address) -> None:
        """Apply the rate limits of an address to a join.

        Raises:
            TooMany: The client may not join now.
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
    """Options of netlab-chat."""

    command = "netlab-chat"
    client_type = "UDP"
    default_port = DEFAULTS["chat"].port
    why_one_process = N_("all members must be in one process to hear each other")
    hidden = frozenset({"listen"})
    port = replace(ServiceOptions.port, doc=N_("UDP port to listen on; 0 for any free one."))
    tls = replace(ServiceOptions.tls, doc=N_("With --tcp-port: use TLS, 1.2 or newer."))
    proxy_protocol = replace(
        ServiceOptions.proxy_protocol,
        doc=N_("With --tcp-port: expect HAProxy's PROXY header first, with the client's address."),
    )
    idle_timeout = replace(ServiceOptions.idle_timeout, default=60)
    history = option.path(
        option.with_default(
            N_("The database of messages: an SQLite file, or postgresql://USER@HOST/NAME."),
            N_("none"),
        ),
        default=None,
        kind="database",
    )
    history_bytes = option.size(
        N_("The size of the history, in bytes; older messages are removed."),
        default=Retention.most_bytes,
    )
    history_days = option.number(
        N_("Days after which a message is removed."),
        default=Retention.days,
        most=36_500,
        unit=N_("days"),
    )
    tcp_port = option.number(
        N_("A TCP port for clients without UDP. [default: none]"), default=None, least=0, most=65535
    )
    join_by_name = option.parsed(
        N_(
            "Let a datagram 'NAME: TEXT' from loopback or from this network join as NAME. "
            "[default: none]"
        ),
        read_network,
        default=None,
        metavar="NETWORK",
    )
    address_members = option.number(
        N_("How many members one IP address, or IPv6 network of 64 bits, may have."),
        default=Rates.members,
    )
    address_joins = option.number(
        N_("How many members may join from one address in a second; bursts of 15 times as many."),
        default=int(Rates.joins),
    )
    address_message_bytes = option.size(
        N_("Bytes that the members of one address may send in a second; bursts of twice as many."),
        default=int(Rates.message_bytes),
    )
    address_history_bytes = option.size(
        N_(
            "Bytes of history that the members of one address receive in a second; bursts of 15 "
            "times as many."
        ),
        default=int(Rates.history_bytes),
    )

    def postOptions(self) -> None:
        """See `ServiceOptions`."""
        if self.listen:
            raise usage.UsageError(
                _(
                    "{listen} supports only streams: use {port}, {interface} and {tcp_port}",
                    listen=self.name_of("listen"),
                    port=self.name_of("port"),
                    interface=self.name_of("interface"),
                    tcp_port=self.name_of("tcp-port"),
                )
            )
        super().postOptions()
        for name in ("tls", "proxy-protocol"):
            # Not in `given` if netlab passes it to all services: then it is not meant for this one.
            if name in self.given and self.tcp_port is None:
                raise usage.UsageError(
                    _(
                        "{name} requires {tcp_port}: UDP does not support it",
                        name=self.name_of(name),
                        tcp_port=self.name_of("tcp-port"),
                    )
                )


def build(process: ServiceProcess, options: Options) -> NetworkService:
    """Build the service that `options` describe."""
    events = process.log.events_of(options.command)
    rates = Rates(
        options.address_members,
        options.address_joins,
        options.address_message_bytes,
        options.address_history_bytes,
    )
    retention = Retention(options.history_bytes, options.history_days)
    room, cookie_secrets = make_room(process, options.command, options.history, retention)
    connections = options.make_connections()
    chat = Chat(room, process.now, process.reactor, events, rates, lambda: connections.is_stopping)
    streams = ConversationFactory(
        process.reactor,
        events,
        chat.converse,
        options.make_channel,
        connections,
    )
    datagrams = DatagramServer(
        process.reactor,
        events,
        chat.converse,
        streams.connections,
        options.idle_timeout,
        options.max_message,
        join_by_name=options.join_by_name,
        cookie_secrets=cookie_secrets,
    )
    text = "Messages dropped because they exceed the limit of an address that is not proved."
    process.add_counter(options.command, "over_limit", text, lambda: datagrams.over_limit)
    text = "Packets that were sent again."
    process.add_counter(options.command, "retransmissions", text, lambda: datagrams.retransmissions)
    listening = [datagram_listener(options, process.reactor, datagrams)]
    if options.tcp_port is not None:
        listening += listeners(process, options, "tcp-port")
    process.names[options.command] = chat.name_of
    if options.tls:
        process.reactor.callWhenRunning(events.not_encrypted)
    return NetworkService(process, events, listening, streams, streams.connections)


makeService = in_own_process(build)
