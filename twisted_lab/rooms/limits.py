"""How fast a member may speak."""

from __future__ import annotations

BURST = 10
PER_SECOND = 4.0
MUTE_SECONDS = 10.0


class Allowance:
    """So many messages at once, and then so many a second; who says more is mute for a while.

    Args:
        now: The time, in seconds.
    """

    def __init__(self, now: float) -> None:
        self._left = float(BURST)
        self._counted = now
        self._mute_until = now

    def spend(self, now: float) -> bool:
        """Take one message, if there is one; or else the member is mute from here on."""
        # A clock that is set back gives nothing, and one that is set forward no more than a burst.
        passed = max(now - self._counted, 0.0)
        self._left = min(self._left + passed * PER_SECOND, float(BURST))
        self._counted = now
        if self._left < 1:
            self._mute_until = now + MUTE_SECONDS
            return False
        self._left -= 1
        return True

    def is_mute(self, now: float) -> bool:
        """Tell whether what is said now is dropped."""
        return self._mute_until - MUTE_SECONDS <= now < self._mute_until
