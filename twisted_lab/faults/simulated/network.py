"""Datagram networks on a simulated clock, as bad as a test wants them."""

from __future__ import annotations

from collections.abc import Iterable
from errno import EADDRINUSE

from twisted.internet.address import IPv4Address, IPv6Address
from twisted.internet.defer import Deferred, succeed
from twisted.internet.error import CannotListenError
from twisted.internet.interfaces import IReactorTime, IUDPTransport
from twisted.internet.protocol import AbstractDatagramProtocol
from zope.interface import implementer

from twisted_lab.faults.engine.link import Link
from twisted_lab.faults.engine.link_names import LinkNames
from twisted_lab.faults.engine.spec import Place
from twisted_lab.faults.engine.toxic_set import ToxicSet
from twisted_lab.faults.simulated.simulation import Timer, read_toxics

Address = tuple[str, int]  # IP address and port

_PLACE = Place("network", is_stream=False)
_FIRST_PORT = 49_152  # of those that the network chooses: RFC 6335, section 6


class DatagramNetwork:
    """A network that carries datagrams between any number of protocols.

    Two addresses that exchange datagrams are a link. The one that sends first is its client. A link
    is named after the client's IP address; the second link of an IP address is ``192.0.2.1#2``.

    Args:
        clock: The clock, such as `twisted.internet.task.Clock`. Let time pass with `advance`.
        toxics: The faults, in the form of the option ``--toxic`` of ``netlab-faults``.
        seed: The seed of all decisions; the same one causes the same faults.

    Raises:
        ValueError: A text describes no toxic, or one for streams only.
    """

    def __init__(self, clock: IReactorTime, toxics: Iterable[str] = (), *, seed: int = 0) -> None:
        self._clock = clock
        self._toxics = ToxicSet(seed, _PLACE.name, read_toxics(toxics, _PLACE))
        self._names = LinkNames("address")
        self._ends: dict[Address, DatagramEnd] = {}
        self._paths: dict[tuple[Address, Address], _Path] = {}  # by source and target
        self._moved: set[tuple[Address, Address]] = set()  # sources and former targets
        self._last_port = _FIRST_PORT - 1

    def listen(self, address: Address, protocol: AbstractDatagramProtocol) -> DatagramEnd:
        """Connect a protocol to the network at an address; port 0 is any free one.

        Raises:
            CannotListenError: Another protocol has the address.
        """
        host, port = address
        address = host, port or self.new_port()
        if address in self._ends:
            raise CannotListenError(*address, OSError(EADDRINUSE, "Address already in use"))
        end = self._ends[address] = DatagramEnd(self, address, protocol)
        protocol.makeConnection(end)
        return end

    def new_port(self) -> int:
        """Return a port that was not used."""
        self._last_port += 1
        return self._last_port

    def send(self, data: bytes, source: Address, target: Address) -> None:
        """Send a datagram, whether or not a protocol has the address of its source."""
        if (source, target) in self._moved:
            return
        path = self._paths.get((source, target))
        if path is None:
            link = Link(self._names, source[0], False, self._toxics)
            path = _Path(self, self._clock, link, source, target)
            self._paths[source, target] = self._paths[target, source] = path
        path.send(data, source)

    def arrive(self, data: bytes, source: Address, target: Address) -> None:
        """Deliver a datagram at once; without a protocol at its target it is lost."""
        if end := self._ends.get(target):
            end.receive(data, source)

    def rebind(self, path: _Path) -> None:
        """Let the server see another port of a client from here on; the former one is nobody's."""
        self._paths.pop((path.server, path.seen), None)
        self._moved.add((path.server, path.seen))
        path.seen = path.seen[0], self.new_port()
        self._paths[path.server, path.seen] = path

    def forget(self, path: _Path) -> None:
        """End a link; the next datagram begins another one."""
        self._paths.pop((path.client, path.server), None)
        self._paths.pop((path.server, path.seen), None)

    def close(self, address: Address) -> None:
        """Disconnect the protocol at an address."""
        del self._ends[address]

    def change(self, toxics: Iterable[str]) -> None:
        """Replace the toxics; datagrams under way keep what was decided.

        Removed toxics of kind ``hold`` release their datagrams.

        Raises:
            ValueError: See `DatagramNetwork`.
        """
        links = [path.link for path in self._all()]
        self._toxics.change(read_toxics(toxics, _PLACE), links, self._clock.seconds())
        self._update()

    def release(self) -> int:
        """Deliver what toxics of kind ``hold`` keep; return the number of datagrams."""
        now = self._clock.seconds()
        count = sum(lane.release(now) for path in self._all() for lane in path.link.lanes)
        self._update()
        return count

    def _update(self) -> None:
        for path in self._all():
            path.timer.update()

    def _all(self) -> Iterable[_Path]:
        # Not a set: its order would differ from run to run.
        return dict.fromkeys(self._paths.values())


class _Path:
    """A link of the network, with its addresses.

    Attributes:
        link: The link.
        timer: Delivers what is due.
        client: The address that has sent the first datagram.
        server: The other one.
        seen: The client's address as the server sees it.
    """

    def __init__(
        self,
        net: DatagramNetwork,
        clock: IReactorTime,
        link: Link,
        client: Address,
        server: Address,
    ) -> None:
        self.link = link
        self.timer = Timer(clock, link.deadline, self._deliver)
        self.client = self.seen = client
        self.server = server
        self._net = net
        self._clock = clock
        link.open(clock.seconds())

    def send(self, data: bytes, source: Address) -> None:
        """Send a datagram; a full link loses it."""
        lane = self.link.upstream if source == self.client else self.link.downstream
        if not lane.is_full:
            lane.send(data, self._clock.seconds())
            self.timer.update()

    def _deliver(self) -> None:
        for output in self.link.upstream.take(self._clock.seconds()):
            if output.rebinds:
                self._net.rebind(self)
            if output.end is None:
                self._net.arrive(output.data, self.seen, self.server)
        for output in self.link.downstream.take(self._clock.seconds()):
            if output.end is None:
                self._net.arrive(output.data, self.server, self.client)
        if any(lane.is_over for lane in self.link.lanes):
            self._net.forget(self)
        self.timer.update()


@implementer(IUDPTransport)
class DatagramEnd:
    """The transport of a protocol in a `DatagramNetwork`."""

    def __init__(
        self, net: DatagramNetwork, address: Address, protocol: AbstractDatagramProtocol
    ) -> None:
        self._net = net
        self._address = address
        self._protocol = protocol
        self._peer: Address | None = None
        self._is_listening = True

    def receive(self, data: bytes, source: Address) -> None:
        """Give a datagram to the protocol; a connected one gets only those of its peer."""
        if self._peer in (None, source):
            self._protocol.datagramReceived(data, source)

    def write(self, packet: bytes, addr: Address | None = None) -> None:
        """See `IUDPTransport`."""
        target = addr or self._peer
        assert target, "the address is missing, and the transport is not connected"
        if self._is_listening:
            self._net.send(packet, self._address, target)

    def connect(self, host: str, port: int) -> None:
        """See `IUDPTransport`."""
        self._peer = host, port

    def getHost(self) -> IPv4Address | IPv6Address:
        """See `IUDPTransport`."""
        return (IPv6Address if ":" in self._address[0] else IPv4Address)("UDP", *self._address)

    def stopListening(self) -> Deferred[None]:
        """See `IUDPTransport`."""
        if self._is_listening:
            self._is_listening = False
            self._net.close(self._address)
            self._protocol.doStop()
        return succeed(None)

    def setBroadcastAllowed(self, enabled: bool) -> None:
        """See `IUDPTransport`; the network has no broadcasts."""

    def getBroadcastAllowed(self) -> bool:
        """See `IUDPTransport`."""
        return False
