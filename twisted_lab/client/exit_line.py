"""The input of a person or a pipe: up to the line that says ``exit``, and line by line."""

from __future__ import annotations

from collections.abc import Callable

from twisted_lab.text.exit_word import EXIT

EXIT_LINES = (EXIT.encode(), f"{EXIT}\r".encode())


class UntilExit:
    """Passes input on, in pieces of any size, up to a line that says ``exit`` and nothing else.

    It holds back no more than the few bytes at the end of a piece that may yet become that line.

    Args:
        passes_it: Whether that line is passed on as well.

    Attributes:
        ended: Whether that line has come.
    """

    def __init__(self, passes_it: bool = False) -> None:
        self.ended = False
        self._passes_it = passes_it
        self._held = b""
        self._in_mid_line = False

    def feed(self, data: bytes) -> bytes:
        """Take the next piece of input, and return what is to be sent now."""
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
        """The input is at its end: return what was held back and is to be sent after all."""
        is_exit = self._held in EXIT_LINES and not self._passes_it
        return b"" if is_exit else self._held


class Lines:
    """Cuts input into lines, without LF, and refuses those that are over a limit.

    Memory is bounded: no more than one line of the limit is held.

    Args:
        limit: The most bytes of a line, without LF or CRLF.
        refuse: Called with the size of each line that is over it.
    """

    def __init__(self, limit: int, refuse: Callable[[int], object]) -> None:
        self._limit = limit
        self._refuse = refuse
        self._begun = bytearray()
        self._size = 0

    @property
    def in_mid_line(self) -> bool:
        """Tell whether a line has begun and not ended."""
        return self._size > 0

    def feed(self, data: bytes) -> list[bytes]:
        """Take the next piece of input, and return the lines that are whole now."""
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
