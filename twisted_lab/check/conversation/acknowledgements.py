"""How a client may have to acknowledge a datagram. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence

NUMBER = b"{n}"
MOST_FORMS = 8
_NUMBER = re.compile(rb"\b[0-9]{1,9}\b")
_LONGEST = 60  # bytes
_USUAL = (b"ACK", b"ACK {n}", b"ACK:{n}", b"ack", b"ack {n}", b"{n}", b"OK")


def forms(heard: bytes, datagram: bytes) -> Sequence[bytes]:
    """Return forms of acknowledgements, the most likely first; {n} stands for a number.

    Args:
        heard: How the server has acknowledged a datagram of a client; b"" if it has not.
        datagram: One that the server has sent again.
    """
    own = (_NUMBER.sub(NUMBER, heard, count=1),) if 0 < len(heard) <= _LONGEST else ()
    numbered = bool(_NUMBER.search(datagram))
    found = [form for form in (*own, *_USUAL) if numbered or NUMBER not in form]
    return tuple(dict.fromkeys(found))[:MOST_FORMS]


def acknowledgement(form: bytes, datagram: bytes) -> bytes:
    """Return the acknowledgement of a datagram; b"" if the form has a number, and this has none."""
    number = _NUMBER.search(datagram)
    if NUMBER in form and number is None:
        return b""
    return form.replace(NUMBER, number[0]) if number else form
