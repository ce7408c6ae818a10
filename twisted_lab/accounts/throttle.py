"""Rate limits of what a network may try: guesses at passwords, and new accounts."""

from __future__ import annotations

import hmac
from dataclasses import dataclass

HOUR = 3600.0  # seconds
DAY = 24 * HOUR
# In the end, one network can guess at an account once an hour.
LONGEST_DELAY = HOUR
# A network waits less for its failures at all names together: a class may be behind one address.
LONGEST_NETWORK_DELAY = HOUR / 4
# Wrong passwords a day for one name from all networks together that it has not logged in from.
MOST_ELSEWHERE = 100
CLOCK_JITTER = 60.0  # seconds
# Beyond this many rows, each of 270 bytes, the oldest ones of places are removed. One IPv6 site
# makes 200,000.
MOST_ROWS = 300_000

# Values in the network column of the failures table that are not networks.
ELSEWHERE = "elsewhere"
# Values in its subject column that are not names.
ANY_NAME = ""
REGISTRATIONS = "registrations"


@dataclass(frozen=True)
class Failures:
    """A count of failures, or of other events.

    Attributes:
        count: How many.
        last: The time of the last one, or of the first one of a day, in seconds of Unix time.
    """

    count: int = 0
    last: float = 0.0

    def delay(self, now: float, longest: float) -> float:
        """Return the seconds until the next try: 1 s after the first failure, then doubled."""
        if not self.count:
            return 0.0
        whole = min(2.0 ** min(self.count - 1, 16), longest)
        return min(max(self.last + whole - now, 0.0), whole)

    def one_more(self, now: float) -> Failures:
        """Return them with one more failure, at `now`."""
        return Failures(self.count + 1, now)

    def one_more_today(self, now: float) -> Failures:
        """Return them with one more at `now`; the time of the first one stays."""
        return Failures(self.count + 1, self.last if self.count else now)

    def less(self, count: int) -> Failures:
        """Return them with `count` of them taken back."""
        return Failures(max(self.count - count, 0), self.last)

    def within(self, seconds: float, now: float) -> Failures:
        """Return them if they are not older than `seconds`, or else none.

        None are left either if the clock was set back: no client waits until it has caught up.
        """
        return self if -CLOCK_JITTER <= now - self.last < seconds else Failures()


def account_subject(key: str) -> str:
    """Return the subject of the failures of an account in its own networks."""
    return f"account {key}"


def stranger_subject(key: str, secret: str) -> str:
    """Return the subject of the failures of a name elsewhere, whether it has an account or not.

    People type their passwords where a name is asked for, so what they typed is not kept: names
    share 65,536 subjects. Which ones share one depends on `secret`.
    """
    digest = hmac.digest(secret.encode(), key.encode("utf-8", "surrogatepass"), "sha256")
    return f"name {digest.hex()[:4]}"
