"""Operator connections, of which the newest few are served."""

from __future__ import annotations

from twisted.internet.protocol import Factory

from twisted_lab.channels import Connection, Connections
from twisted_lab.disconnects import Reason
from twisted_lab.eventlog.counters import Traffic
from twisted_lab.interfaces import StreamTransport

MOST_CONNECTIONS = 10


class OperatorConnections(Connections):
    """Connections with a limit of MOST_CONNECTIONS; a further one replaces the oldest.

    If new ones were refused instead, a client that holds all of them could lock the operator out.
    """

    def __init__(self) -> None:
        super().__init__(MOST_CONNECTIONS)

    def add(self, connection: Connection, host: str = "") -> Reason | None:
        """See `Connections.add`."""
        if self.served >= self.most:
            next(iter(self)).abort()
        return super().add(connection, host)


class OperatorConnection:
    """Mixin for protocols whose factory counts them in its `OperatorConnections`.

    Attributes:
        connections: The connections of the factory.
        label: See `Connection`.
        since: See `Connection`.
    """

    transport: StreamTransport
    connections: OperatorConnections
    label = "the operator"
    since = 0.0

    def begin(self) -> None:
        """Count the connection, or abort it if the service is ending."""
        if self.connections.add(self):
            self.abort()

    def end(self) -> None:
        """Forget the connection."""
        self.connections.remove(self)

    def traffic(self) -> Traffic:
        """See `Connection`; an operator's traffic is not counted."""
        return Traffic()

    def finish(self) -> None:
        """See `Connection`."""
        self.transport.loseConnection()

    def abort(self) -> None:
        """See `Connection`."""
        self.end()
        self.transport.abortConnection()


class OperatorFactory(Factory):
    """Base class of factories for operator connections."""

    noisy = False

    def __init__(self) -> None:
        self.connections = OperatorConnections()
