"""The client in a pipe: standard input to the server, received bytes to standard output."""

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


class OutputLost(Ended):
    """Standard output cannot be written."""


@implementer(IHalfCloseableProtocol)
class Pipe(Protocol):
    """Joins standard input and output to a connection.

    Back-pressure: each side is the other's producer. Nothing is read that cannot be passed on, so
    memory stays small for any amount of data.

    Args:
        connection: The connection, made already.
        render: Makes the bytes for standard output from received ones.
        dialogue: Listens, and may answer before the input does.
        clock: Waits for the end of a line.
        hide: Called with whether the current input is a secret.

    Attributes:
        closed: Fires when everything is written, or the output is lost.
        output_lost: Whether not everything could be written.
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
            # The input was meant to follow a right answer.
            self._connection.abort()
        elif held and not self._dialogue.holds_input:
            self.transport.resumeProducing()

    def dataReceived(self, data: bytes) -> None:
        """Standard input has more."""
        self._connection.send(self._until_exit.feed(data))
        if self._dialogue.has_secrets:
            self._dialogue.typed(data.decode(errors="replace"))
            self._hide(self._dialogue.hidden)
        if self._until_exit.ended:
            self.transport.pauseProducing()
            self._connection.finish()

    def readConnectionLost(self) -> None:
        """Standard input is at its end."""
        self._connection.send(self._until_exit.end())
        self._connection.finish()

    def writeConnectionLost(self) -> None:
        """Standard output takes no more: it has no reader, or the disk is full."""
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
    """Write a line to standard error, which may be set to non-blocking together with the output."""
    data = f"{line}\n".encode(errors="backslashreplace")
    with suppress(OSError):  # It has no reader.
        while data:
            try:
                data = data[os.write(2, data) :]
            except BlockingIOError:
                select.select([], [2], [])


async def run(reactor: Reactor, connection: ClientConnection, dialogue: Dialogue) -> None:
    """Pass everything on, both ways, until all output of the server is received and written.

    Raises:
        HungUp: The server has gone before that.
        OutputLost: See `check_output`.
    """
    read = visible() if os.isatty(1) else None

    def render(data: bytes) -> bytes:
        return data if read is None else read(data, False).encode()

    # The input may be a terminal although the output is none.
    with unchanged_blocking(), Echo(0) as echo:
        pipe = Pipe(connection, render, dialogue, reactor, echo.hide)
        StandardIO(pipe, reactor=reactor)
        await pipe.closed
        await connection.ended
        check_output(pipe.output_lost)


def check_output(lost: bool) -> None:
    """Check whether all output was written, if it was wanted.

    Raises:
        OutputLost: Not everything could be written, and not because its reader, as in ``| head``,
            has had enough.
    """
    if lost and not stat.S_ISFIFO(os.fstat(1).st_mode):
        raise OutputLost("standard output cannot be written; is the disk full?")


@contextmanager
def unchanged_blocking() -> Iterator[None]:
    """Leave standard input and output as they are: others may share the terminal or the pipe."""
    blocking = {descriptor: os.get_blocking(descriptor) for descriptor in (0, 1)}
    try:
        yield
    finally:
        for descriptor, was_blocking in blocking.items():
            os.set_blocking(descriptor, was_blocking)
