"""A server that says nothing: it may wait for TLS."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from twisted.internet.interfaces import IReactorTime
from twisted.internet.task import LoopingCall

from twisted_lab.client.connection import ClientConnection

Result = TypeVar("Result")

# Seconds between two looks: a service that greets or answers does so at once.
LOOK_SECONDS = 1.0
TRY_TLS = "nothing came from it; if it speaks TLS, try --tls"


def suggest_tls(
    clock: IReactorTime,
    connection: ClientConnection,
    is_greeted: bool,
    tell: Callable[[str], object],
) -> None:
    """Suggest TLS once, if the server owes something and has said nothing: it may wait for TLS.

    Args:
        clock: Tells when to look.
        connection: The connection, which does not speak TLS.
        is_greeted: Whether the server is to speak first.
        tell: Shows a line to the person.
    """

    def look() -> None:
        if connection.is_silent and (is_greeted or connection.is_unanswered):
            tell(f"{connection.peer}: {TRY_TLS}")
        elif connection.is_silent:
            return
        looking.stop()

    def stop(result: Result) -> Result:
        if looking.running:
            looking.stop()
        return result

    looking = LoopingCall(look)
    looking.clock = clock
    looking.start(LOOK_SECONDS, now=False)
    connection.ended.addBoth(stop)
