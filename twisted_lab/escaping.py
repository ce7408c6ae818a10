"""Text from outside, made fit to be shown: nothing in it can steer a terminal or forge a line."""


def escape(text: str, keep: str = "") -> str:
    r"""Write each character that does not print as an escape: ``\x1b``, ``\n``, ``\u202e``.

    Args:
        text: What somebody else wrote.
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
