"""Pages over HTTP for monitors: one GET or HEAD for each connection, in a short time."""

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

MOST_HEAD = 8192  # bytes of a request's line and its headers
LINE_COST = 80  # bytes that a line counts as besides: there are about 100 lines at most
# From the connection to its end: a peer that takes longer is aborted.
DEADLINE_SECONDS = 10.0


class Page(NamedTuple):
    """A page, or an error about a request."""

    body: bytes
    content_type: str = "text/plain; charset=utf-8"
    status: HTTPStatus = HTTPStatus.OK


Pages = Mapping[bytes, Callable[[], Page]]  # by their paths


class PageRequest(Request):
    """A request, of which the method and the path matter."""

    def requestReceived(self, command: bytes, path: bytes, version: bytes) -> None:
        """See `Request`; a query is not parsed."""
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
    """A connection on which one request is answered; a body is not read."""

    transport: StreamTransport
    requestFactory = PageRequest
    MAX_LENGTH = totalHeadersSize = MOST_HEAD
    _deadline: IDelayedCall | None = None
    _linger: IDelayedCall | None = None

    def connectionMade(self) -> None:
        """See `twisted.internet.interfaces.IProtocol`."""
        super().connectionMade()
        self.transport.unregisterProducer()  # One answer needs none, and TLS would not close.
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
        """See `HTTPChannel`: no body and no other request is read."""
        self.length = self.persistent = 0

    def rawDataReceived(self, data: bytes) -> None:
        """See `LineReceiver`: input after the headers is dropped."""

    def loseConnection(self) -> None:
        """See `HTTPChannel`: input is still read, or else the answer might be lost."""
        self.setRawMode()
        self._linger = shut_down(self.transport, self._clock)

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        """See `twisted.internet.interfaces.IProtocol`."""
        super().connectionLost(reason)
        cancel(self._deadline)
        cancel(self._linger)
        self.end()


class PageFactory(OperatorFactory):
    """Builds a `PageConnection` for each connection; `clock` tells it when to end."""

    protocol = PageConnection

    def __init__(self, pages: Pages, clock: IReactorTime) -> None:
        super().__init__()
        self.pages = pages
        self.clock = clock

    def log(self, request: Request) -> None:
        """See `HTTPFactory`: no request is logged."""
