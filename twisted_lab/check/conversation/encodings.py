"""Forms, other than UTF-8, in which a text may arrive. Pure."""

from __future__ import annotations

from twisted_lab.check.requirements import mistakes
from twisted_lab.check.requirements.requirement import Mistake
from twisted_lab.text.language import _

_ENCODINGS = ("cp1251", "cp866", "koi8-r", "utf-16-le", "utf-16-be")


def other_form(text: str, received: bytes) -> tuple[str, Mistake] | None:
    """Return in which other form a text has arrived, and the likely cause; None if in none.

    Args:
        text: The text; all encodings of Russian must have its letters.
        received: What has arrived.
    """
    if repr(text.encode())[2:-1].encode() in received:
        note = _("The bytes have arrived as str() and print() show them: b'...', with \\x.")
        return note, mistakes.BYTES_IN_TEXT
    for encoding in _ENCODINGS:
        if text.encode(encoding) in received:
            note = _(
                "The text has arrived in the encoding {encoding}, not in UTF-8.", encoding=encoding
            )
            return note, mistakes.OTHER_ENCODING
    return None
