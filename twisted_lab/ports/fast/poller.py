"""An epoll loop inside any reactor, which sees it as one file descriptor."""

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

# Limits of one turn, after which the reactor handles timers, new connections and datagrams. A turn
# of the reactor costs as much as a few events.
TURN_EVENTS = 256
TURN_SECONDS = 0.005
# Events per epoll call; larger batches do not stay in the processor's caches.
BATCH_EVENTS = 128
READ_BYTES = 131_072

# Created once, as in the reactor, because a new one costs as much as closing a connection.
_FAILURES: dict[type[BaseException], Failure] = {
    type(why): Failure(why) for why in (CONNECTION_DONE, CONNECTION_LOST)
}

# select.EPOLLIN and EPOLLOUT, which are undefined on systems without epoll.
_IN, _OUT = 1, 4


class _Reactor(Protocol):
    """The methods of a reactor that the loop itself calls; its transports call more."""

    def addReader(self, reader: IReadDescriptor, /) -> object: ...
    def removeReader(self, reader: IReadDescriptor, /) -> object: ...
    def seconds(self) -> float: ...


@implementer(IReadDescriptor)
class Poller:
    """A small epoll loop that fast transports register with instead of the reactor.

    A reactor sets up a logging context for each event. Here one context serves all events of a
    turn, and exceptions are still logged in the context of their transport.

    Args:
        reactor: The reactor around the loop, which gets all calls that the loop does not handle.
    """

    def __init__(self, reactor: _Reactor) -> None:
        self._reactor = reactor
        # malloc would map memory for each read of this size, which costs more than the read. Once a
        # large block was freed, malloc raises its threshold for that (mallopt(3)).
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
        number = transport.fileno()  # -1 if the transport is closed already
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
                        self._handle(transport, number, event)
                        continue
                    # The most frequent event, with the code of doRead() inlined.
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
                        self._handle(transport, number, event)
                except BaseException:
                    # Including SystemExit: the reactor would blame and remove the whole loop.
                    log.callWithLogger(transport, log.err)
                    why = sys.exc_info()[1]
                    log.callWithLogger(transport, self._disconnect, transport, why, False)

    def _handle(self, transport: Server, number: int, event: int) -> None:
        # Hang-ups and errors show up in a read or a write, whichever the transport waits for.
        if event & ~_OUT and self._masks[number] & _IN:
            self._disconnect(transport, transport.doRead(), True)
        is_waiting = self._masks.get(number, 0) & _OUT and self._transports[number] is transport
        if event & ~_IN and is_waiting:
            self._disconnect(transport, transport.doWrite(), False)

    def _disconnect(self, transport: Server, why: BaseException | None, by_reading: bool) -> None:
        if why is None:
            return
        failure = _FAILURES.get(type(why)) or Failure(why)
        # First, so that the transport gets no more events even if the rest fails.
        self.removeReader(transport)
        if by_reading and type(why) is ConnectionDone:
            transport.readConnectionLost(failure)
        else:
            self.removeWriter(transport)
            transport.connectionLost(failure)

    def connectionLost(self, reason: Failure) -> None:
        """See `twisted.internet.interfaces.IFileDescriptor`; the reactor stops."""
        for transport in list(self._transports.values()):
            log.callWithLogger(transport, transport.connectionLost, reason)
