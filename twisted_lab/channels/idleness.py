"""Idle timeouts, and the detection of unread input."""

from __future__ import annotations

import select
from collections.abc import Callable

from twisted.internet.interfaces import IDelayedCall, IReactorTime

# Each connection is checked this many times per idle timeout, so it may be closed late, by up to a
# tenth of the timeout.
LOOKS = 10
# After a pause the process runs its timers before it reads. If a peer's input waits in the kernel
# when its timeout expires, the peer is checked again after this many seconds.
LOOK_AGAIN_SECONDS = 1.0


def has_unread(transport: object) -> bool:
    """Tell whether the kernel holds unread input of a connection or a port."""
    # A closed transport has no socket, and some transports never have one.
    connection = getattr(transport, "socket", None)
    if connection is None or (number := connection.fileno()) < 0:
        return False
    poll = select.poll()
    poll.register(number, select.POLLIN)
    return bool(poll.poll(0))


def may_look_again(transport: object, looks: int, patience: float) -> bool:
    """Tell whether to check a peer again after its timeout, because it has unread input.

    Args:
        transport: The peer's transport.
        looks: The number of repeated checks so far, at intervals of LOOK_AGAIN_SECONDS.
        patience: The time limit of repeated checks, in seconds.
    """
    return looks * LOOK_AGAIN_SECONDS < patience and has_unread(transport)


class IdleTimer:
    """The idle timeout of one peer.

    Args:
        patience: The idle timeout, in seconds.
        now: The current time of the clock.
        changed: Called after a change of `patience`, which moves the deadline.

    Attributes:
        heard: The time of the peer's last input.
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
        """The time at which the timeout expires, if there is no input before."""
        return self.heard + self._patience


class Idleness:
    """Periodic checks of all connections by one timer, while there are any.

    The timeout counts checks, not seconds: a pause of the process, however long, counts as one
    check.

    Args:
        clock: The clock for the timer.
        patience: The idle timeout of a connection, in seconds.
        look: Checks all connections, and tells whether there are any.
    """

    def __init__(self, clock: IReactorTime, patience: float, look: Callable[[], bool]) -> None:
        self.patience = patience
        self._clock = clock
        self._look = look
        self._timer: IDelayedCall | None = None

    def watch(self) -> None:
        """Start the checks, after a connection was opened."""
        if self._timer is None:
            self._timer = self._clock.callLater(self.patience / LOOKS, self._fire)

    def _fire(self) -> None:
        self._timer = None
        if self._look():
            self.watch()
