"""The services of one process, with their measures and names of peers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from twisted.application.service import MultiService
from twisted.logger import LogLevel

from twisted_lab.channels import Connection
from twisted_lab.eventlog.counters import Measure
from twisted_lab.eventlog.event_log import EventLog
from twisted_lab.process.network_service import NetworkService
from twisted_lab.resources import Outage


class ServiceGroup(MultiService):
    """Services that share a log.

    Args:
        log: The log of their events.

    Attributes:
        services: All services, including those for the operator.
        log: See above.
        measures: Measures in addition to the counters of each service.
        names: By service, a function that returns the name of a connection's peer.
        outages: Functions that return the outage of a resource, or None if it works.
    """

    services: list[NetworkService]

    def __init__(self, log: EventLog) -> None:
        super().__init__()
        self.log = log
        self.measures: list[Measure] = []
        self.outages: list[Callable[[], Outage | None]] = []
        # Any: each service names its own kind of connection.
        self.names: dict[str, Callable[[Any], str]] = {}

    @property
    def public_services(self) -> list[NetworkService]:
        """The services, without those for the operator."""
        return [each for each in self.services if each.is_public]

    def addService(self, service: NetworkService) -> None:
        """See `twisted.application.service.IServiceCollection`."""
        super().addService(service)
        if service.is_public:
            name = service.events.service
            text = "Events beyond --log-rate, which were summed up."
            self.add_counter(name, "log_events_summed", text, lambda: self.log.summed[name])

    def add_counter(self, service: str, name: str, text: str, read: Callable[[], float]) -> None:
        """Serve a value that only grows as the metric ``netlab_NAME_total``, with --metrics.

        Args:
            service: The service that it belongs to, a label of the metric.
            name: In small letters with underscores.
            text: Its description.
            read: Returns it; with --workers the metric is the sum over all processes.
        """
        self._add(Measure(service, name, text, True, read))

    def add_gauge(self, service: str, name: str, text: str, read: Callable[[], float]) -> None:
        """Serve another value as the metric ``netlab_NAME``. For arguments see `add_counter`."""
        self._add(Measure(service, name, text, False, read))

    def _add(self, measure: Measure) -> None:
        if any(
            (each.service, each.name) == (measure.service, measure.name) for each in self.measures
        ):
            raise ValueError(f"{measure.service} has two metrics called {measure.name}")
        self.measures.append(measure)

    def measures_of(self, service: NetworkService) -> list[Measure]:
        """Return the measures of a service that may differ between worker processes."""
        name = service.events.service
        return [each for each in self.measures if each.service == name and not each.is_common]

    def name_of(self, service: str, connection: Connection) -> str:
        """Return the service's name for a connected peer; "" for none."""
        return self.names[service](connection) if service in self.names else ""

    def log_from(self, level: LogLevel) -> None:
        """Set the log level of this process and its workers."""
        self.log.log_from(level)
        for service in self.services:
            service.log_from(level)
