"""PROXY headers as written by a proxy, and a second, independent parser."""

from __future__ import annotations

import re
import socket
import struct

from twisted_lab.codecs.proxy_header import Endpoint, ProxyHeader

SIGNATURE = b"\r\n\r\n\x00\r\nQUIT\n"

Ends = tuple[Endpoint | None, Endpoint | None]


def version_2(kind: int, block: bytes, command: int = 0x21) -> bytes:
    """Return a version 2 header, from the byte of family and transport and the data behind it."""
    return SIGNATURE + bytes([command, kind]) + struct.pack("!H", len(block)) + block


def written(ends: Ends) -> list[bytes]:
    """Return a header for `ends` in each version that can express them."""
    source, destination = ends
    if source is None or destination is None:
        return [b"PROXY UNKNOWN\r\n", version_2(0, b""), version_2(0x11, b"", 0x20)]
    if isinstance(source, bytes) or isinstance(destination, bytes):
        return [version_2(0x31, struct.pack("108s108s", source, destination))]
    kind, family = (0x21, socket.AF_INET6) if ":" in source[0] else (0x11, socket.AF_INET)
    hosts = [socket.inet_pton(family, host) for host, _ in (source, destination)]
    ports = source[1], destination[1]
    name = "TCP6" if kind == 0x21 else "TCP4"
    return [
        f"PROXY {name} {source[0]} {destination[0]} {ports[0]} {ports[1]}\r\n".encode(),
        version_2(kind, b"".join(hosts) + struct.pack("!2H", *ports)),
    ]


LINE = re.compile(
    rb"PROXY (?:UNKNOWN(?: [^\r]*(?:\r(?!\n)[^\r]*)*)?"
    rb"|TCP([46]) ([0-9A-Fa-f.:]+) ([0-9A-Fa-f.:]+) (0|[1-9]\d*) (0|[1-9]\d*))\r\n"
)


def _shown(packed: bytes) -> str:
    if len(packed) == 4:
        return ".".join(map(str, packed))
    groups = [f"{high << 8 | low:x}" for high, low in zip(packed[::2], packed[1::2], strict=True)]
    return ":".join(groups)


def _of_line(data: bytes) -> tuple[list[Endpoint], int] | None:
    line = LINE.match(data[:107])
    if line is None:
        return None
    if line[1] is None:
        return [], line.end()
    family = socket.AF_INET6 if line[1] == b"6" else socket.AF_INET
    try:
        hosts = [_shown(socket.inet_pton(family, text.decode())) for text in line.group(2, 3)]
    except OSError:
        return None
    ports = [int(text) for text in line.group(4, 5)]
    if max(ports) > 65535:
        return None
    return list(zip(hosts, ports, strict=True)), line.end()


def _of_block(data: bytes) -> tuple[list[Endpoint], int] | None:
    size = 16 + data[14] * 256 + data[15] if len(data) > 15 else 65536
    if len(data) < size or size > 4096 or data[12] not in (32, 33):
        return None
    block = data[16:size]
    # Families without a transport, and datagrams, count as unspecified.
    if data[12] == 32 or data[13] in (0, 1, 2, 0x10, 0x12, 0x20, 0x22, 0x30, 0x32):
        return [], size
    width = {0x11: 4, 0x21: 16, 0x31: 108}.get(data[13])
    if width is None or len(block) < 2 * width + (0 if width == 108 else 4):
        return None
    ends = block[:width], block[width : 2 * width]
    if width == 108:
        return [end.rstrip(b"\0") for end in ends], size
    ports = block[2 * width :]
    return [
        (_shown(ends[0]), ports[0] * 256 + ports[1]),
        (_shown(ends[1]), ports[2] * 256 + ports[3]),
    ], size


def _plain(end: Endpoint) -> Endpoint:
    if isinstance(end, bytes):
        return end
    family = socket.AF_INET6 if ":" in end[0] else socket.AF_INET
    return _shown(socket.inet_pton(family, end[0])), end[1]


def agrees(data: bytes, header: ProxyHeader | None) -> bool:
    """Return whether a second parser agrees on `data`; None if the header is incomplete."""
    found = _of_block(data) if data.startswith(SIGNATURE) else _of_line(data)
    if header is None or found is None:
        return header is None and found is None
    ends, size = found
    named = [_plain(end) for end in (header.source, header.destination) if end is not None]
    return (ends, size) == (named, header.size)
