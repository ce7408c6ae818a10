"""A chat in one process, with members that read everything and members that read nothing."""

from __future__ import annotations

import gc
from collections.abc import Callable
from typing import Any
from weakref import WeakSet

from twisted.internet.error import ConnectionAborted
from twisted.internet.task import Clock
from twisted.logger import LogLevel
from twisted.python.failure import Failure

from tests.doubles.chat_network import Address, Socket
from tests.doubles.recording import Wire, recorded_events
from tests.doubles.rooms import open_chat
from twisted_lab.channels import Connections, ConversationFactory, TextChannel
from twisted_lab.channels.datagram_server import DatagramServer
from twisted_lab.codecs import encode_frame
from twisted_lab.reliable.packets import (
    NO_KEY,
    Cookie,
    Data,
    Hello,
    Open,
    Side,
    Welcome,
    decode,
    seal,
)
from twisted_lab.rooms import MemoryHistory

KEY = bytes(16)
LONG = "x" * 60_000


class FullWire(Wire):
    """A transport whose kernel accepts everything until the peer stops reading."""

    is_full = False

    def write(self, data: bytes) -> None:
        super().write(data)
        if self.is_full and self.producer is not None:
            self.producer.pauseProducing()


class Reader:
    """A TCP member that reads everything immediately.

    Attributes:
        heard: The messages since the last access.
    """

    def __init__(self, crowd: Crowd, name: str) -> None:
        self._wire = Wire()
        self.channel = crowd.connect(self._wire, name)

    def heard(self) -> list[str]:
        lines: list[str] = self._wire.value().decode().splitlines()
        self._wire.clear()
        return lines


class Crowd:
    """A chat with readers and silent members.

    Attributes:
        clock: The time.
        connections: The open connections.
        log: The logged events.
        readers: The members that read everything.
        silent: The members that read nothing, as weak references.
    """

    def __init__(self) -> None:
        self.clock = Clock()
        self.clock.advance(1000)
        events, self.log = recorded_events(LogLevel.warn)
        self.connections = Connections(most_per_peer=10_000)
        chat = open_chat(MemoryHistory(), self.clock)
        self._streams = ConversationFactory(
            self.clock, events, chat.converse, lambda: TextChannel(60), self.connections
        )
        self._datagrams = DatagramServer(self.clock, events, chat.converse, self.connections, 60.0)
        self._answers: list[bytes] = []
        self._datagrams.transport = Socket(lambda data, _: self._answers.append(data))
        self.readers: list[Reader] = []
        self._wires: list[tuple[TextChannel, Wire]] = []
        self.silent: WeakSet[Any] = WeakSet()
        self._count = 0
        # A single member would exceed its rate limit.
        for number in range(8):
            self.readers.append(Reader(self, f"r{number}"))

    def connect(self, wire: Wire, name: str) -> TextChannel:
        channel = self._streams.buildProtocol(None)
        assert isinstance(channel, TextChannel)
        channel.makeConnection(wire)
        channel.dataReceived(f"/join {name}\n".encode())
        return channel

    def add_stream(self) -> None:
        """Add a TCP member whose kernel accepts nothing from here on."""
        self._count += 1
        wire = FullWire()
        channel = self.connect(wire, f"s{self._count}")
        wire.is_full = True
        self._wires.append((channel, wire))
        self.silent.add(channel)

    def add_session(self, port: int | None = None) -> None:
        """Add a member by the reliable protocol that acknowledges nothing."""
        self._count += 1
        address = "192.0.2.1", port or self._count
        cookie = self._ask(seal(Hello(self._count), NO_KEY, Side.CLIENT), address)
        assert isinstance(cookie, Cookie)
        welcome = self._ask(
            seal(Open(self._count, cookie.cookie, KEY, 1), KEY, Side.CLIENT), address
        )
        assert isinstance(welcome, Welcome)
        join = encode_frame(f"/join s{self._count} {self._count:016x}".encode())
        self._ask(seal(Data(welcome.session, 0, 0, join), KEY, Side.CLIENT), address)
        self.silent.add(self._datagrams._peers[address])

    def _ask(self, packet: bytes, address: Address) -> Any:
        self._answers.clear()
        self._datagrams.datagramReceived(packet, address)
        return decode(self._answers[0])

    def turn(self) -> None:
        """Run turns of the reactor; aborted connections are lost in the first one."""
        self.clock.advance(0)
        for channel, wire in self._wires:
            if wire.disconnected:
                channel.connectionLost(Failure(ConnectionAborted()))
        self._wires = [(channel, wire) for channel, wire in self._wires if not wire.disconnected]
        self.clock.pump([0.0, 0.0])
        self._answers.clear()

    def drop(self, add: Callable[[Crowd], None], count: int) -> None:
        """Add `count` members that read nothing, and have all dropped in one fan-out.

        Raises:
            AssertionError: Something of them is left, or the readers got different messages.
        """
        self.readers.append(Reader(self, f"r{len(self.readers)}"))
        for number in range(count):
            if number == count // 2:
                # So that one of them has its turn during the fan-out.
                self.readers.append(Reader(self, f"r{len(self.readers)}"))
            add(self)
        self.turn()
        for reader in self.readers:
            reader.heard()
        before = len(self.clock.getDelayedCalls())
        for number in range(8):
            self.readers[number].channel.dataReceived(f"{number} {LONG}\n".encode())
        assert len(self.connections) == len(self.readers) + count, "it was done within say()"
        self.turn()
        heard = self.heard()
        said = [f"r{number}: {number} {LONG}" for number in range(8)]
        assert heard[:8] == said, "not what was said"
        assert [line.endswith(" has left") for line in heard[8:]] == [True] * count
        assert len(self.connections) == len(self.readers)
        assert self.log.names == ["client dropped"] * count, self.log.messages
        self.log.clear()
        # Their deadlines are removed as they expire.
        for _ in range(3):
            self.clock.advance(30)
            for reader in self.readers:
                reader.channel.dataReceived(b"\n")
        gc.collect()
        assert len(self.silent) == 0, "they are still in memory"
        assert len(self.clock.getDelayedCalls()) <= before

    def heard(self) -> list[str]:
        """Return the messages of the readers, which must be the same for all."""
        first, *others = [reader.heard() for reader in self.readers]
        for heard in others:
            assert heard == first, "in another order"
        return first

    def end(self) -> None:
        """Let the readers leave."""
        for reader in self.readers:
            reader.channel.dataReceived(b"/leave\n")
