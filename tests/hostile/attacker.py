"""An attacker: sockets at one address, and a count of the bytes that it sends."""

from __future__ import annotations

import secrets
import socket
import struct
import time
from contextlib import ExitStack, suppress
from itertools import takewhile
from typing import Self

from tests.hostile.crowd import connect, join, plain_socket
from tests.hostile.lab import Lab
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

PATIENCE = 10.0  # seconds without an answer, after which an attacker goes on
HANDSHAKE = 40  # bytes that a connection takes in any case: the first packet's header


class Peer:
    """A socket whose sent bytes are counted.

    Args:
        attacker: Whose it is.
        own: The socket.
    """

    def __init__(self, attacker: Attacker, own: socket.socket) -> None:
        self._attacker = attacker
        self.socket = own

    def send(self, data: bytes) -> Self:
        """Send all, unless the server closes the connection before."""
        self._attacker.sent += len(data)
        with suppress(OSError):
            self.socket.sendall(data)
        return self

    def hear(self, text: bytes) -> Self:
        """Wait until it hears `text`."""
        self.first_of(text)
        return self

    def first_of(self, *texts: bytes) -> bytes:
        """Wait until it hears one of `texts`, and return that one."""
        heard = b""
        while True:
            data = self.socket.recv(65536)
            assert data, f"hung up on after {heard[-200:]!r}, without {texts!r}"
            heard = heard[-100:] + data
            for text in texts:
                if text in heard:
                    return text

    def pending(self) -> int:
        """Read the received bytes, without waiting; return their number."""
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
    """A session of the reliable protocol, without retransmission: nothing is lost on this machine.

    Args:
        attacker: Whose it is.
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
        """Wait until the session is open, or nothing more comes."""
        with suppress(TimeoutError):
            while not isinstance(welcome := decode(self.socket.recv(2048)), Welcome):
                pass
            self.session = welcome.session
        return self.session != 0

    def data(self, fragment: bytes, sequence: int | None = None) -> Self:
        """Send a piece of the stream."""
        if sequence is None:
            sequence, self._sequence = self._sequence, self._sequence + 1
        return self.send(seal(Data(self.session, sequence, 0, fragment), self.key, Side.CLIENT))


def message(text: bytes) -> bytes:
    """Return a message of a stream: the bytes behind their length."""
    return struct.pack(">I", len(text)) + text


class Attacker:
    """An attacker at one address.

    Args:
        lab: The lab under attack.
        host: The address.

    Attributes:
        lab: See above.
        host: See above.
        name: A name for the chat, unlike those of other attackers.
        sent: How many bytes it has sent, and a header for each connection.
    """

    def __init__(self, lab: Lab, host: str) -> None:
        self.lab = lab
        self.host = host
        self.name = "mallory" + host.replace(".", "")
        self.sent = 0
        self._stack = ExitStack()
        self._sessions: list[ReliablePeer] = []
        self._strangers: list[Peer] = []

    def stream(self, service: str, host: str = "") -> Peer:
        """Connect to a service, from its own address or another one.

        If the service refuses, the data are dropped.
        """
        self.sent += HANDSHAKE
        try:
            own = connect(self.lab.ports[service], host or self.host)
        except ConnectionError:
            own = socket.socket()
        own.settimeout(PATIENCE)
        return Peer(self, self._stack.enter_context(own))

    def character(self, service: str) -> Peer:
        """Connect, with a segment of its own for each `send`."""
        peer = self.stream(service)
        peer.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return peer

    def monitor(self) -> Peer:
        """Connect to the port of the metrics."""
        self.sent += HANDSHAKE
        own = self._stack.enter_context(socket.socket(socket.AF_UNIX))
        own.connect(str(self.lab.metrics))  # which waits while the queue is full
        own.settimeout(PATIENCE)
        return Peer(self, own)

    def stranger(self) -> Peer:
        """Return a UDP socket from which nothing has come."""
        own = self._stack.enter_context(plain_socket(self.lab.ports["chat"], self.host))
        own.settimeout(PATIENCE)
        self._strangers.append(peer := Peer(self, own))
        return peer

    def reliable(self) -> ReliablePeer:
        """Return one that can open a session."""
        session = ReliablePeer(self, self.stranger().socket)
        self._sessions.append(session)
        return session

    def sessions(self, count: int) -> list[ReliablePeer]:
        """Open sessions; fewer if the server lets no more in."""
        sessions = (self.reliable().open() for _ in range(count))
        return list(takewhile(ReliablePeer.is_welcome, sessions))

    def plain_member(self) -> Peer:
        """Join the chat by plain datagrams, if it lets this member in."""
        peer = self.stranger()
        join(peer.socket, self.name)
        return peer

    def stream_members(self, count: int) -> dict[str, Peer]:
        """Join the chat by TCP; return the members by their names, fewer if it lets no more in."""
        members: dict[str, Peer] = {}
        for number in range(count):
            name = f"{self.name}-{number}"
            peer = self.stream("chat-tcp").send(f"/join {name}\n".encode())
            if peer.first_of(b"* here:", b"error:") == b"error:":
                break
            members[name] = peer
        return members

    def wait(self, seconds: float) -> None:
        """Let time pass, where it is time that an attack needs."""
        time.sleep(seconds)

    def leave(self) -> None:
        """Leave the chat, and close all sockets."""
        for session in self._sessions:
            session.send(seal(Close(session.session, False), session.key, Side.CLIENT))
        for stranger in self._strangers:
            stranger.send(b"/leave")
        self._stack.close()
        self._sessions, self._strangers = [], []
