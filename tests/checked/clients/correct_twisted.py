"""A client with Twisted: one protocol for the terminal, one for the server."""

import sys

from twisted.internet import reactor, stdio
from twisted.internet.endpoints import HostnameEndpoint, connectProtocol
from twisted.protocols.basic import LineReceiver


class Terminal(LineReceiver):
    delimiter = b"\n"

    def __init__(self, server):
        self.server = server

    def show(self, text):
        self.sendLine("".join(c if c.isprintable() else "?" for c in text).encode())

    def lineReceived(self, line):
        if line == b"exit":
            self.transport.loseConnection()
        else:
            self.server.sendLine(line)
            self.show(f"Sent {len(line)} bytes.")

    def connectionLost(self, reason):
        self.server.transport.loseConnection()


class Server(LineReceiver):
    delimiter = b"\n"

    def connectionMade(self):
        self.terminal = Terminal(self)
        stdio.StandardIO(self.terminal)
        self.terminal.show("Connected.")

    def lineReceived(self, line):
        self.terminal.show("Received: " + line.decode(errors="replace"))

    def connectionLost(self, reason):
        print("Disconnected:", reason.getErrorMessage())
        reactor.callLater(0, reactor.stop)


def failed(failure):
    print("Cannot connect:", failure.getErrorMessage())
    reactor.stop()


endpoint = HostnameEndpoint(reactor, sys.argv[1], int(sys.argv[2]))
reactor.callWhenRunning(lambda: connectProtocol(endpoint, Server()).addErrback(failed))
reactor.run()
