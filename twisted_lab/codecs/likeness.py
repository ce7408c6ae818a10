"""Bytes that are no length of an Int32 frame: what they look like, as a help to find out why."""

from __future__ import annotations

import codecs


def looks_like(head: bytes, limit: int) -> str:
    """Say what the first four bytes of a frame are, if they are no length.

    Args:
        head: The four bytes.
        limit: The most bytes of a message.

    Returns:
        What they look like and what to try; "" if they may well be a length.
    """
    if head[0] in (0x15, 0x16) and head[1] == 3:  # an alert or a handshake (RFC 8446, section 5.1)
        return "this looks like TLS: either both sides use --tls, or neither"
    # A multiple of 65,536 in the right order must not be taken for a short one in the wrong order.
    if head[0] and int.from_bytes(head, "little") <= limit:
        return "this looks like a little-endian length; big-endian is the order of the network"
    try:
        text = codecs.getincrementaldecoder("utf-8")().decode(head)
    except UnicodeDecodeError:
        return ""
    is_text = text and all(char.isprintable() or char in "\t\r\n" for char in text)
    return "this looks like text: try --framing text" if is_text else ""
