"""Connections of the operator: few, of which the newest are served."""

from __future__ import annotations

from twisted.internet.protocol import Factory

from twisted_lab.channels import Connection, Connections
from twisted_lab.disconnects import Reason
from twisted_lab.eventlog.counters import Traffic
from twisted_lab.interfaces import StreamTransport

MOST_CONNECTIONS = 10


class OperatorConnections(Connections):
    """Connections of which the oldest one ends when there would be more than MOST_CONNECTIONS.

    A refusal of new ones would let the holder of the others lock the operator out.
    """

    def __init__(self) -> None:
        super().__init__(MOST_CONNECTIONS)

    def add(self, connection: Connection, host: str = "") -> Reason | None:
        """See `Connections.add`."""
        if self.served >= self.most:
            next(iter(self)).abort()
        return super().add(connection, host)


class OperatorConnection:
    """A protocol's part that makes it one of a factory's `OperatorConnections`.

    Attributes:
        connections: The factory's.
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
        """See `Connection`: it is not counted."""
        return Traffic()

    def finish(self) -> None:
        """See `Connection`."""
        self.transport.loseConnection()

    def abort(self) -> None:
        """See `Connection`."""
        self.end()
        self.transport.abortConnection()


class OperatorFactory(Factory):
    """A factory with `OperatorConnections`."""

    noisy = False

    def __init__(self) -> None:
        self.connections = OperatorConnections()
