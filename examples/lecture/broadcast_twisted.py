"""The broadcast server with Twisted: each message of a client goes to all, in upper case."""

from __future__ import annotations

from typing import ClassVar

from twisted.internet import reactor
from twisted.internet.protocol import connectionDone
from twisted.python.failure import Failure
from twisted_shared import Lines, serve


class Member(Lines):
    """One client."""

    members: ClassVar[set[Member]] = set()

    def connectionMade(self) -> None:
        super().connectionMade()
        self.members.add(self)
        self.send_text("CONNECT")

    def handle(self, text: str) -> None:
        client = self.transport.getPeer()
        for member in self.members:
            member.send_text(f"Message from client {(client.host, client.port)}: {text.upper()}")

    def pauseProducing(self) -> None:
        if not self.paused:  # Twisted calls it again with each further message.
            super().pauseProducing()
            # A client whose output is still full after 10 s does not read.
            self.drop = reactor.callLater(10, self.transport.abortConnection)

    def resumeProducing(self) -> None:
        self.drop.cancel()
        super().resumeProducing()

    def readConnectionLost(self) -> None:
        super().readConnectionLost()
        self.members.discard(self)

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        self.members.discard(self)


if __name__ == "__main__":
    serve(Member, 3333)
