"""PROXY header, in which a proxy names its client (HAProxy's proxy-protocol.txt)."""

from __future__ import annotations

import ipaddress
import re
import struct
from typing import NamedTuple

from twisted_lab.codecs.errors import MessageError
from twisted_lab.text.language import N_

LONGEST_LINE = 107
"""The longest header of version 1, in bytes, including its CRLF."""

LONGEST_HEADER = 4096
"""The longest accepted header of version 2, in bytes; the specification allows 65,551."""

Endpoint = tuple[str, int] | bytes
"""One end of a connection: an IP address and a port, or the path of a unix socket."""

_LINE_START = b"PROXY "
_Kind = type[ipaddress.IPv4Address] | type[ipaddress.IPv6Address]
_KINDS: dict[bytes, _Kind] = {b"TCP4": ipaddress.IPv4Address, b"TCP6": ipaddress.IPv6Address}
_PORT = re.compile(rb"0|[1-9][0-9]{0,4}")

_SIGNATURE = b"\r\n\r\n\0\r\nQUIT\n"
# After the signature: version and command, family and transport, number of remaining bytes.
_FIXED = struct.Struct("!12xBBH")
_LOCAL, _PROXY = 0x20, 0x21
_UNSPECIFIED, _STREAM, _DATAGRAM = 0, 1, 2
_IPV4, _IPV6, _UNIX = 1, 2, 3
_LAYOUTS = {
    _IPV4: struct.Struct("!4s4sHH"),
    _IPV6: struct.Struct("!16s16sHH"),
    _UNIX: struct.Struct("!108s108s"),
}


class ProxyHeader(NamedTuple):
    """A PROXY header.

    Attributes:
        source: The endpoint of the client; None if the proxy does not name it.
        destination: The endpoint that the client connected to; None if the proxy does not name it.
        size: The size of the header, in bytes.
    """

    source: Endpoint | None
    destination: Endpoint | None
    size: int


def read_proxy_header(data: bytes) -> ProxyHeader | None:
    """Parse the PROXY header at the beginning of `data`.

    Returns:
        The header; None if it is incomplete.

    Raises:
        MessageError: `data` does not begin with a valid header; the text says why.
    """
    if data.startswith(_SIGNATURE[: len(data)]):
        return _read_binary(data)
    if data.startswith(_LINE_START[: len(data)]):
        return _read_line(data)
    raise MessageError(N_("it begins with neither PROXY nor the signature of version 2"))


def _read_line(data: bytes) -> ProxyHeader | None:
    end = data.find(b"\r\n", 0, LONGEST_LINE)
    if end < 0:
        if len(data) < LONGEST_LINE:
            return None
        raise MessageError(N_("its line is longer than {limit} bytes", limit=LONGEST_LINE))
    size = end + 2
    _, family, *ends = data[:end].split(b" ")
    if family == b"UNKNOWN":
        return ProxyHeader(None, None, size)
    if family not in _KINDS:
        raise MessageError(N_("its family is none of TCP4, TCP6 and UNKNOWN"))
    if len(ends) != 4:
        raise MessageError(N_("it does not have two addresses and two ports"))
    kind = _KINDS[family]
    return ProxyHeader(
        (_address(ends[0], kind), _port(ends[2])), (_address(ends[1], kind), _port(ends[3])), size
    )


def _address(text: bytes, kind: _Kind) -> str:
    try:
        if b"%" not in text:  # A scope is an interface of another machine.
            return str(kind(text.decode()))
    except ValueError:
        pass
    raise MessageError(N_("an address is not of the stated family"))


def _port(text: bytes) -> int:
    if not _PORT.fullmatch(text) or int(text) > 65535:
        raise MessageError(N_("a port is not a number from 0 to 65535"))
    return int(text)


def _read_binary(data: bytes) -> ProxyHeader | None:
    if len(data) < _FIXED.size:
        return None
    command, kind, length = _FIXED.unpack_from(data)
    size = _FIXED.size + length
    if size > LONGEST_HEADER:
        raise MessageError(
            N_("its {size} bytes are over the limit of {limit}", size=size, limit=LONGEST_HEADER)
        )
    if command not in (_LOCAL, _PROXY):
        raise MessageError(N_("its version or its command is unknown"))
    # The extensions (TLVs) after the addresses are ignored.
    family = _UNSPECIFIED if command == _LOCAL else _stream_family(kind)
    if family == _UNSPECIFIED:
        return ProxyHeader(None, None, size) if len(data) >= size else None
    layout = _LAYOUTS[family]
    if length < layout.size:
        raise MessageError(N_("its addresses are incomplete"))
    if len(data) < size:
        return None
    source, destination, *ports = layout.unpack_from(data, _FIXED.size)
    if family == _UNIX:
        return ProxyHeader(source.rstrip(b"\0"), destination.rstrip(b"\0"), size)
    return ProxyHeader(
        (str(ipaddress.ip_address(source)), ports[0]),
        (str(ipaddress.ip_address(destination)), ports[1]),
        size,
    )


def _stream_family(kind: int) -> int:
    family, transport = divmod(kind, 16)
    if transport > _DATAGRAM or family not in (_UNSPECIFIED, *_LAYOUTS):
        raise MessageError(N_("the family or the transport of the client's connection is unknown"))
    # Section 2.2: a receiver that does not support a valid combination takes it as unspecified.
    return family if transport == _STREAM else _UNSPECIFIED
