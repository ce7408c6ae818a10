"""HTTP pages for monitors: one GET or HEAD per connection, with a deadline."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import NamedTuple

from twisted.internet.interfaces import IDelayedCall, IReactorTime
from twisted.internet.protocol import connectionDone
from twisted.python.failure import Failure
from twisted.web.http import HTTPChannel, Request

from twisted_lab.channels import cancel, shut_down
from twisted_lab.interfaces import StreamTransport
from twisted_lab.operations.operator_connections import OperatorConnection, OperatorFactory

MOST_HEAD = 8192  # bytes of a request line and its headers
LINE_COST = 80  # bytes added to the size of each line, which limits them to about 100
DEADLINE_SECONDS = 10.0  # from the start of a connection until it is aborted


class Page(NamedTuple):
    """The response to a request."""

    body: bytes
    content_type: str = "text/plain; charset=utf-8"
    status: HTTPStatus = HTTPStatus.OK


Pages = Mapping[bytes, Callable[[], Page]]  # by path


class PageRequest(Request):
    """A request, which is answered by its method and path alone."""

    def requestReceived(self, command: bytes, path: bytes, version: bytes) -> None:
        """See `Request`; the query is ignored."""
        self.method, self.clientproto = command, version
        make = self.channel.factory.pages.get(path.partition(b"?")[0])
        if command not in (b"GET", b"HEAD"):
            page = Page(b"only GET and HEAD\n", status=HTTPStatus.METHOD_NOT_ALLOWED)
        else:
            page = make() if make else Page(b"no such page\n", status=HTTPStatus.NOT_FOUND)
        self.setResponseCode(page.status)
        self.setHeader("Content-Type", page.content_type)
        self.setHeader("Content-Length", str(len(page.body)))
        self.setHeader("Allow", "GET, HEAD")
        self.setHeader("Connection", "close")
        self.write(page.body)
        self.finish()


class PageConnection(OperatorConnection, HTTPChannel):
    """A connection that answers one request, and ignores its body."""

    transport: StreamTransport
    requestFactory = PageRequest
    MAX_LENGTH = totalHeadersSize = MOST_HEAD
    _deadline: IDelayedCall | None = None
    _linger: IDelayedCall | None = None

    def connectionMade(self) -> None:
        """See `twisted.internet.interfaces.IProtocol`."""
        super().connectionMade()
        self.transport.unregisterProducer()  # needless for one answer; TLS would not close with it
        assert isinstance(self.factory, PageFactory)
        self.connections = self.factory.connections
        self._clock = self.factory.clock
        self._deadline = self._clock.callLater(DEADLINE_SECONDS, self.abort)
        self.begin()

    def lineReceived(self, line: bytes) -> None:
        """See `HTTPChannel`."""
        self.totalHeadersSize -= LINE_COST
        super().lineReceived(line)

    def lineLengthExceeded(self, line: bytes) -> None:
        """See `LineReceiver`."""
        self.transport.write(b"HTTP/1.1 431 Request Header Fields Too Large\r\n\r\n")
        self.loseConnection()

    def allHeadersReceived(self) -> None:
        """See `HTTPChannel`; neither a body nor another request is read."""
        self.length = self.persistent = 0

    def rawDataReceived(self, data: bytes) -> None:
        """See `LineReceiver`; input after the headers is dropped."""

    def loseConnection(self) -> None:
        """See `HTTPChannel`; input is still read, because a reset could destroy the answer."""
        self.setRawMode()
        self._linger = shut_down(self.transport, self._clock)

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        """See `twisted.internet.interfaces.IProtocol`."""
        super().connectionLost(reason)
        cancel(self._deadline)
        cancel(self._linger)
        self.end()


class PageFactory(OperatorFactory):
    """Factory of page connections; `clock` is the clock for their deadlines."""

    protocol = PageConnection

    def __init__(self, pages: Pages, clock: IReactorTime) -> None:
        super().__init__()
        self.pages = pages
        self.clock = clock

    def log(self, request: Request) -> None:
        """See `HTTPFactory`; requests are not logged."""
