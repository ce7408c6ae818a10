"""A server that somebody else has started: nothing is known of it but its connections."""

from __future__ import annotations

import socket
from collections.abc import Callable

from twisted_lab.check.activity import Activity
from twisted_lab.check.kernel.snapshot import Snapshot

ANSWER_SECONDS = 2.0
QUIET_SECONDS = 0.3


class Elsewhere:
    """Stands in for a `Program`; it is judged by time alone.

    Args:
        activity: Counts the time.

    Attributes:
        has_ended: False: a server that does not accept connections is found by connecting.
        traceback: "": its terminal is not seen.
        raised_by: "".
        end: "".
        feeds_itself: False: what it receives is not seen.
    """

    has_ended = False
    traceback = ""
    raised_by = ""
    end = ""
    feeds_itself = False

    def __init__(self, activity: Activity) -> None:
        self._activity = activity

    def look(self) -> Snapshot:
        """Return that nothing can be seen."""
        return Snapshot((), (), can_look=False)

    def poked(self) -> None:
        """Do nothing."""

    async def until(self, condition: Callable[[], bool], seconds: float) -> bool:
        """Wait until a condition is true; return whether it is."""
        return await self._activity.until(condition, min(seconds, ANSWER_SECONDS))

    async def settle(self, seconds: float) -> bool:
        """Leave it time for what it does after a message; return True."""
        await self._activity.pause(min(seconds, QUIET_SECONDS))
        return True

    def answer_question(self) -> bool:
        """Return that no question was answered."""
        return False


class OpenNetwork:
    """The sockets of this machine, as they are."""

    def make_socket(self, family: socket.AddressFamily, kind: socket.SocketKind) -> socket.socket:
        """Return a socket that does not block."""
        made = socket.socket(family, kind)
        made.setblocking(False)
        return made
