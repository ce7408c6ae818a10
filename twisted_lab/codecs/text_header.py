"""Length headers in text: the length in decimal or hexadecimal digits, of a fixed width."""

from __future__ import annotations

import codecs
import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, cached_property

from twisted_lab.codecs.errors import MAX_MESSAGE, MessageError, decode, too_long, with_guess
from twisted_lab.codecs.likeness import no_header
from twisted_lab.codecs.stream import StreamDecoder
from twisted_lab.text.language import N_, Message

COUNTS = ("bytes", "characters")
"""The units of a length; characters are Unicode code points, as in Python's ``len``."""
WIDEST = 64  # a widespread tutorial pads its lengths to 64 bytes

_FRAMING = re.compile(r"(decimal|hex):([1-9][0-9]?)", re.ASCII)
# int() alone would also take signs, underscores, digits of other scripts and other white space.
_LENGTHS = {"decimal": re.compile(rb" *([0-9]*) *"), "hex": re.compile(rb" *([0-9A-Fa-f]*) *")}


@dataclass(frozen=True)
class TextHeader:
    """The form of the header before each message.

    Args:
        kind: ``decimal`` or ``hex``.
        width: Its number of digits and spaces.
        count: What the length counts, one of COUNTS.
    """

    kind: str
    width: int
    count: str = "bytes"

    def __str__(self) -> str:
        return f"{self.kind}:{self.width}"

    @cached_property
    def most(self) -> int:
        """The greatest length."""
        return int(self._base**self.width - 1)

    @property
    def _base(self) -> int:
        return 16 if self.kind == "hex" else 10

    def read(self, header: bytes) -> int | None:
        """Return the length in a header, with zeros before it or spaces around it; None if bad."""
        found = _LENGTHS[self.kind].fullmatch(header)
        return int(found[1], self._base) if found and found[1] else None

    def can_begin_with(self, head: bytes) -> bool:
        """Tell whether a header can begin with `head`."""
        return _LENGTHS[self.kind].fullmatch(head) is not None

    def check(self, data: bytes) -> int:
        """Return the length of a message.

        Raises:
            MessageError: It does not fit into the header.
        """
        size = len(data) if self.count == "bytes" else len(data.decode(errors="replace"))
        if size > self.most:
            problem = (
                N_("message of {size} bytes is over the limit of {limit} of the header {header}")
                if self.count == "bytes"
                else N_(
                    "message of {size} characters is over the limit of {limit} of the header "
                    "{header}"
                )
            )
            raise MessageError(Message(problem, size=size, limit=self.most, header=str(self)))
        return size

    def frame(self, data: bytes) -> bytes:
        """Return a message after its header.

        Raises:
            MessageError: Its length does not fit into the header.
        """
        # Zeros before the number, because every parser of numbers reads them: some refuse spaces.
        form = "x" if self.kind == "hex" else "d"
        return f"{self.check(data):0{self.width}{form}}".encode() + data


def framing_name(text: str) -> str:
    """Return `text` if it is the name of a framing.

    Raises:
        ValueError: It is not.
    """
    if text not in ("text", "int32"):
        text_header(text, others="text, int32")
    return text


@cache
def text_header(text: str, count: str = "bytes", others: str = "int32") -> TextHeader:
    """Return the header of a framing such as ``decimal:10``.

    Args:
        text: The framing.
        count: What the length counts, one of COUNTS.
        others: The framings without such a header, for the error.

    Raises:
        ValueError: `text` is not such a framing, or `count` not one of COUNTS.
    """
    found = _FRAMING.fullmatch(text)
    if not found or int(found[2]) > WIDEST:
        raise ValueError(
            N_(
                "expected {others}, decimal:N or hex:N, with N from 1 to {most}, not {text!r}",
                others=others,
                most=WIDEST,
                text=text,
            )
        )
    if count not in COUNTS:
        raise ValueError(
            N_("expected a count of {known}, not {count!r}", known=" or ".join(COUNTS), count=count)
        )
    return TextHeader(found[1], int(found[2]), count)


@cache
def header_encoder(header: TextHeader) -> Callable[[str], bytes]:
    """Return an encoder of texts, which never fails.

    A lone surrogate becomes ``?``. A text that is too long for the header is replaced by an error
    message, as far as that fits, so that the peer learns of it and can read on.
    """

    def encode(text: str) -> bytes:
        try:
            return header.frame(text.encode(errors="replace"))
        except MessageError as error:
            return header.frame(f"error: {error}".encode()[: header.most])

    return encode


class HeaderDecoder(StreamDecoder):
    """Splits a stream into messages after text headers; the limit, in bytes, excludes the header.

    Args:
        header: The form of the header.
        limit: The most bytes of a message.
        has_secrets: Whether errors, which are logged, must not quote a bad header: it may be part
            of a password.

    Attributes:
        needed: The size of the next message with its header, in bytes, as far as it is known.
    """

    def __init__(
        self, header: TextHeader, limit: int = MAX_MESSAGE, has_secrets: bool = False
    ) -> None:
        super().__init__(limit)
        self._has_secrets = has_secrets
        self.needed = header.width
        self._header = header
        self._is_first = True
        # How many bytes or characters at the end of the needed bytes were not looked at yet; None
        # before the header. As many characters have at least as many bytes.
        self._left: int | None = None
        self._characters = codecs.getincrementaldecoder("utf-8")()

    def take(self, most: int) -> list[bytes]:
        """See `StreamDecoder.take`."""
        messages: list[bytes] = []
        try:
            while len(messages) < most and self._has_needed():
                self._left = self._next_left()
                self.needed += self._left
                if not self._left:
                    messages.append(self._take_message())
        except MessageError:
            if not messages:  # Otherwise the next call raises it again.
                raise
        return messages

    def _has_needed(self) -> bool:
        size = self.needed - self._header.width
        if size > self.limit:
            raise too_long(size if self._header.count == "bytes" else None, self.limit)
        if self.size >= self.needed:
            return True
        if self._left is None and self.size:
            # At once, because a peer with another framing may wait before it sends more.
            head = self._buffered(0, self.size)
            if not self._header.can_begin_with(head):
                raise self._no_length(head)
        return False

    def _next_left(self) -> int:
        """Look at the needed bytes; return how many bytes or characters must follow them."""
        if self._left is None:
            header = self._buffered(0, self._header.width)
            size = self._header.read(header)
            if size is None:
                raise self._no_length(header)
            return size
        if self._header.count == "bytes":
            return 0
        new = self._buffered(self.needed - self._left, self.needed)
        try:
            return self._left - len(self._characters.decode(new))
        except UnicodeDecodeError:
            decode(self._buffered(self._header.width, self.needed))  # tells where
            raise

    def _buffered(self, start: int, end: int) -> bytes:
        # Without `_join`, so that each byte is copied once, however often characters are counted.
        held = len(self._data) - self._start
        fresh = self._fresh[max(start - held, 0) : max(end - held, 0)]
        return self._data[self._start + start : self._start + end] + fresh

    def _take_message(self) -> bytes:
        if len(self._data) - self._start < self.needed:
            self._join()
        end = self._start + self.needed
        message = self._data[self._start + self._header.width : end]
        self._start, self.needed, self._left = end, self._header.width, None
        self._is_first = False
        if end == len(self._data):
            self._data, self._start = b"", 0  # Release the memory of a large message.
        return message

    def _no_length(self, header: bytes) -> MessageError:
        kind, quoted = self._header.kind, repr(header)[1:]
        problem = N_("header {header} is no {kind} length", header=quoted, kind=kind)
        if self._has_secrets:
            problem = N_("the header is no {kind} length", kind=kind)
        if self._is_first:
            likeness = no_header(header)
            return MessageError(with_guess(problem, likeness))
        if self._header.count == "bytes" and not header.isascii():
            # The rest of a text whose characters were counted.
            return MessageError(
                N_(
                    "{problem}; if the lengths count characters, try --count characters",
                    problem=problem,
                )
            )
        return MessageError(problem)
