"""Signal handlers of the client."""

from __future__ import annotations

import signal
from collections.abc import Callable

from twisted.internet.interfaces import IReactorFromThreads

from twisted_lab.client.ending import Ended


class Signals:
    """Handles SIGINT and SIGTERM, and other signals that would leave a terminal without echo.

    Args:
        reactor: The reactor in whose thread `end` is called.

    Attributes:
        end: Called after a signal has arrived; by default it does nothing.
        status: The exit status: 128 plus the number of the signal; 0 before a signal has arrived.
    """

    def __init__(self, reactor: IReactorFromThreads) -> None:
        self.end: Callable[[], object] = lambda: None
        self.status = 0
        self._reactor = reactor
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT):
            # Under nohup SIGHUP stays ignored.
            if number != signal.SIGHUP or signal.getsignal(number) != signal.SIG_IGN:
                signal.signal(number, self._interrupt)

    def _interrupt(self, number: int, _: object) -> None:
        self.status = 128 + number
        # A lambda, because `end` may have been replaced by the time of the call.
        self._reactor.callFromThread(lambda: self.end())

    def check(self) -> None:
        """Check whether a signal has arrived.

        Raises:
            Ended: A signal has arrived.
        """
        if self.status:
            raise Ended(status=self.status)
