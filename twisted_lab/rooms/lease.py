"""Lease of a node that shares a room with others."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from twisted.internet.defer import Deferred

from twisted_lab.resources import Unable
from twisted_lab.rooms.room_log import RoomLog
from twisted_lab.rooms.shared_transactions import LEASE_SECONDS, Registered
from twisted_lab.rooms.shared_writing import NodeGone

RENEWAL_SECONDS = 3.0


class Lease:
    """Makes the process a node, and keeps it one; removes nodes that are dead.

    Args:
        log: The entries of the room.
        uptime: Returns the seconds of a monotonic clock that goes on while the machine sleeps.
        share: Called with the number of the current period, and the common secrets of cookies by
            period, whenever they are read.
        place: Returns the place up to which the node has read.
        registered: Called when the process has become a node.
        removed: Called when other nodes have removed this one.

    Attributes:
        is_node: Whether the process is a node, as far as it knows.
    """

    def __init__(
        self,
        log: RoomLog,
        uptime: Callable[[], float],
        share: Callable[[int, Mapping[int, bytes]], object],
        place: Callable[[], int],
        registered: Callable[[Registered], object],
        removed: Callable[[], object],
    ) -> None:
        self.is_node = False
        self._log = log
        self._uptime = uptime
        self._share = share
        self._place = place
        self._registered = registered
        self._removed = removed
        # When the lease began, when it was last renewed, and when reading last worked.
        self._since = self._renewed = self._was_read = 0.0
        self._is_burying = self._has_stopped = False

    @property
    def is_held(self) -> bool:
        """Tell whether other nodes still count on this one."""
        return self.is_node and self._uptime() < self._renewed + LEASE_SECONDS

    def has_read(self) -> None:
        """Note that reading works."""
        self._was_read = self._uptime()

    def stop(self) -> None:
        """Remove no more nodes."""
        self._has_stopped = True

    async def renew(self) -> None:
        """Renew the lease, or become a node, also if this one has been removed.

        Raises:
            Unable: The log cannot be used now.
        """
        began = self._uptime()
        while not await self._try_to_renew(began):
            self.is_node = False
            self._removed()

    async def _try_to_renew(self, began: float) -> bool:
        """Renew the lease, as of `began`, if reading works.

        Returns:
            False if other nodes have removed this one.
        """
        if not self.is_node:
            registered = await self._log.register(self._place())
            self.is_node = True
            self._since = self._renewed = self._was_read = began
            self._registered(registered)
        elif began - self._was_read > LEASE_SECONDS:
            return True  # Its members hear nothing: it must not count as one.
        try:
            shared, dead = await self._log.renew(self._place())
        except NodeGone:
            return False
        now = self._uptime()
        # After an outage all leases have expired. Whoever renews its own first must not remove the
        # others, which are about to do the same. The outage may also have been within this renewal.
        if now - self._renewed > 2 * RENEWAL_SECONDS:
            self._since = now
        self._renewed = began
        if dead and now - self._since >= LEASE_SECONDS and not self._is_burying:
            Deferred.fromCoroutine(self._bury(dead))
        self._share(*shared)
        return True

    async def _bury(self, dead: Sequence[str]) -> None:
        """Remove dead nodes, without delaying renewals; a later one does again what fails."""
        self._is_burying = True
        try:
            while not self._has_stopped and self.is_held and await self._log.bury(dead):
                pass
        except (NodeGone, Unable):
            pass
        finally:
            self._is_burying = False
