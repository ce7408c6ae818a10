"""A client's TCP transport whose `write` sends immediately."""

from __future__ import annotations

from typing import Any

from twisted.internet.protocol import ClientFactory
from twisted.internet.tcp import Client, Connector

from twisted_lab.ports.fast.poller import Poller
from twisted_lab.ports.fast.transport import Immediate


class ImmediateClient(Immediate, Client):
    """Twisted's TCP transport of a client, except that `write` sends immediately."""

    def _connectDone(self) -> None:
        self.begin()
        super()._connectDone()


class _Connector(Connector):
    def _makeTransport(self) -> Any:
        return ImmediateClient(self.host, self.port, self.bindAddress, self, self.reactor)


def connect_fast(
    poller: Poller, host: str, port: int, factory: ClientFactory, timeout: float
) -> Connector:
    """Connect as `IReactorTCP.connectTCP` does, with an `ImmediateClient` for a transport."""
    connector = _Connector(host, port, factory, timeout, None, poller)
    connector.connect()
    return connector
