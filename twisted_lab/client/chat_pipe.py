"""Chat client in a pipe: input lines become messages, and messages become output lines."""

from __future__ import annotations

from twisted.internet.defer import Deferred
from twisted.internet.error import ConnectionDone
from twisted.internet.interfaces import IHalfCloseableProtocol, IReactorFDSet
from twisted.internet.protocol import Protocol, connectionDone
from twisted.internet.stdio import StandardIO
from twisted.python.failure import Failure
from zope.interface import implementer

from twisted_lab.client.chat_client import LONGEST_LINE, ChatClient
from twisted_lab.client.exit_line import Lines, UntilExit
from twisted_lab.client.pipe import check_output, unchanged_blocking
from twisted_lab.rooms import Line
from twisted_lab.text.escaping import escape

# The client reads no input while more than this many messages are unconfirmed.
MOST_PENDING = 100


@implementer(IHalfCloseableProtocol)
class Pipe(Protocol):
    """Connects standard input and output with the chat client.

    Args:
        client: The client.
    """

    transport: StandardIO

    def __init__(self, client: ChatClient) -> None:
        self._client = client
        self._until_exit = UntilExit()
        self._lines = Lines(LONGEST_LINE, client.refuse_long)
        self._is_reading = True
        self._output_lost = False
        self._closed: Deferred[None] = Deferred()
        client.pumped = self._balance

    def show(self, line: Line) -> None:
        """Write a line to standard output."""
        self.transport.write(f"{escape(line.text)}\n".encode(errors="replace"))

    async def run(self, reactor: IReactorFDSet) -> None:
        """Pass on input and messages until the client has ended and all output is written.

        Raises:
            twisted_lab.client.chat_client.NoAnswer: The server does not answer.
            twisted_lab.client.chat_client.NotLetIn: The server refused to let this client join.
            twisted_lab.client.pipe.OutputLost: Some output could not be written.
        """
        with unchanged_blocking():
            StandardIO(self, reactor=reactor)
            try:
                await self._client.ended
            finally:
                self.transport.loseConnection()
                await self._closed
            check_output(self._output_lost)

    def dataReceived(self, data: bytes) -> None:
        """Handle data from standard input."""
        self._take(self._until_exit.feed(data))
        if self._until_exit.ended:
            self._client.finish()

    def _take(self, data: bytes) -> None:
        for line in self._lines.feed(data):
            # A byte that is not UTF-8 is sent as "?", so the line does not get longer.
            self._client.say(line.decode(errors="surrogateescape").removesuffix("\r"))
        self._balance()

    def _balance(self) -> None:
        wanted = self._client.room.pending <= MOST_PENDING and not self._until_exit.ended
        if wanted != self._is_reading:
            self._is_reading = wanted
            (self.transport.resumeProducing if wanted else self.transport.pauseProducing)()

    def readConnectionLost(self) -> None:
        """Handle the end of standard input: send the rest, and leave."""
        rest = self._until_exit.end()
        self._take(rest + b"\n" if rest or self._lines.in_mid_line else b"")
        self._client.finish()

    def writeConnectionLost(self) -> None:
        """Abort, because standard output has no reader or the disk is full."""
        self._output_lost = True
        self._close()

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        """See `twisted.internet.interfaces.IProtocol`."""
        self._output_lost = self._output_lost or not reason.check(ConnectionDone)
        self._close()

    def _close(self) -> None:
        self._client.abort()
        if not self._closed.called:
            self._closed.callback(None)
