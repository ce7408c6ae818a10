"""Shared helpers of the unit tests: events in a list, with their lines in a log."""

from __future__ import annotations

import socket
import struct
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from twisted.internet.address import IPv4Address
from twisted.internet.testing import StringTransport
from twisted.logger import ILogObserver, LogEvent, LogLevel, globalLogPublisher
from zope.interface import implementer, provider

from twisted_lab.eventlog.events import ServiceEvents
from twisted_lab.serving import message

PEER = IPv4Address("TCP", "127.0.0.1", 50412)
SERVER = IPv4Address("TCP", "127.0.0.1", 9090)


@implementer(ILogObserver)
class Recorder(list[LogEvent]):
    """An observer that keeps its events."""

    def __call__(self, event: LogEvent) -> None:
        self.append(event)

    @property
    def messages(self) -> list[str]:
        return [message(event) for event in self]

    @property
    def names(self) -> list[str]:
        return [event["event"] for event in self]


def recorded_events(level: LogLevel = LogLevel.info) -> tuple[ServiceEvents, Recorder]:
    recorder = Recorder()
    return ServiceEvents("netlab-test", recorder, level), recorder


@contextmanager
def published() -> Iterator[Recorder]:
    """Record the events of the whole process, and so of twistd's log."""
    recorder = Recorder()

    @provider(ILogObserver)
    def record(event: LogEvent) -> None:
        if "service" in event:
            recorder(event)

    globalLogPublisher.addObserver(record)
    try:
        yield recorder
    finally:
        globalLogPublisher.removeObserver(record)


class Wire(StringTransport):
    """A transport that counts the writes, can be full, and can be half-closed."""

    half_closed = False
    doWrite: Callable[[], object] | None = None

    def __init__(self) -> None:
        super().__init__(SERVER, PEER)
        self.writes: list[bytes] = []

    def write(self, data: bytes) -> None:
        super().write(data)
        self.writes.append(data)

    def loseWriteConnection(self) -> None:
        self.half_closed = True


class SlowWire(Wire):
    """A transport that is full when it has 64 KiB, until the peer reads.

    Attributes:
        acknowledged: The bytes that the kernel calls acknowledged while the transport is full.
    """

    acknowledged = 0

    def write(self, data: bytes) -> None:
        super().write(data)
        if self.producer is not None and len(self.value()) > 65_536:
            self.producer.pauseProducing()

    @property
    def socket(self) -> SlowWire:
        return self

    def fileno(self) -> int:
        """Return that of a closed socket."""
        return -1

    def getsockopt(self, level: int, option: int, size: int) -> bytes:
        """Return Linux's ``struct tcp_info`` with the bytes that the peer has acknowledged."""
        assert (level, option) == (socket.IPPROTO_TCP, socket.TCP_INFO)
        return struct.pack("=120xQ", self.acknowledged)[:size]

    def setsockopt(self, level: int, option: int, value: int) -> None:
        """Acknowledge input immediately."""
        assert (level, option, value) == (socket.IPPROTO_TCP, socket.TCP_QUICKACK, 1)

    def read(self) -> bytes:
        """Return the bytes that the peer reads: all that wait."""
        data: bytes = self.value()
        self.clear()
        if self.producer is not None:
            self.producer.resumeProducing()
        return data
