"""Attackers: sockets at one address, with a count of sent bytes."""

from __future__ import annotations

import secrets
import socket
import struct
import time
from contextlib import ExitStack, suppress
from itertools import takewhile
from typing import Self

from tests.hostile.crowd import connect, join, plain_socket
from tests.hostile.target import Target
from twisted_lab.reliable.packets import (
    NO_KEY,
    Close,
    Cookie,
    Data,
    Hello,
    Open,
    Side,
    Welcome,
    decode,
    seal,
)

PATIENCE = 10.0  # seconds without an answer after which an attacker continues
HANDSHAKE = 40  # bytes that each connection takes at least: the first packet's header


class Peer:
    """A socket with a count of sent bytes.

    Args:
        attacker: Its owner.
        own: The socket.
    """

    def __init__(self, attacker: Attacker, own: socket.socket) -> None:
        self._attacker = attacker
        self.socket = own

    def send(self, data: bytes) -> Self:
        """Send everything, unless the server closes the connection first."""
        self._attacker.sent += len(data)
        with suppress(OSError):
            self.socket.sendall(data)
        return self

    def hear(self, text: bytes) -> Self:
        """Wait until `text` is received."""
        self.first_of(text)
        return self

    def first_of(self, *texts: bytes) -> bytes:
        """Wait until one of `texts` is received, and return it."""
        heard = b""
        while True:
            data = self.socket.recv(65536)
            assert data, f"closed after {heard[-200:]!r}, before {texts!r} arrived"
            heard = heard[-100:] + data
            for text in texts:
                if text in heard:
                    return text

    def pending(self) -> int:
        """Read the received bytes without waiting; return their number."""
        count = 0
        self.socket.setblocking(False)
        with suppress(BlockingIOError):
            while data := self.socket.recv(65536):
                count += len(data)
        self.socket.settimeout(PATIENCE)
        return count

    def end(self) -> None:
        """Half-close, read until the server closes the connection, and close."""
        with suppress(OSError):
            self.socket.shutdown(socket.SHUT_WR)
            while self.socket.recv(65536):
                pass
        self.socket.close()


class ReliablePeer(Peer):
    """A session of the reliable protocol without retransmission, since loopback loses nothing.

    Args:
        attacker: Its owner.
        own: The socket.
    """

    def __init__(self, attacker: Attacker, own: socket.socket) -> None:
        super().__init__(attacker, own)
        self.key = secrets.token_bytes(16)
        self.number = secrets.randbits(64)
        self.session = 0
        self.attempt = 0
        self._sequence = 0

    def open(self) -> Self:
        """Open the session, or move it to this socket."""
        self.attempt += 1
        self.send(seal(Hello(self.number), NO_KEY, Side.CLIENT))
        while not isinstance(cookie := decode(self.socket.recv(2048)), Cookie):
            pass
        self.send(
            seal(Open(self.number, cookie.cookie, self.key, self.attempt), self.key, Side.CLIENT)
        )
        return self

    def is_welcome(self) -> bool:
        """Wait until the session is open or a timeout; return whether it is open."""
        with suppress(TimeoutError):
            while not isinstance(welcome := decode(self.socket.recv(2048)), Welcome):
                pass
            self.session = welcome.session
        return self.session != 0

    def data(self, fragment: bytes, sequence: int | None = None) -> Self:
        """Send a fragment of the stream."""
        if sequence is None:
            sequence, self._sequence = self._sequence, self._sequence + 1
        return self.send(seal(Data(self.session, sequence, 0, fragment), self.key, Side.CLIENT))


def message(text: bytes) -> bytes:
    """Return a message of the stream: its length and its bytes."""
    return struct.pack(">I", len(text)) + text


class Attacker:
    """An attacker at one address.

    Args:
        target: The services under attack.
        host: The address.

    Attributes:
        target: See above.
        host: See above.
        name: A name for the chat, different from those of other attackers.
        sent: The bytes that it has sent, with a header for each connection.
    """

    def __init__(self, target: Target, host: str) -> None:
        self.target = target
        self.host = host
        self.name = "mallory" + host.replace(".", "")
        self.sent = 0
        self._stack = ExitStack()
        self._sessions: list[ReliablePeer] = []
        self._strangers: list[Peer] = []

    def stream(self, service: str, host: str = "") -> Peer:
        """Connect to a service from its own or another address.

        Drop the data if the service refuses the connection.
        """
        self.sent += HANDSHAKE
        try:
            own = connect(self.target.ports[service], host or self.host)
        except ConnectionError:
            own = socket.socket()
        own.settimeout(PATIENCE)
        return Peer(self, self._stack.enter_context(own))

    def character(self, service: str) -> Peer:
        """Connect, with a separate segment for each `send`."""
        peer = self.stream(service)
        peer.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return peer

    def monitor(self) -> Peer:
        """Connect to the metrics port."""
        self.sent += HANDSHAKE
        own = self._stack.enter_context(socket.socket(socket.AF_UNIX))
        own.connect(str(self.target.metrics))  # This waits while the queue is full.
        own.settimeout(PATIENCE)
        return Peer(self, own)

    def stranger(self) -> Peer:
        """Return a UDP socket that has sent nothing yet."""
        own = self._stack.enter_context(plain_socket(self.target.ports["chat"], self.host))
        own.settimeout(PATIENCE)
        self._strangers.append(peer := Peer(self, own))
        return peer

    def reliable(self) -> ReliablePeer:
        """Return a peer that can open a session."""
        session = ReliablePeer(self, self.stranger().socket)
        self._sessions.append(session)
        return session

    def sessions(self, count: int) -> list[ReliablePeer]:
        """Open sessions; fewer if the server refuses more."""
        sessions = (self.reliable().open() for _ in range(count))
        return list(takewhile(ReliablePeer.is_welcome, sessions))

    def plain_member(self) -> Peer:
        """Join the chat by plain datagrams, if the server admits this member."""
        peer = self.stranger()
        join(peer.socket, self.name)
        return peer

    def stream_members(self, count: int) -> dict[str, Peer]:
        """Join the chat by TCP; return members by name, fewer if the server refuses more."""
        members: dict[str, Peer] = {}
        for number in range(count):
            name = f"{self.name}-{number}"
            peer = self.stream("chat-tcp").send(f"/join {name}\n".encode())
            if peer.first_of(b"* here:", b"error:") == b"error:":
                break
            members[name] = peer
        return members

    def wait(self, seconds: float) -> None:
        """Let time pass as a part of the attack."""
        time.sleep(seconds)

    def leave(self) -> None:
        """Leave the chat, and close all sockets."""
        for session in self._sessions:
            session.send(seal(Close(session.session, False), session.key, Side.CLIENT))
        for stranger in self._strangers:
            stranger.send(b"/leave")
        self._stack.close()
        self._sessions, self._strangers = [], []
