"""The address of a peer, and whether its traffic is in clear text."""

from __future__ import annotations

from typing import Any

from twisted.internet.address import IPv4Address, IPv6Address, UNIXAddress
from twisted.internet.interfaces import ISSLTransport
from twisted.internet.testing import StringTransport
from twisted.trial.unittest import SynchronousTestCase
from zope.interface import alsoProvides

from twisted_lab.peers import Peer


def peer(address: Any, tls: bool = False) -> Peer:
    transport = StringTransport(IPv4Address("TCP", "10.0.0.1", 9093), address)
    if tls:
        alsoProvides(transport, ISSLTransport)
    return Peer.of(transport)


class PeerTests(SynchronousTestCase):
    def test_an_address_has_one_canonical_form(self) -> None:
        for host, canonical in (
            ("::ffff:10.1.2.3", "10.1.2.3"),
            ("2001:DB8:0:0::1", "2001:db8::1"),
            ("fe80::1%eth0", "fe80::1%eth0"),
        ):
            self.assertEqual(peer(IPv6Address("TCP", host, 1)).host, canonical)

    def test_link_local_peers_are_shown_with_their_interface(self) -> None:
        over_udp = Peer.of_datagram("fe80::1%eth0", 9)
        self.assertEqual((over_udp.host, over_udp.text), ("fe80::1%eth0", "[fe80::1%eth0]:9"))
        self.assertEqual(peer(IPv6Address("TCP", "fe80::1%eth0", 9)).text, "[fe80::1%eth0]:9")

    def test_unencrypted_network_traffic_is_in_clear_text(self) -> None:
        for address in (
            IPv4Address("TCP", "10.0.0.2", 1),
            IPv6Address("TCP", "::ffff:10.0.0.2", 1),
            IPv6Address("TCP", "fe80::1%eth0", 1),
        ):
            self.assertTrue(peer(address).in_clear, address)
            self.assertFalse(peer(address, tls=True).in_clear, address)

    def test_local_traffic_is_not_in_clear_text(self) -> None:
        for address in (
            IPv4Address("TCP", "127.0.0.2", 1),
            IPv6Address("TCP", "::1", 1),
            IPv6Address("TCP", "::ffff:127.0.0.1", 1),
            IPv4Address("TCP", "10.0.0.1", 1),
            UNIXAddress(None),
        ):
            self.assertFalse(peer(address).in_clear, address)
