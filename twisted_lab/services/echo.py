"""netlab-echo: echo of received bytes.

The echo has no messages, so it is a plain Twisted protocol instead of a conversation.
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

from twisted_lab.channels import LINGER_SECONDS, Connections, cancel, shut_down
from twisted_lab.channels.idleness import LOOKS, Idleness, QuietTimer, has_unread
from twisted_lab.defaults import DEFAULTS
from twisted_lab.disconnects import Disconnect, Reason, end_reason
from twisted_lab.eventlog.counters import Traffic
from twisted_lab.eventlog.events import ServiceEvents
from twisted_lab.interfaces import StreamTransport
from twisted_lab.peers import address_text
from twisted_lab.services.lecture import LECTURE, answer_upper_case
from twisted_lab.serving import (
    NetworkService,
    ServiceOptions,
    ServiceProcess,
    in_own_process,
    option,
    stream_service,
)
from twisted_lab.text.language import N_

# The time without input after which a client of --once has sent all.
ONCE_SECONDS = 0.2

Answer = Callable[[bytes, bool], bytes]


def upper_case() -> Answer:
    """Return a function that answers one connection's input in upper case.

    An incomplete character at the end of a portion is kept until the rest arrives, or until
    ``final``. Bytes that are not UTF-8 are returned unchanged.
    """
    decoder = codecs.getincrementaldecoder("utf-8")("surrogateescape")

    def answer(data: bytes, final: bool) -> bytes:
        return decoder.decode(data, final).upper().encode("utf-8", "surrogateescape")

    return answer


@implementer(IHalfCloseableProtocol)
class Echo(Protocol):
    """An echo connection, which logs each received portion and its answer.

    The answers to all portions of one read are written together. Without logging and upper case
    the input is not split into portions.

    The transport is registered as its own producer for back-pressure: while the client does not
    read the answers, the server reads no more input, so pending output is bounded.

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
        self._grown = 0  # bytes of the answers minus bytes of the input
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
                # The echo has no framing, so plain text has to do.
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
        """Send the pending output and close, after a half-close by the client."""
        if not self._finished:
            self._answer_rest()
            # With a registered producer, the transport would not close.
            self.transport.unregisterProducer()
        self.transport.loseConnection()

    def _answer_rest(self) -> None:
        if self._answer is not None and (rest := self._answer(b"", True)):
            self.factory.events.sent(self.label, len(rest), rest)
            self._grown += len(rest)
            self.transport.write(rest)

    def writeConnectionLost(self) -> None:
        """Give the client LINGER_SECONDS to close, now that all pending output is sent."""
        self._linger = self.factory.clock.callLater(LINGER_SECONDS, self.transport.loseConnection)

    def look(self) -> None:
        """Check for input since the last look, and apply the idle timeout."""
        self._quiet_looks = self._quiet_looks + 1 if self._bytes_in == self._looked_at else 0
        self._looked_at = self._bytes_in
        if self._quiet_looks <= LOOKS:
            return
        if self._finished:
            self.abort()
        elif self._quiet_looks > LOOKS + has_unread(self.transport):
            # Unread input was allowed one more look.
            self._quiet_looks = 0
            seconds = self.factory.idleness.patience
            self._hang_up(Disconnect.NOTHING_HEARD.reason(seconds=seconds))

    def _hang_up(self, reason: Reason) -> None:
        self.factory.events.hung_up(self.label, reason)
        self.finish()

    def traffic(self) -> Traffic:
        """See `twisted_lab.channels.Connection`; there are no messages."""
        return Traffic(self._bytes_in, self._bytes_in + self._grown)

    def finish(self) -> None:
        """See `twisted_lab.channels.Connection`."""
        if self._finished:
            return
        self._finished = True
        self._closed_by_client = False
        self.transport.unregisterProducer()
        self._linger = shut_down(self.transport, self.factory.clock)

    def abort(self) -> None:
        """See `twisted_lab.channels.Connection`."""
        self.transport.abortConnection()

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        """See `twisted.internet.interfaces.IProtocol`."""
        cancel(self._linger)
        self.factory.events.disconnected(
            self.label,
            self._bytes_in,
            self._bytes_in + self._grown,
            self.factory.clock.seconds() - self.since,
            end_reason(reason, self._closed_by_client),
        )
        self.factory.connections.remove(self)


class EchoOnce(Echo):
    """An echo connection that the server closes after ONCE_SECONDS without further input."""

    def connectionMade(self) -> None:
        """See `Echo`."""
        self._quiet = QuietTimer(self.factory.clock, self.transport, ONCE_SECONDS, self._end)
        super().connectionMade()

    def dataReceived(self, data: bytes) -> None:
        """See `Echo`."""
        super().dataReceived(data)
        if not self._finished:
            self._quiet.heard()

    def _end(self) -> None:
        self._answer_rest()
        self.finish()
        # A slow reader may need longer than TLS_LINGER_SECONDS: it has the idle timeout.
        cancel(self._linger)

    def readConnectionLost(self) -> None:
        """See `Echo`."""
        self._quiet.cancel()
        super().readConnectionLost()

    def finish(self) -> None:
        """See `Echo`."""
        self._quiet.cancel()
        super().finish()

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        """See `Echo`."""
        self._quiet.cancel()
        super().connectionLost(reason)


class EchoFactory(Factory):
    """Factory of echo connections.

    Args:
        clock: The clock for timers and durations.
        events: The reporter of the service's events.
        chunk_size: The maximum size of a logged portion, in bytes.
        upper: Whether to answer in upper case.
        patience: The idle timeout, in seconds.
        connections: The container for open connections, with their limits.
        lecture: Whether to answer as in the lecture, regardless of `upper`.
        kind: The class of the connections.
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
        lecture: bool = False,
        kind: type[Echo] = Echo,
    ) -> None:
        self.clock = clock
        self.events = events
        self.chunk_size = chunk_size
        self.connections = Connections() if connections is None else connections
        self.idleness = Idleness(clock, patience, self._look)
        self._upper = upper
        self._lecture = lecture
        self._kind = kind

    def _look(self) -> bool:
        for connection in self.connections:
            cast(Echo, connection).look()
        return len(self.connections) > 0

    def buildProtocol(self, addr: IAddress | None) -> Echo:  # type: ignore[override]
        """See `twisted.internet.interfaces.IProtocolFactory`."""
        answer = upper_case() if self._upper else None
        echo = self._kind(answer_upper_case if self._lecture else answer)
        echo.factory = self
        return echo


class Options(ServiceOptions):
    """Options of netlab-echo."""

    command = "netlab-echo"
    default_port = DEFAULTS["echo"].port
    upper = option.flag(N_("Send back upper-case text."), short="u")
    lecture = LECTURE
    chunk_size = option.size(N_("The most bytes that are logged as one portion."), default=1024)
    once = option.flag(
        N_("Close after 200 ms without further input, for clients that read until the end.")
    )

    def postOptions(self) -> None:
        """See `ServiceOptions`.

        Raises:
            UsageError: Options cannot be combined, or another one is required.
        """
        if self.lecture and self.upper:
            raise self._conflict("lecture", "upper")
        super().postOptions()


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
        options.lecture,
        EchoOnce if options.once else Echo,
    )
    return stream_service(process, options, factory, factory.connections)


makeService = in_own_process(build)
