"""A server that is checked, and how clients reach it."""

from __future__ import annotations

import errno
import select
import socket

from twisted_lab.check.bench import Bench
from twisted_lab.check.sandbox.sandbox import Sandbox
from twisted_lab.check.subjects.operator import Operator
from twisted_lab.check.subjects.peer import Peer
from twisted_lab.check.subjects.program import Program

CONNECT_SECONDS = 5.0


class Server:
    """A server that is checked.

    Args:
        bench: What all trials share.
        sandbox: Where it runs, and where clients' sockets are made.
        program: The program.
        operator: Answers its questions.

    Attributes:
        host: The address on which it is reached.
        port: The port on which it listens.
    """

    def __init__(
        self, bench: Bench, sandbox: Sandbox, program: Program, operator: Operator
    ) -> None:
        self.sandbox = sandbox
        self.program = program
        self.operator = operator
        self.host = "127.0.0.1"
        self.port = 0
        self._bench = bench

    def find_port(self, preferred: int) -> bool:
        """Look whether it listens, and remember where.

        Args:
            preferred: The port that it was told, if it listens on several.
        """
        listening = self.program.look().listening
        found = {each.port: each for each in listening if each.kind is socket.SOCK_STREAM}
        if not found:
            return False
        self.port = preferred if preferred in found else min(found)
        chosen = found[self.port].host
        if not chosen.is_unspecified:
            self.host = str(chosen)
        elif chosen.version == 6 and not self._takes_ipv4():
            self.host = "::1"
        return True

    def _takes_ipv4(self) -> bool:
        # A socket for [::] takes IPv4, too, unless the program or the system forbids it.
        with self.sandbox.make_socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
            try:
                probe.bind(("127.0.0.1", self.port))
            except OSError:
                return True
        return False

    async def connect(self, source: str = "", host: str = "", buffers: int = 0) -> Peer | None:
        """Connect a client.

        Args:
            source: The address from which it connects; "" if that does not matter.
            host: The address to which it connects, if not `self.host`.
            buffers: The size of its kernel buffers in bytes; 0 for the system's own sizes.

        Returns:
            The connection, or None if it was refused.
        """
        host = host or self.host
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        connection = self.sandbox.make_socket(family, socket.SOCK_STREAM)
        if buffers:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, buffers)
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, buffers)
        if source and family is socket.AF_INET:
            connection.bind((source, 0))
        self.program.poked()
        result = connection.connect_ex((host, self.port))
        if result == errno.EINPROGRESS:
            # A listening socket whose queue is full lets connections wait.
            await self._bench.activity.until(
                lambda: bool(select.select([], [connection], [], 0)[1]), CONNECT_SECONDS
            )
            result = connection.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        if result:
            connection.close()
            return None
        return Peer(self._bench.reactor, connection, self._bench.activity.happened)
