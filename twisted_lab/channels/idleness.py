"""Idle timeouts without a timer for each connection, and input that is still unread."""

from __future__ import annotations

import select
from collections.abc import Callable

from twisted.internet.interfaces import IDelayedCall, IReactorTime

# Each connection is checked this many times per idle timeout, so it may be closed up to a tenth of
# it too late.
LOOKS = 10
# A process that was paused runs its timers before it reads. A peer whose time is up while its input
# waits in the kernel is checked again after this many seconds.
LOOK_AGAIN_SECONDS = 1.0


def has_unread(transport: object) -> bool:
    """Tell whether the kernel holds input of a connection or a port that was not read yet."""
    # Without one it is closed, or not a socket.
    connection = getattr(transport, "socket", None)
    if connection is None or (number := connection.fileno()) < 0:
        return False
    poll = select.poll()
    poll.register(number, select.POLLIN)
    return bool(poll.poll(0))


def may_look_again(transport: object, looks: int, patience: float) -> bool:
    """Tell whether a peer whose time is up may have more, because its input was not read yet.

    Args:
        transport: The peer's transport.
        looks: How many times it was checked again already, at intervals of LOOK_AGAIN_SECONDS.
        patience: For how many seconds at most these checks go on.
    """
    return looks * LOOK_AGAIN_SECONDS < patience and has_unread(transport)


class IdleTimer:
    """The idle timeout of one peer.

    Args:
        patience: The idle timeout, in seconds.
        now: The time.
        changed: Called when `patience` was changed, and so the deadline.

    Attributes:
        heard: When the peer was last heard of.
    """

    __slots__ = ("_changed", "_patience", "heard")

    def __init__(self, patience: float, now: float, changed: Callable[[], object]) -> None:
        self.heard = now
        self._patience = patience
        self._changed = changed

    @property
    def patience(self) -> float:
        """The idle timeout, in seconds."""
        return self._patience

    @patience.setter
    def patience(self, seconds: float) -> None:
        self._patience = seconds
        self._changed()

    @property
    def deadline(self) -> float:
        """When the peer counts as silent, if nothing is heard of it before."""
        return self.heard + self._patience


class Idleness:
    """Checks all connections at intervals, for as long as there are any.

    It counts checks, not seconds: a pause of the process, however long, uses up one check.

    Args:
        clock: Waits.
        patience: Idle timeout of a connection, in seconds.
        look: Checks each of them, and tells whether there are any.
    """

    def __init__(self, clock: IReactorTime, patience: float, look: Callable[[], bool]) -> None:
        self.patience = patience
        self._clock = clock
        self._look = look
        self._timer: IDelayedCall | None = None

    def watch(self) -> None:
        """Start the checks: there is a connection."""
        if self._timer is None:
            self._timer = self._clock.callLater(self.patience / LOOKS, self._fire)

    def _fire(self) -> None:
        self._timer = None
        if self._look():
            self.watch()
