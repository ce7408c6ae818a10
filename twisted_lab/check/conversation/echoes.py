"""Whether a text came back, whatever a server puts around it."""

from __future__ import annotations

import re
from collections.abc import Iterable

from twisted_lab.text.language import _, ngettext

# CSI sequences (ECMA-48, section 5.4), such as colours.
COLOURS = re.compile(rb"\x1b\[[0-9;?]*[ -/]*[@-~]")

_LONG = 100  # bytes
_SPAN = 20_000  # bytes; a text is not longer, with all that a program puts between its portions


def came_back(received: bytes, sent: bytes, is_exact: bool = False) -> bool:
    """Return whether all bytes of `sent` are in `received`, in their order.

    Colours do not count, nor what a program puts before, between or after.

    Args:
        received: What was received, or shown on a terminal.
        sent: The text.
        is_exact: Whether upper and lower case differ.
    """
    if len(received) < len(sent):
        return False
    if sent in received:
        return True
    folded = bytes if is_exact else _folded
    bare, end = folded(COLOURS.sub(b"", received)), 0
    for byte in folded(sent):
        end = bare.find(byte, end) + 1
        if not end:
            return False
    return True


def carries(received: bytes, sent: bytes) -> bool:
    """Return whether a text, in upper or lower case, stands in what was received.

    Long texts may come in portions, with words of the program between them; short ones do not, and
    their letters may stand among others by chance.

    Args:
        received: What was received.
        sent: The text.
    """
    if len(sent) >= _LONG:
        return came_back(received, sent)
    return _folded(sent) in _folded(COLOURS.sub(b"", received))


class Search:
    """Looks for texts in what keeps coming; however much comes, a look costs little.

    Args:
        texts: The texts.
        start: Where in what was received to begin.

    Attributes:
        missing: The texts that have not come.
    """

    def __init__(self, texts: Iterable[bytes], start: int) -> None:
        self.missing = set(texts)
        self._start = start

    def has_found(self, received: bytearray) -> bool:
        """Return whether all texts have come.

        Args:
            received: All that was received so far.
        """
        new = bytes(received[self._start :])
        self.missing = {text for text in self.missing if not carries(new, text)}
        self._start = max(self._start, len(received) - _SPAN)
        return not self.missing


def _folded(data: bytes) -> bytes:
    return data.decode(errors="surrogateescape").lower().encode(errors="surrogateescape")


def manner(received: bytes, sent: bytes) -> str:
    """Return how a text came back, in words for people."""
    if received == sent:
        return _("as it was")
    words = []
    bare = COLOURS.sub(b"", received)
    if bare != received:
        words.append(_("in colours"))
    if sent not in bare:
        words.append(_("in upper case") if sent.upper() in bare else _("in pieces or other case"))
    before, _text, after = bare.lower().partition(sent.lower())
    if before:
        words.append(
            _("with {text} before it", text=repr(before.decode()))
            if _is_short(before)
            else ngettext("with {n} byte before it", "with {n} bytes before it", len(before))
        )
    if after.strip():
        words.append(
            _("with {text} after it", text=repr(after.decode()))
            if _is_short(after)
            else ngettext("with {n} byte after it", "with {n} bytes after it", len(after))
        )
    elif after:
        words.append(_("with white space after it"))
    return ", ".join(words)


def _is_short(data: bytes) -> bool:
    return data.isascii() and len(data) < 40
