"""Datagrams to the server and to the client."""

from __future__ import annotations

from collections.abc import Iterator

from twisted.internet.task import Clock

from tests.doubles.chat_network import Socket
from tests.doubles.recording import recorded_events
from tests.doubles.rooms import open_chat
from twisted_lab.channels import Connections
from twisted_lab.channels.datagram_server import DatagramServer
from twisted_lab.client.chat_client import ChatClient
from twisted_lab.reliable.packets import (
    NO_KEY,
    BadPacket,
    Cookie,
    Hello,
    Open,
    Side,
    Welcome,
    decode,
    seal,
)
from twisted_lab.reliable.packets import _seal as seal_of
from twisted_lab.rooms import MemoryHistory

KEY = bytes(range(16))
ADDRESSES = [("192.0.2.7", 4000), ("192.0.2.8", 4000)]


def _steps(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Split `data` into steps of an action, a number of bytes, and the bytes."""
    while len(data) >= 2:
        action, size, data = data[0], data[1], data[2:]
        yield action, data[:size]
        data = data[size:]


class ChatServer:
    """A chat server, and the datagrams that it has sent to each address."""

    def __init__(self) -> None:
        self._drawn = 0
        self.clock = Clock()
        self.clock.advance(1_700_000_000)
        self.sent: list[tuple[bytes, tuple[str, int]]] = []
        events, self.recorder = recorded_events()
        chat = open_chat(MemoryHistory(), self.clock)
        self.connections = Connections()
        self.datagrams = DatagramServer(
            self.clock, events, chat.converse, self.connections, 60.0, 1000, self._random
        )
        self.datagrams.transport = Socket(lambda data, where: self.sent.append((data, where)))
        self.session = 0

    def _random(self, size: int) -> bytes:
        # All are different, and the same in each run.
        self._drawn += 1
        return self._drawn.to_bytes(size)

    def give(self, data: bytes, address: tuple[str, int]) -> None:
        """Deliver a datagram; a stranger gets at most one answer, of up to three times its size."""
        is_stranger = address not in self.datagrams._peers
        self.sent.clear()
        self.datagrams.datagramReceived(data, address)
        if is_stranger and address not in self.datagrams._peers and not self.connections.served:
            assert len(self.sent) <= 1
            assert sum(len(answer) for answer, _ in self.sent) <= 3 * len(data)

    def open(self, address: tuple[str, int], attempt: int) -> None:
        """Open a session as a client does."""
        self.give(seal(Hello(7), NO_KEY, Side.CLIENT), address)
        for answer, _ in list(self.sent):
            packet = decode(answer)
            if isinstance(packet, Cookie):
                self.give(seal(Open(7, packet.cookie, KEY, attempt), KEY, Side.CLIENT), address)
        for answer, _ in list(self.sent):
            packet = decode(answer)
            if isinstance(packet, Welcome):
                self.session = packet.session


def datagram(data: bytes) -> None:
    """Any datagrams to the chat from two addresses, sealed or not, raise nothing."""
    server = ChatServer()
    for action, body in _steps(data):
        address = ADDRESSES[action >> 7]
        kind = action & 7
        if kind == 0:
            server.give(body, address)
        elif kind == 1:
            server.open(address, len(body))
        elif kind == 2:
            server.clock.advance(len(body) / 4)
        elif kind == 3:
            server.give(body + seal_of(body, KEY, Side.CLIENT), address)
        else:
            # A packet of the open session, with the right mark, kind and number.
            whole = bytes((0xC1,)) + body[:1] + server.session.to_bytes(8) + body[1:]
            server.give(whole + seal_of(whole, KEY, Side.CLIENT), address)
    assert "conversation failed" not in server.recorder.names, server.recorder.messages
    for _ in range(200):
        server.clock.advance(1)
    assert not server.connections, "somebody stays for ever"


def packet(data: bytes) -> None:
    """A decoded packet is the same after it is encoded and decoded again."""
    try:
        found = decode(data)
    except BadPacket:
        return
    assert decode(seal(found, KEY, Side.CLIENT)) == found


class _Wire:
    def write(self, data: bytes) -> None:
        pass

    def reopen(self) -> None:
        pass


def client(data: bytes) -> None:
    """Any datagrams from a server to the client of the chat raise nothing."""
    clock = Clock()
    client = ChatClient(clock, "Anna", lambda _: None, lambda _: None, 60.0, bytes)
    client.start(_Wire())
    client.ended.addErrback(lambda _: None)
    for action, body in _steps(data):
        if action & 1:
            clock.advance(len(body) / 4)
        elif action & 2:
            whole = bytes((0xC1,)) + body[:1] + bytes(8) + body[1:]
            client.receive(whole + seal_of(whole, bytes(16), Side.SERVER))
        else:
            client.receive(body)
    client.abort()
    assert not clock.getDelayedCalls(), "a timer is left"
