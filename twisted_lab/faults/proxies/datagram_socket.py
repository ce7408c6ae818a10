"""UDP sockets to upstreams, which survive the errors that ICMP reports."""

from __future__ import annotations

import errno
import socket
from typing import Protocol

from twisted.internet.error import ConnectionDone
from twisted.internet.interfaces import IReadDescriptor
from twisted.python.failure import Failure
from zope.interface import implementer

from twisted_lab.ports.addresses import socket_address
from twisted_lab.ports.udp_port import DATAGRAMS_A_TURN, LARGEST_DATAGRAM

# Of the kernel's buffer, if the machine allows it. Datagrams that arrive while the process is
# busy should not be lost: that would be a fault without a toxic.
RECEIVE_BYTES = 1_048_576
# Errors that say that no server listens at the address.
_NOBODY = (errno.ECONNREFUSED, errno.EHOSTUNREACH, errno.ENETUNREACH)


class SocketUser(Protocol):
    """The interface of the owner of a socket."""

    def answered(self, data: bytes) -> None:
        """Handle a datagram of the upstream."""
        ...

    def unanswered(self) -> None:
        """Handle that no server listens at the upstream's address."""
        ...

    def interrupted(self) -> None:
        """Handle that the reactor no longer reads the socket, which still works."""
        ...


@implementer(IReadDescriptor)
class UpstreamSocket:
    """A UDP socket to the upstream.

    Errors that ICMP reports end nothing: the next datagram may arrive.

    Args:
        user: Gets its datagrams.
        host: The upstream's IP address.
        port: The upstream's port.

    Attributes:
        host: See above.

    Raises:
        OSError: It cannot be opened.
    """

    __slots__ = ("_socket", "_user", "fileno", "host")

    def __init__(self, user: SocketUser, host: str, port: int) -> None:
        self._user = user
        self.host = host
        made = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_DGRAM)
        try:
            made.setblocking(False)
            made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BYTES)
            made.connect(socket_address(host, port))
        except OSError:
            made.close()
            raise
        self._socket = made
        self.fileno = made.fileno

    def send(self, data: bytes) -> bool:
        """Send a datagram; return whether the kernel has taken it.

        It may report the refusal of an earlier datagram instead, so it is worth a second try.
        """
        try:
            self._socket.send(data)
        except OSError as error:
            self._failed(error)
            return False
        return True

    def _failed(self, error: OSError) -> None:
        if error.errno in _NOBODY:
            self._user.unanswered()

    def doRead(self) -> None:
        """See `twisted.internet.interfaces.IReadDescriptor`."""
        for _ in range(DATAGRAMS_A_TURN):
            try:
                data = self._socket.recv(LARGEST_DATAGRAM)
            except BlockingIOError:
                return
            except OSError as error:
                self._failed(error)
                return
            self._user.answered(data)
            if self.fileno() < 0:
                return

    def close(self) -> None:
        """Close it."""
        self._socket.close()

    def connectionLost(self, reason: Failure) -> None:
        """See `twisted.internet.interfaces.IFileDescriptor`.

        With epoll, Twisted takes an error that ICMP reports for the end of the connection. `send`
        may have got that error in the meantime.
        """
        if self.fileno() >= 0 and reason.check(ConnectionDone):
            self._socket.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)  # This clears it.
            self._user.interrupted()
        else:
            self.close()

    def logPrefix(self) -> str:
        """See `twisted.internet.interfaces.ILoggingContext`."""
        return "-"
