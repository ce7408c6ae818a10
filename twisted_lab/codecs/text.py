"""Lines from any peer, without the bytes around them that are no text.

C programs end a message with the NUL of a string, or send the whole buffer. Windows puts a byte
order mark before text. Telnet negotiates (RFC 854), and sends CR NUL or CR for the Enter key.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from twisted_lab.codecs.errors import MAX_MESSAGE, MessageError
from twisted_lab.codecs.likeness import HEAD, no_text
from twisted_lab.codecs.lines import LineDecoder

_MARK = b"\xef\xbb\xbf"
_MARK_BEGUN = re.compile(rb"\xef\xbb?\Z")
_SUBNEGOTIATION = b"\xff\xfa"
# RFC 854: IAC and a command, three bytes with an option, or IAC SB ... IAC SE. UTF-8 has no 0xFF.
# `rest` and `begun` mean that the end has not come; the content of a subnegotiation is dropped, but
# for an IAC at its end.
_TELNET = re.compile(
    rb"\xff(?:[\xfb-\xfe].|[\xec-\xf9]"
    rb"|\xfa(?:[^\xff]|\xff[^\xf0])*+(?:\xff\xf0|(?P<rest>\xff?)\Z)"
    rb"|(?P<begun>[\xfb-\xfe]?)\Z)",
    re.DOTALL,
)
_LONE_CR = re.compile(rb"\r(?!\n)")
_MARKS = re.compile(rb"\A(?:\xef\xbb\xbf)+")
_PADDING = re.compile(rb"(?:\0|\xef\xbb\xbf)+\n?")


def _is_crlf_line(data: bytes) -> bool:
    return data[-1] == 10 and data.find(b"\r") == len(data) - 2


def datagram_lines(data: bytes) -> list[bytes]:
    """Return the lines of a datagram, at least one, without a byte order mark and padding."""
    lines = data.removeprefix(_MARK).rstrip(b"\0").splitlines()
    return [line.strip(b"\0") for line in lines] or [b""]


class TextDecoder(LineDecoder):
    """A LineDecoder for which CR, CR NUL and NULs end a line, too, and which drops what is no text.

    NULs and a newline directly behind them are one end; NULs behind a newline are padding. Dropped
    are padding, a byte order mark before a message, and telnet's commands. A stream that begins
    with NULs, or as other encodings and protocols do, is an error.

    Args:
        limit: The most bytes of a message.
        ended_by_nul: Is called when a NUL ends a message, and no newline has come with it.

    Attributes:
        is_telnet: Whether the peer has sent a command of telnet.
        mid_line: Whether a line has begun whose end has not come.
    """

    is_telnet = False
    mid_line = False
    # Whether what came last may change the meaning of what comes next, or nothing has come yet.
    _unsure = True
    # Whether a line had ended just before the piece, if it is looked at; None: nothing had come.
    _ended: bool | None = None
    _head = b""  # the first bytes, until there are enough of them to tell whether they are text
    _held = b""  # the beginning of what may be a command or a mark
    _after_cr = False
    _after_nul = False  # which has ended a line: more of them, and a newline, belong to it
    _error = ""  # why nothing more is taken

    def __init__(
        self, limit: int = MAX_MESSAGE, ended_by_nul: Callable[[], object] = lambda: None
    ) -> None:
        super().__init__(limit)
        self._ended_by_nul = ended_by_nul

    def feed(self, data: bytes) -> None:
        """See `StreamDecoder.feed`."""
        # Most pieces have none of these bytes. (To look for a number is much the fastest way.)
        if (
            self._unsure
            or not data
            or 0 in data
            or (13 in data and not _is_crlf_line(data) and _LONE_CR.search(data))
            or not (data.isascii() or (0xFF not in data and 0xEF not in data))
        ):
            self._feed_odd(data)
        else:
            self.mid_line = data[-1] != 10
            super().feed(data)

    def end_line(self) -> None:
        """End the line that has begun, if one has: its peer will not do it."""
        if self.mid_line:
            self._feed_odd(b"", is_all=True)
        if self.mid_line:
            super().feed(self._held + b"\n")
            self._held, self._ended, self.mid_line = b"", True, False

    def _check_rest(self) -> None:
        super()._check_rest()
        if self._error:
            raise MessageError(self._error)

    def _feed_odd(self, data: bytes, is_all: bool = False) -> None:
        if self._error:
            return
        if not self._unsure:
            self._ended = not self.mid_line
        if text := self._text_of(data, is_all):
            self._ended = text.endswith(b"\n")
            super().feed(text)
        is_open = bool(self._head or self._held)
        self.mid_line = (self._ended is False or is_open) and not self._error
        self._unsure = (
            is_open or self._after_cr or self._after_nul or bool(self._error) or self._ended is None
        )

    def _text_of(self, data: bytes, is_all: bool) -> bytes:
        data, self._held = self._held + data, b""
        if b"\xff" in data:
            data = _TELNET.sub(self._without_command, data)
        if mark := _MARK_BEGUN.search(data):
            data, self._held = data[: mark.start()], mark[0] + self._held
        if data and self._after_cr:
            self._after_cr = False
            data = data.removeprefix(b"\n")
        if b"\r" in data:
            # The NUL of a CR NUL counts as padding.
            self._after_cr = data.endswith(b"\r")
            data = data.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
        if self._ended is None:
            data = _MARKS.sub(b"", self._head + data)
            data = self._checked(data, is_all)
        if data and self._after_nul:
            data = b"\0" + data
        if b"\0" in data or _MARK in data:
            data = _PADDING.sub(self._without_padding, data)
        return data

    def _checked(self, head: bytes, is_all: bool) -> bytes:
        """Return the first bytes if they are text; nothing if more of them are needed."""
        self._head = b""
        if not is_all and ((len(head) < HEAD and b"\n" not in head) or not head.strip(b"\0")):
            self._head = head[:HEAD]
            return b""
        self._error = no_text(head)
        return b"" if self._error else head

    def _without_command(self, command: re.Match[bytes]) -> bytes:
        if command["begun"] is not None:
            self._held = command[0]
        elif command["rest"] is not None:
            self._held = _SUBNEGOTIATION + command["rest"]
        self.is_telnet = self.is_telnet or len(command[0]) > 1
        return b""

    def _without_padding(self, match: re.Match[bytes]) -> bytes:
        data, (start, end), run = match.string, match.span(), match[0]
        has_newline = run.endswith(b"\n")
        if start == 0 and self._after_nul:
            text = b""
        elif self._ended if start == 0 else data[start - 1] == ord("\n"):
            return b"\n" if has_newline else b""
        else:
            text, nul, _ = run.partition(b"\0")
            if not nul:
                return run
            text += b"\n"
            if not has_newline:
                self._ended_by_nul()
        self._after_nul = end == len(data) and not has_newline
        return text
