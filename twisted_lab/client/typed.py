"""What a person or a pipe puts in, up to the line that says ``exit``."""

from __future__ import annotations


class UntilExit:
    """Passes input on, in pieces of any size, up to a line that says ``exit`` and nothing else.

    It holds back no more than the few bytes at the end of a piece that may yet become that line.

    Attributes:
        ended: Whether that line has come.
    """

    def __init__(self) -> None:
        self.ended = False
        self._held = b""
        self._in_mid_line = False

    def feed(self, data: bytes) -> bytes:
        """Take the next piece of input, and return what is to be sent now."""
        *lines, last = (self._held + data).split(b"\n")
        self._held = b""
        passed: list[bytes] = []
        for line in lines:
            if line in (b"exit", b"exit\r") and not self._in_mid_line:
                self.ended = True
                return b"".join(passed)
            passed.append(line + b"\n")
            self._in_mid_line = False
        if b"exit\r".startswith(last) and not self._in_mid_line:
            self._held = last
        else:
            passed.append(last)
            self._in_mid_line = True
        return b"".join(passed)

    def end(self) -> bytes:
        """The input is at its end: return what was held back and is to be sent after all."""
        return b"" if self._held in (b"exit", b"exit\r") else self._held
