"""First bytes that are no length of an Int32 frame, or no text: what they look like."""

from __future__ import annotations

import codecs
import re

# The peer may be any program, so these texts name the server's options alone.
_NO_TEXT = (
    (
        rb"\x16\x03[\0-\4]",  # a handshake (RFC 8446, section 5.1)
        "this looks like TLS; connect without it, or start the server with --tls",
    ),
    (
        rb"\0\0(?!\0*\Z|\0\0+[\r\n])",
        "this looks like a 4-byte length; send lines, or start the server with --framing int32",
    ),
    (
        # Far more likely than a message of one character with two bytes of padding.
        rb"[\x01-\x08\x0b\x0c\x0e-\x1f]\0\0\0|[^\0]\0\0\0[^\0\r\n]",
        "this looks like a little-endian length; send lines",
    ),
    (rb"\0[^\0]|[^\0\r\n]\0[^\0\r\n]\0", "this looks like UTF-16; send UTF-8"),
)
_NO_TEXTS = [(re.compile(pattern), likeness) for pattern, likeness in _NO_TEXT]


def no_text(head: bytes) -> str:
    """Say why a stream that begins with `head` has no lines of text; "" if it may well have."""
    for pattern, likeness in _NO_TEXTS:
        if pattern.match(head):
            return f"no text: {likeness}"
    return ""


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
