"""The metrics page for Prometheus."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import partial

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector
from twisted.internet.defer import Deferred
from twisted.internet.protocol import Factory
from twisted.internet.task import Clock
from twisted.logger import LogLevel
from twisted.trial.unittest import SynchronousTestCase

from tests.doubles.connections import FakeConnection
from tests.doubles.options import SampleOptions
from tests.doubles.reactor import FakeReactor
from tests.processes import ROOT
from twisted_lab import __version__
from twisted_lab.channels import Connections
from twisted_lab.disconnects import Disconnect
from twisted_lab.eventlog.counters import Histogram
from twisted_lab.operations.metrics import ALERTED, LoopLag, MetricsPage, ServiceCollector, health
from twisted_lab.operations.pages import Page
from twisted_lab.process.counts import Counts, WorkerState
from twisted_lab.serving import NetworkService, ServiceProcess


class HistogramTests(SynchronousTestCase):
    def test_a_value_at_a_bound_counts_in_its_bucket(self) -> None:
        values = Histogram((1, 10))
        for value in (0, 1, 1.1, 10, 11):
            values.add(value)
        self.assertEqual((values.counts, values.total), ([2, 2, 1], 23.1))


class LoopLagTests(SynchronousTestCase):
    def test_the_lag_is_measured_once_a_second(self) -> None:
        clock = Clock()
        lag = LoopLag(clock)
        lag.open()
        clock.advance(1)
        clock.advance(1.3)
        clock.advance(1)
        self.assertEqual(sum(lag.seconds.counts), 3)
        self.assertAlmostEqual(lag.seconds.total, 0.3)
        self.successResultOf(Deferred.fromCoroutine(lag.close()))
        self.assertEqual(clock.getDelayedCalls(), [])


class ServiceCollectorTests(SynchronousTestCase):
    def setUp(self) -> None:
        options = SampleOptions()
        options.parseOptions([])
        self.process = ServiceProcess(options, FakeReactor())
        self.events = self.process.log.events_of("netlab-sample")
        self.connections = Connections(most=1)
        self.process.addService(
            NetworkService(self.process, self.events, [], Factory(), self.connections)
        )
        self.lag = LoopLag(Clock())
        self.registry = CollectorRegistry()
        self.registry.register(ServiceCollector(self.process, self.lag))

    def read(self, name: str, **labels: str) -> float | None:
        return self.registry.get_sample_value(f"netlab_{name}", labels)

    def mine(self, name: str, **labels: str) -> float | None:
        return self.read(name, service="netlab-sample", **labels)

    def test_connections_are_counted(self) -> None:
        self.events.connected("a")
        served = FakeConnection(self.connections, True)
        FakeConnection(self.connections, True)
        self.assertEqual(self.mine("connections"), 1)
        self.assertEqual(self.mine("connected_total"), 1)
        self.assertEqual(self.mine("refused_total"), 1)
        served.abort()
        self.assertEqual(self.mine("connections"), 0)

    def test_traffic_includes_open_and_closed_connections(self) -> None:
        FakeConnection(self.connections, True).abort()
        FakeConnection(self.connections, True)
        self.assertEqual(self.mine("bytes_total", direction="in"), 2)
        self.assertEqual(self.mine("bytes_total", direction="out"), 4)
        self.assertEqual(self.mine("messages_total", direction="in"), 6)
        self.assertEqual(self.mine("messages_total", direction="out"), 8)

    def test_errors_are_counted_by_kind(self) -> None:
        self.events.hung_up("a", Disconnect.NO_MESSAGE.reason(problem="too long"))
        self.events.hung_up("b", Disconnect.NO_MESSAGE.reason(problem="too long"))
        self.events.login_failed("c")
        self.assertEqual(self.mine("errors_total", kind="message"), 2)
        self.assertEqual(self.mine("errors_total", kind="login"), 1)

    def test_errors_of_the_process_are_counted(self) -> None:
        self.process.events = self.process.log.events_of("netlab")
        self.process.events.database_lost("lab", "no route to host")
        self.assertEqual(self.read("errors_total", service="netlab", kind="database"), 1)

    def test_errors_are_counted_at_every_log_level(self) -> None:
        self.events.log_from(LogLevel.critical)
        self.events.behind("a", 1)
        self.assertEqual(self.mine("errors_total", kind="behind"), 1)

    def test_durations_of_conversations_are_counted(self) -> None:
        self.events.disconnected("a", 1, 1, 0.5, Disconnect.CLOSED_BY_CLIENT.reason())
        self.events.disconnected("b", 1, 1, 5000, Disconnect.CLOSED_BY_CLIENT.reason())
        self.assertEqual(self.mine("conversation_seconds_bucket", le="1.0"), 1)
        self.assertEqual(self.mine("conversation_seconds_bucket", le="3600.0"), 1)
        self.assertEqual(self.mine("conversation_seconds_bucket", le="+Inf"), 2)
        self.assertEqual(self.mine("conversation_seconds_sum"), 5000.5)
        self.assertEqual(self.mine("conversation_seconds_count"), 2)

    def test_the_age_of_a_workers_report_is_exported(self) -> None:
        [service] = self.process.public_services
        self.patch(service, "workers", lambda: [WorkerState(1, 100, Counts(), 62.0)])
        self.assertEqual(self.mine("worker_report_age_seconds", worker="1"), 62)

    def test_errors_with_an_alert_are_exported_before_the_first_one(self) -> None:
        # An increase from nothing to 1 is none for Prometheus.
        page = (ROOT / "docs/operations.md").read_text()
        found = re.findall(r'netlab_errors_total\{kind=~?"([^"]*)"\}\[', page)
        self.assertEqual({*"|".join(found).replace("\\", "").split("|")}, {*ALERTED})
        for kind in ALERTED:
            self.assertEqual(self.mine("errors_total", kind=kind), 0)

    def test_measures_of_a_service_are_exported(self) -> None:
        self.process.add_gauge("netlab-sample", "waiting", "A gauge.", lambda: 7)
        self.process.add_counter("netlab-sample", "won", "A counter.", lambda: 8)
        self.assertEqual(self.mine("waiting"), 7)
        self.assertEqual(self.mine("won_total"), 8)

    def test_a_measure_of_two_services_is_one_family(self) -> None:
        for number, service in enumerate(("netlab-one", "netlab-two")):
            self.process.add_gauge(service, "thing", "A thing.", partial(float, number))
        text = generate_latest(self.registry).decode()
        self.assertEqual(text.count("# TYPE netlab_thing gauge"), 1)
        self.assertEqual(self.read("thing", service="netlab-two"), 1)

    def test_the_version_is_exported(self) -> None:
        self.assertEqual(self.read("info", version=__version__), 1)

    def test_a_paused_service_is_unhealthy(self) -> None:
        self.assertEqual(health(self.process), Page(b"ok\n"))
        self.process.public_services[0]._ports.is_paused = True
        page = health(self.process)
        self.assertEqual((page.body, page.status), (b"paused: netlab-sample\n", 503))

    def test_summed_up_events_are_counted(self) -> None:
        self.process.log.summed["netlab-sample"] = 3
        self.assertEqual(self.mine("log_events_summed_total"), 3)

    def test_the_process_exports_its_own_metrics(self) -> None:
        self.lag.seconds.add(0.02)
        self.assertEqual(self.read("loop_lag_seconds_bucket", le="0.01"), 0)
        self.assertEqual(self.read("loop_lag_seconds_bucket", le="0.05"), 1)
        self.assertEqual(self.read("log_events_lost_total"), 0)
        self.assertEqual(self.read("console_lines_lost_total"), 0)

    def test_each_metric_has_a_help_text(self) -> None:
        for line in generate_latest(self.registry).decode().splitlines():
            if line.startswith("# HELP"):
                self.assertGreater(len(line.split()), 3, line)


class MetricsPageTests(SynchronousTestCase):
    def test_gathering_takes_at_most_a_tenth_of_the_time(self) -> None:
        clock = Clock()
        gathered = 0

        class Dear(Collector):
            def collect(self) -> Iterator[Metric]:
                nonlocal gathered
                gathered += 1
                clock.advance(0.1)
                return iter(())

        registry = CollectorRegistry(auto_describe=False)
        registry.register(Dear())
        gathered = 0
        page = MetricsPage(registry, clock)
        for _ in range(10):
            page()
        self.assertEqual(gathered, 1)
        clock.advance(0.9)
        page()
        self.assertEqual(gathered, 2)
