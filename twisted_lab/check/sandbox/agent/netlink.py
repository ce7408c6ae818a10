"""Messages to the kernel's network configuration (netlink), without the commands ip and nft."""

from __future__ import annotations

import os
import socket
import struct

REQUEST, ACKNOWLEDGE, CREATE = 1, 4, 0x400
_ERROR = 2
_NESTED = 0x8000


def attribute(kind: int, *contents: bytes | str | int) -> bytes:
    """Return an attribute: bytes as they are, a text with a zero at its end, a number in 4 bytes.

    A number is big-endian, as netfilter's are.
    """
    content = b"".join(
        struct.pack(">I", part)
        if isinstance(part, int)
        else part.encode() + b"\0"
        if isinstance(part, str)
        else part
        for part in contents
    )
    padding = b"\0" * (-len(content) % 4)
    return struct.pack("HH", 4 + len(content), kind) + content + padding


def nested(kind: int, *attributes: bytes) -> bytes:
    """Return an attribute that contains attributes."""
    return attribute(kind | _NESTED, *attributes)


def message(kind: int, flags: int, content: bytes, number: int = 1) -> bytes:
    """Return a message with its header."""
    return struct.pack("IHHII", 16 + len(content), kind, REQUEST | flags, number, 0) + content


def send(protocol: int, *messages: bytes) -> None:
    """Send messages in one transaction, and wait for the answer to one of them.

    Args:
        protocol: Such as `NETLINK_ROUTE`.
        messages: Exactly one of them asks for an acknowledgement.

    Raises:
        OSError: The kernel refused a message.
    """
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, protocol) as channel:
        channel.settimeout(5)
        channel.sendto(b"".join(messages), (0, 0))
        answer = channel.recv(65536)
    _, kind, _, _, _, error = struct.unpack_from("IHHIIi", answer)
    if kind != _ERROR or error:
        raise OSError(-error, os.strerror(-error))
