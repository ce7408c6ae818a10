"""A server that is checked, and how clients reach it."""

from __future__ import annotations

import errno
import select
import socket
from collections.abc import Callable, Sequence
from typing import Protocol

from twisted_lab.check.bench import Bench
from twisted_lab.check.kernel.snapshot import Snapshot
from twisted_lab.check.sandbox.sandbox import Sandbox
from twisted_lab.check.subjects.datagram_peer import DatagramPeer
from twisted_lab.check.subjects.operator import Operator
from twisted_lab.check.subjects.peer import Peer
from twisted_lab.check.subjects.program import Program

CONNECT_SECONDS = 5.0


class Network(Protocol):
    """Where sockets of clients are made."""

    def make_socket(self, family: socket.AddressFamily, kind: socket.SocketKind) -> socket.socket:
        """Return a socket that does not block."""


class Watched(Protocol):
    """What is known of the program of a server: see `Program`."""

    @property
    def feeds_itself(self) -> bool:
        """Whether it is busy with datagrams of its own."""

    @property
    def end(self) -> str:
        """How it ended."""

    @property
    def has_ended(self) -> bool:
        """Whether it has ended."""

    @property
    def traceback(self) -> str:
        """The last line of the last traceback."""

    @property
    def raised_by(self) -> str:
        """The line of the program that raised its exception."""

    def look(self) -> Snapshot:
        """Return what it does now."""

    def poked(self) -> None:
        """Note that something is sent to it."""

    async def until(self, condition: Callable[[], bool], seconds: float) -> bool:
        """Wait until a condition is true, or nothing will make it true any more."""

    async def settle(self, seconds: float) -> bool:
        """Wait until it waits, or has ended."""

    def answer_question(self) -> bool:
        """Answer the question that it waits at; return whether there was one."""


class Server:
    """A server that is checked.

    Args:
        bench: What all trials share.
        network: Where clients' sockets are made.
        program: The program.
        host: The address on which it is reached.
        port: The port on which it is reached.
        kind: Whether it is reached by TCP or by UDP.

    Attributes:
        program: The program.
        host: The address on which it is reached.
        port: The port on which it is reached; 0 as long as it listens on none.
        kind: Whether it is reached by TCP or by UDP.
    """

    program: Watched

    def __init__(
        self,
        bench: Bench,
        network: Network,
        program: Watched,
        host: str,
        port: int,
        kind: socket.SocketKind = socket.SOCK_STREAM,
    ) -> None:
        self.program = program
        self.host = host
        self.port = port
        self.kind = kind
        self._bench = bench
        self._network = network

    async def connect(self, source: str = "", buffers: int = 0) -> Peer | None:
        """Connect a client; by UDP, make a socket that knows the server.

        Args:
            source: The address from which it connects; "" if that does not matter.
            buffers: The size of its kernel buffers in bytes; 0 for the system's own sizes.

        Returns:
            The connection, or None if it was refused.
        """
        family = socket.AF_INET6 if ":" in self.host else socket.AF_INET
        connection = self._network.make_socket(family, self.kind)
        if buffers:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, buffers)
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, buffers)
        if source and family is socket.AF_INET:
            connection.bind((source, 0))
        if self.kind is socket.SOCK_DGRAM:
            address, changed = (self.host, self.port), self._bench.activity.happened
            return DatagramPeer(self._bench.reactor, connection, address, changed)
        self.program.poked()
        result = connection.connect_ex((self.host, self.port))
        if result == errno.EINPROGRESS:
            # A listening socket whose queue is full lets connections wait.
            is_decided = await self._bench.activity.until(
                lambda: bool(select.select([], [connection], [], 0)[1]), CONNECT_SECONDS
            )
            result = connection.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
            result = result if is_decided else errno.ETIMEDOUT
        if result:
            connection.close()
            return None
        return Peer(self._bench.reactor, connection, self._bench.activity.happened)


class StartedServer(Server):
    """A server that the checker has started.

    Args:
        bench: What all trials share.
        sandbox: Where it runs.
        program: The program.
        operator: Answers its questions.
        told: The port that it is told.
        kinds: The kinds of sockets on which it may be reached, the preferred first.

    Attributes:
        sandbox: Where it runs.
        program: The program.
        operator: Answers its questions.
        told: The port that it is told.
    """

    program: Program

    def __init__(
        self,
        bench: Bench,
        sandbox: Sandbox,
        program: Program,
        operator: Operator,
        told: int,
        kinds: Sequence[socket.SocketKind] = (socket.SOCK_STREAM,),
    ) -> None:
        super().__init__(bench, sandbox, program, "127.0.0.1", 0)
        self.sandbox = sandbox
        self.operator = operator
        self.told = told
        self._kinds = kinds

    def find_port(self) -> bool:
        """Look whether it listens, and remember where; the port that it was told comes first."""
        sockets = self.program.look().sockets
        found = [each for each in sockets if each.kind in self._kinds and each.is_open]
        if not found:
            self.port = 0
            return False
        chosen = min(
            found,
            key=lambda each: (self._kinds.index(each.kind), each.port != self.told, each.port),
        )
        self.port, self.kind = chosen.port, chosen.kind
        if not chosen.host.is_unspecified:
            self.host = str(chosen.host)
        elif chosen.host.version == 6 and not self._takes_ipv4():
            self.host = "::1"
        return True

    def _takes_ipv4(self) -> bool:
        # A socket for [::] takes IPv4, too, unless the program or the system forbids it.
        with self.sandbox.make_socket(socket.AF_INET, self.kind) as probe:
            try:
                probe.bind(("127.0.0.1", self.port))
            except OSError:
                return True
        return False
