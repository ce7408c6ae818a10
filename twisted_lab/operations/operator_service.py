"""Services for the operator of a process."""

from __future__ import annotations

from twisted_lab.eventlog.events import ServiceEvents
from twisted_lab.operations.operator_connections import OperatorFactory
from twisted_lab.ports.listening import DescribedEndpoint, Guarded
from twisted_lab.process.network_service import NetworkService
from twisted_lab.process.service_process import ServiceProcess


class OperatorService(NetworkService):
    """A service for the operator; it listens as the user that the process runs as.

    Args:
        process: The process that it belongs to.
        events: Events are reported here.
        description: The endpoint at which it listens.
        factory: Builds a protocol for each connection.
    """

    is_public = False

    def __init__(
        self,
        process: ServiceProcess,
        events: ServiceEvents,
        description: str,
        factory: OperatorFactory,
    ) -> None:
        endpoint = DescribedEndpoint(process.reactor, description)
        listener = Guarded(endpoint, process.files, is_own=True)
        super().__init__(process, events, [listener], factory, factory.connections)

    def privilegedStartService(self) -> None:
        """See `NetworkService`: not yet."""

    def startService(self) -> None:
        """Listen.

        Raises:
            CannotStart: It cannot.
        """
        super().privilegedStartService()
        super().startService()
