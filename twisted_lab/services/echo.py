"""netlab-echo: sends back what comes.

Echo moves raw bytes and has no messages, so it is a bare protocol.
"""

from __future__ import annotations

import codecs
from collections.abc import Callable
from typing import Any, ClassVar

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
from twisted_lab.events import ServiceEvents
from twisted_lab.peers import address_text, end_text
from twisted_lab.serving import (
    EventLog,
    NetworkService,
    ServiceOptions,
    natural_number,
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
    """One connection: each portion that comes is logged, answered, and the answer logged.

    The answers to all that was read at once are sent at once, and where nothing is logged there are
    no portions.

    The transport is its own producer: while the peer does not take the answers, nothing more is
    read from it, so that it can fill the buffers once and no more.
    """

    factory: EchoFactory
    transport: Any  # ITCPTransport, IConsumer and IPushProducer, for which there is no one name

    def __init__(self, answer: Answer | None) -> None:
        self._answer = answer
        self._bytes_in = 0
        self._grown = 0  # by so many bytes the answers are longer than what they answer
        self._finished = False
        self._closed_by = "client"
        self._linger: IDelayedCall | None = None

    def connectionMade(self) -> None:
        """See `twisted.internet.interfaces.IProtocol`."""
        self._peer = address_text(self.transport.getPeer())
        self._since = self.factory.clock.seconds()
        self.transport.registerProducer(self.transport, True)
        self.factory.connections.add(self)
        self.factory.events.connected(self._peer)

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
        self.factory.events.received(self._peer, len(portion))
        answer = portion if self._answer is None else self._answer(portion, False)
        self._grown += len(answer) - len(portion)
        if answer:
            self.factory.events.sent(self._peer, len(answer))
        return answer

    def readConnectionLost(self) -> None:
        """The peer sends no more: give it the rest of what it is owed, and close."""
        if not self._finished:
            if self._answer is not None and (rest := self._answer(b"", True)):
                self.factory.events.sent(self._peer, len(rest))
                self._grown += len(rest)
                self.transport.write(rest)
            # With a producer registered, the transport would wait for it before it closes.
            self.transport.unregisterProducer()
        self.transport.loseConnection()

    def writeConnectionLost(self) -> None:
        """The peer has been sent all that it is owed; now it should close, too."""
        self._linger = self.factory.clock.callLater(LINGER_SECONDS, self.transport.loseConnection)

    def finish(self) -> None:
        """See `twisted_lab.channels.Connection`."""
        self._finished = True
        self._closed_by = "server"
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
            self._peer,
            self._bytes_in,
            self._bytes_in + self._grown,
            self.factory.clock.seconds() - self._since,
            end_text(reason, self._closed_by),
        )
        self.factory.connections.remove(self)


class EchoFactory(Factory):
    """Builds an `Echo` for each connection.

    Args:
        clock: Tells how long a connection has lasted.
        events: What happens is reported here.
        chunk_size: The most bytes that are logged as one portion.
        upper: Whether to answer in upper case.
    """

    noisy = False

    def __init__(
        self,
        clock: IReactorTime,
        events: ServiceEvents,
        chunk_size: int = 1024,
        upper: bool = False,
    ) -> None:
        self.clock = clock
        self.events = events
        self.chunk_size = chunk_size
        self.connections = Connections()
        self._upper = upper

    def buildProtocol(self, addr: IAddress | None) -> Echo:  # type: ignore[override]
        """See `twisted.internet.interfaces.IProtocolFactory`."""
        echo = Echo(upper_case() if self._upper else None)
        echo.factory = self
        return echo


class Options(ServiceOptions):
    """The options of netlab-echo."""

    command = "netlab-echo"
    default_port = 9090
    optFlags: ClassVar = [["upper", "u", "Send back upper-case text."]]
    optParameters: ClassVar = [
        [
            "chunk-size",
            None,
            1024,
            "The most bytes that are logged as one portion.",
            natural_number("chunk-size"),
        ],
    ]


def makeService(options: Options) -> NetworkService:
    """Build the service that `options` describe."""
    from twisted.internet import reactor

    log = EventLog(options, reactor)
    factory = EchoFactory(reactor, log.events, options["chunk-size"], bool(options["upper"]))
    return stream_service(options, reactor, log, factory, factory.connections)
