"""Detection of a silent server that may be waiting for TLS."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from twisted.internet.interfaces import IReactorTime
from twisted.internet.task import LoopingCall

from twisted_lab.channels.idleness import has_unread
from twisted_lab.client.connection import ClientConnection
from twisted_lab.disconnects import Disconnect
from twisted_lab.text.language import N_, _

Result = TypeVar("Result")

LOOK_SECONDS = 1.0  # between two checks
# Checks that find the server silent. A service greets or answers immediately, but a bad network
# takes a second there and back. They are counted, because a paused process hears nothing.
LOOKS = 3
TRY_TLS = N_(
    "nothing received; if the server uses TLS, try --tls; otherwise its log, or that of a proxy "
    "before it, says why"
)
SILENT = N_(
    "nothing received: the server may be slow, run another service, or use another framing; if it "
    "uses TLS, try --tls"
)


def may_be_tls(connection: ClientConnection, is_greeted: bool, how: str = "") -> bool:
    """Tell whether the server may be waiting for TLS: it should have sent something, but has not.

    Args:
        connection: The connection, which does not use TLS.
        is_greeted: Whether the server sends the first message.
        how: How the connection has ended. A server that waits for TLS eventually resets it; a
            server that shuts down closes it.
    """
    return connection.is_silent and (
        is_greeted or connection.is_unanswered or how == Disconnect.RESET.template
    )


def suggest_tls(
    clock: IReactorTime,
    connection: ClientConnection,
    is_greeted: bool,
    tell: Callable[[str], object],
) -> None:
    """Tell once what to try, TLS too, if the server should have sent something, but has not.

    Args:
        clock: Times the checks.
        connection: The connection, which does not use TLS; its `was_hinted` is set then.
        is_greeted: Whether the server sends the first message.
        tell: Shows a line to the user.
    """
    looks = 0

    def look() -> None:
        nonlocal looks
        if has_unread(connection.transport):
            return  # This process was paused, and will read it next.
        if may_be_tls(connection, is_greeted):
            looks += 1
            if looks < LOOKS:
                return
            connection.was_hinted = True
            tell(f"{connection.peer}: {_(SILENT)}")
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
