"""A network between a client and its server that loses, repeats and reorders datagrams."""

from __future__ import annotations

from collections.abc import Callable

from twisted.internet.interfaces import IReactorTime
from twisted.internet.protocol import DatagramProtocol

from twisted_lab.faults.simulated.network import DatagramNetwork

TOXICS = ("loss=30%", "duplicate=30%", "reorder=20%,delay=100ms")
_KEPT = 1000  # bytes of a datagram
_CLIENT, _SERVER = ("192.0.2.1", 1), ("192.0.2.2", 1)  # RFC 5737, section 3


class BadNetwork:
    """A network between a client and its server.

    Args:
        clock: Counts the time of what is delayed.
        seed: The same one causes the same faults.
        to_client: Called with each datagram that reaches the client.
        to_server: Called with each datagram that reaches the server.

    Attributes:
        said: What the server has sent, whether or not it arrived; the first 1,000 bytes of each.
    """

    def __init__(
        self,
        clock: IReactorTime,
        seed: int,
        to_client: Callable[[bytes], object],
        to_server: Callable[[bytes], object],
    ) -> None:
        network = DatagramNetwork(clock, TOXICS, seed=seed)
        self.said: list[bytes] = []
        self._client = network.listen(_CLIENT, _End(to_client))
        self._server = network.listen(_SERVER, _End(to_server))

    def send(self, data: bytes) -> None:
        """Send a datagram of the client."""
        self._client.write(data, _SERVER)

    def receive(self, data: bytes) -> None:
        """Take a datagram of the server."""
        self.said.append(data[:_KEPT])
        self._server.write(data, _CLIENT)


class _End(DatagramProtocol):
    def __init__(self, arrived: Callable[[bytes], object]) -> None:
        self._arrived = arrived

    def datagramReceived(self, datagram: bytes, addr: tuple[str, int]) -> None:
        """Hand on a datagram."""
        self._arrived(datagram)
