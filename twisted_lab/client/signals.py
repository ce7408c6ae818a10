"""The signals that interrupt the client."""

from __future__ import annotations

import signal
from collections.abc import Callable

from twisted.internet.interfaces import IReactorFromThreads

from twisted_lab.client.ending import Ended


class Signals:
    """Handles SIGINT and SIGTERM, and other signals that would leave a terminal without echo.

    Args:
        reactor: Where to run.

    Attributes:
        end: Called, if it is set, when a signal has arrived.
        status: The exit status: 128 and the number of the signal; 0 if none has arrived.
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
        # Looked up when it is called: by then it may be another function.
        self._reactor.callFromThread(lambda: self.end())

    def check(self) -> None:
        """Check whether a signal has arrived.

        Raises:
            Ended: One has.
        """
        if self.status:
            raise Ended(status=self.status)
