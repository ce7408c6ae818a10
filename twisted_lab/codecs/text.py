"""Lines of text from any peer, without the surrounding bytes that are not text.

C programs end a message with the NUL of a string, or send the whole buffer. Windows programs put a
byte order mark before text. Telnet clients negotiate options (RFC 854), and send CR NUL or CR for
the Enter key.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from twisted_lab.codecs.errors import MAX_MESSAGE, MessageError
from twisted_lab.codecs.likeness import no_text
from twisted_lab.codecs.lines import LineDecoder
from twisted_lab.codecs.padding import MARK, stale_from
from twisted_lab.text.language import N_

_MARK_BEGUN = re.compile(rb"\xef\xbb?\Z")
_SUBNEGOTIATION = b"\xff\xfa"
# RFC 854: IAC and a command, three bytes with an option, or IAC SB ... IAC SE. UTF-8 has no 0xFF.
# The groups `rest` and `begun` match a command whose end was not received yet. The content of a
# subnegotiation is dropped, except for an IAC at the end of the received bytes.
_TELNET = re.compile(
    rb"\xff(?:[\xfb-\xfe].|[\xec-\xf9]"
    rb"|\xfa(?:[^\xff]|\xff[^\xf0])*+(?:\xff\xf0|(?P<rest>\xff?)\Z)"
    rb"|(?P<begun>[\xfb-\xfe]?)\Z)",
    re.DOTALL,
)
_LONE_CR = re.compile(rb"\r(?!\n)")
_MARKS = re.compile(rb"\A(?:\xef\xbb\xbf)+")
_PADDING = re.compile(rb"(?:\0|\xef\xbb\xbf)+\n?")
# A newline, a telnet command or the rest of a character: the peer does not take the bytes of one
# send() for a message.
_GOES_ON = re.compile(rb"\A[\x80-\xbf]|[\r\n\xff]")
# First bytes that do not show yet whether the stream is text. Bytes with a line ending mostly do.
_OPEN_HEAD = re.compile(rb"\0*|[^\r\n]{0,4}|[\r\n]\0\0\0?")


def _is_crlf_line(data: bytes) -> bool:
    return data[-1] == 10 and data.find(b"\r") == len(data) - 2


class TextDecoder(LineDecoder):
    """A LineDecoder for text: CR, CR NUL and NULs also end a line, and other bytes are dropped.

    NULs with a newline directly after them are one line ending; NULs after a newline are padding.
    NULs at the end of the received bytes end a line only if the peer is unterminated, because a
    newline may follow. Padding, a byte order mark before a message, and telnet commands are
    dropped.

    A stream that begins with NULs, or like another encoding or protocol, is an error. Another error
    is stale content of a C program's buffer: text after a single NUL, with several NULs after it.

    Args:
        limit: The most bytes of a message.
        became_unterminated: Called when a message has ended without a newline for the first time.
        is_strict: Whether any text received in one piece with a NUL before it is an error.

    Attributes:
        became_unterminated: See above.
        is_telnet: Whether the peer has sent a telnet command.
        is_terminated: Whether the peer has sent a newline.
        is_unterminated: Whether a message has ended without a newline.
        has_paused: Set it after a silence that may have ended the incomplete line: it ends before
            the next bytes, unless they contain a newline or a telnet command, or begin within a
            character.
        mid_line: Whether the last line is incomplete.
    """

    is_telnet = False
    is_terminated = False
    is_unterminated = False
    has_paused = False
    mid_line = False
    # Whether the last bytes may change the meaning of the next ones, or there was no newline yet.
    _unsure = True
    # Whether a line ended just before the examined piece; None at the start of the stream.
    _ended: bool | None = None
    _head = b""  # the first bytes, until they show whether the stream is text
    _held = b""  # the beginning of a possible telnet command or byte order mark
    _after_cr = False
    _after_nul = False  # that ends a line; more NULs and a newline are part of the line ending
    _error = ""  # the reason why all further input is dropped

    def __init__(
        self,
        limit: int = MAX_MESSAGE,
        became_unterminated: Callable[[], object] = lambda: None,
        is_strict: bool = False,
    ) -> None:
        super().__init__(limit)
        self.became_unterminated = became_unterminated
        self._is_strict = is_strict

    def feed(self, data: bytes) -> None:
        """See `StreamDecoder.feed`."""
        # Most pieces have none of these bytes. `in` with a number is by far the fastest search.
        if (
            self._unsure
            or not data
            or 0 in data
            or (13 in data and not _is_crlf_line(data) and _LONE_CR.search(data))
            or not (data.isascii() or (0xFF not in data and 0xEF not in data))
        ):
            if self.has_paused and data:
                self.has_paused = False
                if not _GOES_ON.search(data):
                    self.end_unterminated()
            self._feed_odd(data)
        else:
            self.mid_line = data[-1] != 10
            LineDecoder.feed(self, data)  # faster than super()

    def end_line(self) -> None:
        """End an incomplete line that its peer will not end."""
        if self.mid_line:
            self._feed_odd(b"", is_all=True)
        if self.mid_line:
            super().feed(b"\n")
            self._ended, self.mid_line = True, False

    def end_unterminated(self) -> None:
        """End an incomplete line that silence has ended."""
        self._note_unterminated()
        self.end_line()

    def _note_unterminated(self) -> None:
        if not self.is_unterminated:
            self.is_unterminated = True
            self.became_unterminated()

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
        # The rest of a telnet command does not begin a line.
        has_begun = self._ended is False or self._head or self._held[:1] == b"\xef"
        self.mid_line = bool(has_begun) and not self._error
        self._unsure = (
            bool(self._head or self._held or self._error)
            or self._after_cr
            or self._after_nul
            or not self.is_terminated
        )

    def _text_of(self, data: bytes, is_all: bool) -> bytes:
        data, self._held = self._held + data, b""
        if b"\xff" in data:
            data = _TELNET.sub(self._without_command, data)
        if not is_all and (mark := _MARK_BEGUN.search(data)):
            data, self._held = data[: mark.start()], mark[0] + self._held
        if self._ended is None:
            data = _MARKS.sub(b"", self._head + data)
            data = self._checked(data, is_all)
        if data and self._after_cr:
            self._after_cr = False
            if data[0] in b"\n\0":
                data = data[1:]
        if b"\r" in data:
            self._after_cr = data.endswith(b"\r")
            data = data.replace(b"\r\n", b"\n").replace(b"\r\0", b"\n").replace(b"\r", b"\n")
        self.is_terminated = self.is_terminated or b"\n" in data
        if data and self._after_nul:
            data = b"\0" + data
        if b"\0" in data or MARK in data:
            stale = stale_from(data, self._after_nul, self._is_strict)
            text = _PADDING.sub(self._without_padding, data if stale < 0 else data[:stale])
            return text if stale < 0 else self._refuse_from_nul(text)
        return data

    def _checked(self, head: bytes, is_all: bool) -> bytes:
        """Return `head` if it is text; nothing if it is not, or more bytes are needed to tell."""
        self._head = b""
        if not is_all and _OPEN_HEAD.fullmatch(head):
            self._head = head[:4]
            return b""
        self._error = no_text(head)
        return b"" if self._error else head

    def _refuse_from_nul(self, text: bytes) -> bytes:
        """Set the error; return `text` with its last line ended, and an incomplete line for it."""
        line = (self._data[self._start :] + self._fresh + text).rpartition(b"\n")[2]
        self._error = N_("no text: NUL at byte {index}", index=len(line))
        return text + (b"\n\0" if line else b"\0")

    def _without_command(self, command: re.Match[bytes]) -> bytes:
        if command["begun"] is not None:
            self._held = command[0]
        elif command["rest"] is not None:
            self._held = _SUBNEGOTIATION + command["rest"]
        self.is_telnet = self.is_telnet or len(command[0]) > 1
        return b""

    def _without_padding(self, match: re.Match[bytes]) -> bytes:
        data, (start, end), run = match.string, match.span(), match[0]
        has_ended = self._ended if start == 0 else data[start - 1] == ord("\n")
        has_newline = run.endswith(b"\n")
        may_go_on = end == len(data) and not has_newline
        if has_ended and start == 0 and self._after_nul:
            # The continuation of a line ending in the previous piece.
            self._after_nul = may_go_on
            return b""
        if has_ended:
            # Padding, or a byte order mark before a message.
            return b"\n" if has_newline else b""
        marks, nul, _ = run.partition(b"\0")
        if not nul:
            return run
        self._after_nul = may_go_on
        if may_go_on and not self.is_unterminated:
            # A newline may follow, and be part of the ending. Until then, or until `end_line`, the
            # line is incomplete.
            self._ended = False
            return marks
        if not has_newline:
            self._note_unterminated()
        return marks + b"\n"
