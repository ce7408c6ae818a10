"""Rate limits and back-off for password guesses and new accounts."""

from __future__ import annotations

import hmac
from dataclasses import dataclass

HOUR = 3600.0  # seconds
DAY = 24 * HOUR
# The back-off of one network for one account grows up to this.
LONGEST_DELAY = HOUR
# The back-off of one network for all names together has a lower maximum: a whole class may share an
# address.
LONGEST_NETWORK_DELAY = HOUR / 4
# Failures of one network, for all names together, before its back-off begins: in a class of thirty
# each may mistype once. With a pause after each series, so that the failures are forgotten, one
# network can make 881 guesses a day at different names. Without the allowance these are 210.
NETWORK_ALLOWANCE = 30
# Wrong passwords per day for one name, from all networks together that are unknown to its account.
MOST_ELSEWHERE = 100
CLOCK_JITTER = 60.0  # seconds by which a clock may be set back without effect
# Beyond this many rows, of 270 bytes each, the oldest ones without a daily limit are deleted. One
# IPv6 site can cause 200,000.
MOST_ROWS = 300_000

# A value in the network column of the failures table that is not a network.
ELSEWHERE = "elsewhere"
# Values in the subject column that are not names.
ANY_NAME = ""
REGISTRATIONS = "registrations"


@dataclass(frozen=True)
class Failures:
    """A number of failures, or of other events with a limit.

    Attributes:
        count: The number of events.
        last: The time of the last event, or for a daily limit of the day's first one, in seconds
            of Unix time.
    """

    count: int = 0
    last: float = 0.0

    def delay(self, now: float, longest: float) -> float:
        """Return the seconds until the next try.

        The back-off is 1 s after the first failure, and doubles with each further one up to
        `longest`.
        """
        if not self.count:
            return 0.0
        whole = min(2.0 ** min(self.count - 1, 16), longest)
        return min(max(self.last + whole - now, 0.0), whole)

    def one_more(self, now: float) -> Failures:
        """Return a copy with one more failure, at `now`."""
        return Failures(self.count + 1, now)

    def one_more_today(self, now: float) -> Failures:
        """Return a copy with one more event and the time of the day's first event unchanged."""
        return Failures(self.count + 1, self.last if self.count else now)

    def less(self, count: int) -> Failures:
        """Return a copy with `count` failures fewer."""
        return Failures(max(self.count - count, 0), self.last)

    def within(self, seconds: float, now: float) -> Failures:
        """Return these failures if the last one is not older than `seconds`; otherwise no failures.

        Failures from the future are dropped too: when the clock was set back, clients need not wait
        until it has caught up.
        """
        return self if -CLOCK_JITTER <= now - self.last < seconds else Failures()


def account_subject(key: str) -> str:
    """Return the subject for failures of an account in its own networks."""
    return f"account {key}"


def stranger_subject(key: str, secret: str) -> str:
    """Return the subject for failures of a name elsewhere, whether it has an account or not.

    People sometimes type their password as the name, so the text itself is not stored: all names
    share 65,536 subjects, in a way that depends on `secret`.
    """
    digest = hmac.digest(secret.encode(), key.encode("utf-8", "surrogatepass"), "sha256")
    return f"name {digest.hex()[:4]}"
