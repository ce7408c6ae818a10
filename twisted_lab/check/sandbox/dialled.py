"""Tells which address a redirected connection was made to."""

from __future__ import annotations

import socket
import struct

_SO_ORIGINAL_DST = 80


def dialled(connection: socket.socket) -> tuple[str, int]:
    """Return the host and port that a client dialled, for a connection of a sandbox's listener.

    Args:
        connection: What the listener accepted.
    """
    host, port = connection.getsockname()[:2]
    try:
        if connection.family == socket.AF_INET or host.startswith("::ffff:"):
            raw = connection.getsockopt(socket.SOL_IP, _SO_ORIGINAL_DST, 16)
            return socket.inet_ntop(socket.AF_INET, raw[4:8]), struct.unpack_from(">H", raw, 2)[0]
        raw = connection.getsockopt(socket.IPPROTO_IPV6, _SO_ORIGINAL_DST, 28)
        return socket.inet_ntop(socket.AF_INET6, raw[8:24]), struct.unpack_from(">H", raw, 2)[0]
    except OSError:  # not redirected
        return host.removeprefix("::ffff:"), port
