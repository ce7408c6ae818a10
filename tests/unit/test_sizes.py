"""Sizes as people read them."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from twisted_lab.text.sizes import size


class SizeTests(SynchronousTestCase):
    def test_exact_sizes_have_a_larger_unit(self) -> None:
        for count, text in (
            (0, "0 bytes"),
            (1000, "1000 bytes"),
            (65536, "64 KiB"),
            (65537, "65537 bytes"),
            (67108864, "64 MiB"),
        ):
            self.assertEqual(size(count), text)
