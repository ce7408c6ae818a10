"""Idle timeouts, shorter silences, and the detection of unread input."""

from __future__ import annotations

import select
import socket
from collections.abc import Callable
from contextlib import suppress

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


def acknowledge(transport: object) -> None:
    """Acknowledge received input immediately, if the kernel is Linux.

    It may wait 40 ms otherwise, and Nagle's algorithm keeps the rest of the peer's message back
    until then.
    """
    connection = getattr(transport, "socket", None)
    if connection is not None and hasattr(socket, "TCP_QUICKACK"):
        with suppress(OSError):  # a unix socket
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 1)


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

    Attributes:
        patience: See above.
        heard: The time of the peer's last input.
    """

    __slots__ = ("heard", "patience")

    def __init__(self, patience: float, now: float) -> None:
        self.heard = now
        self.patience = patience

    @property
    def deadline(self) -> float:
        """The time at which the timeout expires, if there is no input before."""
        return self.heard + self.patience


class QuietTimer:
    """Ends a connection that has sent input, and then nothing for a short time.

    Args:
        clock: The clock for the timer.
        transport: The connection's transport.
        seconds: The time without input.
        end: Called once, after that time.
    """

    def __init__(
        self,
        clock: IReactorTime,
        transport: object,
        seconds: float,
        end: Callable[[], object],
    ) -> None:
        self._clock = clock
        self._transport = transport
        self._seconds = seconds
        self._end = end
        self._heard = 0.0
        self._timer: IDelayedCall | None = None

    def heard(self) -> None:
        """Start the time anew, after input."""
        # One timer that checks the clock is cheaper than a reset for each portion.
        self._heard = self._clock.seconds()
        if self._timer is None:
            self._timer = self._clock.callLater(self._seconds, self._check)

    def cancel(self) -> None:
        """Stop the timer, because the connection ends otherwise."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _check(self) -> None:
        self._timer = None
        now = self._clock.seconds()
        # A delayed process runs its timers before it reads, and one that waits for a slow client to
        # take its output does not read either.
        if has_unread(self._transport):
            self._heard = now
        left = self._heard + self._seconds - now
        if left > 0:
            self._timer = self._clock.callLater(left, self._check)
        else:
            self._end()


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
