"""Pages over HTTP, and malformed requests."""

import tracemalloc
from unittest.mock import patch

from twisted.internet.task import Clock
from twisted.internet.testing import StringTransport
from twisted.trial.unittest import SynchronousTestCase

from twisted_lab.operations.operator_connections import MOST_CONNECTIONS
from twisted_lab.operations.pages import (
    DEADLINE_SECONDS,
    MOST_HEAD,
    Page,
    PageConnection,
    PageFactory,
)


class Transport(StringTransport):
    is_half_closed = aborted = False

    def loseWriteConnection(self) -> None:
        self.is_half_closed = True

    def abortConnection(self) -> None:
        self.aborted = True
        super().abortConnection()


class PageTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.clock = Clock()
        self.factory = PageFactory({b"/page": lambda: Page(b"text\n")}, self.clock)

    def connect(self) -> tuple[PageConnection, Transport]:
        connection = self.factory.buildProtocol(None)
        assert isinstance(connection, PageConnection)
        transport = Transport()
        connection.makeConnection(transport)
        return connection, transport

    def ask(self, *pieces: bytes) -> str:
        connection, transport = self.connect()
        for piece in pieces:
            connection.dataReceived(piece)
        self.assertEqual(transport.is_half_closed, bool(transport.value()))
        self.addCleanup(connection.connectionLost)
        answer: str = transport.value().decode()
        return answer

    def test_get_returns_the_page(self) -> None:
        answer = self.ask(b"GET /page?x=y HT", b"TP/1.1\r\nHost: x\r", b"\n\r\n")
        head, body = answer.split("\r\n\r\n")
        self.assertEqual(body, "text\n")
        self.assertTrue(head.startswith("HTTP/1.1 200 OK\r\n"))
        self.assertIn("\r\nContent-Length: 5\r\n", head)
        self.assertTrue(head.endswith("Connection: close"))

    def test_head_returns_the_headers(self) -> None:
        answer = self.ask(b"HEAD /page HTTP/1.0\r\n\r\n")
        self.assertIn("Content-Length: 5\r\n", answer)
        self.assertTrue(answer.endswith("\r\n\r\n"))

    def test_only_one_request_is_answered(self) -> None:
        request = b"GET /page HTTP/1.1\r\n\r\n"
        for pieces in ([request * 100], [request] * 100):
            self.assertEqual(self.ask(*pieces).count("HTTP/1.1 "), 1)

    def test_other_requests_get_an_error(self) -> None:
        for request, status in (
            (b"POST /page HTTP/1.1\r\nContent-Length: 1000000\r\n\r\n", 405),
            (b"POST /page HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nffff\r\n", 405),
            (b"GET /other HTTP/1.1\r\n\r\n", 404),
            (b"GET /page\r\n\r\n", 400),
            (b"GET /page HTTP/2\r\n\r\n", 400),
            (b"\xff\0\r\n\r\n", 400),
            (b"GET /page HTTP/1.1\r\n" + (b"X: " + b"x" * 100 + b"\r\n") * 50 + b"\r\n", 400),
            (b"GET /page HTTP/1.1\r\nX: Y\r\n" + b" \r\n" * 100 + b"\r\n", 400),
        ):
            answer = self.ask(request, b"more" * 1000, b"\r\n\r\n")
            self.assertTrue(answer.startswith(f"HTTP/1.1 {status} "), answer)
            self.assertEqual(answer.count("HTTP/1.1"), 1)

    def test_an_overlong_header_is_refused(self) -> None:
        for end in (b"", b"\r\n\r\n"):
            connection, transport = self.connect()
            connection.dataReceived(b"GET /page HTTP/1.1\r\nX: " + b"x" * MOST_HEAD + end)
            connection.dataReceived(b"x" * MOST_HEAD)
            self.assertEqual(transport.value().count(b"HTTP/1.1 431 "), 1)
            connection.connectionLost()

    def test_an_unfinished_request_times_out_after_ten_seconds(self) -> None:
        connection, transport = self.connect()
        for _ in range(round(DEADLINE_SECONDS) - 1):
            connection.dataReceived(b"X")
            self.clock.advance(1)
        self.assertFalse(transport.aborted)
        self.clock.advance(1)
        self.assertTrue(transport.aborted)
        self.assertEqual(len(self.factory.connections), 0)

    def test_a_request_body_is_discarded_for_ten_seconds(self) -> None:
        for header in (b"Content-Length: 9999999", b"Transfer-Encoding: chunked"):
            connection, transport = self.connect()
            with patch("tempfile.TemporaryFile", side_effect=AssertionError):
                connection.dataReceived(b"POST / HTTP/1.1\r\n" + header + b"\r\n\r\n")
                tracemalloc.start()
                for _ in range(10):
                    connection.dataReceived(b"f\r\n" * 20_000)
                kept, _ = tracemalloc.get_traced_memory()
                tracemalloc.stop()
            self.assertLess(kept, 10_000)
            self.assertEqual(transport.value().count(b"HTTP/1.1"), 1)
            self.assertEqual(transport.producerState, "producing")
            self.clock.advance(DEADLINE_SECONDS)
            self.assertTrue(transport.aborted)
            connection.connectionLost()
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_the_newest_connections_are_served(self) -> None:
        peers = [self.connect() for _ in range(MOST_CONNECTIONS + 1)]
        self.assertEqual([each.aborted for _, each in peers], [True] + [False] * MOST_CONNECTIONS)
        self.assertEqual(len(self.factory.connections), MOST_CONNECTIONS)
        peers[-1][0].dataReceived(b"GET /page HTTP/1.1\r\n\r\n")
        self.assertTrue(peers[-1][1].value())
        for connection, _ in peers:
            connection.connectionLost()
        self.assertEqual(len(self.factory.connections), 0)
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_a_stopping_server_accepts_no_connection(self) -> None:
        connection, transport = self.connect()
        self.assertIsNone(transport.producer)  # A producer would keep a TLS connection open.
        ended = self.factory.connections.drain(self.clock, 5)
        self.assertTrue(transport.disconnecting)
        self.assertTrue(self.connect()[1].aborted)
        connection.connectionLost()
        self.successResultOf(ended)
