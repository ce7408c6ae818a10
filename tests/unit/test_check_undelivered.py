"""Datagrams for a closed port."""

from __future__ import annotations

import socket

from twisted.trial.unittest import SynchronousTestCase

from tests.doubles.check import FakeSandbox
from twisted_lab.check.subjects.undelivered import Datagram, Undelivered, quoted


def ip(payload: bytes, host: str, options: int = 0) -> bytes:
    """Return an IPv4 packet with a payload, and `options` words in its header."""
    header = bytes([0x45 + options]) + bytes(15) + socket.inet_aton(host)
    return header + bytes(4 * options) + payload


UDP = (9090).to_bytes(2, "big") + (5001).to_bytes(2, "big") + bytes(4) + b"text"
UNREACHABLE = b"\x03\x03" + bytes(6) + ip(UDP, "127.0.7.2", options=1)


class Unreachable(FakeSandbox):
    """Its network has one socket, in which messages are."""

    def __init__(self, *packets: bytes) -> None:
        super().__init__()
        self.inside, self.socket = socket.socketpair(type=socket.SOCK_DGRAM)
        self.inside.setblocking(False)
        for packet in packets:
            self.socket.send(packet)

    def make_socket(self, family: socket.AddressFamily, kind: socket.SocketKind) -> socket.socket:
        assert (family, kind) == (socket.AF_INET, socket.SOCK_RAW)
        return self.inside


class UndeliveredTests(SynchronousTestCase):
    def test_the_message_quotes_the_address_and_the_text(self) -> None:
        for options in (0, 2):
            found = quoted(ip(UNREACHABLE, "127.0.0.1", options))
            self.assertEqual(found, Datagram(("127.0.7.2", 5001), b"text"))

    def test_other_messages_and_parts_of_one_quote_none(self) -> None:
        whole = ip(UNREACHABLE, "127.0.0.1")
        parts = [whole[:end] for end in range(len(whole) - len(b"text"))]
        for packet in (*parts, ip(b"\x08\x00" + UNREACHABLE[2:], "127.0.0.1")):
            self.assertIsNone(quoted(packet))

    def test_what_has_come_is_read_once(self) -> None:
        sandbox = Unreachable(b"", ip(UNREACHABLE, "127.0.0.1"))
        self.addCleanup(sandbox.socket.close)
        undelivered = Undelivered(sandbox)
        self.addCleanup(undelivered.close)
        counts = [len([*undelivered.read()]) for _round in range(2)]
        self.assertEqual(counts, [1, 0])
