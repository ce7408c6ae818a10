"""Message errors, with the same texts for every transport."""

from __future__ import annotations

from twisted_lab.text.language import N_, Message

MAX_MESSAGE = 65_536
"""The default limit of a message, in bytes."""
MAX_INCOMING = 2**20
"""The limit of a message to a client, in bytes; a server may send more than it accepts."""


class MessageError(ValueError):
    """A message that violates the rules; the text says how. The bytes after it are unreadable."""


def too_long(size: int | None, limit: int) -> MessageError:
    """Return the error for a message of `size` bytes; None if the size is not known yet."""
    if size is None:
        problem = N_("message of more than {limit} bytes is over the limit of {limit}", limit=limit)
    else:
        problem = N_("message of {size} bytes is over the limit of {limit}", size=size, limit=limit)
    return MessageError(problem)


def with_guess(problem: Message, guess: str) -> Message:
    """Return a problem and what it may come from; "" if there is no guess."""
    return Message("{problem}; {guess}", problem=problem, guess=guess) if guess else problem


def decode(data: bytes) -> str:
    """Decode a message as UTF-8 (RFC 3629).

    Raises:
        MessageError: `data` is not UTF-8; the text gives the index of the first invalid byte.
    """
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        raise MessageError(N_("not UTF-8 at byte {index}", index=error.start)) from None
