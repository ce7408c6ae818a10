"""Control of a terminal's echo, so that typed secrets are not shown."""

from __future__ import annotations

import os
import signal
import termios
from contextlib import suppress
from types import FrameType, TracebackType


class Echo:
    """Turns off terminal echo while a secret is typed; a context manager, which restores the echo.

    While the process is suspended (Ctrl-Z), the echo is on, because the shell uses the terminal.

    Args:
        terminal: The terminal's file descriptor. If it is None or not a terminal, the echo is left
            alone.
    """

    def __init__(self, terminal: int | None) -> None:
        self._terminal = terminal if terminal is not None and os.isatty(terminal) else None
        self._hidden = False

    @property
    def is_off(self) -> bool:
        """Tell whether the echo of a terminal is off now, and was on before."""
        return self._terminal is not None and self._hidden and bool(self._flags & termios.ECHO)

    def __enter__(self) -> Echo:
        if self._terminal is not None:
            self._flags = termios.tcgetattr(self._terminal)[3]
        self._suspends = signal.signal(signal.SIGTSTP, self._suspend)
        self._continues = signal.signal(signal.SIGCONT, lambda *_: self._switch(not self._hidden))
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.hide(False)
        signal.signal(signal.SIGTSTP, self._suspends)
        signal.signal(signal.SIGCONT, self._continues)

    def hide(self, hidden: bool) -> None:
        """Turn the echo off, or on again."""
        if hidden != self._hidden:
            self._hidden = hidden
            self._switch(not hidden)

    def _suspend(self, number: int, _: FrameType | None) -> None:
        self._switch(True)
        signal.signal(number, signal.SIG_DFL)
        os.kill(os.getpid(), number)
        # The process has been continued, and SIGCONT was handled.
        signal.signal(number, self._suspend)

    def _switch(self, on: bool) -> None:
        if self._terminal is None:
            return
        with suppress(OSError, termios.error):  # The terminal was closed.
            if os.tcgetpgrp(self._terminal) != os.getpgrp():
                return  # A background process that changes the terminal is stopped.
            attributes = termios.tcgetattr(self._terminal)
            # The newline at the end of a typed line is still shown.
            without_echo = self._flags & ~termios.ECHO | termios.ECHONL
            attributes[3] = self._flags if on else without_echo
            termios.tcsetattr(self._terminal, termios.TCSANOW, attributes)
