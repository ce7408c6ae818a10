"""UDP ports over loopback: the source address of replies, and the scope of peers."""

from __future__ import annotations

import errno
import select
import socket
import struct
from typing import Any
from unittest import mock, skipUnless

from twisted.internet.address import IPv4Address
from twisted.internet.error import CannotListenError
from twisted.internet.protocol import DatagramProtocol, Factory
from twisted.trial.unittest import SynchronousTestCase

from tests.doubles.options import SampleOptions
from tests.doubles.sockets import HAS_IPV6, NO_IPV6, Turns
from twisted_lab.ports.listening import CannotListen, UDPPort
from twisted_lab.ports.udp_port import (
    DATAGRAMS_A_TURN,
    IP_PKTINFO,
    DatagramPort,
    ScopedPort,
    reply_ancillary,
    scoped_host,
)
from twisted_lab.process.listeners import datagram_listener

NOBODYS = "192.0.2.1"  # reserved for documentation (RFC 5737): no machine has it
ANY = bytes(4)


class Echo(DatagramProtocol):
    """Sends each datagram back."""

    noisy = False
    transport: DatagramPort

    def __init__(self) -> None:
        self.received: list[tuple[bytes, tuple[Any, ...]]] = []

    def datagramReceived(self, data: bytes, addr: tuple[Any, ...]) -> None:
        if data == b"fail":
            raise ValueError("a mistake")
        self.received.append((data, addr))
        self.transport.send(data, [addr])


class DatagramPortTests(SynchronousTestCase):
    def listen(self, interface: str) -> None:
        self.reactor = Turns()
        self.echo = Echo()
        listening = UDPPort(self.reactor, 0, interface, 0, protocol=self.echo).listen(Factory())
        port = self.successResultOf(listening)
        assert isinstance(port, DatagramPort)
        self.port = port
        self.addCleanup(self.port.connectionLost)
        self.number = self.port.getHost().port

    def client(self, host: str) -> socket.socket:
        """Return a socket connected to the port at `host`."""
        made = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_DGRAM)
        self.addCleanup(made.close)
        made.connect((host, self.number))
        return made

    def turn(self) -> None:
        self.assertTrue(select.select([self.port], [], [], 5)[0])
        self.reactor.turn()

    def asked(self, host: str) -> bytes:
        """Send a datagram to `host`, and return the reply."""
        client = self.client(host)
        client.send(b"hello")
        self.turn()
        self.assertTrue(select.select([client], [], [], 5)[0], f"nothing came from {host}")
        return client.recv(1024)

    @skipUnless(HAS_IPV6, NO_IPV6)
    def test_replies_have_the_address_that_the_client_used(self) -> None:
        for interface, hosts in (
            ("0.0.0.0", ("127.0.0.1", "127.0.1.1", "127.9.9.9")),
            ("127.0.1.1", ("127.0.1.1",)),
            ("::", ("127.0.1.1", "127.0.0.1", "::1")),
            ("::1", ("::1",)),
        ):
            self.listen(interface)
            for host in hosts:
                self.assertEqual(self.asked(host), b"hello", (interface, host))
                shown = self.echo.received[-1][1][0].removeprefix("::ffff:")
                self.assertEqual(shown, "::1" if host == "::1" else "127.0.0.1")

    @skipUnless(HAS_IPV6, NO_IPV6)
    def test_a_broadcast_is_answered_from_one_address(self) -> None:
        for interface in ("0.0.0.0", "::"):
            self.listen(interface)
            with socket.socket(type=socket.SOCK_DGRAM) as client:
                client.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
                client.sendto(b"hello", ("127.255.255.255", self.number))
                self.turn()
                self.assertTrue(select.select([client], [], [], 5)[0])
                self.assertEqual(client.recvfrom(9), (b"hello", ("127.0.0.1", self.number)))

    def test_a_peers_address_includes_the_local_address(self) -> None:
        self.listen("0.0.0.0")
        with socket.socket(type=socket.SOCK_DGRAM) as client:
            client.bind(("127.0.0.1", 0))
            for host in ("127.0.0.1", "127.0.1.1", "127.0.0.1"):
                client.sendto(b"hello", (host, self.number))
                self.turn()
            first, second, again = (address for _, address in self.echo.received)
            self.assertEqual({first[:2], second[:2]}, {client.getsockname()})
            self.assertNotEqual(first, second)
            self.assertEqual((first, hash(first)), (again, hash(again)))
            self.assertIs(first[3], again[3])

    def test_a_specific_address_needs_no_ancillary_data(self) -> None:
        self.listen("127.0.0.1")
        self.asked("127.0.0.1")
        _, _, peer, source = self.echo.received[0][1]
        self.assertEqual((peer[0], source), ("127.0.0.1", ()))
        self.assertEqual(self.port.socket.getsockopt(socket.IPPROTO_IP, IP_PKTINFO), 0)

    def test_an_unsendable_datagram_is_dropped_alone(self) -> None:
        for interface in ("0.0.0.0", "127.0.0.1"):
            self.listen(interface)
            with socket.socket(type=socket.SOCK_DGRAM) as client:
                client.bind(("127.0.0.1", 0))
                client.sendto(b"hello", ("127.0.0.1", self.number))
                self.turn()
                client.recv(9)
                good = self.echo.received[-1][1]
                # The kernel refuses a foreign source address, and 127.0.0.1 on a network.
                source = reply_ancillary(
                    0, IP_PKTINFO, struct.pack("=i4s4s", 1, b"\xc0\0\2\1", ANY)
                )
                bad = (NOBODYS, 9, (NOBODYS, 9), source)
                self.port.send(b"to two", [bad, good])
                self.assertTrue(select.select([client], [], [], 5)[0])
                self.assertEqual(client.recv(9), b"to two")

    def test_an_exception_costs_one_datagram(self) -> None:
        self.listen("127.0.0.1")
        self.client("127.0.0.1").send(b"fail")
        self.turn()
        self.assertEqual(len(self.flushLoggedErrors(ValueError)), 1)
        self.assertEqual(self.asked("127.0.0.1"), b"hello")

    def test_a_busy_port_yields_to_others(self) -> None:
        self.listen("127.0.0.1")
        endless = mock.Mock(recvmsg=lambda *_: (b"", [], 0, ("127.0.0.1", 9)))
        with mock.patch.object(self.port, "socket", endless):
            self.port.doRead()
        self.assertEqual(len(self.echo.received), DATAGRAMS_A_TURN)

    @skipUnless(HAS_IPV6, NO_IPV6)
    def test_the_port_reports_its_address(self) -> None:
        self.listen("127.0.1.1")
        self.assertEqual(self.port.getHost(), IPv4Address("UDP", "127.0.1.1", self.number))
        self.listen("::1")
        self.assertEqual((self.port.getHost().host, self.port.getHost().type), ("::1", "UDP"))

    def test_a_busy_port_is_an_error(self) -> None:
        self.listen("127.0.0.1")
        other = UDPPort(self.reactor, self.number, "127.0.0.1", 0, protocol=Echo()).listen(
            Factory()
        )
        failure = self.failureResultOf(other, CannotListen)
        self.assertIn(f"port {self.number} is busy", str(failure.value))

    def test_a_busy_port_is_replaced_unless_explicit(self) -> None:
        self.listen("127.0.0.1")
        options = SampleOptions()
        options.parseOptions(["--interface", "127.0.0.1"])
        options.port = self.number
        options.others_ports = lambda: frozenset({self.number + 1})
        listener = datagram_listener(options, self.reactor, Echo())
        port = self.successResultOf(listener.listen(Factory()))
        assert isinstance(port, DatagramPort)
        self.addCleanup(port.connectionLost)
        self.assertGreater(port.getHost().port, self.number + 1)
        for given, is_strict in ((frozenset(), True), (frozenset({"port"}), False)):
            options.given = given
            options.strict_port = is_strict
            self.failureResultOf(
                datagram_listener(options, self.reactor, Echo()).listen(Factory()), CannotListen
            )


class ScopeTests(SynchronousTestCase):
    def test_an_unknown_interface_is_an_error(self) -> None:
        port = DatagramPort(0, Echo(), "fe80::1%nosuch", 9, Turns())
        error = self.assertRaises(CannotListenError, port.startListening)
        self.assertIsInstance(error.socketError, socket.gaierror)

    def test_a_scope_is_shown_by_name(self) -> None:
        index = socket.if_nametoindex("lo")
        self.assertEqual(scoped_host(("fe80::1", 9, 0, index)), "fe80::1%lo")
        self.assertEqual(scoped_host(("::1", 9, 0, 0)), "::1")
        self.assertEqual(scoped_host(("127.0.0.1", 9)), "127.0.0.1")

    def test_only_a_link_local_source_keeps_its_interface(self) -> None:
        kind = socket.IPPROTO_IPV6, socket.IPV6_PKTINFO
        index = struct.pack("=I", 7)
        for address, expected in (
            ("fe80::1", index),
            ("2001:db8::1", ANY),
            ("::1", ANY),
        ):
            packed = socket.inet_pton(socket.AF_INET6, address)
            self.assertEqual(reply_ancillary(*kind, packed + index), ((*kind, packed + expected),))
        group = socket.inet_pton(socket.AF_INET6, "ff02::1")
        self.assertEqual(reply_ancillary(*kind, group + index), ())

    def test_an_ipv4_source_is_the_local_address(self) -> None:
        kind = socket.IPPROTO_IP, IP_PKTINFO
        came = struct.pack("=i4s4s", 7, b"\x7f\0\1\1", b"\x7f\xff\xff\xff")
        expected = struct.pack("=i4s4s", 0, b"\x7f\0\1\1", ANY)
        self.assertEqual(reply_ancillary(*kind, came), ((*kind, expected),))

    @skipUnless(HAS_IPV6, NO_IPV6)
    def test_connecting_through_a_missing_interface_is_an_error(self) -> None:
        port = ScopedPort(0, Echo(), "::", 9, Turns())
        port.startListening()
        self.addCleanup(port.connectionLost)
        error = self.assertRaises(OSError, port.connect, "fe80::1%999", 9)
        self.assertIn(error.errno, (errno.ENODEV, errno.EINVAL, errno.ENETUNREACH))
