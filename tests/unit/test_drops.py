"""Members that read nothing are dropped while others hear what is said."""

from __future__ import annotations

from collections.abc import Callable

from twisted.trial.unittest import SynchronousTestCase

from tests.doubles.crowd import Crowd

# Several times as many as conversations fit into each other before Python's stack ends.
SILENT = 250


class DropTests(SynchronousTestCase):
    def rounds(self, add: Callable[[Crowd], None]) -> None:
        crowd = Crowd()
        self.addCleanup(crowd.end)
        for _ in range(2):
            crowd.drop(add, SILENT)

    def test_by_tcp(self) -> None:
        self.rounds(Crowd.add_stream)

    def test_by_the_reliable_protocol(self) -> None:
        self.rounds(Crowd.add_session)
