"""The checker's end of a program's terminal: what it prints, and what is typed."""

from __future__ import annotations

import codecs
import os
import termios
from collections.abc import Callable
from typing import Any

from twisted_lab.check.subjects.descriptor import READ_BYTES, Descriptor

MOST_KEPT = 400_000  # characters
MOST_PRINTED = 20_000_000  # bytes; a program that prints more is stopped
_END_OF_INPUT = b"\x04"


class Terminal(Descriptor):
    """A terminal without echo, so that all it shows comes from the program.

    Args:
        reactor: Watches the terminal.
        number: The descriptor of the terminal's other end; it belongs to this object from now on.
        changed: Called whenever something was printed, and at the end.

    Attributes:
        text: What the program has printed; only the first MOST_KEPT characters.
        printed: How many bytes it has printed in all.
        has_ended: Whether no program has the terminal open any more.
    """

    def __init__(self, reactor: Any, number: int, changed: Callable[[], object]) -> None:
        super().__init__(reactor, number)
        self.text = ""
        self.printed = 0
        self.has_ended = False
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._changed = changed
        os.set_blocking(number, False)
        modes = termios.tcgetattr(number)
        modes[1] &= ~termios.ONLCR
        modes[3] &= ~termios.ECHO
        termios.tcsetattr(number, termios.TCSANOW, modes)
        self._reactor.addReader(self)

    def type_line(self, line: str) -> None:
        """Type a line and Enter."""
        self.write(line.encode() + b"\n")

    def end_input(self) -> None:
        """Type Ctrl-D."""
        self.write(_END_OF_INPUT)

    def write_some(self, data: bytes | bytearray) -> int:
        """Type a part of `data`."""
        return os.write(self._number, data)

    def failed(self, error: OSError) -> None:
        """Nobody has the terminal open any more; `doRead` finds it, too."""

    def doRead(self) -> None:
        """Read what the program has printed."""
        try:
            data = os.read(self._number, READ_BYTES)
        except BlockingIOError:
            return
        except OSError:  # EIO: the program has ended
            data = b""
        if not data:
            self.has_ended = True
            self.stop()
        self.printed += len(data)
        if len(self.text) < MOST_KEPT:
            self.text += self._decoder.decode(data, final=not data)[: MOST_KEPT - len(self.text)]
        self._changed()

    def drain(self) -> None:
        """Read all that was printed until now."""
        before = -1
        while self.printed != before and self.printed < MOST_PRINTED and not self.has_ended:
            before = self.printed
            self.doRead()

    def close(self) -> None:
        """Close the terminal; the program gets SIGHUP if it still runs."""
        self.stop()
        if self._number >= 0:
            os.close(self._number)
            self._number = -1
