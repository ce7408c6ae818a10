"""Clients behind a proxy, with and without the PROXY protocol."""

from __future__ import annotations

import struct

from hypothesis import given
from hypothesis import strategies as st
from twisted.internet.address import IPv4Address, IPv6Address, UNIXAddress
from twisted.internet.error import ConnectionDone
from twisted.internet.task import Clock
from twisted.python.failure import Failure
from twisted.trial.unittest import SynchronousTestCase

from tests.doubles.proxy_headers import SIGNATURE, version_2
from tests.doubles.recording import PEER, SERVER, Wire, recorded_events
from twisted_lab.channels import Channel, ConversationFactory, TextChannel
from twisted_lab.ports.proxy import ProxiedConnection, ProxiedFactory


async def say_who(channel: Channel) -> None:
    channel.say(f"you are {channel.peer.text}")
    channel.say(await channel.hear())


class ProxyTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.clock = Clock()
        self.events, self.recorder = recorded_events()
        factory = ConversationFactory(
            self.clock, self.events, say_who, lambda: TextChannel(patience=60)
        )
        self.factory = ProxiedFactory(factory, self.clock, self.events)
        self.connect()

    def connect(self) -> None:
        connection = self.factory.buildProtocol(None)
        assert isinstance(connection, ProxiedConnection)
        self.connection = connection
        self.wire = Wire()
        connection.makeConnection(self.wire)

    def lose(self) -> None:
        self.connection.connectionLost(Failure(ConnectionDone()))

    def test_the_peer_is_the_address_in_the_header(self) -> None:
        v4 = bytes([10, 1, 2, 3, 10, 0, 0, 1]) + struct.pack("!2H", 5647, 9092)
        mapped = bytes(10) + b"\xff\xff" + bytes([10, 1, 2, 3])
        v6 = mapped + bytes(15) + b"\x01" + struct.pack("!2H", 5647, 9092)
        for header in (
            b"PROXY TCP4 10.1.2.3 10.0.0.1 5647 9092\r\n",
            b"PROXY TCP6 ::ffff:10.1.2.3 ::1 5647 9092\r\n",
            version_2(0x11, v4),
            version_2(0x21, v6),
        ):
            self.connect()
            self.connection.dataReceived(header)
            self.assertEqual(self.wire.value(), b"you are 10.1.2.3:5647\n")
            self.connection.dataReceived(b"hello\n")
            self.assertEqual(self.wire.value(), b"you are 10.1.2.3:5647\nhello\n")
            self.lose()

    def test_an_unknown_address_leaves_the_proxys_own(self) -> None:
        for header in (b"PROXY UNKNOWN\r\n", version_2(0x00, b"", command=0x20)):
            self.connect()
            self.connection.dataReceived(header + b"hello\n")
            self.assertEqual(self.wire.value(), b"you are 127.0.0.1:50412\nhello\n")
            self.lose()

    def test_both_addresses_come_from_the_header(self) -> None:
        paths = b"/run/client".ljust(108, b"\0") + b"/run/server".ljust(108, b"\0")
        for header, peer, host in (
            (
                b"PROXY TCP4 10.1.2.3 10.0.0.1 5647 9092\r\n",
                IPv4Address("TCP", "10.1.2.3", 5647),
                IPv4Address("TCP", "10.0.0.1", 9092),
            ),
            (
                b"PROXY TCP6 2001:db8::2 2001:db8::1 5647 9092\r\n",
                IPv6Address("TCP", "2001:db8::2", 5647),
                IPv6Address("TCP", "2001:db8::1", 9092),
            ),
            (version_2(0x31, paths), UNIXAddress(b"/run/client"), UNIXAddress(b"/run/server")),
            (b"PROXY UNKNOWN\r\n", PEER, SERVER),
        ):
            self.connect()
            self.assertEqual((self.connection.getPeer(), self.connection.getHost()), (PEER, SERVER))
            self.connection.dataReceived(header)
            self.assertEqual((self.connection.getPeer(), self.connection.getHost()), (peer, host))
            self.lose()

    def test_the_conversation_starts_after_the_header(self) -> None:
        v4 = bytes([10, 1, 2, 3, 10, 0, 0, 1]) + struct.pack("!2H", 5647, 9092)
        for header in (
            b"PROXY TCP4 10.1.2.3 10.0.0.1 5647 9092\r\n",
            b"PROXY TCP4 10.1.2.3 10.0.0.100 5647 9092\r\n",
            version_2(0x11, v4),
            version_2(0x11, v4 + b"\x04\x00\x05hello"),
        ):
            for cut in range(1, len(header)):
                self.connect()
                self.connection.dataReceived(header[:cut])
                self.assertEqual(self.wire.value(), b"")
                self.connection.dataReceived(header[cut:] + b"hel")
                self.connection.dataReceived(b"lo\n")
                self.assertEqual(self.wire.value(), b"you are 10.1.2.3:5647\nhello\n")
                self.lose()

    def test_an_invalid_header_aborts_and_is_logged(self) -> None:
        for header in (
            b"GET / HTTP/1.0\r\n\r\n",
            b"PROXY TCP4 10.1.2.3 10.0.0.1 x 9092\r\nhello\n",
            version_2(0x11, b"short"),
        ):
            self.connect()
            self.connection.dataReceived(header)
            self.assertTrue(self.wire.disconnected, header)
            self.connection.dataReceived(b"more")
            self.lose()
            self.assertEqual(self.wire.value(), b"")
            [line] = self.recorder.messages
            self.assertIn("disconnecting 127.0.0.1:50412: no valid PROXY header: ", line)
            self.recorder.clear()

    def test_a_missing_header_aborts_after_a_timeout(self) -> None:
        self.clock.advance(10)
        self.assertTrue(self.wire.disconnected)
        self.lose()
        self.assertEqual(
            self.recorder.messages,
            ["disconnecting 127.0.0.1:50412: no PROXY header within 10 s"],
        )
        self.connect()
        self.connection.dataReceived(b"PROXY UNKNOWN\r\n")
        self.clock.advance(10)
        self.assertFalse(self.wire.disconnected)
        self.lose()

    def test_a_half_closed_client_is_answered(self) -> None:
        self.connection.dataReceived(b"PROXY UNKNOWN\r\nhello")
        self.connection.readConnectionLost()
        self.assertTrue(self.wire.value().endswith(b"hello\n"))
        self.connection.writeConnectionLost()
        self.lose()
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_a_client_may_half_close_before_the_header_ends(self) -> None:
        self.connection.dataReceived(b"PROXY")
        self.connection.readConnectionLost()
        self.assertTrue(self.wire.disconnecting)
        self.lose()
        self.assertEqual(self.clock.getDelayedCalls(), [])

    @given(
        st.sampled_from(
            [
                b"",
                b"PROXY ",
                b"PROXY TCP4 ",
                SIGNATURE,
                SIGNATURE + b"\x21",
                SIGNATURE + b"\x21\x11\0\x0c",
            ]
        ),
        st.lists(st.binary(max_size=40), max_size=4),
    )
    def test_property_no_input_raises(self, beginning: bytes, pieces: list[bytes]) -> None:
        self.connect()
        for piece in [beginning, *pieces]:
            if piece and not self.wire.disconnected:
                self.connection.dataReceived(piece)
        self.lose()
        self.recorder.clear()
        self.clock.advance(20)
