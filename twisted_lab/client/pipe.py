"""Client in a pipe: standard input to the server, received bytes to standard output."""

from __future__ import annotations

import os
import select
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

from twisted.internet.defer import Deferred
from twisted.internet.error import ConnectionDone
from twisted.internet.interfaces import IHalfCloseableProtocol, IReactorTime
from twisted.internet.protocol import Protocol, connectionDone
from twisted.internet.stdio import StandardIO
from twisted.python.failure import Failure
from zope.interface import implementer

from twisted_lab.client.connection import ClientConnection
from twisted_lab.client.dialogue import Dialogue
from twisted_lab.client.echo import Echo
from twisted_lab.client.ending import Ended
from twisted_lab.client.exit_line import UntilExit
from twisted_lab.client.rendering import WholeLines, visible
from twisted_lab.interfaces import Reactor
from twisted_lab.text.language import _


class OutputLost(Ended):
    """Standard output cannot be written."""


@implementer(IHalfCloseableProtocol)
class Pipe(Protocol):
    """Connects standard input and output with a connection.

    Back-pressure: each side is the other's producer. The client reads only what it can pass on, so
    memory stays small for any amount of data.

    Args:
        connection: The connection, which is already open.
        render: Converts received bytes to bytes for standard output.
        dialogue: Follows the conversation, and may answer before the input does.
        clock: Times the wait for the end of a line.
        hide: Called with whether the current input is secret.

    Attributes:
        closed: Fires when all output is written, or standard output is lost.
        output_lost: Whether some output could not be written.
    """

    transport: StandardIO

    def __init__(
        self,
        connection: ClientConnection,
        render: Callable[[bytes], bytes],
        dialogue: Dialogue,
        clock: IReactorTime,
        hide: Callable[[bool], object],
    ) -> None:
        self.closed: Deferred[None] = Deferred()
        self.output_lost = False
        self._connection = connection
        self._until_exit = UntilExit(dialogue.says_exit)
        self._render = render
        self._dialogue = dialogue
        self._hide = hide
        self._read = visible()
        self._lines = WholeLines(clock, self._heard)
        connection.deliver = self._deliver

    def connectionMade(self) -> None:
        """See `twisted.internet.interfaces.IProtocol`."""
        if self._dialogue.holds_input:
            self.transport.pauseProducing()
        self.transport.registerProducer(self._connection.transport, True)
        self._connection.transport.registerProducer(self.transport, True)
        self._connection.ended.addBoth(self._end)

    def _deliver(self, data: bytes) -> None:
        self.transport.write(self._render(data))
        if self._dialogue.listens:
            self._lines.add(self._read(data, False))

    def _heard(self, lines: str) -> None:
        held = self._dialogue.holds_input
        for line in lines.removesuffix("\n").split("\n"):
            _, answer = self._dialogue.heard(line)
            if answer is not None:
                self._connection.send(f"{answer}\n".encode())
        self._hide(self._dialogue.hidden)
        if self._dialogue.refused:
            # The input was meant to follow an accepted answer.
            self._connection.abort()
        elif held and not self._dialogue.holds_input:
            self.transport.resumeProducing()

    def dataReceived(self, data: bytes) -> None:
        """Handle data from standard input."""
        self._connection.send(self._until_exit.feed(data))
        if self._dialogue.has_secrets:
            self._dialogue.typed(data.decode(errors="replace"))
            self._hide(self._dialogue.hidden)
        if self._until_exit.ended:
            self.transport.pauseProducing()
            self._connection.finish()

    def readConnectionLost(self) -> None:
        """Handle the end of standard input: send the rest, and half-close."""
        self._connection.send(self._until_exit.end())
        self._connection.finish()

    def writeConnectionLost(self) -> None:
        """Abort, because standard output has no reader or the disk is full."""
        self.output_lost = True
        self._connection.abort()
        self._close()

    def _end(self, result: Failure | None) -> Failure | None:
        self._lines.flush()
        self.transport.unregisterProducer()
        self.transport.loseConnection()
        return result

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        """See `twisted.internet.interfaces.IProtocol`."""
        self.output_lost = not reason.check(ConnectionDone)
        self._close()

    def _close(self) -> None:
        if not self.closed.called:
            self.closed.callback(None)


def tell(line: str) -> None:
    """Write a line to standard error.

    It may be non-blocking, because it may share that flag with standard output.
    """
    data = f"{line}\n".encode(errors="backslashreplace")
    with suppress(OSError):  # There is no reader.
        while data:
            try:
                data = data[os.write(2, data) :]
            except BlockingIOError:
                select.select([], [2], [])


async def run(reactor: Reactor, connection: ClientConnection, dialogue: Dialogue) -> None:
    """Pass on data in both directions until all output of the server is received and written.

    Raises:
        HungUp: The connection ended before that.
        OutputLost: See `check_output`.
    """
    read = visible() if os.isatty(1) else None

    def render(data: bytes) -> bytes:
        return data if read is None else read(data, False).encode()

    # The input may be a terminal although the output is not.
    with unchanged_blocking(), Echo(0) as echo:
        pipe = Pipe(connection, render, dialogue, reactor, echo.hide)
        StandardIO(pipe, reactor=reactor)
        await pipe.closed
        await connection.ended
        check_output(pipe.output_lost)


def check_output(lost: bool) -> None:
    """Check that all output was written, unless its reader stopped early, as in ``| head``.

    Raises:
        OutputLost: Some output could not be written, and standard output is not a pipe.
    """
    if lost and not stat.S_ISFIFO(os.fstat(1).st_mode):
        raise OutputLost(_("standard output cannot be written; is the disk full?"))


@contextmanager
def unchanged_blocking() -> Iterator[None]:
    """Restore the blocking mode of standard input and output, which other processes may share."""
    blocking = {descriptor: os.get_blocking(descriptor) for descriptor in (0, 1)}
    try:
        yield
    finally:
        for descriptor, was_blocking in blocking.items():
            os.set_blocking(descriptor, was_blocking)
