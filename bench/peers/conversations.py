"""Numbered messages and broadcast on other libraries, with the same bytes on the wire.

    python -m bench.peers.conversations KIND

They have neither limits nor timeouts; like ours, they decode and encode the text.
"""

from __future__ import annotations

import asyncio
import struct
import sys
from itertools import count
from typing import Any, ClassVar

from twisted.internet.protocol import Factory
from twisted.protocols.basic import Int32StringReceiver, LineReceiver

from bench.peers import BACKLOG
from bench.peers.echo import HOST, on_uvloop, serve


async def number_messages(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Ask for one message after another, until one is ``exit``."""

    def say(text: str) -> None:
        data = text.encode()
        writer.write(struct.pack("!I", len(data)) + data)

    try:
        for number in count(1):
            say(f"Message {number}:")
            await writer.drain()
            (size,) = struct.unpack("!I", await reader.readexactly(4))
            text = (await reader.readexactly(size)).decode()
            if text == "exit":
                break
            say(f"Your message: {text.upper()}")
    except (ConnectionError, asyncio.IncompleteReadError):
        pass
    finally:
        writer.close()


async def streams() -> None:
    """Serve the numbered messages with streams."""
    await serve(await asyncio.start_server(number_messages, HOST, 0, backlog=BACKLOG))


class NumberedMessages(Int32StringReceiver):
    """The numbered messages on Twisted alone."""

    transport: Any

    def connectionMade(self) -> None:
        """Ask for the first message."""
        self._number = 0
        self._ask()

    def _ask(self) -> None:
        self._number += 1
        self.sendString(f"Message {self._number}:".encode())

    def stringReceived(self, string: bytes) -> None:  # noqa: N802
        """Answer, and ask for the next one."""
        text = string.decode()
        if text == "exit":
            self.transport.loseConnection()
            return
        self.sendString(f"Your message: {text.upper()}".encode())
        self._ask()


class Broadcast(LineReceiver):
    """The broadcast on Twisted alone; it encodes a line once for all members."""

    transport: Any
    delimiter = b"\n"
    members: ClassVar[dict[Broadcast, None]] = {}

    def connectionMade(self) -> None:
        """Greet."""
        self.sendLine(b"CONNECT")
        self.members[self] = None

    def lineReceived(self, line: bytes) -> None:
        """Send the line to all members."""
        peer = self.transport.getPeer()
        text = f"Message from client {(peer.host, peer.port)}: {line.decode().upper()}\n"
        data = text.encode()
        for member in self.members:
            member.transport.write(data)

    def connectionLost(self, reason: object = None) -> None:
        """Remove the member."""
        del self.members[self]


def twisted(protocol: type[Any]) -> None:
    """Serve with Twisted."""
    from twisted.internet import reactor

    r: Any = reactor
    port = r.listenTCP(0, Factory.forProtocol(protocol), BACKLOG, HOST)
    print(port.getHost().port, flush=True)
    r.run()


KINDS = {
    "uvloop-streams": lambda: on_uvloop(streams),
    "twisted-messages": lambda: twisted(NumberedMessages),
    "twisted-broadcast": lambda: twisted(Broadcast),
}

if __name__ == "__main__":
    KINDS[sys.argv[1]]()
