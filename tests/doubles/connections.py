"""Connections that are only counted."""

from __future__ import annotations

from twisted_lab.channels import Connections
from twisted_lab.eventlog.counters import Traffic


class FakeConnection:
    """A connection that closes when the test says so.

    Args:
        connections: Where it is counted.
        prompt: Whether `finish` closes it immediately.
        host: The peer's address.
        label: The peer in logs.
    """

    since = 0.0

    def __init__(
        self,
        connections: Connections,
        prompt: bool,
        host: str = "",
        label: str = "",
    ) -> None:
        self.connections = connections
        self.prompt = prompt
        self.label = label or host
        self.aborted = False
        self.refusal = connections.add(self, host)

    def traffic(self) -> Traffic:
        return Traffic(1, 2, 3, 4)

    def finish(self) -> None:
        if self.prompt:
            self.connections.remove(self)

    def abort(self) -> None:
        self.aborted = True
        self.connections.remove(self)
