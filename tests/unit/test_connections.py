from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from twisted_lab.channels import Connections


class FakeConnection:
    def __init__(self, connections: Connections, prompt: bool) -> None:
        self.connections = connections
        self.prompt = prompt
        self.aborted = False
        connections.add(self)

    def finish(self) -> None:
        if self.prompt:
            self.connections.remove(self)

    def abort(self) -> None:
        self.aborted = True
        self.connections.remove(self)


class ConnectionsTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.clock = Clock()
        self.connections = Connections()

    def test_nothing_to_drain(self) -> None:
        self.successResultOf(self.connections.drain(self.clock, 5))
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_all_hang_up(self) -> None:
        for _ in range(3):
            FakeConnection(self.connections, prompt=True)
        self.assertEqual(len(self.connections), 3)
        self.successResultOf(self.connections.drain(self.clock, 5))
        self.assertEqual(len(self.connections), 0)
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_one_finishes_later(self) -> None:
        slow = FakeConnection(self.connections, prompt=False)
        drained = self.connections.drain(self.clock, 5)
        self.clock.advance(4.9)
        self.assertNoResult(drained)
        self.connections.remove(slow)
        self.successResultOf(drained)
        self.assertFalse(slow.aborted)
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_one_does_not_even_abort(self) -> None:
        broken = FakeConnection(self.connections, prompt=False)
        broken.abort = lambda: None  # type: ignore[method-assign]
        drained = self.connections.drain(self.clock, 5)
        self.clock.pump([5, 1])
        self.successResultOf(drained)
        self.connections.remove(broken)

    def test_one_never_finishes(self) -> None:
        prompt = FakeConnection(self.connections, prompt=True)
        stuck = FakeConnection(self.connections, prompt=False)
        drained = self.connections.drain(self.clock, 5)
        self.clock.advance(5)
        self.successResultOf(drained)
        self.assertEqual((prompt.aborted, stuck.aborted), (False, True))
