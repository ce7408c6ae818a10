"""How many events are logged, and what becomes of the others."""

from collections.abc import Callable
from typing import Any

from twisted.internet.task import Clock
from twisted.logger import LogEvent
from twisted.trial.unittest import SynchronousTestCase

from tests.doubles.recording import Recorder, recorded_events
from twisted_lab.events import ServiceEvents
from twisted_lab.serving import event_budget
from twisted_lab.serving.event_budget import (
    CAUSED_BY_PEERS,
    MOST_OF_KIND,
    MOST_OF_NETWORK,
    TRAFFIC,
    Budget,
    SecurityBudget,
    SecurityLog,
    Summary,
    log_budgets,
)
from twisted_lab.serving.event_file import json_line, text_line


def event(name: str = "hung up", peer: str | None = "127.0.0.1:1", **figures: Any) -> LogEvent:
    return {"event": name, "peer": peer, **figures}


class BudgetTests(SynchronousTestCase):
    def test_a_burst_and_then_a_rate(self) -> None:
        for rate in (1, 10, 1000):
            clock = Clock()
            budget = Budget(rate, clock)
            self.assertEqual(sum(budget.allows() for _ in range(110 * rate)), 100 * rate)
            clock.advance(3)
            self.assertEqual(sum(budget.allows() for _ in range(110 * rate)), 3 * rate)

    def test_security_events_have_budgets_beside_that_of_traffic(self) -> None:
        budgets = log_budgets(1000, Clock())
        self.assertEqual(sum(budgets["received"].allows() for _ in range(110_000)), 100_000)
        self.assertFalse(budgets["client connected"].allows())
        self.assertEqual(sum(budgets["hung up"].allows() for _ in range(70_000)), 10_000)
        self.assertTrue(budgets["login failed"].allows())

    def test_what_the_process_does_has_none(self) -> None:
        for name in ("server started", "controlled", "log lost", "worker died", "summed up"):
            self.assertNotIn(name, log_budgets(1, Clock()))
        self.assertEqual(set(log_budgets(1, Clock())), TRAFFIC | CAUSED_BY_PEERS)


class SecurityBudgetTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.clock = Clock()
        self.budget = SecurityBudget(self.clock)

    def allowed(self, count: int, *arguments: Any) -> int:
        return sum(self.budget.allows(event(*arguments)) for _ in range(count))

    def test_a_network_does_not_use_up_what_others_have(self) -> None:
        for peer in ("127.0.0.1:1", "[2001:db8::1]:1", "[fe80::1%eth0]:1", "unix:/x"):
            self.assertEqual(self.allowed(1000, "hung up", peer), MOST_OF_NETWORK)
        self.assertEqual(self.allowed(9, "hung up", "[2001:db8::2]:1"), 0)
        self.assertEqual(self.allowed(9, "hung up", "127.0.0.2:1"), 9)
        self.assertEqual(self.allowed(9, "login failed", "127.0.0.1:1"), 9)

    def test_a_kind_does_not_use_up_what_others_have(self) -> None:
        kept = sum(self.allowed(2, "hung up", f"10.0.{n // 250}.{n % 250}:1") for n in range(2000))
        self.assertEqual(kept, MOST_OF_KIND)
        self.assertEqual(self.allowed(9, "login failed", "10.0.0.1:1"), 9)
        self.clock.advance(86_400)
        kept = sum(self.allowed(2, "hung up", f"10.0.{n // 250}.{n % 250}:1") for n in range(2000))
        self.assertEqual(kept, MOST_OF_KIND)

    def test_what_the_process_does_has_no_budget(self) -> None:
        self.assertEqual(self.allowed(10_000, "log lost", None), 10_000)

    def test_the_networks_that_are_known_are_bounded(self) -> None:
        self.patch(event_budget, "MOST_NETWORKS", 10)
        for number in range(100):
            self.allowed(1, "hung up", f"10.0.0.{number}:1")
        self.assertEqual(len(self.budget._networks), 10)


class SummaryTests(SynchronousTestCase):
    def test_it_is_told_once_a_while(self) -> None:
        clock = Clock()
        events, recorder = recorded_events()
        summary = Summary(events, clock, 1.0)
        summary.tell()
        for number in range(3):
            summary.add(event("received", bytes=number))
            clock.advance(0.4)
        [told] = recorder
        self.assertEqual(told["kinds"], {"received": 3})
        self.assertEqual((told["bytes"], told["events"]), (3, 3))
        clock.advance(5)
        self.assertEqual(len(recorder), 1)
        summary.add(event("sent", "127.0.0.2:2"))
        clock.advance(1)
        self.assertIn("1 sent; 0 bytes; the last peer was 127.0.0.2:2", recorder.messages[1])


class SecurityLogTests(SynchronousTestCase):
    def test_it_keeps_security_events_and_sums_up_too_many(self) -> None:
        clock, recorder = Clock(), Recorder()
        log = SecurityLog(recorder, "netlab-test", clock)
        log(event("received", bytes=1))
        for _ in range(MOST_OF_NETWORK + 5):
            log(event())
        log(event("controlled", None))
        self.assertEqual(recorder.names, ["hung up"] * MOST_OF_NETWORK + ["controlled"])
        clock.advance(60)
        self.assertEqual(recorder[-1]["kinds"], {"hung up": 5})
        log.close()
        self.assertEqual(clock.getDelayedCalls(), [])

    def test_how_long_the_file_lasts_under_the_worst_attack(self) -> None:
        # docs/operations.md tells these numbers: 50 MB, less than which are never kept.
        for write, days in ((text_line, 32), (json_line, 16)):
            clock = Clock()
            size = 0

            def keep(event: LogEvent, write: Callable[[LogEvent], str] = write) -> None:
                nonlocal size
                size += len(write(event))

            log = SecurityLog(keep, "netlab-broadcast", clock)
            events = ServiceEvents("netlab-broadcast", log)
            for number in range(20_000):
                if number == 10_000:
                    size = 0  # The burst is used up.
                if number >= 10_000:
                    clock.advance(8.64)
                peer = f"[2001:db8:1234:{number:x}:1234:5678:1234:5678]:50412"
                events.hung_up(peer, "x" * 100, "message")
                events.refused(peer, "x" * 100, 1000)
                events.behind(peer, 1_000_000)
                events.unable(peer, "x" * 50, "x" * 50)
                events.logged_in(peer, "x" * 32, "registration")
                events.login_failed(peer)
            self.assertGreater(50e6 / size, days)
            self.assertLess(50e6 / size, days + 5)
