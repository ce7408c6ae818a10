"""A session of the reliable protocol."""

from __future__ import annotations

from itertools import count

from twisted_lab.check.outcomes import Failed
from twisted_lab.check.profiles.netlab.scenarios.room import ChatRoom
from twisted_lab.check.profiles.netlab.talk.datagrams import DatagramParty
from twisted_lab.check.profiles.netlab.talk.packets import Kind, Packet, opened, sealed
from twisted_lab.check.profiles.netlab.talk.wire import INT32
from twisted_lab.text.language import _

_VERSION = b"\1"
_MOST_BYTES = 1 << 20  # a server may send without end


class Session:
    """A session of the reliable protocol, without retransmissions: loopback loses nothing.

    Args:
        room: Where all chance comes from.
        party: The peer whose session it is.

    Attributes:
        key: Its key.
        party: The peer whose session it is.
        session: The number that the server has given it.
    """

    def __init__(self, room: ChatRoom, party: DatagramParty) -> None:
        chance = room.lab.trial.random
        self._number = chance.randrange(1 << 64)
        self.key = chance.randbytes(16)
        self.party = party
        self.session = 0
        self._next = 0  # the sequence number of the next packet of the server
        self._acknowledged = 0
        self._sequence = count()
        self._stream = b""

    async def open(self) -> None:
        """Open the session."""
        self.party.send(sealed(Packet(Kind.HELLO, self._number, _VERSION)))
        cookie = await self.receive(Kind.COOKIE, key=b"")
        if len(cookie.body) != 13 or cookie.body[:1] != _VERSION or cookie.number != self._number:
            raise Failed(_("The cookie has another form."))
        attempt = (1).to_bytes(4, "big")
        body = cookie.body[1:] + self.key + attempt
        self.party.send(sealed(Packet(Kind.OPEN, self._number, body), self.key))
        welcome = await self.receive(Kind.WELCOME, key=self.key)
        if welcome.number != self._number or welcome.body[8:] != attempt:
            raise Failed(_("The welcome is not for this attempt."))
        self.session = int.from_bytes(welcome.body[:8], "big")

    async def receive(self, kind: Kind, key: bytes) -> Packet:
        """Return the next packet, which must be of a kind."""
        data = await self.party.hear()
        packet = opened(data, key) if data else None
        if packet is None or packet.kind is not kind:
            name = packet.kind.name if packet else _("no valid packet")
            raise Failed(_("Instead of {kind} came {name}.", kind=kind.name, name=name))
        return packet

    def data(self, *texts: str) -> bytes:
        """Return a data packet with messages."""
        fragment = b"".join(map(INT32.encode, texts))
        body = next(self._sequence).to_bytes(4, "big") + bytes(4) + fragment
        return self.packet(Kind.DATA, body)

    def packet(self, kind: Kind, body: bytes) -> bytes:
        """Return a packet of the session."""
        return sealed(Packet(kind, self.session, body), self.key)

    async def expect(self, *texts: str) -> None:
        """See that messages come next; packets are acknowledged as they come."""
        for text in texts:
            while not (message := INT32.decode(self._stream)):
                await self._take_packet()
            found, size = message
            self._stream = self._stream[size:]
            if found != text:
                raise Failed(_('Instead of "{text}" came "{found}".', text=text, found=found))

    async def expect_acknowledged(self, sequence: int) -> None:
        """See that all packets before a sequence number are acknowledged."""
        while self._acknowledged < sequence:
            await self._take_packet()

    async def _take_packet(self) -> None:
        data = await self.party.hear()
        packet = opened(data, self.key) if data else None
        if packet is None or packet.number != self.session:
            raise Failed(_("No packet of the session came."))
        if packet.kind is Kind.ACK:
            self._acknowledged = max(self._acknowledged, int.from_bytes(packet.body[:4], "big"))
        elif packet.kind is Kind.DATA:
            if int.from_bytes(packet.body[:4], "big") == self._next:
                self._next += 1
                self._stream += packet.body[8:]
            if len(self._stream) > _MOST_BYTES:
                raise Failed(_("The server sends more than it should."))
            self.party.send(self.packet(Kind.ACK, self._next.to_bytes(4, "big") + packet.body[4:8]))
