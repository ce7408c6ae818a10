"""Services for the operator of a process."""

from __future__ import annotations

from twisted_lab.eventlog.events import ServiceEvents
from twisted_lab.operations.operator_connections import OperatorFactory
from twisted_lab.ports.listening import DescribedEndpoint, Guarded
from twisted_lab.process.network_service import NetworkService
from twisted_lab.process.service_process import ServiceProcess


class OperatorService(NetworkService):
    """A service for the operator; it starts listening after privileges have been dropped.

    Args:
        process: The process that the service belongs to.
        events: The reporter of the service's events.
        description: The endpoint to listen on.
        option: The option that chooses it.
        factory: Builds a protocol for each connection.
    """

    is_public = False

    def __init__(
        self,
        process: ServiceProcess,
        events: ServiceEvents,
        description: str,
        option: str,
        factory: OperatorFactory,
    ) -> None:
        endpoint = DescribedEndpoint(process.reactor, description, option)
        listener = Guarded(endpoint, process.files, is_own=True)
        super().__init__(process, events, [listener], factory, factory.connections)

    def privilegedStartService(self) -> None:
        """See `NetworkService`; this service does not listen yet."""

    def startService(self) -> None:
        """Start listening; if the endpoint cannot be opened, the process does not start."""
        super().privilegedStartService()
        super().startService()
