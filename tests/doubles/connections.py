"""A connection that is only counted."""

from __future__ import annotations

from twisted_lab.channels import Connections
from twisted_lab.eventlog.counters import Traffic


class FakeConnection:
    since = 0.0

    def __init__(
        self, connections: Connections, prompt: bool, host: str = "", label: str = ""
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
