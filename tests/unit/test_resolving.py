"""Name resolution in the client."""

from __future__ import annotations

import socket
from collections.abc import Callable

from twisted.internet.address import IPv4Address, IPv6Address
from twisted.internet.defer import Deferred
from twisted.internet.error import DNSLookupError
from twisted.internet.interfaces import IHostResolution, IResolutionReceiver
from twisted.trial.unittest import SynchronousTestCase
from zope.interface import implementer

from tests.doubles.reactor import FakeReactor
from twisted_lab.ports.resolving import Found, Resolver

FOUND: list[Found] = [
    (socket.AF_INET6, socket.SOCK_STREAM, 6, "", ("fe80::1", 9090, 0, 2)),
    (socket.AF_INET6, socket.SOCK_STREAM, 6, "", ("::1", 9090, 0, 0)),
    (socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", 9090)),
]


class ResolverTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.work: list[Callable[[], object]] = []

    def resolve(self, answer: list[Found] | Exception) -> Deferred[list[str]]:
        def look_up(*_: object, **__: object) -> list[Found]:
            if isinstance(answer, Exception):
                raise answer
            return answer

        self.resolver = Resolver(FakeReactor(), self.work.append, look_up)
        return Deferred.fromCoroutine(self.resolver.find("box"))

    def test_addresses_are_found_with_their_scopes(self) -> None:
        found = self.resolve(FOUND)
        self.assertNoResult(found)
        self.work.pop()()
        self.assertEqual(self.successResultOf(found), ["fe80::1%2", "::1", "127.0.0.1"])

    def test_a_tcp_endpoint_gets_the_addresses(self) -> None:
        told: list[object] = []

        @implementer(IResolutionReceiver)
        class Receiver:
            def resolutionBegan(self, resolution: IHostResolution) -> None:
                told.append(resolution.name)

            def addressResolved(self, address: object) -> None:
                told.append(address)

            def resolutionComplete(self) -> None:
                told.append("complete")

        self.resolve(FOUND)
        self.resolver.resolveHostName(Receiver(), "box", portNumber=9090)
        self.work.pop()()
        self.assertEqual(
            told,
            [
                "box",
                IPv6Address("TCP", "fe80::1", 9090, 0, 2),
                IPv6Address("TCP", "::1", 9090),
                IPv4Address("TCP", "127.0.0.1", 9090),
                "complete",
            ],
        )

    def test_each_failure_is_one_line(self) -> None:
        for error, text in (
            (socket.gaierror(socket.EAI_NONAME, "x"), "no host has that name; check how"),
            (socket.gaierror(socket.EAI_NODATA, "x"), "no host has that name; check how"),
            (socket.gaierror(socket.EAI_AGAIN, "x"), "no answer from the name service; is there"),
            (socket.gaierror(socket.EAI_FAIL, "no\nway"), "the name service failed: no way"),
            (UnicodeError("label empty or too long"), "no host can have that name"),
            (OSError(24, "Too many open files"), "the name service failed: Too many open files"),
            (ValueError("embedded null byte"), "no host can have that name"),
        ):
            found = self.resolve(error)
            self.work.pop()()
            failure = self.failureResultOf(found, DNSLookupError)
            self.assertIn(text, failure.value.args[0])
            self.assertNotIn("\n", failure.value.args[0])

    def test_a_shortage_of_threads_is_one_line(self) -> None:
        def start(_: object) -> None:
            raise RuntimeError("can't start new thread")

        resolver = Resolver(FakeReactor(), start)
        failure = self.failureResultOf(Deferred.fromCoroutine(resolver.find("box")), DNSLookupError)
        self.assertIn("no thread can be started", failure.value.args[0])

    def test_a_host_without_addresses_is_an_error(self) -> None:
        found = self.resolve([])
        self.work.pop()()
        self.failureResultOf(found, DNSLookupError)

    def test_a_late_answer_is_dropped(self) -> None:
        found = self.resolve(FOUND)
        found.addErrback(lambda _: "cancelled")
        found.cancel()
        self.assertEqual(self.successResultOf(found), "cancelled")
        self.work.pop()()
