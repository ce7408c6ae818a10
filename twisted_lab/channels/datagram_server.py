"""Server of one UDP port, with a channel and a conversation for each peer."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from twisted.internet.interfaces import IDelayedCall, IReactorTime
from twisted.internet.protocol import DatagramProtocol

from twisted_lab.channels.channel import Conversation
from twisted_lab.channels.closing import cancel
from twisted_lab.channels.connections import Connections
from twisted_lab.channels.datagram import Address, DatagramChannel
from twisted_lab.channels.deadlines import Deadlines
from twisted_lab.channels.idleness import has_unread
from twisted_lab.channels.plain import PlainChannel, datagrams_of
from twisted_lab.channels.refusals import Refusals
from twisted_lab.channels.reliable import ReliableChannel
from twisted_lab.channels.unproven import UnprovenChannel, name_in
from twisted_lab.codecs import MAX_MESSAGE
from twisted_lab.disconnects import Disconnect
from twisted_lab.eventlog.events import ServiceEvents
from twisted_lab.peers import Network, is_near
from twisted_lab.reliable import (
    MARK,
    AddressValidator,
    BadPacket,
    CookieSecrets,
    Hello,
    Open,
    OwnSecrets,
    Refusal,
    Session,
    Side,
    Welcome,
    decode,
    is_sealed,
    seal,
)


class DatagramServer(DatagramProtocol):
    """Runs a conversation with each peer that has proved its address with a cookie.

    With `join_by_name` also with peers nearby that send ``NAME: TEXT``, see `UnprovenChannel`.

    Args:
        clock: The clock for timers and rate limits.
        events: The reporter of the service's events.
        converse: The conversation.
        connections: The container for open connections, with their limits.
        patience: The idle timeout of a peer, in seconds.
        max_message: The most bytes of a message.
        random: Returns random bytes.
        join_by_name: The network in which peers may join by name, in addition to loopback; None for
            nowhere.
        cookie_secrets: The secrets of the cookies, which servers can share; by default its own.

    Attributes:
        validator: Verifies addresses.
        over_limit: The number of messages that were dropped because their address was not proved.
    """

    transport: Any  # see `twisted_lab.ports.udp_port.DatagramPort`
    noisy = False

    def __init__(
        self,
        clock: IReactorTime,
        events: ServiceEvents,
        converse: Conversation,
        connections: Connections,
        patience: float,
        max_message: int = MAX_MESSAGE,
        random: Callable[[int], bytes] = secrets.token_bytes,
        join_by_name: Network | None = None,
        cookie_secrets: CookieSecrets | None = None,
    ) -> None:
        self.clock = clock
        self.events = events
        self.converse = converse
        self.connections = connections
        self.patience = patience
        self.max_message = max_message
        self._random = random
        self.validator = AddressValidator(cookie_secrets or OwnSecrets(random))
        self.over_limit = 0
        self._join_by_name = join_by_name
        self._unproven: set[DatagramChannel] = set()
        self._refusals = Refusals(clock, events, connections)
        self._peers: dict[Address, DatagramChannel] = {}
        self._sessions: dict[int, ReliableChannel] = {}
        self._clients: dict[int, ReliableChannel] = {}
        self._deadlines = Deadlines(clock, lambda: has_unread(self.transport))
        self._touched: dict[DatagramChannel, None] = {}
        self._in_turn = False
        self._out: list[tuple[bytes, Sequence[Address]]] = []
        self._resent = 0  # packets, by sessions that have ended
        self._flushing: IDelayedCall | None = None

    # In

    def datagramReceived(self, data: bytes, addr: Address) -> None:
        """See `twisted.internet.protocol.AbstractDatagramProtocol`."""
        self._in_turn = True
        try:
            if data[:1] == bytes((MARK,)):
                self._take_packet(data, addr)
            else:
                self._take_text(data, addr)
        finally:
            self._flush()

    def _take_text(self, data: bytes, address: Address) -> None:
        channel = self._peers.get(address)
        if isinstance(channel, PlainChannel):
            channel.received(data)
            self._deadlines.look(channel)
        elif self.connections.draining:
            return
        elif channel is None and (name := self._joining_name(data, address)):
            self._unproven.add(named := UnprovenChannel(self, address, name))
            self._admit(named)
            named.received(data)
        else:
            # The peer of a session at this address may be gone. Only a cookie proves that; without
            # one, forged datagrams could end sessions.
            message, answer = self.validator.hear(data, *address[:2], self.clock.seconds())
            if message is not None and (refusal := self._refusals.reason(*address[:2])):
                message, answer = None, f"error: {refusal}\n".encode()
            if answer:
                self.send(answer, address)
            if message is not None:
                self._evict(address)
                self._admit(plain := PlainChannel(self, address))
                if channel is None:
                    plain.received(message.encode())
                else:  # The replaced conversation ends first, and releases its user name.
                    self.clock.callLater(0, plain.received, message.encode())

    def _joining_name(self, data: bytes, address: Address) -> str:
        """Return the name that a stranger may join by; empty if it may not."""
        # Forged addresses must not use up the connections of all, nor those of a forged address.
        most = min(self.connections.most, self.connections.most_per_peer) // 2
        if (
            self._join_by_name is None
            or len(self._unproven) >= most
            or not is_near(address[0], self._join_by_name)
            or not (name := name_in(data))
            or self._refusals.reason(*address[:2], is_proven=False)
        ):
            return ""
        return name

    def _take_packet(self, data: bytes, address: Address) -> None:
        try:
            packet = decode(data)
        except BadPacket:
            return
        channel = None if isinstance(packet, Hello | Open) else self._sessions.get(packet.number)
        if channel is None or channel.address != address:
            if channel is not None and not is_sealed(data, channel.session.key, Side.CLIENT):
                return
            now = self.clock.seconds()
            opening, answer = self.validator.receive(packet, data, *address[:2], now)
            if answer:
                self.send(answer, address)
            if opening is not None:
                self._open(opening, address)
        elif is_sealed(data, channel.session.key, Side.CLIENT):
            channel.receive(packet)

    def _open(self, packet: Open, address: Address) -> None:
        channel = self._clients.get(packet.number)
        now = self.clock.seconds()
        if channel is None:
            if self.connections.draining:
                return
            if refusal := self._refusals.reason(*address[:2]):
                answer = Refusal(packet.number, packet.attempt, refusal.text.encode())
                self.send(seal(answer, packet.key, Side.SERVER), address)
                return
            number = int.from_bytes(self._random(8))
            session = Session(number, packet.key, Side.SERVER, self.max_message, now)
            self._evict(address)
            channel = ReliableChannel(self, address, session, packet.number, packet.attempt)
            self._clients[packet.number] = self._sessions[number] = channel
            self._admit(channel)
        elif channel.session.key != packet.key or packet.attempt < channel.attempt:
            return
        elif channel.address != address:
            del self._peers[channel.address]
            self._evict(address)
            self._peers[address] = channel
            channel.move(address)
        channel.attempt = packet.attempt
        channel.session.heard = now
        welcome = Welcome(packet.number, channel.session.number, packet.attempt)
        self.send(seal(welcome, packet.key, Side.SERVER), address)
        self.touch(channel)

    def _evict(self, address: Address) -> None:
        # Another peer has the address now, so the earlier one has gone without a close.
        if address in self._peers:
            self._peers[address].end(Disconnect.REPLACED.reason())

    def _admit(self, channel: DatagramChannel) -> None:
        self._peers[channel.address] = channel
        channel.begin()
        self._deadlines.look(channel)

    # Out

    def send(self, data: bytes, *addresses: Address) -> None:
        """Send a datagram to each address, in this turn of the reactor or the next."""
        self._out.append((data, addresses))
        if not self._in_turn:
            self._flush_soon()

    def relay(self, channels: Iterable[PlainChannel], pieces: list[bytes]) -> None:
        """Send messages, encoded as `pieces`, to all `channels`."""
        told = [channel for channel in channels if not channel.is_gone]
        addresses = [channel.address for channel in told]
        size = 0
        for data in pieces:
            for datagram in datagrams_of(data):
                size += len(datagram)
                self.send(datagram, *addresses)
        for channel in told:
            channel.relayed(len(pieces), size)

    def touch(self, channel: DatagramChannel) -> None:
        """Call the channel's `pump`, in this turn of the reactor or the next."""
        self._touched[channel] = None
        if not self._in_turn:
            self._flush_soon()

    def look(self, channel: DatagramChannel) -> None:
        """Schedule the channel again, after its deadline may have changed."""
        self._deadlines.look(channel)

    def _flush_soon(self) -> None:
        if self._flushing is None:
            self._flushing = self.clock.callLater(0, self._flush)

    def _flush(self) -> None:
        self._in_turn = True
        cancel(self._flushing)
        self._flushing = None
        try:
            while self._touched:
                channel, _ = self._touched.popitem()
                channel.pump()
                self._deadlines.look(channel)
        finally:
            out, self._out = self._out, []
            self._in_turn = False
        if self.transport is not None:
            for data, addresses in out:
                self.transport.send(data, addresses)

    @property
    def retransmissions(self) -> int:
        """The number of retransmitted packets."""
        return self._resent + sum(
            channel.session.sender.resent for channel in self._sessions.values()
        )

    # The end

    def hung_up(self, channel: DatagramChannel) -> None:
        """Handle the end of the channel's conversation: its client may begin a new one."""
        if isinstance(channel, ReliableChannel) and self._clients.get(channel.client) is channel:
            del self._clients[channel.client]

    def forget(self, channel: DatagramChannel) -> None:
        """Handle the end of the channel."""
        self.hung_up(channel)
        if self._peers.get(channel.address) is channel:
            del self._peers[channel.address]
        if isinstance(channel, ReliableChannel) and channel.session.number in self._sessions:
            del self._sessions[channel.session.number]
            self._resent += channel.session.sender.resent
        self._unproven.discard(channel)
        self._touched.pop(channel, None)
        self._deadlines.forget(channel)

    def stopProtocol(self) -> None:
        """See `twisted.internet.protocol.AbstractDatagramProtocol`."""
        cancel(self._flushing)
        self._deadlines.stop()
