"""An epoll loop of our own, behind one descriptor, inside whichever reactor runs."""

from __future__ import annotations

import os
import select
import sys
from typing import Any, Protocol

from twisted.internet.error import ConnectionDone
from twisted.internet.interfaces import IReadDescriptor
from twisted.internet.main import CONNECTION_DONE, CONNECTION_LOST
from twisted.internet.tcp import Server
from twisted.python import log
from twisted.python.failure import Failure
from zope.interface import implementer

# After this many events, or this many seconds, the reactor has its turn again (timers, new
# connections, datagrams), which costs as much as a few events.
TURN_EVENTS = 256
TURN_SECONDS = 0.005
# At most this many are fetched at a time: more would not stay in the processor's caches.
BATCH_EVENTS = 128
READ_BYTES = 131_072

# Made once, as the reactor does, because to make one costs as much as to close a connection.
_FAILURES: dict[type[BaseException], Failure] = {
    type(why): Failure(why) for why in (CONNECTION_DONE, CONNECTION_LOST)
}

# select.EPOLLIN and EPOLLOUT, which have no names where there is no epoll.
_IN, _OUT = 1, 4


class _Reactor(Protocol):
    """The part of a reactor that the loop itself calls; its transports call more."""

    def addReader(self, reader: IReadDescriptor, /) -> object: ...
    def removeReader(self, reader: IReadDescriptor, /) -> object: ...
    def seconds(self) -> float: ...


@implementer(IReadDescriptor)
class Poller:
    """A small epoll loop that fast transports register with instead of the reactor.

    A reactor makes a logging context for each event. To it all events of these transports are one,
    and an exception is logged with the name of its transport, as the reactor would do.

    Args:
        reactor: Waits for this loop's events; it gets all calls that this one does not handle.
    """

    def __init__(self, reactor: _Reactor) -> None:
        self._reactor = reactor
        # For a read of this size the C library would have memory mapped each time, which costs more
        # than the read, unless something as large has been freed before.
        bytearray(4 * READ_BYTES)
        self._epoll = select.epoll()
        self._transports: dict[int, Server] = {}
        self._masks: dict[int, int] = {}

    def __getattr__(self, name: str) -> Any:
        return getattr(self._reactor, name)

    def addReader(self, transport: Server) -> None:
        """See `twisted.internet.interfaces.IReactorFDSet`."""
        self._watch(transport, _IN)

    def addWriter(self, transport: Server) -> None:
        """See `twisted.internet.interfaces.IReactorFDSet`."""
        self._watch(transport, _OUT)

    def removeReader(self, transport: Server) -> None:
        """See `twisted.internet.interfaces.IReactorFDSet`."""
        self._ignore(transport, _IN)

    def removeWriter(self, transport: Server) -> None:
        """See `twisted.internet.interfaces.IReactorFDSet`."""
        self._ignore(transport, _OUT)

    def _watch(self, transport: Server, event: int) -> None:
        number = transport.fileno()
        mask = self._masks.get(number, 0)
        if not mask:
            self._epoll.register(number, event)
            if not self._masks:
                self._reactor.addReader(self)
            self._transports[number] = transport
        elif not mask & event:
            self._epoll.modify(number, mask | event)
        self._masks[number] = mask | event

    def _ignore(self, transport: Server, event: int) -> None:
        number = transport.fileno()  # -1 if it is closed already
        mask = self._masks.get(number, 0)
        if mask == event:
            self._epoll.unregister(number)
            del self._masks[number], self._transports[number]
            if not self._masks:
                self._reactor.removeReader(self)
        elif mask & event:
            self._epoll.modify(number, mask & ~event)
            self._masks[number] = mask & ~event

    def fileno(self) -> int:
        """See `twisted.internet.interfaces.IFileDescriptor`."""
        return self._epoll.fileno()

    def logPrefix(self) -> str:
        """See `twisted.internet.interfaces.ILoggingContext`."""
        return "-"

    def doRead(self) -> None:
        """Handle the events of the transports, for one turn of the reactor."""
        poll, transports = self._epoll.poll, self._transports
        seconds = self._reactor.seconds
        left, end = TURN_EVENTS, seconds() + TURN_SECONDS
        while left > 0 and seconds() < end and (events := poll(0, BATCH_EVENTS)):
            left -= len(events)
            for number, event in events:
                transport = transports.get(number)
                if transport is None:
                    continue
                try:
                    if event != _IN:
                        self._deal_with(transport, number, event)
                        continue
                    # Most events are this one: it is dealt with here, as its doRead() would do.
                    try:
                        data = os.read(number, READ_BYTES)
                    except BlockingIOError:
                        continue
                    except OSError:
                        self._disconnect(transport, CONNECTION_LOST, True)
                        continue
                    if data:
                        transport.protocol.dataReceived(data)
                    else:
                        self._deal_with(transport, number, event)
                except BaseException:
                    # Not even SystemExit gets through: the reactor would hold this one for broken.
                    log.callWithLogger(transport, log.err)
                    why = sys.exc_info()[1]
                    log.callWithLogger(transport, self._disconnect, transport, why, False)

    def _deal_with(self, transport: Server, number: int, event: int) -> None:
        # A hang-up or an error is found by reading or writing, whichever the transport waits for.
        if event & ~_OUT and self._masks[number] & _IN:
            self._disconnect(transport, transport.doRead(), True)
        is_waiting = self._masks.get(number, 0) & _OUT and self._transports[number] is transport
        if event & ~_IN and is_waiting:
            self._disconnect(transport, transport.doWrite(), False)

    def _disconnect(self, transport: Server, why: BaseException | None, by_reading: bool) -> None:
        if why is None:
            return
        failure = _FAILURES.get(type(why)) or Failure(why)
        # Whatever goes wrong from here on, it gets no more events.
        self.removeReader(transport)
        if by_reading and type(why) is ConnectionDone:
            transport.readConnectionLost(failure)
        else:
            self.removeWriter(transport)
            transport.connectionLost(failure)

    def connectionLost(self, reason: Failure) -> None:
        """The reactor stops: see `twisted.internet.interfaces.IFileDescriptor`."""
        for transport in list(self._transports.values()):
            log.callWithLogger(transport, transport.connectionLost, reason)
