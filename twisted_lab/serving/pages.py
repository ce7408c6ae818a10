"""Pages over HTTP for monitors: one GET or HEAD for each connection, in a short time."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Any, NamedTuple

from twisted.internet.interfaces import IAddress, IDelayedCall, IReactorTime
from twisted.internet.protocol import Protocol, connectionDone
from twisted.python.failure import Failure

from twisted_lab.channels import LINGER_SECONDS, cancel, shut_down
from twisted_lab.serving.own_connections import OwnConnection, OwnFactory

PLAIN = "text/plain; charset=utf-8"
MOST_HEAD = 8192  # bytes of a request's line and its headers
# From the connection to its end: a peer that takes longer is aborted.
DEADLINE_SECONDS = 10.0


class Page(NamedTuple):
    """A page, or what is wrong with a request.

    Attributes:
        body: Its bytes.
        content_type: What they are.
        status: The status of HTTP.
    """

    body: bytes
    content_type: str = PLAIN
    status: HTTPStatus = HTTPStatus.OK


Pages = Mapping[str, Callable[[], Page]]


def _problem(status: HTTPStatus) -> Page:
    return Page(f"{status.phrase}\n".encode(), status=status)


class PageConnection(OwnConnection, Protocol):
    """A connection on which one request is answered; a body is not read.

    Not `twisted.web`, which keeps bodies on disk and answers as many requests as come.
    """

    factory: PageFactory

    def __init__(self) -> None:
        self._head = b""
        self._is_answered = False
        self._deadline: IDelayedCall | None = None
        self._linger: IDelayedCall | None = None

    def connectionMade(self) -> None:
        """See `twisted.internet.interfaces.IProtocol`."""
        self._deadline = self.factory.clock.callLater(DEADLINE_SECONDS, self.abort)
        self.begin()

    def dataReceived(self, data: bytes) -> None:
        """See `twisted.internet.interfaces.IProtocol`."""
        if self._is_answered:
            return
        self._head += data
        end = self._head.find(b"\r\n\r\n")
        if max(end, len(self._head) if end < 0 else 0) > MOST_HEAD:
            self._answer(_problem(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE))
        elif end >= 0:
            self._heard(self._head.partition(b"\r\n")[0].decode("latin-1").split(" "))

    def _heard(self, request: list[str]) -> None:
        if len(request) != 3 or not request[2].startswith("HTTP/1."):
            self._answer(_problem(HTTPStatus.BAD_REQUEST))
            return
        method, target, _ = request
        if method not in ("GET", "HEAD"):
            self._answer(_problem(HTTPStatus.METHOD_NOT_ALLOWED))
        elif (name := target.partition("?")[0]) not in self.factory.pages:
            self._answer(_problem(HTTPStatus.NOT_FOUND), method)
        else:
            self._answer(self.factory.pages[name](), method)

    def _answer(self, page: Page, method: str = "GET") -> None:
        self._is_answered = True
        self._head = b""
        head = (
            f"HTTP/1.1 {page.status} {page.status.phrase}\r\n"
            f"Content-Type: {page.content_type}\r\n"
            f"Content-Length: {len(page.body)}\r\n"
            "Allow: GET, HEAD\r\n"
            "Connection: close\r\n\r\n"
        )
        self.transport.write(head.encode() + (b"" if method == "HEAD" else page.body))
        if page.status != HTTPStatus.OK and self._deadline is not None:
            self._deadline.reset(LINGER_SECONDS)  # What comes is dropped, but not for long.
        self._linger = shut_down(self.transport, self.factory.clock)

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        """See `twisted.internet.interfaces.IProtocol`."""
        cancel(self._deadline)
        cancel(self._linger)
        self.end()


class PageFactory(OwnFactory):
    """Builds a `PageConnection` for each connection.

    Args:
        pages: Makes each page, by its path.
        clock: Waits.
    """

    def __init__(self, pages: Pages, clock: IReactorTime) -> None:
        super().__init__()
        self.pages = pages
        self.clock = clock

    def buildProtocol(self, addr: IAddress | None) -> Any:
        """See `twisted.internet.interfaces.IProtocolFactory`."""
        connection = PageConnection()
        connection.factory = self
        connection.connections = self.connections
        return connection
