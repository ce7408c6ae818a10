"""The memory that all links hold, with a limit and fair shares."""

from __future__ import annotations

from collections.abc import Callable


class HeldMemory:
    """Counts the memory that all links of the process hold.

    Half of the limit is for any links. Once that is used, each link may hold an equal share of the
    other half, so that links that hold much do not stop those that hold little.

    Args:
        most: The limit, in bytes.
        links: Returns the number of links.
        changed: Called when `is_scarce` has changed.

    Attributes:
        bytes: The memory now.
        most: See above.
        is_scarce: Whether the first half is used. This ends at three quarters of it, because the
            change costs a look at each link.
    """

    def __init__(self, most: int, links: Callable[[], int], changed: Callable[[], object]) -> None:
        self.bytes = 0
        self.most = most
        self.is_scarce = False
        self._links = links
        self._changed = changed

    def add(self, count: int) -> None:
        """Count `count` bytes more, or less if it is negative."""
        self.bytes += count
        is_scarce = self.bytes >= (self.most * 3 // 8 if self.is_scarce else self.most // 2)
        if is_scarce != self.is_scarce:
            self.is_scarce = is_scarce
            self._changed()

    def has_room(self, held: int) -> bool:
        """Tell whether a link that holds `held` bytes may hold more."""
        return not self.is_scarce or held < self.most / 2 / max(self._links(), 1)
