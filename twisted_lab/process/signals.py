"""Signal handlers of a process."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable

from twisted.internet.interfaces import IReactorFromThreads


class Signals:
    """Signal handlers that call functions in the reactor's thread.

    Args:
        reactor: Calls the functions.
        terminate: Called on SIGTERM and SIGINT.
        reload: Called on SIGHUP.
        end: Called instead on SIGHUP if the terminal in which the process was started was closed;
            neither under nohup, which ignores SIGHUP, nor in a daemon, which has no terminal.
    """

    def __init__(
        self,
        reactor: IReactorFromThreads,
        terminate: Callable[[], object],
        reload: Callable[[], object],
        end: Callable[[], object],
    ) -> None:
        self._reactor = reactor
        self._terminate = terminate
        self._reload = reload
        self._end = end
        is_ignored = signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
        self._ends_with_terminal = _has_terminal() and not is_ignored

    def install(self) -> None:
        """Install the handlers in place of the current ones."""
        # With the reactor's own handlers, twistd would die from the signal, not exit with status 0.
        self._install(signal.SIGTERM, self._terminate)
        self._install(signal.SIGINT, self._terminate)
        self._install(signal.SIGHUP, self._hang_up)

    def _install(self, number: int, action: Callable[[], object]) -> None:
        signal.signal(number, lambda *_: self._reactor.callFromThread(action))

    def _hang_up(self) -> None:
        if self._ends_with_terminal and not _has_terminal():
            self._end()
        else:
            self._reload()


def _has_terminal() -> bool:
    try:
        os.close(os.open("/dev/tty", os.O_RDONLY | os.O_NOCTTY))
    except OSError:
        return False
    return True
