"""Framings that a server may expect: how a message is put on the wire.

Replies need no decoding: a header before an echoed text is one more thing around it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from math import inf

from twisted_lab.check.language import N_, _

LONGEST_HEADER = 64  # bytes; a server that reads more than this at once does not read a header


@dataclass(frozen=True, slots=True)
class Framing:
    """A framing.

    Attributes:
        title: Its name, untranslated; ``{width}`` stands for `width`.
        encode: Returns the bytes of a message on the wire.
        longest: The longest message that it can hold, in bytes.
        width: The length of the header: of text in characters, otherwise in bytes.
    """

    title: str
    encode: Callable[[bytes], bytes]
    longest: float = inf
    width: int = 0

    @property
    def name(self) -> str:
        """Its name for people."""
        return _(self.title, width=self.width)


RAW = Framing(N_("no framing"), bytes)
LINES = Framing(N_("lines"), lambda text: text + b"\n")
CRLF_LINES = Framing(N_("lines that end with CR and LF"), lambda text: text + b"\r\n")


_DECIMAL = {
    "<": N_("a header of {width} characters with the length, left-justified"),
    ">": N_("a header of {width} characters with the length, right-justified"),
    "0>": N_("a header of {width} characters with the length, with leading zeros"),
}
_BINARY = {
    "big": N_("a header of {width} bytes with the length, big-endian"),
    "little": N_("a header of {width} bytes with the length, little-endian"),
}


def _decimal(width: int, align: str) -> Framing:
    return Framing(
        _DECIMAL[align],
        lambda text: f"{len(text):{align}{width}}".encode() + text,
        longest=10**width - 1,
        width=width,
    )


def _binary(width: int, order: str) -> Framing:
    return Framing(
        _BINARY[order],
        lambda text: len(text).to_bytes(width, order) + text,  # type: ignore[arg-type]
        longest=256**width - 1,
        width=width,
    )


def headers(size: int) -> Iterator[Framing]:
    """Yield framings with a header of a size, the most common ones first.

    Args:
        size: The bytes that the server asked for in its first call of recv().
    """
    if size in (4, 8):
        yield _binary(size, "big")
        yield _binary(size, "little")
    if 2 <= size <= LONGEST_HEADER:
        for align in ("<", "0>", ">"):
            yield _decimal(size, align)
    if size in (1, 2):
        yield _binary(size, "big")
        yield _binary(size, "little")
