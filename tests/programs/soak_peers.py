"""The peers of a soak test: each connects, talks or misbehaves, checks answers, and leaves."""

from __future__ import annotations

import random
import socket
import struct
from collections.abc import Awaitable, Callable
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.endpoints import TCP4ClientEndpoint, connectProtocol
from twisted.internet.interfaces import IHalfCloseableProtocol
from twisted.internet.protocol import DatagramProtocol, Protocol, connectionDone
from twisted.internet.task import deferLater
from twisted.python.failure import Failure
from zope.interface import implementer

PATIENCE = 60.0  # seconds after which an answer counts as missing
PASSWORD = b"correct horse battery"


class WrongAnswer(Exception):
    """The server gave a wrong answer."""


@implementer(IHalfCloseableProtocol)
class Peer(Protocol):
    """A connection whose answers can be awaited."""

    transport: Any

    def __init__(self, reactor: Any) -> None:
        self._reactor = reactor
        self._came = b""
        self._ended = False
        self._waits: tuple[Callable[[], bool], Deferred[None]] | None = None

    def dataReceived(self, data: bytes) -> None:
        self._came += data
        self._look()

    def readConnectionLost(self) -> None:
        self._ended = True
        self._look()
        self.transport.loseConnection()

    def writeConnectionLost(self) -> None:
        pass

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        self._ended = True
        self._look()

    def _look(self) -> None:
        if self._waits is not None and self._waits[0]():
            waits, self._waits = self._waits[1], None
            waits.callback(None)

    async def _until(self, condition: Callable[[], bool], what: object) -> None:
        if not condition():
            waits: Deferred[None] = Deferred()
            self._waits = (condition, waits)
            timer = self._reactor.callLater(PATIENCE, waits.cancel)
            try:
                await waits
            except BaseException:
                raise WrongAnswer(f"{what!r} never came, but {self._came[:200]!r}") from None
            finally:
                if timer.active():
                    timer.cancel()

    def say(self, data: bytes) -> None:
        self.transport.write(data)

    async def hear(self, expected: bytes) -> None:
        """Wait for exactly `expected`."""
        await self._until(lambda: self._ended or len(self._came) >= len(expected), expected)
        if not self._came.startswith(expected):
            raise WrongAnswer(f"{self._came[:200]!r} instead of {expected[:200]!r}")
        self._came = self._came[len(expected) :]

    async def line(self) -> bytes:
        """Wait for a line."""
        await self._until(lambda: self._ended or b"\n" in self._came, "a line")
        line, _, self._came = self._came.partition(b"\n")
        return line

    async def end(self) -> bytes:
        """Wait for the end, and return the input before it."""
        await self._until(lambda: self._ended, "the end")
        return self._came

    def leave(self) -> None:
        self.transport.loseConnection()

    def reset(self) -> None:
        self.transport.abortConnection()


class ChatPeer(DatagramProtocol):
    """A plain member of the chat."""

    transport: Any

    def __init__(self, reactor: Any, server: tuple[str, int]) -> None:
        self._reactor = reactor
        self._server = server
        self._waits: Deferred[bytes] | None = None

    def datagramReceived(self, data: bytes, addr: object) -> None:
        if self._waits is not None:
            waits, self._waits = self._waits, None
            waits.callback(data)

    async def ask(self, data: bytes) -> bytes:
        """Send a message, and return the next datagram."""
        waits: Deferred[bytes] = Deferred()
        self._waits = waits
        timer = self._reactor.callLater(PATIENCE, waits.cancel)
        self.transport.write(data, self._server)
        answer = await waits
        timer.cancel()
        return answer


class Crowd:
    """Makes peers of all kinds.

    Args:
        reactor: The reactor.
        ports: The port of each service.
        chance: The source of random decisions.

    Attributes:
        chance: See above.
    """

    def __init__(self, reactor: Any, ports: dict[str, int], chance: random.Random) -> None:
        self._reactor = reactor
        self._ports = ports
        self.chance = chance
        self._accounts: set[bytes] = set()
        self._busy: set[int] = set()  # numbers in use by a peer
        self.kinds: list[tuple[float, Callable[[], Awaitable[None]]]] = [
            (20, self.echo),
            (20, self.messages),
            (15, self.ident),
            (15, self.broadcast),
            (10, self.chat),
            (2, self.auth),
            (3, self.half_closed),
            (5, self.garbage),
            (3, self.too_long),
            (3, self.wrong_length),
            (3, self.not_utf8),
            (2, self.silent),
            (2, self.slow_reader),
            (10, self.reset),
        ]

    async def visit(self) -> str:
        """Run one peer; return its kind."""
        weights = [weight for weight, _ in self.kinds]
        [(_, kind)] = self.chance.choices(self.kinds, weights)
        await kind()
        return kind.__name__

    async def _connect(self, service: str) -> Peer:
        host = f"127.0.{self.chance.randrange(1, 3)}.{self.chance.randrange(1, 100)}"
        endpoint = TCP4ClientEndpoint(
            self._reactor, "127.0.0.1", self._ports[service], bindAddress=(host, 0)
        )
        peer: Peer = await connectProtocol(endpoint, Peer(self._reactor))
        return peer

    def _text(self) -> bytes:
        return (
            bytes(self.chance.choices(b"abcdefgh ", k=self.chance.randrange(1, 200))).strip()
            or b"x"
        )

    async def echo(self) -> None:
        peer = await self._connect("echo")
        for _ in range(self.chance.randrange(1, 10)):
            data = self.chance.randbytes(self.chance.randrange(1, 50_000))
            peer.say(data)
            await peer.hear(data)
        peer.leave()

    async def half_closed(self) -> None:
        peer = await self._connect("echo")
        data = self.chance.randbytes(100_000)
        peer.say(data)
        peer.transport.loseWriteConnection()
        if await peer.end() != data:
            raise WrongAnswer("a half-closed peer did not get all")

    async def messages(self) -> None:
        peer = await self._connect("messages")
        for number in range(1, self.chance.randrange(2, 20)):
            text = self._text()
            await peer.hear(frame(b"Message %d:" % number))
            peer.say(frame(text))
            await peer.hear(frame(b"Your message: " + text.upper()))
        peer.say(frame(b"exit"))
        await peer.end()

    async def ident(self) -> None:
        peer = await self._connect("ident")
        line = await peer.line()
        if line == b"What's your name?":
            peer.say(self._text()[:60] + b"\n")
            line = await peer.line()
        if not line.startswith(b"Hello, "):
            raise WrongAnswer(f"{line!r} from ident")
        await peer.end()

    async def auth(self) -> None:
        free = [number for number in range(30) if number not in self._busy]
        self._busy.add(number := self.chance.choice(free))
        try:
            await self._log_in(b"member%d" % number)
        finally:
            self._busy.remove(number)

    async def _log_in(self, name: bytes) -> None:
        peer = await self._connect("auth")
        await peer.hear(b"Name or token?\n")
        peer.say(name + b"\n")
        if name in self._accounts:
            await peer.hear(b"Password?\n")
            peer.say(PASSWORD + b"\n")
        else:
            self._accounts.add(name)
            await peer.hear(b"New name. Choose a password:\n")
            peer.say(PASSWORD + b"\n")
            await peer.hear(b"Repeat the password:\n")
            peer.say(PASSWORD + b"\n")
        await peer.hear(b"Hello, " + name + b"\n")
        if not (await peer.line()).startswith(b"Token: nlt_"):
            raise WrongAnswer("no token")
        peer.say(b"whoami\nlogout\n")
        await peer.hear(name + b"\n")
        await peer.end()

    async def broadcast(self) -> None:
        peer = await self._connect("broadcast")
        await peer.hear(b"CONNECT\n")
        text = self._text()
        peer.say(text + b"\n")
        host = peer.transport.getHost()
        mine = f"Message from client ('{host.host}', {host.port}): ".encode() + text.upper()
        while (line := await peer.line()) != mine:
            if not line.startswith(b"Message from client"):
                raise WrongAnswer(f"{line!r} from broadcast")
        peer.leave()

    async def chat(self) -> None:
        name = b"soak%d" % self.chance.randrange(10**9)
        member = ChatPeer(self._reactor, ("127.0.0.1", self._ports["chat"]))
        port = self._reactor.listenUDP(0, member, "127.0.0.1")
        try:
            cookie = await member.ask(b"/join " + name)
            if not (await member.ask(cookie)).startswith(b"* welcome"):
                raise WrongAnswer("no welcome to the chat")
            await member.ask(self._text())
            member.transport.write(b"/leave", ("127.0.0.1", self._ports["chat"]))
        finally:
            await port.stopListening()

    async def garbage(self) -> None:
        peer = await self._connect(self.chance.choice(["messages", "ident", "auth", "broadcast"]))
        peer.say(self.chance.randbytes(self.chance.randrange(1, 5000)))
        await deferLater(self._reactor, self.chance.random())
        peer.reset()

    async def too_long(self) -> None:
        peer = await self._connect("broadcast")
        peer.say(b"x" * 70_000 + b"\n")
        if b"is over the limit of 65536" not in await peer.end():
            raise WrongAnswer("not told that it was too long")

    async def wrong_length(self) -> None:
        peer = await self._connect("messages")
        peer.say(b"\xff\xff\xff\xff" + b"x" * 100)
        if b"is over the limit of 65536" not in await peer.end():
            raise WrongAnswer("not told that it was too long")

    async def not_utf8(self) -> None:
        peer = await self._connect("broadcast")
        peer.say(b"\xfe\n")  # 0xFF would start a telnet command.
        if b"error: not UTF-8 at byte 0" not in await peer.end():
            raise WrongAnswer("not told that it was not UTF-8")

    async def silent(self) -> None:
        peer = await self._connect(self.chance.choice(["echo", "messages", "ident", "auth"]))
        await peer.end()

    async def slow_reader(self) -> None:
        peer = await self._connect("echo")
        peer.transport.pauseProducing()
        peer.say(bytes(5_000_000))
        await deferLater(self._reactor, 2 * self.chance.random())
        peer.reset()

    async def reset(self) -> None:
        peer = await self._connect(
            self.chance.choice(["echo", "messages", "ident", "auth", "broadcast"])
        )
        linger = struct.pack("ii", 1, 0)
        peer.transport.getHandle().setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        for _ in range(self.chance.randrange(3)):
            peer.say(self.chance.choice([b"hello\n", frame(b"hello"), b"x"]))
            await deferLater(self._reactor, 0.05 * self.chance.random())
        peer.reset()


def frame(text: bytes) -> bytes:
    """Put a message into an Int32 frame."""
    return struct.pack("!I", len(text)) + text
