"""Child processes: each check runs in one of its own, so that none can stop the others."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.error import ProcessExitedAlready, ProcessTerminated
from twisted.internet.interfaces import IProcessTransport
from twisted.internet.protocol import ProcessProtocol
from twisted.python.failure import Failure

_MOST_BYTES = 8 << 20  # of output; a report has some 100 KB


@dataclass(frozen=True, slots=True)
class Ended:
    """A process that has ended.

    Attributes:
        status: Its exit status; None after a signal.
        output: What it wrote to its standard output.
        errors: What it wrote to its standard error.
    """

    status: int | None
    output: bytes
    errors: bytes


class _Child(ProcessProtocol):
    transport: IProcessTransport

    def __init__(self) -> None:
        self.ended: Deferred[Ended] = Deferred(lambda _: self.send("INT"))
        self._pieces: dict[int, list[bytes]] = {1: [], 2: []}
        self._size = 0

    def send(self, signal: str) -> None:
        """Send a signal, such as ``KILL``; it may have ended."""
        with suppress(ProcessExitedAlready):
            self.transport.signalProcess(signal)

    def childDataReceived(self, descriptor: int, data: bytes) -> None:
        """Keep what it writes."""
        self._size += len(data)
        if self._size > _MOST_BYTES:
            self.send("KILL")
        else:
            self._pieces[descriptor].append(data)

    def processEnded(self, reason: Failure) -> None:
        """Tell how it ended."""
        error = reason.value
        status = error.exitCode if isinstance(error, ProcessTerminated) else 0
        output, errors = (b"".join(self._pieces[each]) for each in (1, 2))
        if not self.ended.called:
            self.ended.callback(Ended(status, output, errors))


async def run(
    reactor: Any, command: Sequence[str], environment: Mapping[str, str], seconds: float
) -> Ended:
    """Run a command, and return how it ended; Ctrl-C is handed on to it.

    Args:
        reactor: Runs processes.
        command: The command.
        environment: Its environment.
        seconds: After this time it is killed.
    """
    child = _Child()
    reactor.spawnProcess(child, command[0], command, dict(environment))
    deadline = reactor.callLater(seconds, child.send, "KILL")
    try:
        return await child.ended
    finally:
        if deadline.active():
            deadline.cancel()
