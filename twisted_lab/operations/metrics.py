"""Metrics of a process for Prometheus, and its health."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from http import HTTPStatus

from prometheus_client import (
    CONTENT_TYPE_LATEST,
    CollectorRegistry,
    PlatformCollector,
    ProcessCollector,
    generate_latest,
)
from prometheus_client.metrics_core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
)
from prometheus_client.registry import Collector
from twisted.internet.interfaces import IDelayedCall, IReactorTime

from twisted_lab import __version__
from twisted_lab.channels import cancel
from twisted_lab.eventlog.counters import Histogram
from twisted_lab.operations.operator_service import OperatorService
from twisted_lab.operations.pages import Page, PageFactory, Pages
from twisted_lab.process.counts import Counts
from twisted_lab.process.network_service import NetworkService
from twisted_lab.process.service_process import ServiceProcess

LAG_SECONDS = 1.0  # between measurements
# Kinds of errors with an alert in docs/operations.md. They are there from the start, because
# Prometheus sees no increase in a series that begins with 1.
ALERTED = ("unable", "database", "worker", "conversation", "files", "login")
SPARE = 9  # times the duration of a collection, until the next one


class LoopLag:
    """Measures how late the event loop is, once a second.

    Args:
        clock: The clock for timers.

    Attributes:
        seconds: The measured delays, in seconds.
    """

    def __init__(self, clock: IReactorTime) -> None:
        self.seconds = Histogram((0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5))
        self._clock = clock
        self._timer: IDelayedCall | None = None

    def open(self) -> None:
        """Start measuring."""
        self._due = self._clock.seconds() + LAG_SECONDS
        self._timer = self._clock.callLater(LAG_SECONDS, self._look)

    def _look(self) -> None:
        self.seconds.add(max(self._clock.seconds() - self._due, 0.0))
        self.open()

    async def close(self) -> None:
        """Stop measuring."""
        self.discard()

    def discard(self) -> None:
        """See `twisted_lab.serving.Resource`."""
        cancel(self._timer)


def _with_zeros(errors: Mapping[str, int]) -> Iterable[tuple[str, int]]:
    return {**dict.fromkeys(ALERTED, 0), **errors}.items()


def _histogram(family: HistogramMetricFamily, labels: list[str], values: Histogram) -> None:
    buckets, count = [], 0
    bounds = [*map(str, map(float, values.bounds)), "+Inf"]
    for bound, more in zip(bounds, values.counts, strict=True):
        count += more
        buckets.append((bound, count))
    family.add_metric(labels, buckets, values.total)


class ServiceCollector(Collector):
    """Collector of the metrics of a process and its services.

    Args:
        process: The process.
        lag: The delays of the event loop.
    """

    def __init__(self, process: ServiceProcess, lag: LoopLag) -> None:
        self._process = process
        self._lag = lag

    def collect(self) -> Iterator[Metric]:
        """See `prometheus_client.registry.Collector`."""
        counted = [(each.events.service, each.counts()) for each in self._process.public_services]
        yield from self._services(counted)
        yield from self._workers()
        lag = HistogramMetricFamily(
            "netlab_loop_lag_seconds", "How late the event loop was, looked at once a second."
        )
        _histogram(lag, [], self._lag.seconds)
        yield lag
        yield CounterMetricFamily(
            "netlab_log_events_lost",
            "Events that could not be written to the log file.",
            self._process.log.lost,
        )
        yield CounterMetricFamily(
            "netlab_console_lines_lost",
            "Lines that the console has not shown, because its reader had stopped it.",
            self._process.log.lost_lines,
        )
        version = GaugeMetricFamily("netlab_info", "Which version runs.", labels=["version"])
        version.add_metric([__version__], 1)
        yield version
        # Measures of several services with the same name form one family.
        families: dict[str, CounterMetricFamily | GaugeMetricFamily] = {}
        for measure in self._process.measures:
            if measure.name not in families:
                kind = CounterMetricFamily if measure.is_counter else GaugeMetricFamily
                families[measure.name] = kind(
                    f"netlab_{measure.name}", measure.text, labels=["service"]
                )
            counts = dict(counted).get(measure.service, Counts())
            measured = counts.counters if measure.is_counter else counts.gauges
            value = measured[measure.name] if measure.name in measured else measure.read()
            families[measure.name].add_metric([measure.service], value)
        yield from families.values()

    def _services(self, counted: Sequence[tuple[str, Counts]]) -> Iterator[Metric]:
        one, way, kind = ["service"], ["service", "direction"], ["service", "kind"]
        served = GaugeMetricFamily("netlab_connections", "Connected peers.", labels=one)
        connected = CounterMetricFamily(
            "netlab_connected", "Peers that have connected, by TCP also those refused.", labels=one
        )
        refused = CounterMetricFamily(
            "netlab_refused", "Peers that were refused, as they were too many.", labels=one
        )
        sizes = CounterMetricFamily("netlab_bytes", "Bytes in and out.", labels=way)
        messages = CounterMetricFamily("netlab_messages", "Messages in and out.", labels=way)
        errors = CounterMetricFamily("netlab_errors", "Errors by kind.", labels=kind)
        seconds = HistogramMetricFamily(
            "netlab_conversation_seconds", "How long peers were connected.", labels=one
        )
        for name, counts in counted:
            traffic = counts.traffic
            served.add_metric([name], counts.served)
            connected.add_metric([name], counts.connected)
            refused.add_metric([name], counts.refused)
            sizes.add_metric([name, "in"], traffic.bytes_in)
            sizes.add_metric([name, "out"], traffic.bytes_out)
            messages.add_metric([name, "in"], traffic.messages_in)
            messages.add_metric([name, "out"], traffic.messages_out)
            for what, count in _with_zeros(counts.errors):
                errors.add_metric([name, what], count)
            _histogram(seconds, [name], counts.histogram())
        own = self._process.events
        if own.service not in dict(counted):  # A process of several services: its database, say.
            for what, count in _with_zeros(own.counters.errors):
                errors.add_metric([own.service, what], count)
        return iter([served, connected, refused, sizes, messages, errors, seconds])

    def _workers(self) -> Iterator[Metric]:
        one, way = ["service", "worker"], ["service", "worker", "direction"]
        served = GaugeMetricFamily("netlab_worker_connections", "Peers of one worker.", labels=one)
        connected = CounterMetricFamily(
            "netlab_worker_connected", "Peers that one worker has accepted.", labels=one
        )
        sizes = CounterMetricFamily(
            "netlab_worker_bytes", "Bytes in and out of one worker.", labels=way
        )
        age = GaugeMetricFamily(
            "netlab_worker_report_age_seconds", "Seconds since a worker's last report.", labels=one
        )
        for service in self._process.public_services:
            for worker in service.workers():
                labels, counts = [service.events.service, str(worker.number)], worker.counts
                age.add_metric(labels, worker.age)
                served.add_metric(labels, counts.served)
                connected.add_metric(labels, counts.connected)
                sizes.add_metric([*labels, "in"], counts.traffic.bytes_in)
                sizes.add_metric([*labels, "out"], counts.traffic.bytes_out)
        return iter([served, connected, sizes, age])


class MetricsPage:
    """The page for Prometheus, cached so that collecting takes at most a tenth of the time.

    Thus frequent requests cannot occupy the process.

    Args:
        registry: The metrics. They are collected in the reactor's thread, which also changes them.
        clock: The clock that measures a collection.
    """

    def __init__(self, registry: CollectorRegistry, clock: IReactorTime) -> None:
        self._registry = registry
        self._clock = clock
        self._page = Page(b"")
        self._due = 0.0

    def __call__(self) -> Page:
        """Return the page, from the cache if it is recent."""
        begun = self._clock.seconds()
        if begun >= self._due:
            self._page = Page(generate_latest(self._registry), CONTENT_TYPE_LATEST)
            gathered = self._clock.seconds()
            self._due = gathered + SPARE * (gathered - begun)
        return self._page


def health(process: ServiceProcess) -> Page:
    """Return the health page for monitors: status 200, or 503 in a drain or a pause."""
    if process.drain is not None:
        return Page(b"draining\n", status=HTTPStatus.SERVICE_UNAVAILABLE)
    paused = [each.events.service for each in process.public_services if each.is_paused]
    if paused:
        text = f"paused: {', '.join(paused)}\n"
        return Page(text.encode(), status=HTTPStatus.SERVICE_UNAVAILABLE)
    return Page(b"ok\n")


def metrics_service(process: ServiceProcess, description: str) -> NetworkService:
    """Return a service with the pages ``/metrics``, for Prometheus, and ``/health``."""
    lag = LoopLag(process.reactor)
    process.resources.append(lag)
    registry = CollectorRegistry()
    registry.register(ServiceCollector(process, lag))
    ProcessCollector(registry=registry)
    PlatformCollector(registry=registry)
    pages: Pages = {
        b"/metrics": MetricsPage(registry, process.reactor),
        b"/health": lambda: health(process),
    }
    events = process.log.events_of("netlab-metrics")
    factory = PageFactory(pages, process.reactor)
    return OperatorService(process, events, description, "--metrics", factory)
