"""Escaping of untrusted text, so that it can neither control a terminal nor forge a line."""

MOST_SHOWN = 200  # bytes


def escape(text: str, keep: str = "") -> str:
    r"""Replace each non-printable character by an escape: ``\x1b``, ``\n``, ``\u202e``.

    Args:
        text: The untrusted text.
        keep: Characters to leave as they are, such as ``"\n"`` for text of many lines.

    Returns:
        Text that cannot move the cursor, change colours or hide characters.
    """
    if text.isprintable():
        return text
    # A list: `join` would make one of a generator, too, and that takes a quarter more time.
    return "".join(
        [
            char if char.isprintable() or char in keep else char.encode("unicode_escape").decode()
            for char in text
        ]
    )


def escape_bytes(data: bytes) -> str:
    """Return UTF-8 as text, with escapes for all else, cut after MOST_SHOWN bytes."""
    text = data[:MOST_SHOWN].decode(errors="backslashreplace")
    return escape(text) + ("..." if len(data) > MOST_SHOWN else "")
