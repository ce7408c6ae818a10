"""netlab-echo: sends received bytes back.

Echo moves raw bytes and has no messages, so it is a bare protocol.
"""

from __future__ import annotations

import codecs
from collections.abc import Callable
from typing import cast

from twisted.internet.interfaces import (
    IAddress,
    IDelayedCall,
    IHalfCloseableProtocol,
    IReactorTime,
)
from twisted.internet.protocol import Factory, Protocol, connectionDone
from twisted.python.failure import Failure
from zope.interface import implementer

from twisted_lab.channels import LINGER_SECONDS, Connections, shut_down
from twisted_lab.channels.idleness import LOOKS, Idleness, has_unread
from twisted_lab.defaults import DEFAULTS
from twisted_lab.disconnects import Disconnect, Reason, end_reason
from twisted_lab.eventlog.counters import Traffic
from twisted_lab.eventlog.events import ServiceEvents
from twisted_lab.interfaces import StreamTransport
from twisted_lab.peers import address_text
from twisted_lab.serving import (
    NetworkService,
    ServiceOptions,
    ServiceProcess,
    in_own_process,
    option,
    stream_service,
)

Answer = Callable[[bytes, bool], bytes]


def upper_case() -> Answer:
    """Make an answer in upper case for one connection.

    The incomplete character at the end of a portion waits for its rest, or for ``final``; bytes
    that are not UTF-8 pass unchanged.
    """
    decoder = codecs.getincrementaldecoder("utf-8")("surrogateescape")

    def answer(data: bytes, final: bool) -> bytes:
        return decoder.decode(data, final).upper().encode("utf-8", "surrogateescape")

    return answer


@implementer(IHalfCloseableProtocol)
class Echo(Protocol):
    """One connection: each received portion is logged, answered, and the answer logged.

    The answers to all bytes that are read at once are sent at once, and where nothing is logged
    there are no portions.

    The transport is its own producer (back-pressure): while the peer does not take the answers,
    nothing more is read from it, so that it can fill the buffers once and no more.

    Attributes:
        label: See `twisted_lab.channels.Connection`.
        since: See `twisted_lab.channels.Connection`.
    """

    factory: EchoFactory
    transport: StreamTransport

    def __init__(self, answer: Answer | None) -> None:
        self._answer = answer
        self._bytes_in = 0
        self._looked_at = self._quiet_looks = 0
        self._grown = 0  # how many bytes the answers have more than the input
        self._finished = False
        self._closed_by_client = True
        self._linger: IDelayedCall | None = None

    def connectionMade(self) -> None:
        """See `twisted.internet.interfaces.IProtocol`."""
        address = self.transport.getPeer()
        self.label = address_text(address)
        self.since = self.factory.clock.seconds()
        self.transport.registerProducer(self.transport, True)
        refusal = self.factory.connections.add(self, getattr(address, "host", ""))
        self.factory.events.connected(self.label)
        self.factory.idleness.watch()
        if refusal:
            is_told = self.factory.connections.is_told(self)
            if is_told:
                # There is no framing, and no other way to tell.
                self.transport.write(f"error: {refusal}\n".encode())
            self._hang_up(refusal)
            if not is_told:
                self.abort()

    def dataReceived(self, data: bytes) -> None:
        """See `twisted.internet.interfaces.IProtocol`."""
        if self._finished:
            return
        self._bytes_in += len(data)
        if self._answer is not None or self.factory.events.traffic:
            data = self._by_portions(data)
        self.transport.write(data)

    def _by_portions(self, data: bytes) -> bytes:
        size = self.factory.chunk_size
        portions = [data[start : start + size] for start in range(0, len(data), size)]
        return b"".join([self._log_and_answer(portion) for portion in portions])

    def _log_and_answer(self, portion: bytes) -> bytes:
        self.factory.events.received(self.label, len(portion), portion)
        answer = portion if self._answer is None else self._answer(portion, False)
        self._grown += len(answer) - len(portion)
        if answer:
            self.factory.events.sent(self.label, len(answer), answer)
        return answer

    def readConnectionLost(self) -> None:
        """Half-close by the peer: send the pending output, and close."""
        if not self._finished:
            if self._answer is not None and (rest := self._answer(b"", True)):
                self.factory.events.sent(self.label, len(rest), rest)
                self._grown += len(rest)
                self.transport.write(rest)
            # With a producer registered, the transport would wait for it before it closes.
            self.transport.unregisterProducer()
        self.transport.loseConnection()

    def writeConnectionLost(self) -> None:
        """All pending output is sent; now the peer should close, too."""
        self._linger = self.factory.clock.callLater(LINGER_SECONDS, self.transport.loseConnection)

    def look(self) -> None:
        """See whether anything was received since the last time."""
        self._quiet_looks = self._quiet_looks + 1 if self._bytes_in == self._looked_at else 0
        self._looked_at = self._bytes_in
        if self._quiet_looks <= LOOKS:
            return
        if self._finished:
            self.abort()
        elif self._quiet_looks > LOOKS + has_unread(self.transport):  # which has one look more
            self._quiet_looks = 0
            seconds = self.factory.idleness.patience
            self._hang_up(Disconnect.NOTHING_HEARD.reason(seconds=seconds))

    def _hang_up(self, reason: Reason) -> None:
        self.factory.events.hung_up(self.label, reason)
        self.finish()

    def traffic(self) -> Traffic:
        """See `twisted_lab.channels.Connection`: there are no messages."""
        return Traffic(self._bytes_in, self._bytes_in + self._grown)

    def finish(self) -> None:
        """See `twisted_lab.channels.Connection`."""
        self._finished = True
        self._closed_by_client = False
        self.transport.unregisterProducer()
        self._linger = shut_down(self.transport, self.factory.clock)

    def abort(self) -> None:
        """See `twisted_lab.channels.Connection`."""
        self.transport.abortConnection()

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        """See `twisted.internet.interfaces.IProtocol`."""
        if self._linger is not None and self._linger.active():
            self._linger.cancel()
        self.factory.events.disconnected(
            self.label,
            self._bytes_in,
            self._bytes_in + self._grown,
            self.factory.clock.seconds() - self.since,
            end_reason(reason, self._closed_by_client),
        )
        self.factory.connections.remove(self)


class EchoFactory(Factory):
    """Builds an `Echo` for each connection.

    Args:
        clock: Tells how long a connection has lasted.
        events: Events are reported here.
        chunk_size: The most bytes that are logged as one portion.
        upper: Whether to answer in upper case.
        patience: The idle timeout, in seconds.
        connections: Where they are counted, and how many there may be.
    """

    noisy = False

    def __init__(
        self,
        clock: IReactorTime,
        events: ServiceEvents,
        chunk_size: int = 1024,
        upper: bool = False,
        patience: float = 600,
        connections: Connections | None = None,
    ) -> None:
        self.clock = clock
        self.events = events
        self.chunk_size = chunk_size
        self.connections = Connections() if connections is None else connections
        self.idleness = Idleness(clock, patience, self._look)
        self._upper = upper

    def _look(self) -> bool:
        for connection in self.connections:
            cast(Echo, connection).look()
        return len(self.connections) > 0

    def buildProtocol(self, addr: IAddress | None) -> Echo:  # type: ignore[override]
        """See `twisted.internet.interfaces.IProtocolFactory`."""
        echo = Echo(upper_case() if self._upper else None)
        echo.factory = self
        return echo


class Options(ServiceOptions):
    """The options of netlab-echo."""

    command = "netlab-echo"
    default_port = DEFAULTS["echo"].port
    upper = option.flag("Send back upper-case text.", short="u")
    chunk_size = option.size("The most bytes that are logged as one portion.", default=1024)


def build(process: ServiceProcess, options: Options) -> NetworkService:
    """Build the service that `options` describe."""
    events = process.log.events_of(options.command)
    events.allow_bytes()
    factory = EchoFactory(
        process.reactor,
        events,
        options.chunk_size,
        options.upper,
        options.idle_timeout,
        options.make_connections(),
    )
    return stream_service(process, options, factory, factory.connections)


makeService = in_own_process(build)
