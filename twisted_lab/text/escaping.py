"""Text from outside, made fit to be shown: nothing in it can steer a terminal or forge a line."""

MOST_SHOWN = 200  # bytes


def escape(text: str, keep: str = "") -> str:
    r"""Write each character that does not print as an escape: ``\x1b``, ``\n``, ``\u202e``.

    Args:
        text: Text from outside.
        keep: Characters to leave as they are, such as ``"\n"`` for text of many lines.

    Returns:
        Text that moves no cursor, changes no colour and hides nothing.
    """
    if text.isprintable():
        return text
    return "".join(
        char if char.isprintable() or char in keep else char.encode("unicode_escape").decode()
        for char in text
    )


def escape_bytes(data: bytes) -> str:
    r"""Write UTF-8 as text and other bytes as escapes, and of many bytes only the first ones."""
    text = data[:MOST_SHOWN].decode(errors="backslashreplace")
    return escape(text) + ("..." if len(data) > MOST_SHOWN else "")
