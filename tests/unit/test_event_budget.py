"""Log budgets, and summaries of the events beyond them."""

from collections.abc import Callable
from typing import Any

from twisted.internet.task import Clock
from twisted.logger import LogEvent, LogLevel
from twisted.python.failure import Failure
from twisted.trial.unittest import SynchronousTestCase

from tests.doubles.recording import Recorder, recorded_events
from twisted_lab.disconnects import Disconnect
from twisted_lab.eventlog.event_budget import (
    CAUSED_BY_PEERS,
    MOST_NETWORKS,
    MOST_OF_KIND,
    MOST_OF_NETWORK,
    TRAFFIC,
    Budget,
    SecurityBudget,
    SecurityLog,
    Summary,
    log_budgets,
)
from twisted_lab.eventlog.event_file import json_line, text_line
from twisted_lab.eventlog.events import ServiceEvents


def a_failure(depth: int) -> Failure:
    try:
        if depth == 0:
            raise ValueError("x" * 100)
        a_failure(depth - 1).raiseException()
    except ValueError:
        return Failure()
    raise AssertionError


A_FAILURE = a_failure(depth=10)
A_TRACEBACK = A_FAILURE.getTraceback()


def all_causes(events: ServiceEvents, peer: str) -> dict[str, Callable[[], None]]:
    return {
        "hung up": lambda: events.hung_up(peer, Disconnect.NO_MESSAGE.reason(problem="x" * 100)),
        "refused": lambda: events.refused(peer, Disconnect.REFUSED.reason(refusal="x" * 100), 1000),
        "client dropped": lambda: events.behind(peer, 1_000_000),
        "unable": lambda: events.unable(peer, "x" * 50, "x" * 50),
        "logged in": lambda: events.logged_in(peer, "x" * 32, "registration"),
        "login failed": lambda: events.login_failed(peer, "x" * 32),
        "login refused": lambda: events.login_refused(peer, "x" * 50, "x" * 32, 86_400.0),
        "conversation failed": lambda: events.conversation_failed(peer, A_FAILURE),
        "twisted": lambda: events.twisted(LogLevel.critical, A_TRACEBACK),
        "out of files": lambda: events.out_of_files(1024),
        "accepting again": events.accepting_again,
    }


def event(name: str = "hung up", peer: str | None = "127.0.0.1:1", **figures: Any) -> LogEvent:
    return {"event": name, "peer": peer, **figures}


class BudgetTests(SynchronousTestCase):
    def test_a_budget_allows_a_burst_and_then_a_rate(self) -> None:
        for rate in (1, 10, 1000):
            clock = Clock()
            budget = Budget(rate, clock)
            self.assertEqual(sum(budget.allows() for _ in range(110 * rate)), 100 * rate)
            clock.advance(3)
            self.assertEqual(sum(budget.allows() for _ in range(110 * rate)), 3 * rate)

    def test_security_events_and_traffic_have_separate_budgets(self) -> None:
        budgets = log_budgets(1000, Clock())
        self.assertEqual(sum(budgets["received"].allows() for _ in range(110_000)), 100_000)
        self.assertFalse(budgets["relayed"].allows())
        self.assertTrue(budgets["client connected"].allows())
        self.assertEqual(sum(budgets["hung up"].allows() for _ in range(70_000)), 10_000)
        self.assertTrue(budgets["login failed"].allows())

    def test_process_events_have_no_log_budget(self) -> None:
        for name in ("server started", "controlled", "log lost", "worker died", "summed up"):
            self.assertNotIn(name, log_budgets(1, Clock()))
        self.assertEqual(set(log_budgets(1, Clock())), TRAFFIC | CAUSED_BY_PEERS)


class SecurityBudgetTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.clock = Clock()
        self.budget = SecurityBudget(self.clock)

    def allowed(self, count: int, *arguments: Any) -> int:
        return sum(self.budget.allows(event(*arguments)) for _ in range(count))

    def flood(self) -> int:
        """Have 2,000 networks cause two events each."""
        return sum(self.allowed(2, "hung up", f"10.0.{n // 250}.{n % 250}:1") for n in range(2000))

    def test_a_network_does_not_use_up_the_budget_of_others(self) -> None:
        for peer in ("127.0.0.1:1", "[2001:db8::1]:1", "[fe80::1%eth0]:1", "unix:/x"):
            self.assertEqual(self.allowed(1000, "hung up", peer), MOST_OF_NETWORK)
        self.assertEqual(self.allowed(9, "hung up", "[2001:db8::2]:1"), 0)
        self.assertEqual(self.allowed(9, "hung up", "127.0.0.2:1"), 9)
        self.assertEqual(self.allowed(9, "login failed", "127.0.0.1:1"), 9)

    def test_an_ipv6_site_is_one_network(self) -> None:
        for number in range(256):
            self.allowed(1, "hung up", f"[2001:db8:1:{number:x}::1]:1")
        self.assertEqual(self.allowed(9, "hung up", "[2001:db8:1:ff00::1]:1"), 0)
        self.assertEqual(self.allowed(9, "hung up", "[2001:db8:2::1]:1"), 9)

    def test_ten_networks_do_not_hide_others(self) -> None:
        for number in range(10):
            self.allowed(100, "logged in", f"[2001:db8:{number:x}::1]:5")
        for number in range(50):
            self.assertEqual(self.allowed(1, "logged in", f"192.0.2.{number}:5"), 1)
            self.assertEqual(self.allowed(1, "logged in", f"192.0.2.{number}:5"), 0)

    def test_accounts_of_a_network_hide_no_other_network(self) -> None:
        for number in range(2 * MOST_NETWORKS):
            self.budget.allows(event("logged in", account=f"mallory{number}"))
        for number in range(50):
            self.assertEqual(self.allowed(1, "logged in", f"192.0.2.{number}:5"), 1)

    def test_a_kind_of_event_does_not_use_up_the_budget_of_others(self) -> None:
        self.assertEqual(self.flood(), MOST_NETWORKS + MOST_OF_KIND)
        self.assertEqual(self.allowed(9, "login failed", "10.0.0.1:1"), 9)
        self.assertEqual(self.flood(), 0)
        self.clock.advance(86_400)
        self.assertEqual(self.flood(), MOST_NETWORKS + MOST_OF_KIND)

    def test_failures_of_the_service_count_as_one_network(self) -> None:
        kept = sum(self.allowed(9, "conversation failed", f"10.0.0.{n}:1") for n in range(250))
        self.assertEqual(kept, MOST_OF_NETWORK)

    def test_repeated_shortages_of_files_have_a_budget(self) -> None:
        for name in ("out of files", "accepting again"):
            self.assertEqual(self.allowed(1000, name, None), MOST_OF_NETWORK)

    def test_process_events_have_no_security_budget(self) -> None:
        self.assertEqual(self.allowed(10_000, "log lost", None), 10_000)

    def test_a_flood_takes_bounded_memory(self) -> None:
        self.flood()
        self.assertLess(len(self.budget._kept), MOST_NETWORKS + MOST_OF_KIND + 5)


class SummaryTests(SynchronousTestCase):
    def test_a_summary_is_logged_periodically(self) -> None:
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

    def test_the_first_summary_is_logged_immediately(self) -> None:
        # The file has a trace of the events even after kill -9.
        clock = Clock()
        events, recorder = recorded_events()
        summary = Summary(events, clock, 60.0)
        for told in (1, 2):
            summary.add(event())
            clock.advance(1)
            self.assertEqual(len(recorder), 2 * told - 1)
            summary.add(event())
            clock.advance(59)
            self.assertEqual(len(recorder), 2 * told - 1)
            clock.advance(1)
            self.assertEqual(len(recorder), 2 * told)
            clock.advance(60)

    def test_the_summary_names_the_busiest_network(self) -> None:
        clock = Clock()
        events, recorder = recorded_events()
        summary = Summary(events, clock, 1.0)
        for peer in ("10.0.0.1:1", "[2001:db8::1]:1", "[2001:db8:0:1::1]:2", None):
            summary.add(event("sent", peer))
        clock.advance(1)
        self.assertEqual(
            recorder.messages[0].partition("; ")[2],
            "0 bytes; the last peer was None; networks: 2, most of 2001:db8::",
        )
        self.assertEqual(recorder[0]["networks"], 2)
        self.assertEqual(recorder[0]["busiest"], "2001:db8::")
        for number in range(2000):
            summary.add(event("sent", f"10.0.{number // 250}.{number % 250}:1"))
        clock.advance(1)
        self.assertEqual(recorder[1]["networks"], 1000)


class SecurityLogTests(SynchronousTestCase):
    def test_excess_security_events_are_summed_up(self) -> None:
        clock, recorder = Clock(), Recorder()
        log = SecurityLog(recorder, "netlab-test", clock)
        for _ in range(MOST_OF_NETWORK + 5):
            log(event())
        log(event("controlled", None))
        self.assertEqual(recorder.names, ["hung up"] * MOST_OF_NETWORK + ["controlled"])
        clock.advance(60)
        self.assertEqual(recorder[-1]["kinds"], {"hung up": 5})
        log.tell()
        self.assertEqual(clock.getDelayedCalls(), [])

    def test_the_file_lasts_as_documented_under_the_worst_attack(self) -> None:
        # docs/operations.md and SECURITY.md state these numbers: the last 50 MB
        # are always kept.
        clock = Clock()
        sizes = dict.fromkeys((text_line, json_line), 0)

        def keep(event: LogEvent) -> None:
            for write in sizes:
                sizes[write] += len(write(event))

        events = ServiceEvents("netlab-broadcast", SecurityLog(keep, "netlab-broadcast", clock))
        for number in range(4_000):
            peer = f"[2001:db8:{number:x}:1234:1234:5678:1234:5678]:50412"
            causes = all_causes(events, peer)
            self.assertEqual(set(causes), CAUSED_BY_PEERS)
            for cause in causes.values():
                cause()
            clock.advance(21.6)
        for write, days in ((text_line, 20), (json_line, 11)):
            self.assertGreater(50e6 / sizes[write], days)
            self.assertLess(50e6 / sizes[write], days + 3)
