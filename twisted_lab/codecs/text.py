"""Lines from any peer, without the bytes around them that are no text.

C programs send the NUL that ends a string, or the whole buffer. Windows puts a byte order mark
before text. Telnet negotiates (RFC 854), and sends CR NUL or CR for the Enter key.
"""

from __future__ import annotations

import re

from twisted_lab.codecs.errors import MessageError
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
_PADDING = re.compile(rb"(?:\0|\xef\xbb\xbf)+")


def _is_crlf_line(data: bytes) -> bool:
    return data[-1] == 10 and data.find(b"\r") == len(data) - 2


def datagram_lines(data: bytes) -> list[bytes]:
    """Return the lines of a datagram, at least one, without a byte order mark and padding."""
    lines = data.removeprefix(_MARK).rstrip(b"\0").splitlines()
    return [line.strip(b"\0") for line in lines] or [b""]


class TextDecoder(LineDecoder):
    """A LineDecoder for which CR and CR NUL end a line, too, and which drops what is no text.

    Dropped are NULs behind a message, whether before or after its newline, a byte order mark before
    one, and telnet's commands. A NUL within a message, or before the first one, is an error: other
    encodings and binary data have it.

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
    _held = b""  # the beginning of what may be a command or a mark
    _after_cr = False
    _after_nul = False  # which may be padding
    _has_nul = False  # at the end of what can be taken: nothing more is

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
            super().feed(self._held + b"\n")
            self._held, self._after_nul, self._ended, self.mid_line = b"", False, True, False

    def _check_rest(self) -> None:
        super()._check_rest()
        if self._has_nul:
            raise MessageError(f"no text: NUL at byte {self.size - 1}")

    def _feed_odd(self, data: bytes) -> None:
        if self._has_nul:
            return
        if not self._unsure:
            self._ended = not self.mid_line
        text = self._text_of(data)
        if self._has_nul:
            text = text[: text.index(0) + 1]
        if text:
            self._ended = text.endswith(b"\n")
            super().feed(text)
        is_open = bool(self._held) or self._after_nul
        self.mid_line = (self._ended is False or is_open) and not self._has_nul
        self._unsure = is_open or self._after_cr or self._has_nul or self._ended is None

    def _text_of(self, data: bytes) -> bytes:
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
        if data and self._after_nul:
            data = data.lstrip(b"\0")
            self._after_nul = not data
            if data and not data.startswith(b"\n"):
                data = b"\0" + data
        if b"\0" in data or _MARK in data:
            data = _PADDING.sub(self._without_padding, data)
        return data

    def _without_command(self, command: re.Match[bytes]) -> bytes:
        if command["begun"] is not None:
            self._held = command[0]
        elif command["rest"] is not None:
            self._held = _SUBNEGOTIATION + command["rest"]
        self.is_telnet = self.is_telnet or len(command[0]) > 1
        return b""

    def _without_padding(self, match: re.Match[bytes]) -> bytes:
        data, (start, end) = match.string, match.span()
        ended = self._ended if start == 0 else data[start - 1] == ord("\n")
        if ended:
            return b""
        run = match[0].replace(_MARK, b"") if ended is None else match[0]
        text, nul, _ = run.rstrip(b"\0").partition(b"\0")
        if nul or (run.endswith(b"\0") and data[end : end + 1] not in (b"", b"\n")):
            self._has_nul = True
            return text + b"\0"
        self._after_nul = run.endswith(b"\0") and end == len(data)
        return text
