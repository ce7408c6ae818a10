"""A pipe of lines to a process that may stop reading, such as a stopped supervisor."""

from __future__ import annotations

import os
import select
from collections.abc import Callable
from typing import Any

from twisted.internet.interfaces import IWriteDescriptor
from twisted.python.failure import Failure
from zope.interface import implementer

MOST_BYTES = 262_144  # beyond which no more lines wait
CLOSE_SECONDS = 1.0  # for which the end waits for the reader


@implementer(IWriteDescriptor)
class LinePipe:
    """Sends whole lines, and never waits for the reader.

    While more than MOST_BYTES wait, it drops further lines and counts them. When half of that has
    gone, it reports their number, in their place.

    Args:
        descriptor: The pipe's writing end, which it makes non-blocking; no other process may have
            it.
        reactor: Tells when there is room.
        tell_lost: Called with the number of dropped lines; it sends a line about them.
    """

    def __init__(self, descriptor: int, reactor: Any, tell_lost: Callable[[int], object]) -> None:
        self._descriptor = descriptor
        self._reactor = reactor
        self._tell_lost = tell_lost
        self._waiting = bytearray()
        self._lost = 0
        os.set_blocking(descriptor, False)

    @property
    def is_behind(self) -> bool:
        """Tell whether something waits for the reader."""
        return bool(self._waiting)

    def send(self, line: bytes) -> None:
        """Send `line`, unless too much waits already."""
        if self._lost or len(self._waiting) > MOST_BYTES:
            self._lost += 1
        else:
            self.send_surely(line)

    def send_surely(self, line: bytes) -> None:
        """Send `line`, however much waits."""
        was_behind = self.is_behind
        self._waiting += line
        if not was_behind:
            self.doWrite()

    def fileno(self) -> int:
        """See `twisted.internet.interfaces.IFileDescriptor`."""
        return self._descriptor

    def logPrefix(self) -> str:
        """See `twisted.internet.interfaces.ILoggingContext`."""
        return "supervisor"

    def doWrite(self) -> None:
        """See `twisted.internet.interfaces.IWriteDescriptor`."""
        self._write()
        if self._lost and len(self._waiting) <= MOST_BYTES // 2:
            lost, self._lost = self._lost, 0
            self._tell_lost(lost)
        if self._waiting:
            self._reactor.addWriter(self)
        else:
            self._reactor.removeWriter(self)

    def _write(self) -> None:
        try:
            del self._waiting[: os.write(self._descriptor, self._waiting)]
        except BlockingIOError:
            pass
        except OSError:
            self._waiting.clear()  # The reader has gone.

    def connectionLost(self, reason: Failure) -> None:
        """The reactor stops: see `twisted.internet.interfaces.IFileDescriptor`."""

    def close(self) -> None:
        """Send what waits, without a reactor, unless the reader takes nothing for a second."""
        poll = select.poll()
        poll.register(self._descriptor, select.POLLOUT)
        while self._waiting and poll.poll(CLOSE_SECONDS * 1000):
            self._write()
