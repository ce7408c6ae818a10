"""Token buckets: rate limits with a burst."""

from __future__ import annotations

from collections import OrderedDict

MOST_NETWORKS = 10_000  # 0.5 KB each


class Bucket:
    """A token bucket, full at first.

    Args:
        rate: The inflow, in tokens per second.
        burst: The capacity, in tokens.
        now: The time, in seconds on a monotonic clock.
    """

    def __init__(self, rate: float, burst: float, now: float) -> None:
        self._rate = rate
        self._burst = burst
        self._level = burst
        self._counted = now

    def wait(self, tokens: float, now: float) -> float:
        """Return the seconds until the bucket holds `tokens`; 0 if it does already."""
        self._level = min(self._level + max(now - self._counted, 0.0) * self._rate, self._burst)
        self._counted = now
        return max(tokens - self._level, 0.0) / self._rate

    def take(self, tokens: float, now: float) -> float:
        """Take `tokens`, on credit if necessary; return the seconds until the debt is paid."""
        self.wait(tokens, now)
        self._level -= tokens
        return max(-self._level, 0.0) / self._rate

    def drain(self, tokens: float, now: float) -> None:
        """Take `tokens`, or all that there are if these are fewer."""
        self.wait(0, now)
        self._level -= min(tokens, max(self._level, 0.0))

    def refund(self, tokens: float, seconds: float) -> None:
        """Put back the unpaid part of `tokens`, `seconds` before the debt would have been paid."""
        self._level += min(tokens, seconds * self._rate)

    def is_full(self, now: float) -> bool:
        """Tell whether the bucket is full, and thus equal to a new one."""
        return not self.wait(self._burst, now)


class NetworkBuckets:
    """A token bucket for each network with recent traffic.

    Args:
        rate: The inflow of each bucket, in tokens per second.
        burst: The capacity of each bucket, in tokens.
    """

    def __init__(self, rate: float, burst: float) -> None:
        self._rate = rate
        self._burst = burst
        self._buckets: OrderedDict[str, Bucket] = OrderedDict()

    def take(self, network: str, now: float, longest: float = 0.0) -> float:
        """Take one token of `network`, on credit if necessary.

        Args:
            network: The network, as returned by `twisted_lab.peers.network`.
            now: The time, in seconds on a monotonic clock.
            longest: The maximum credit, in seconds.

        Returns:
            The seconds until a token is available; if more than `longest`, no token was taken.
        """
        while self._buckets and next(iter(self._buckets.values())).is_full(now):
            self._buckets.popitem(last=False)
        bucket = self._buckets.pop(network, None) or Bucket(self._rate, self._burst, now)
        self._buckets[network] = bucket
        if len(self._buckets) > MOST_NETWORKS:
            self._buckets.popitem(last=False)
        seconds = bucket.wait(1, now)
        if seconds <= longest:
            bucket.take(1, now)
        return seconds
