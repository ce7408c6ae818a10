"""Links of datagrams, with real sockets to the upstream, and a clock."""

from __future__ import annotations

import socket
from typing import Any

from twisted.logger import LogEvent
from twisted.trial.unittest import SynchronousTestCase

from tests.doubles.sockets import Turns
from twisted_lab.channels import Connections
from twisted_lab.eventlog.events import ServiceEvents
from twisted_lab.faults.engine.link import HELD_BYTES
from twisted_lab.faults.engine.link_names import LinkNames
from twisted_lab.faults.engine.spec import Place, named, read_toxic
from twisted_lab.faults.proxies.datagram_proxy import DatagramProxy
from twisted_lab.faults.proxies.held_memory import HeldMemory
from twisted_lab.faults.proxies.proxy import Common, Proxy, UnitCounts
from twisted_lab.faults.proxies.upstream import Target, Upstream

HOST = "127.0.0.1"


class Reactor(Turns):
    """A reactor whose readers all read at once."""

    def read(self) -> None:
        for reader in list(self.readers):
            reader.doRead()


class Port:
    """The port of a proxy, which records what it sends."""

    def __init__(self) -> None:
        self.sent: list[tuple[bytes, int]] = []

    def fileno(self) -> int:
        return 0

    def send(self, data: bytes, addresses: Any) -> None:
        self.sent += [(data, port) for _, port, *_ in addresses]


def address(port: int) -> Any:
    return (HOST, port, (HOST, port), ())


class DatagramProxyTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.reactor = Reactor()
        self.reported: list[LogEvent] = []
        self.is_scarce = False
        self.connections = Connections(most=3)
        self.server = socket.socket(type=socket.SOCK_DGRAM)
        self.server.bind((HOST, 0))
        self.server.settimeout(5)
        self.server.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2_000_000)
        self.addCleanup(self.server.close)

    def open(self, *toxics: str) -> None:
        """Open a proxy with toxics."""
        events = ServiceEvents("netlab-faults", self.reported.append)
        self.held = HeldMemory(4_000_000, lambda: len(self.connections), lambda: None)
        self.counts = UnitCounts()
        common = Common(self.reactor, events, self.connections, self.held, self.counts, 60)
        self.proxy = Proxy(Place("udp:1", False), common, 7, LinkNames())
        self.proxy.change(named(map(read_toxic, toxics)))
        reactor: Any = self.reactor
        upstream = Upstream(reactor, Target(HOST, self.server.getsockname()[1]))
        self.port = Port()
        self.protocol = DatagramProxy(self.proxy, upstream, lambda _: self.is_scarce)
        self.protocol.transport = self.port
        self.addCleanup(self.connections.abort)

    def receive(self) -> tuple[bytes, Any]:
        """Receive a datagram as the server."""
        return self.server.recvfrom(65536)

    def test_datagrams_pass_in_both_directions_also_empty_ones(self) -> None:
        self.open()
        for data in (b"question", b""):
            self.protocol.datagramReceived(data, address(1))
            got, peer = self.receive()
            self.assertEqual(got, data)
            self.server.sendto(got, peer)
        self.reactor.read()
        self.assertEqual(self.port.sent, [(b"question", 1), (b"", 1)])

    def test_each_client_has_a_link_of_its_own(self) -> None:
        self.open("loss,nth=2,direction=upstream")
        for data, port in ((b"1", 1), (b"1", 2), (b"2", 1), (b"3", 1)):
            self.protocol.datagramReceived(data, address(port))
        got = [self.receive() for _ in range(3)]
        self.assertEqual([data for data, _ in got], [b"1", b"1", b"3"])
        self.assertEqual(got[0][1], got[2][1])
        self.assertNotEqual(got[0][1], got[1][1])
        self.assertEqual(self.counts.lost, 1)

    def test_a_rebind_changes_the_address(self) -> None:
        self.open("rebind,nth=2")
        for _ in range(3):
            self.protocol.datagramReceived(b"x", address(1))
        ports = [self.receive()[1] for _ in range(3)]
        self.assertNotEqual(ports[0], ports[1])
        self.assertEqual(ports[1], ports[2])
        self.assertEqual(len(self.reactor.readers), 1)

    def test_a_missing_server_ends_nothing(self) -> None:
        self.open()
        place = self.server.getsockname()
        self.server.close()
        for _ in range(3):
            self.protocol.datagramReceived(b"lost", address(1))
            self.reactor.read()
        self.server = socket.socket(type=socket.SOCK_DGRAM)
        self.server.bind(place)
        self.server.settimeout(5)
        self.addCleanup(self.server.close)
        self.protocol.datagramReceived(b"found", address(1))
        self.assertEqual(self.receive()[0], b"found")

    def test_the_next_address_is_tried_when_nobody_answers(self) -> None:
        self.open()
        self.protocol.upstream.hosts = ["127.0.0.2", HOST]
        for data in (b"lost", b"found"):
            self.protocol.datagramReceived(data, address(1))
            self.assertEqual(len(self.reactor.readers), 1)
        self.assertEqual(self.receive()[0], b"found")

    def test_an_address_without_a_route_ends_nothing(self) -> None:
        self.open()
        self.protocol.upstream.hosts = ["255.255.255.255"]  # which connect() refuses
        self.protocol.datagramReceived(b"lost", address(1))
        self.assertEqual((self.reactor.readers, self.counts.lost), ([], 1))
        self.protocol.upstream.hosts.append(HOST)
        self.protocol.datagramReceived(b"found", address(1))
        self.assertEqual(self.receive()[0], b"found")

    def test_clients_have_limits(self) -> None:
        self.open()
        for port in range(1, 6):
            self.protocol.datagramReceived(b"x", address(port))
        self.assertEqual(len(self.connections), 3)
        self.assertEqual(len(self.reactor.readers), 3)
        [refused] = [each for each in self.reported if each["event"] == "refused"]
        self.assertIn("too many connections", refused["reason"])

    def test_new_clients_have_no_link_while_file_descriptors_are_scarce(self) -> None:
        self.open()
        self.protocol.datagramReceived(b"x", address(1))
        self.is_scarce = True
        for port in (1, 2):
            self.protocol.datagramReceived(b"y", address(port))
        self.assertEqual([self.receive()[0] for _ in range(2)], [b"x", b"y"])
        self.assertEqual(len(self.connections), 1)

    def test_a_silent_client_is_forgotten(self) -> None:
        self.open()
        self.protocol.datagramReceived(b"x", address(1))
        self.reactor.pump([6] * 12)
        self.assertEqual((len(self.connections), self.reactor.readers), (0, []))
        self.protocol.datagramReceived(b"x", address(1))
        self.assertEqual(len(self.connections), 1)

    def test_datagrams_over_the_limit_of_held_memory_are_lost(self) -> None:
        self.open("hold")
        most = HELD_BYTES // 60_000 + 1
        for _ in range(most + 5):
            self.protocol.datagramReceived(bytes(60_000), address(1))
        self.assertEqual(self.counts.lost, 5)
        self.assertLess(self.held.bytes, HELD_BYTES + 61_000)
        self.proxy.release()
        self.assertEqual(self.held.bytes, 0)
        for _ in range(most):
            self.assertEqual(len(self.receive()[0]), 60_000)

    def test_a_disabled_proxy_ends_its_links_and_loses_all(self) -> None:
        self.open()
        self.protocol.datagramReceived(b"x", address(1))
        self.proxy.disable()
        self.protocol.datagramReceived(b"x", address(1))
        self.assertEqual(len(self.connections), 0)
        self.proxy.enable()
        self.protocol.datagramReceived(b"x", address(1))
        self.assertEqual(len(self.connections), 1)

    def test_a_drain_delivers_what_is_due(self) -> None:
        self.open("latency=1s,direction=upstream")
        self.protocol.datagramReceived(b"late", address(1))
        [link] = self.connections
        link.finish()
        self.protocol.datagramReceived(b"too late", address(1))
        self.reactor.advance(1)
        self.assertEqual(self.receive()[0], b"late")
        self.assertEqual((len(self.connections), self.counts.lost), (0, 1))
