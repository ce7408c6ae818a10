"""The memory that all links hold, with a limit."""

from __future__ import annotations

from collections.abc import Callable


class HeldMemory:
    """Counts the memory that all links of the process hold.

    Args:
        most: The limit, in bytes. Above it, no link reads from a stream, and datagrams are lost.
        changed: Called when `is_full` has changed.

    Attributes:
        bytes: The memory now.
        most: See above.
        is_full: Whether the limit is reached. This ends at three quarters of it, because the change
            costs a look at each link.
    """

    def __init__(self, most: int, changed: Callable[[], object]) -> None:
        self.bytes = 0
        self.most = most
        self.is_full = False
        self._changed = changed

    def add(self, count: int) -> None:
        """Count `count` bytes more, or less if it is negative."""
        self.bytes += count
        is_full = self.bytes >= (self.most * 3 // 4 if self.is_full else self.most)
        if is_full != self.is_full:
            self.is_full = is_full
            self._changed()
