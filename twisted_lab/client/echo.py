"""The terminal's own echo of what is typed, which secrets must not have."""

from __future__ import annotations

import os
import signal
import termios
from contextlib import suppress
from types import FrameType, TracebackType


class Echo:
    """Switches a terminal's echo off and on; use it as a context, which leaves the echo as it was.

    While the process is suspended (Ctrl-Z) the terminal is the shell's, and has its echo.

    Args:
        terminal: The terminal's descriptor. Without one, or if it is no terminal, nothing is done.
    """

    def __init__(self, terminal: int | None) -> None:
        self._terminal = terminal if terminal is not None and os.isatty(terminal) else None
        self._hidden = False

    @property
    def is_off(self) -> bool:
        """Tell whether a terminal that had its echo has none now."""
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
        """Show nothing of what is typed from now on, or all again."""
        if hidden != self._hidden:
            self._hidden = hidden
            self._switch(not hidden)

    def _suspend(self, number: int, _: FrameType | None) -> None:
        self._switch(True)
        signal.signal(number, signal.SIG_DFL)
        os.kill(os.getpid(), number)
        # It is continued, and SIGCONT was handled.
        signal.signal(number, self._suspend)

    def _switch(self, on: bool) -> None:
        if self._terminal is None:
            return
        with suppress(OSError, termios.error):  # It has gone.
            if os.tcgetpgrp(self._terminal) != os.getpgrp():
                return  # The shell has it, and would stop a process that changes it.
            attributes = termios.tcgetattr(self._terminal)
            # A typed line still ends with a new line on the screen.
            without_echo = self._flags & ~termios.ECHO | termios.ECHONL
            attributes[3] = self._flags if on else without_echo
            termios.tcsetattr(self._terminal, termios.TCSANOW, attributes)
