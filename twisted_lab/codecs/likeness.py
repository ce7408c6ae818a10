"""Guesses at what a peer sends instead of messages in the framing of the service."""

from __future__ import annotations

import codecs
import re

from twisted_lab.text.language import N_

# The peer may be any program, so these texts name only the server's options.
_NO_TEXT = (
    (
        rb"\x16\x03[\0-\4]",  # a handshake (RFC 8446, section 5.1)
        N_("this looks like TLS; connect without it, or start the server with --tls"),
    ),
    (
        rb"\0\0(?!\0*\Z|\0\0+[\r\n])",
        N_("this looks like a 4-byte length; send lines, or start the server with --framing int32"),
    ),
    (
        # Far more likely than a message of one character with two bytes of padding.
        rb"[\x01-\x08\x0b\x0c\x0e-\x1f]\0\0\0|[^\0]\0\0\0[^\0\r\n]",
        N_("this looks like a little-endian length; send lines"),
    ),
    (rb"\0[^\0]|[^\0\r\n]\0[^\0\r\n]\0", N_("this looks like UTF-16; send UTF-8")),
)
_TLS = re.compile(rb"[\x15\x16]\x03")  # an alert or a handshake (RFC 8446, section 5.1)
_DIGIT = re.compile(rb" *[0-9]")
_TRY_TLS = N_("this looks like TLS: either both sides use --tls, or neither")
_NO_TEXTS = [(re.compile(pattern), likeness) for pattern, likeness in _NO_TEXT]


def no_text(head: bytes) -> str:
    """Return why a stream that begins with `head` is not text; "" if it may be text."""
    for pattern, likeness in _NO_TEXTS:
        if pattern.match(head):
            return N_("no text: {guess}", guess=likeness)
    return ""


def looks_like(head: bytes, limit: int) -> str:
    """Guess what the first four bytes of a frame are, if they are not a length.

    Args:
        head: The four bytes.
        limit: The most bytes of a message.

    Returns:
        A guess, and what to try; "" if they may be a length.
    """
    if _TLS.match(head):
        return _TRY_TLS
    # A big-endian multiple of 65,536 must not count as a short little-endian length.
    if head[0] and int.from_bytes(head, "little") <= limit:
        return N_("this looks like a little-endian length; big-endian is the order of the network")
    return _text(head)


def no_header(head: bytes) -> str:
    """Guess what the first bytes of a stream are, which should be a length in text.

    Returns:
        A guess, and what to try; "" if there is none.
    """
    if _TLS.match(head):
        return _TRY_TLS
    if head.startswith(b"\0"):
        return N_("this looks like a 4-byte length: try --framing int32")
    return _text(head)


def _text(head: bytes) -> str:
    try:
        text = codecs.getincrementaldecoder("utf-8")().decode(head)
    except UnicodeDecodeError:
        return ""
    if not text or not all(char.isprintable() or char in "\t\r\n" for char in text):
        return ""
    likeness = N_("this looks like text: try --framing text")
    is_length = _DIGIT.match(head)
    return (
        N_("{guess}, or decimal:N if N digits come first", guess=likeness)
        if is_length
        else likeness
    )
