"""Message errors, with the same texts for every transport."""

from __future__ import annotations

MAX_MESSAGE = 65_536
"""The default limit of a message, in bytes."""
MAX_INCOMING = 2**20
"""The limit of a message to a client, in bytes; a server may send more than it accepts."""


class MessageError(ValueError):
    """A message that violates the rules; the text says how. The bytes after it are unreadable."""


def too_long(size: int | None, limit: int) -> MessageError:
    """Return the error for a message of `size` bytes; None if the size is not known yet."""
    known = f"{size} bytes" if size is not None else f"more than {limit} bytes"
    return MessageError(f"message of {known} is over the limit of {limit}")


def decode(data: bytes) -> str:
    """Decode a message as UTF-8 (RFC 3629).

    Raises:
        MessageError: `data` is not UTF-8; the text gives the index of the first invalid byte.
    """
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        raise MessageError(f"not UTF-8 at byte {error.start}") from None
