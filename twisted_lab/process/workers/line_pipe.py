"""Non-blocking pipe for lines to a process that may stop reading, such as a stopped supervisor."""

from __future__ import annotations

import os
import select
from collections import Counter
from collections.abc import Callable

from twisted.internet.interfaces import IReactorFDSet, IWriteDescriptor
from twisted.python.failure import Failure
from zope.interface import implementer

MOST_BYTES = 4_194_304  # pending output from which on frequent lines wait for the reader
RESERVED_BYTES = 1_048_576  # further pending output, for rare lines only
STUCK_SECONDS = 1.0  # without progress of the reader, until lines are dropped


@implementer(IWriteDescriptor)
class LinePipe:
    """Writes whole lines; it waits for a slow reader, but not for a stuck one.

    When more than MOST_BYTES are pending and the reader has made no progress for STUCK_SECONDS,
    further lines are dropped and counted. Their numbers are reported once at most half of
    MOST_BYTES is pending.

    Args:
        descriptor: The pipe's writing end, which becomes non-blocking; no other process may share
            it.
        reactor: Reports when the pipe is writable.
        report_lost: Called with the numbers of dropped lines by kind; sends a line about them.
    """

    def __init__(
        self,
        descriptor: int,
        reactor: IReactorFDSet,
        report_lost: Callable[[Counter[str]], object],
    ) -> None:
        self._descriptor = descriptor
        self._reactor = reactor
        self._tell_lost = report_lost
        self._waiting = bytearray()
        self._is_stuck = False
        self._lost: Counter[str] = Counter()
        self._poll = select.poll()
        self._poll.register(descriptor, select.POLLOUT)
        os.set_blocking(descriptor, False)

    @property
    def is_behind(self) -> bool:
        """Whether output is pending."""
        return bool(self._waiting)

    def send(self, line: bytes, kind: str, is_rare: bool = True) -> None:
        """Send `line`, or drop it if too much output is pending for a stuck reader.

        Args:
            line: The line.
            kind: The kind under which it is counted if it is dropped.
            is_rare: Whether it may use the RESERVED_BYTES, so that it is not dropped because of
                frequent lines.
        """
        most = MOST_BYTES + (RESERVED_BYTES if is_rare else 0)
        if (self._lost and not is_rare) or not self._has_room(most):
            self._lost[kind] += 1
        else:
            self.send_always(line)

    def _has_room(self, most: int) -> bool:
        while len(self._waiting) > most:
            # Two waits of half the time, because a pause of both processes consumes at most one.
            waits = (0.0,) if self._is_stuck else (STUCK_SECONDS / 2, STUCK_SECONDS / 2)
            self._is_stuck = not any(map(self._can_write, waits))
            if self._is_stuck:
                return False
            self._write()
        return True

    def send_always(self, line: bytes) -> None:
        """Send `line`, however much output is pending."""
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
        self._write_and_tell()
        if self._waiting:
            self._reactor.addWriter(self)
        else:
            self._reactor.removeWriter(self)

    def _write_and_tell(self) -> None:
        self._write()
        if self._lost and len(self._waiting) <= MOST_BYTES // 2:
            lost, self._lost = self._lost, Counter()
            self._tell_lost(lost)

    def _can_write(self, seconds: float) -> bool:
        return bool(self._poll.poll(seconds * 1000))

    def _write(self) -> None:
        try:
            del self._waiting[: os.write(self._descriptor, self._waiting)]
        except BlockingIOError:
            pass
        except OSError:
            self._waiting.clear()  # the reader has closed the pipe

    def connectionLost(self, reason: Failure) -> None:
        """See `twisted.internet.interfaces.IFileDescriptor`; the reactor stops."""

    def close(self) -> None:
        """Send the pending output without a reactor, until done or the reader is stuck."""
        while self._waiting and self._can_write(STUCK_SECONDS):
            self._write_and_tell()
