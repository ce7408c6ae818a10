"""How guessing is slowed down: the more failures, the longer until the next try."""

from __future__ import annotations

import hmac
from dataclasses import dataclass

from twisted_lab.peers import network

LONGEST_DELAY = 900.0  # seconds
# So many failures one after another, and an account is closed until somebody opens it by hand.
MOST_FAILURES = 100
# An address is forgiven everything after so many quiet seconds.
FORGIVEN_AFTER = 3600.0
CLOCK_JITTER = 60.0


@dataclass(frozen=True)
class Failures:
    """Failures one after another.

    Attributes:
        count: How many.
        last: When the last one was, in seconds of Unix time.
    """

    count: int = 0
    last: float = 0.0

    def delay(self, now: float) -> float:
        """Return the seconds until the next try: 1 s after the first failure, then doubled."""
        # A clock that was set back must not make anybody wait for as long as it was.
        if not self.count or now < self.last - CLOCK_JITTER:
            return 0.0
        whole = min(2.0 ** min(self.count - 1, 10), LONGEST_DELAY)
        return min(max(self.last + whole - now, 0.0), whole)

    def one_more(self, now: float) -> Failures:
        """Return what they are after a failure at `now`."""
        return Failures(self.count + 1, now)

    def less(self, count: int) -> Failures:
        """Return what they are when so many of them are taken back."""
        return Failures(max(self.count - count, 0), self.last)

    def forgiven(self, now: float) -> Failures:
        """Return what is left of them after a quiet time."""
        return self if now - self.last < FORGIVEN_AFTER else Failures()


def account_subject(key: str) -> str:
    """Say whose failures those of a known account are."""
    return f"account {key}"


def unknown_subject(key: str, secret: str) -> str:
    """Say whose failures those of an unknown name are.

    People type their passwords where a name is asked for, so what they typed is not kept: unknown
    names share 65,536 counts, which are few enough to be kept for ever. Nobody can find two names
    that share one without knowing `secret`: somebody who could would see which names are unknown.
    """
    digest = hmac.digest(secret.encode(), key.encode("utf-8", "surrogatepass"), "sha256")
    return f"unknown {digest.hex()[:4]}"


def address_subject(host: str) -> str:
    """Say whose failures those from an IP address are; an IPv6 network of 64 bits is one peer's."""
    return f"address {network(host)}"
