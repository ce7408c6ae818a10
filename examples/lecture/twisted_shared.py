"""Parts of the Twisted programs: the reactor, and a protocol of lines that loses nothing."""

from typing import cast

from shared import run
from twisted.internet import reactor
from twisted.internet.address import IPv4Address
from twisted.internet.error import CannotListenError
from twisted.internet.interfaces import IHalfCloseableProtocol
from twisted.internet.protocol import Protocol, ServerFactory
from twisted.internet.tcp import Server
from twisted.protocols.basic import LineReceiver
from zope.interface import implementer


def serve(protocol: type[Protocol], default_port: int) -> None:
    """Listen at the address of the command line, and run the reactor until Ctrl-C.

    Args:
        protocol: Serves a client; there is an object of it for each.
        default_port: The port if the command line has none.
    """
    factory = ServerFactory()
    factory.protocol = protocol

    def main(host: str, port: int) -> None:
        try:
            listener = reactor.listenTCP(port, factory, interface=host)
        except CannotListenError as error:
            raise error.socketError from None
        address = cast(IPv4Address, listener.getHost())
        print(f"listening on {address.host}:{address.port}")
        reactor.run()

    run(main, default_port)


@implementer(IHalfCloseableProtocol)
class Lines(LineReceiver):
    """A LineReceiver for text, which loses nothing when either side ends.

    Without `readConnectionLost`, Twisted drops pending output at the end of the input. Without a
    producer, a client that sends and does not read fills the memory.
    """

    transport: Server
    delimiter = b"\n"

    def connectionMade(self) -> None:
        self.transport.registerProducer(self, streaming=True)

    def send_text(self, text: str) -> None:
        """Send a line."""
        self.sendLine(text.encode())

    def lineReceived(self, line: bytes) -> None:
        self.handle(line.decode(errors="replace").rstrip("\r"))

    def handle(self, text: str) -> None:
        """Handle a line."""
        raise NotImplementedError

    def end(self) -> None:
        """Close once the client does; to close with unread input may lose the last answer."""
        self.setRawMode()
        self.transport.unregisterProducer()
        self.transport.loseWriteConnection()

    def rawDataReceived(self, data: bytes) -> None:
        pass

    def readConnectionLost(self) -> None:
        if line := self.clearLineBuffer():
            self.lineReceived(line)
        self.transport.unregisterProducer()
        self.transport.loseConnection()

    def writeConnectionLost(self) -> None:
        pass
