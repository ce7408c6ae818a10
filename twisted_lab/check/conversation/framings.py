"""Framings: how a message is put on the wire. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from math import inf

from twisted_lab.text.language import N_, _

LONGEST_HEADER = 64  # bytes; a server that reads more than this at once does not read a header
LONGEST_REPLY = 4096  # bytes of a reply whose framing is looked for: it may be a flood
# Around a number in a header, besides spaces: programs in C fill it up with zero bytes.
_PADDING = b" \0\t\r\n"
_SIGNS = "!#$%&*+-/:;<=>@^_|~"


def _no_header(_: int) -> bytes:
    return b""


def _no_length(header: bytes) -> int:
    raise ValueError(f"{header!r} has no length")


@dataclass(frozen=True, slots=True)
class Framing:
    """A framing.

    Attributes:
        title: Its name, untranslated; ``{width}`` stands for `size`.
        size: The bytes of its header; 0 if it has none.
        header: Returns the header for a length.
        length: Returns the length that a header has; raises ValueError if it has none.
        end: What stands behind each message.
        longest: The greatest length that its header can hold.
        is_text: Whether its header is a number that people can read.
        is_apart: Whether the header goes in a segment of its own: nothing else tells where it ends.
    """

    title: str
    size: int = 0
    header: Callable[[int], bytes] = _no_header
    length: Callable[[bytes], int] = _no_length
    end: bytes = b""
    longest: float = inf
    is_text: bool = False
    is_apart: bool = False

    @property
    def name(self) -> str:
        """Its name for people."""
        return _(self.title, width=self.size)

    def encode(self, text: bytes) -> bytes:
        """Return the bytes of a message on the wire."""
        return self.header(len(text)) + text + self.end

    def decode(self, data: bytes) -> tuple[list[bytes], bytes]:
        """Return the whole messages at the start of what was received, and the rest.

        A framing without a header does not tell where a message ends: all is one.
        """
        if not self.size:
            return [data] if data else [], b""
        messages: list[bytes] = []
        start = 0
        while len(data) >= (begin := start + self.size):
            try:
                end = begin + self.length(data[start:begin])
            except ValueError:
                break
            if len(data) < end:
                break
            messages.append(data[begin:end])
            start = end
        return messages, data[start:]

    def counted_characters(self, reply: bytes) -> int:
        """Return the length in the header of a reply if it counts characters; otherwise 0."""
        try:
            length = self.length(reply[: self.size])
        except ValueError:
            return 0
        body = reply[self.size :]
        return length if length == len(body.decode(errors="replace")) < len(body) else 0


RAW = Framing(N_("no framing"))
LINES = Framing(N_("lines"), end=b"\n")
CRLF_LINES = Framing(N_("lines that end with CR and LF"), end=b"\r\n")

_TEXT = {
    "d<": N_("a header of {width} characters with the length, left-justified"),
    "d>": N_("a header of {width} characters with the length, right-justified"),
    "d0>": N_("a header of {width} characters with the length, with leading zeros"),
    "x<": N_("a header of {width} hexadecimal digits, left-justified"),
    "x>": N_("a header of {width} hexadecimal digits, right-justified"),
    "x0>": N_("a header of {width} hexadecimal digits, with leading zeros"),
}
_BINARY = {
    "big": N_("a header of {width} bytes with the length, big-endian"),
    "little": N_("a header of {width} bytes with the length, little-endian"),
}
_BYTE = N_("a header of one byte with the length")


def _text(width: int, align: str, kind: str) -> Framing:
    base = 16 if kind == "x" else 10

    def length(header: bytes) -> int:
        # int() takes signs, underscores and digits of all alphabets; a header has none of them.
        number = header.strip(_PADDING)
        bare = number.removeprefix(b"0x") if kind == "x" else number
        if not bare.isalnum():
            _no_length(header)
        return int(bare, base)

    return Framing(
        _TEXT[kind + align],
        width,
        lambda size: f"{size:{align}{width}{kind}}".encode(),
        length,
        longest=base**width - 1,
        is_text=True,
    )


def _binary(width: int, order: str) -> Framing:
    return Framing(
        _BINARY[order] if width > 1 else _BYTE,
        width,
        lambda size: size.to_bytes(width, order),  # type: ignore[arg-type]
        lambda header: int.from_bytes(header, order),  # type: ignore[arg-type]
        longest=256**width - 1,
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
        # Most programs that read one padding read zeros, too: int("12  ") works, as int("0012").
        for align in ("0>", "<", ">"):
            yield _text(size, align, "d")
    if size in (1, 2):
        yield _binary(size, "big")
    if size == 2:
        yield _binary(size, "little")
    if 2 <= size <= LONGEST_HEADER:
        for align in ("0>", "<", ">"):
            yield _text(size, align, "x")


def common_headers() -> Iterator[Framing]:
    """Yield the framings to try with a server that does not show how long its header is."""
    yield _binary(4, "big")
    yield _text(10, "0>", "d")
    yield _binary(4, "little")
    for size in (4, 8, 5, 2, 16, 64):
        yield _text(size, "0>", "d")
    yield _binary(2, "big")
    yield _binary(8, "big")


def told_framing(greeting: bytes) -> Framing | None:
    """Return the framing of a greeting that starts with its own length, in no fixed width.

    Args:
        greeting: What a server says first: ``5Hello``, or ``5$~Hello$$~`` with signs of its own.
    """
    text = greeting[:LONGEST_REPLY].decode(errors="replace")
    found = re.match(r"([1-9]\d{0,3})(?=\D)", text)
    if not found:
        return None
    length, rest = int(found[1]), text[found.end() :]
    if length in (len(rest), len(rest.encode())):
        return _varying("", is_apart=True)
    signs = rest[: len(rest) - len(rest.lstrip(_SIGNS))]
    is_whole = len(rest) >= len(signs) + length and not rest[len(signs) + length :].strip(_SIGNS)
    return _varying(signs) if len(signs) > 1 and is_whole else None


def _varying(signs: str, is_apart: bool = False) -> Framing:
    return Framing(
        N_("the length as a number in a segment of its own")
        if is_apart
        else N_("the length as a number, and signs behind it"),
        header=lambda size: f"{size}{signs}".encode(),
        is_apart=is_apart,
    )


def framing_of(reply: bytes, size: int) -> Framing:
    """Return the framing in which a reply has whole messages only; RAW if there is none.

    A header of the size that is tried first may count characters instead of bytes.

    Args:
        reply: What a program has sent; of more than LONGEST_REPLY bytes, nothing is found.
        size: The size of the header in its other direction, which is tried first.
    """
    found = [each for each in headers(size) if each.counted_characters(reply[:LONGEST_REPLY])]
    for framing in found:
        if reply.startswith(framing.header(framing.counted_characters(reply))):
            return framing
    for width in () if len(reply) > LONGEST_REPLY else (size, *range(1, LONGEST_HEADER + 1)):
        for framing in headers(width):
            messages, rest = framing.decode(reply)
            if messages and all(messages) and not rest:
                if reply.startswith(framing.header(len(messages[0]))):
                    return framing
                found.append(framing)  # the number is padded in another way
    return found[0] if found else RAW


# A call of printf in a shell, as commands by hand have it: each %-10s takes a length.
_UNENDED = re.compile(r"printf (\w+)(?= \|)")
_PRINTF = re.compile(r"printf '([^']*%-10s[^']*)' (\d+(?: \d+)*)")


def with_headers(command: str, framing: Framing) -> str:
    """Return a shell command whose headers of ten characters are those of another framing.

    What ``printf`` prints alone is a line where messages are lines.
    """

    def fill(found: re.Match[str]) -> str:
        first, *rest = found[1].split("%-10s")
        parts = zip(map(int, found[2].split()), rest, strict=True)
        headers = (_printed(framing, length) + text for length, text in parts)
        return f"printf '{first}{''.join(headers)}'"

    if framing is LINES:
        return _UNENDED.sub(r"echo \1", command)
    return _PRINTF.sub(fill, command) if framing.size else command


def _printed(framing: Framing, length: int) -> str:
    header = framing.header(int(min(length, framing.longest)))
    return header.decode() if framing.is_text else "".join(f"\\{byte:03o}" for byte in header)
