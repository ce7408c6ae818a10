"""Input of a terminal or a pipe: its end at the line ``exit``, and its division into lines."""

from __future__ import annotations

from collections.abc import Callable

from twisted_lab.text.exit_word import EXIT

EXIT_LINES = (EXIT.encode(), f"{EXIT}\r".encode())


class UntilExit:
    """Passes on input, in pieces of any size, up to a line that consists of ``exit`` alone.

    It holds back at most the last few bytes of a piece, which may be the beginning of that line.

    Args:
        passes_it: Whether to pass on the ``exit`` line too.

    Attributes:
        ended: Whether the ``exit`` line has arrived.
    """

    def __init__(self, passes_it: bool = False) -> None:
        self.ended = False
        self._passes_it = passes_it
        self._held = b""
        self._in_mid_line = False

    def feed(self, data: bytes) -> bytes:
        """Add a piece of input, and return the bytes to send now."""
        *lines, last = (self._held + data).split(b"\n")
        self._held = b""
        passed: list[bytes] = []
        for line in lines:
            if line in EXIT_LINES and not self._in_mid_line:
                self.ended = True
                if self._passes_it:
                    passed.append(line + b"\n")
                return b"".join(passed)
            passed.append(line + b"\n")
            self._in_mid_line = False
        if any(line.startswith(last) for line in EXIT_LINES) and not self._in_mid_line:
            self._held = last
        else:
            passed.append(last)
            self._in_mid_line = True
        return b"".join(passed)

    def end(self) -> bytes:
        """Handle the end of input: return held-back bytes that must still be sent."""
        is_exit = self._held in EXIT_LINES and not self._passes_it
        return b"" if is_exit else self._held


class Lines:
    """Splits input into lines, without LF, and refuses lines that exceed a limit.

    Memory is bounded: it holds at most one line, up to the limit.

    Args:
        limit: The maximum size of a line, in bytes, without LF or CRLF.
        refuse: Called with the size of each line that exceeds the limit, in bytes.
    """

    def __init__(self, limit: int, refuse: Callable[[int], object]) -> None:
        self._limit = limit
        self._refuse = refuse
        self._begun = bytearray()
        self._size = 0

    @property
    def in_mid_line(self) -> bool:
        """Tell whether the last line is incomplete."""
        return self._size > 0

    def feed(self, data: bytes) -> list[bytes]:
        """Add a piece of input, and return the lines that are complete now."""
        *ends, rest = data.split(b"\n")
        lines = []
        for end in ends:
            self._add(end)
            line = bytes(self._begun)
            if self._size > self._limit + line.endswith(b"\r"):
                self._refuse(self._size)
            else:
                lines.append(line)
            self._begun.clear()
            self._size = 0
        self._add(rest)
        return lines

    def _add(self, piece: bytes) -> None:
        self._size += len(piece)
        if self._size <= self._limit + 1:  # one more for CR
            self._begun += piece
