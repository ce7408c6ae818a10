from typing import Any

from twisted.internet.task import Clock
from twisted.logger import LogLevel
from twisted.trial.unittest import SynchronousTestCase

from tests.doubles.recording import Recorder, recorded_events
from twisted_lab.storage.outages import PROBE_SECONDS, QUIET_SECONDS, Outages

REASON = "the server closed\nthe connection"


class OutageTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.clock = Clock()
        reactor: Any = self.clock
        events, recorder = recorded_events(LogLevel.error)  # the console shows them at any level
        assert isinstance(recorder, Recorder)
        self.counters, self.recorder = events.counters, recorder
        self.probes: list[float] = []
        name = "postgresql://netlab:secret@db/lab"
        self.outages = Outages(reactor, name, events, self.probe)
        self.is_lost = True

    def probe(self) -> None:
        self.probes.append(self.clock.seconds())
        self.answer()

    def answer(self) -> None:
        if self.is_lost:
            self.outages.failed(REASON)
        else:
            self.outages.worked()

    def test_an_outage_is_reported_at_its_beginning_and_at_its_end(self) -> None:
        for _ in range(3):
            self.answer()
        lost = (
            "cannot use the database postgresql://netlab@db/lab: the server closed\\n"
            "the connection; clients get an error until it works again"
        )
        self.assertEqual(self.recorder.messages, [lost])
        self.clock.pump([PROBE_SECONDS] * 4)
        shown = "postgresql://netlab@db/lab"
        self.assertEqual(self.outages.current, (shown, REASON, 4 * PROBE_SECONDS))
        self.is_lost = False
        self.assertEqual(self.recorder.messages, [lost])
        self.clock.pump([PROBE_SECONDS] * 4)
        back = "the database postgresql://netlab@db/lab works again after 25 s"
        self.assertEqual(self.recorder.messages, [lost, back])
        self.assertIsNone(self.outages.current)
        self.assertEqual(self.counters.errors, {"database": 1})

    def test_a_database_without_peers_is_probed_until_it_works(self) -> None:
        self.answer()
        self.clock.pump([PROBE_SECONDS] * 2)
        self.is_lost = False
        self.clock.pump([PROBE_SECONDS] * 10)
        self.assertEqual(self.probes[-1], 2 * PROBE_SECONDS + QUIET_SECONDS)
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_work_between_failures_does_not_end_an_outage(self) -> None:
        # A full disk: what only reads works.
        for self.is_lost in [True, False] * 5:
            self.answer()
            self.clock.advance(1)
        self.assertEqual(len(self.recorder.messages), 1)

    def test_a_second_outage_is_reported_again(self) -> None:
        self.answer()
        self.is_lost = False
        self.clock.pump([PROBE_SECONDS] * 3)
        self.is_lost = True
        self.answer()
        self.assertEqual(len(self.recorder.messages), 3)
        self.assertEqual(self.counters.errors, {"database": 2})

    def test_a_closed_database_is_not_probed(self) -> None:
        self.answer()
        self.outages.stop()
        self.answer()
        self.assertEqual(self.clock.getDelayedCalls(), [])
