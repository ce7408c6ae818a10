"""Twisted: a protocol for each client."""

from twisted.internet import reactor
from twisted.internet.error import CannotListenError
from twisted.internet.interfaces import IHalfCloseableProtocol
from twisted.internet.protocol import Factory, Protocol
from zope.interface import implementer


@implementer(IHalfCloseableProtocol)
class Echo(Protocol):
    def connectionMade(self):
        print("Client connected", flush=True)
        self.transport.registerProducer(self.transport, True)  # reads no faster than it can send

    def dataReceived(self, data):
        print(f"Received {len(data)} bytes", flush=True)
        self.transport.write(data)
        print(f"Sent {len(data)} bytes", flush=True)

    def readConnectionLost(self):
        self.transport.unregisterProducer()
        self.transport.loseConnection()  # when everything is sent

    def writeConnectionLost(self):
        pass

    def connectionLost(self, reason):
        print("Client disconnected", flush=True)


def listen(port):
    try:
        return reactor.listenTCP(port, Factory.forProtocol(Echo))
    except CannotListenError:
        return listen(port + 1)


print("Server started, it listens on port", listen(9090).getHost().port, flush=True)
reactor.addSystemEventTrigger("before", "shutdown", print, "Server stopped")
reactor.run()
