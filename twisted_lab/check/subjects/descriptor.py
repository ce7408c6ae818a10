"""File descriptors that the reactor reads and writes for the checker."""

from __future__ import annotations

from typing import Any

from twisted.internet.interfaces import IReactorFDSet, IReadWriteDescriptor
from twisted.python.failure import Failure
from zope.interface import implementer

READ_BYTES = 65_536
_WRITES = 4  # in one turn of the reactor


@implementer(IReadWriteDescriptor)
class Descriptor:
    """A descriptor with bytes that wait to be written.

    Subclasses read in `doRead` and write in `write_some`.

    Args:
        reactor: Watches the descriptor.
        number: The descriptor.
    """

    def __init__(self, reactor: Any, number: int) -> None:
        self._reactor: IReactorFDSet = reactor
        self._number = number
        self.unwritten = bytearray()

    def fileno(self) -> int:
        """Return the descriptor, or -1 after the end."""
        return self._number

    def logPrefix(self) -> str:
        """Return a name for Twisted's log."""
        return "check"

    def write(self, data: bytes) -> None:
        """Write bytes, as fast as the other side takes them; nothing after the end."""
        if self._number < 0:
            return
        self.unwritten += data
        self.doWrite()
        if self.unwritten:
            self._reactor.addWriter(self)

    def doWrite(self) -> None:
        """Write what waits."""
        for _ in range(_WRITES):
            if not self.unwritten or self._number < 0:
                break
            try:
                written = self.write_some(self.unwritten[:READ_BYTES])
            except BlockingIOError:
                return
            except OSError as error:
                self.unwritten.clear()
                self.failed(error)
                break
            del self.unwritten[:written]
        if not self.unwritten:
            self._reactor.removeWriter(self)

    def write_some(self, data: bytes | bytearray) -> int:
        """Write a part of `data`, and return its size in bytes."""
        raise NotImplementedError

    def failed(self, error: OSError) -> None:
        """Note that the other side does not take what is written."""
        raise NotImplementedError

    def doRead(self) -> None:
        """Read what has come."""
        raise NotImplementedError

    def connectionLost(self, reason: Failure) -> None:
        """Stop: the reactor found that the descriptor is gone."""
        self.stop()

    def stop(self) -> None:
        """Stop reading and writing."""
        self._reactor.removeReader(self)
        self._reactor.removeWriter(self)
