"""Message errors, with the same texts for every transport."""

from __future__ import annotations

MAX_MESSAGE = 65_536
"""The most bytes of a message, by default."""
MAX_INCOMING = 2**20
"""The most bytes of a message that a client takes: a server may send more than it takes."""


class MessageError(ValueError):
    """A message that breaks the rules; the text says how. The bytes after it cannot be read."""


def too_long(size: int | None, limit: int) -> MessageError:
    """Make the error for a message of `size` bytes, or None if its size is not known yet."""
    known = f"{size} bytes" if size is not None else f"more than {limit} bytes"
    return MessageError(f"message of {known} is over the limit of {limit}")


def decode(data: bytes) -> str:
    """Read a message as UTF-8 (RFC 3629).

    Raises:
        MessageError: It is not UTF-8; the text says from which byte on, counted from 0.
    """
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        raise MessageError(f"not UTF-8 at byte {error.start}") from None
