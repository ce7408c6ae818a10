"""What Linux tells about all sockets, in its tables /proc/net/tcp and /proc/net/udp."""

from __future__ import annotations

import socket
import struct
from pathlib import Path
from typing import NamedTuple

_TABLES = Path("/proc/net")
# In the order of their numbers (the kernel's include/net/tcp_states.h).
_STATES = (
    *("ESTABLISHED", "SYN_SENT", "SYN_RECV", "FIN_WAIT1", "FIN_WAIT2", "TIME_WAIT"),
    *("CLOSE", "CLOSE_WAIT", "LAST_ACK", "LISTEN", "CLOSING", "NEW_SYN_RECV"),
)


class TcpSocket(NamedTuple):
    """A row of /proc/net/tcp.

    Attributes:
        local: Its address.
        remote: The address of the other end.
        state: Its state in TCP, such as LISTEN.
        queue: In a listening socket the connections that wait for accept(), in others the bytes
            that wait for recv().
    """

    local: str
    remote: str
    state: str
    queue: int

    def __str__(self) -> str:
        return f"/proc/net/tcp: {self.local} {self.remote} {self.state}"


def tcp_sockets(port: int) -> list[TcpSocket]:
    """Return the sockets that have this port.

    Raises:
        OSError: The table cannot be read, as on other systems than Linux.
    """
    found = []
    for row in _rows("tcp", port):
        local, remote, state, queues = row[1:5]
        name = _STATES[int(state, 16) - 1]
        queue = int(queues.split(":")[1], 16)
        found.append(TcpSocket(_address(local), _address(remote), name, queue))
    return found


def udp_drops(port: int) -> int:
    """Return how many datagrams the kernel has thrown away at the socket with this port.

    Raises:
        OSError: The table cannot be read, as on other systems than Linux.
    """
    return sum(int(row[-1]) for row in _rows("udp", port))


def _rows(table: str, port: int) -> list[list[str]]:
    rows = [line.split() for line in (_TABLES / table).read_text().splitlines()[1:]]
    return [row for row in rows if int(row[1].split(":")[1], 16) == port]


def _address(text: str) -> str:
    host, port = text.split(":")
    number = struct.pack("=I", int(host, 16))  # in the byte order of this machine
    return f"{socket.inet_ntoa(number)}:{int(port, 16)}"
