"""PROXY headers, parsed from bytes."""

from __future__ import annotations

import struct
from unittest import TestCase

from hypothesis import given
from hypothesis import strategies as st

from tests.doubles.proxy_headers import SIGNATURE, Ends, agrees, version_2, written
from twisted_lab.codecs import MessageError
from twisted_lab.codecs.proxy_header import ProxyHeader, read_proxy_header

V4 = bytes([10, 1, 2, 3, 10, 0, 0, 1]) + struct.pack("!2H", 5647, 9092)
MAPPED = bytes(10) + b"\xff\xff" + bytes([10, 1, 2, 3])
V6 = MAPPED + bytes(15) + b"\x01" + struct.pack("!2H", 5647, 9092)
PATHS = b"/run/client".ljust(108, b"\0") + b"/run/server".ljust(108, b"\0")
CLIENT, SERVER = ("10.1.2.3", 5647), ("10.0.0.1", 9092)

ports = st.integers(0, 65535)
paths = st.binary(max_size=108).map(lambda path: path.rstrip(b"\0"))
ends = st.one_of(
    st.just((None, None)),
    *(st.tuples(*[st.tuples(st.ip_addresses(v=v).map(str), ports)] * 2) for v in (4, 6)),
    st.tuples(paths, paths),
)
pieces_of_headers = st.sampled_from(
    [
        *(b"PROXY", b" ", b"TCP4", b"TCP6", b"UNKNOWN", b"10.1.2.3", b"::1", b"::ffff:1.2.3.4"),
        *(b"0", b"1", b"65535", b"65536", b"\r\n", b"\r", b"\n", b"%lo", SIGNATURE),
        *(version_2(0x11, V4), version_2(0x21, V6), version_2(0x31, PATHS), V4, V6, b"\x21\x11\0"),
    ]
)


def refusal(data: bytes) -> str:
    try:
        header = read_proxy_header(data)
    except MessageError as error:
        return str(error)
    raise AssertionError(header)


def stream_reading(data: bytes) -> tuple[ProxyHeader | None, str]:
    """Read `data` byte by byte."""
    for size in range(len(data) + 1):
        try:
            header = read_proxy_header(data[:size])
        except MessageError as error:
            return None, str(error)
        if header is not None:
            return header, ""
    return None, ""


class GoodHeaderTests(TestCase):
    def test_version_1_headers_are_read(self) -> None:
        for line, expected in (
            (b"PROXY TCP4 10.1.2.3 10.0.0.1 5647 9092\r\n", (CLIENT, SERVER)),
            (b"PROXY TCP6 2001:DB8:0::1 ::1 0 65535\r\n", (("2001:db8::1", 0), ("::1", 65535))),
            (b"PROXY UNKNOWN\r\n", (None, None)),
            (b"PROXY UNKNOWN ffff::1 whatever \r 1\r\n", (None, None)),
            (b"PROXY UNKNOWN".ljust(105) + b"\r\n", (None, None)),
        ):
            self.assertEqual(read_proxy_header(line + b"hello"), (*expected, len(line)))

    def test_version_2_headers_are_read(self) -> None:
        for header, expected in (
            (version_2(0x11, V4), (CLIENT, SERVER)),
            (version_2(0x11, V4 + b"\x04\x00\x05hello"), (CLIENT, SERVER)),
            (version_2(0x11, V4.ljust(4080)), (CLIENT, SERVER)),
            (version_2(0x31, PATHS), (b"/run/client", b"/run/server")),
            (version_2(0x00, b""), (None, None)),
            (version_2(0x01, b"ignored"), (None, None)),
            (version_2(0x10, b"ignored"), (None, None)),
            (version_2(0x12, V4), (None, None)),
            (version_2(0x22, V6), (None, None)),
            (version_2(0x32, PATHS), (None, None)),
            (version_2(0x00, b"", command=0x20), (None, None)),
            (version_2(0xFF, b"ignored", command=0x20), (None, None)),
        ):
            self.assertEqual(read_proxy_header(header + b"hello"), (*expected, len(header)))

    @given(ends)
    def test_property_written_headers_are_read(self, ends: Ends) -> None:
        for header in written(ends):
            self.assertEqual(read_proxy_header(header), (*ends, len(header)))
            self.assertTrue(agrees(header, read_proxy_header(header)))
            self.assertEqual(stream_reading(header + b"hello")[0], (*ends, len(header)))


class RefusalTests(TestCase):
    def test_another_protocol_is_refused(self) -> None:
        for data in (
            b"GET / HTTP/1.0\r\n\r\n",
            b"\r\nx",
            b"\x16",
            b"proxy",
            b"PROXY\r\n",
            b"PROXYx",
        ):
            self.assertIn("begins with neither", refusal(data))

    def test_malformed_lines_are_refused(self) -> None:
        for rest, reason in (
            (b"TCP9 10.1.2.3 10.0.0.1 1 2", "family is none of"),
            (b"", "family is none of"),
            (b" TCP4 10.1.2.3 10.0.0.1 1 2", "family is none of"),
            (b"UNKNOWNS", "family is none of"),
            (b"TCP4 10.1.2.3 10.0.0.1 1", "two addresses and two ports"),
            (b"TCP4 10.1.2.3 10.0.0.1 1 2 3", "two addresses and two ports"),
            (b"TCP4 10.1.2.3 10.0.0.1 1 2 ", "two addresses and two ports"),
            (b"TCP4 rumpel stilz 1 2", "an address"),
            (b"TCP4 ::1 ::1 1 2", "an address"),
            (b"TCP4 10.1.2.03 10.0.0.1 1 2", "an address"),
            (b"TCP4 10.1.2.3 10.0.0 1 2", "an address"),
            (b"TCP4 \xd9\xa1.1.2.3 10.0.0.1 1 2", "an address"),
            (b"TCP6 10.1.2.3 10.0.0.1 1 2", "an address"),
            (b"TCP6 ::1 :81 1 2", "an address"),
            (b"TCP6 fe80::1%lo ::1 1 2", "an address"),
            *(
                (b"TCP4 10.1.2.3 10.0.0.1 1 " + port, "a port")
                for port in (b"x", b"", b"-1", b"+1", b"01", b"00", b"1_0", b"65536", b"1\n")
            ),
            (b"UNKNOWN".ljust(200), "longer than 107 bytes"),
            (b"UNKNOWN".ljust(100), "longer than 107 bytes"),
        ):
            self.assertIn(reason, refusal(b"PROXY " + rest + b"\r\n"))

    def test_malformed_blocks_are_refused(self) -> None:
        for header, reason in (
            (version_2(0x11, V4[:-1]), "incomplete"),
            (version_2(0x21, V4), "incomplete"),
            (version_2(0x31, PATHS[:-1]), "incomplete"),
            (version_2(0x13, V4), "is unknown"),
            (version_2(0x41, V4), "is unknown"),
            (version_2(0x11, V4, command=0x22), "version or its command"),
            (version_2(0x11, V4, command=0x11), "version or its command"),
            (version_2(0x11, V4.ljust(4081)), "4097 bytes are over the limit of 4096"),
            (version_2(0x11, V4.ljust(65535))[:16], "65551 bytes"),
        ):
            self.assertIn(reason, refusal(header))

    @given(st.lists(st.one_of(pieces_of_headers, st.binary(max_size=20)), max_size=9).map(b"".join))
    def test_property_splitting_the_bytes_changes_nothing(self, data: bytes) -> None:
        header, reason = stream_reading(data)
        self.assertTrue(agrees(data, header), header)
        if reason:
            self.assertEqual(refusal(data), reason)
        else:
            self.assertEqual(read_proxy_header(data), header)
