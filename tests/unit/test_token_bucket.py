"""Token buckets of networks."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from twisted_lab.token_bucket import MOST_NETWORKS, NetworkBuckets


class NetworkBucketsTests(SynchronousTestCase):
    def test_each_network_gets_a_burst_and_then_a_rate(self) -> None:
        buckets = NetworkBuckets(rate=2.0, burst=10)
        for _ in range(10):
            self.assertEqual(buckets.take("192.0.2.1", 0.0), 0)
        self.assertEqual(buckets.take("192.0.2.1", 0.0), 0.5)
        self.assertEqual(buckets.take("192.0.2.2", 0.0), 0)
        self.assertEqual(buckets.take("192.0.2.1", 0.5), 0)
        self.assertEqual(buckets.take("192.0.2.1", 0.5), 0.5)

    def test_idle_networks_are_deleted(self) -> None:
        buckets = NetworkBuckets(rate=1.0, burst=1)
        for number in range(MOST_NETWORKS + 10):
            buckets.take(f"host{number}", 0.0)
        self.assertEqual(len(buckets._buckets), MOST_NETWORKS)
        buckets.take("host", 1.0)
        self.assertEqual(len(buckets._buckets), 1)
