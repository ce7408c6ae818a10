"""Idle timeouts: whose time is up, and whether input that nobody has read shows the contrary."""

from __future__ import annotations

import select
from collections.abc import Callable
from typing import Any

from twisted.internet.interfaces import IDelayedCall, IReactorTime

# A connection is looked at so often within its patience, and so hung up on up to a tenth too late.
LOOKS = 10
# A process that was paused runs its timers before it reads. A peer whose time is up then, and whose
# input waits, is looked at once more after this many seconds. Only once: a peer that is not read,
# because it does not take its answers, has input waiting for ever.
LOOK_AGAIN_SECONDS = 1.0


def has_unread(transport: Any) -> bool:
    """Tell whether the kernel holds input of a connection or a port that was not read yet."""
    try:
        number = transport.socket.fileno()
    except AttributeError:
        return False  # It is closed, or not a socket.
    if number < 0:
        return False
    poll = select.poll()
    poll.register(number, select.POLLIN)
    return bool(poll.poll(0))


class Idleness:
    """Has all connections looked at, now and then, for as long as there are any.

    It counts looks, not seconds: to it a pause of the process is as short as one look.

    Args:
        clock: Waits.
        patience: A connection may be silent for so many seconds.
        look: Looks at each of them, and tells whether there are any.
    """

    def __init__(self, clock: IReactorTime, patience: float, look: Callable[[], bool]) -> None:
        self.patience = patience
        self._clock = clock
        self._look = look
        self._timer: IDelayedCall | None = None

    def watch(self) -> None:
        """There is a connection."""
        if self._timer is None:
            self._timer = self._clock.callLater(self.patience / LOOKS, self._fire)

    def _fire(self) -> None:
        self._timer = None
        if self._look():
            self.watch()
