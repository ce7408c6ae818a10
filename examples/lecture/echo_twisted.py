"""The echo server with Twisted: returns all text in upper case."""

from codecs import getincrementaldecoder

from twisted.internet.interfaces import IHalfCloseableProtocol
from twisted.internet.protocol import Protocol
from twisted.internet.tcp import Server
from twisted_shared import serve
from zope.interface import implementer


@implementer(IHalfCloseableProtocol)
class Echo(Protocol):
    """One client."""

    transport: Server

    def connectionMade(self) -> None:
        self.decode = getincrementaldecoder("utf-8")("replace").decode
        # The transport pauses itself: nothing more is read while the client does not read.
        self.transport.registerProducer(self.transport, streaming=True)

    def dataReceived(self, data: bytes) -> None:
        self.transport.write(self.decode(data).upper().encode())

    def readConnectionLost(self) -> None:
        self.transport.write(self.decode(b"", True).encode())
        self.transport.unregisterProducer()
        self.transport.loseConnection()  # after all output

    def writeConnectionLost(self) -> None:
        pass


if __name__ == "__main__":
    serve(Echo, 9090)
