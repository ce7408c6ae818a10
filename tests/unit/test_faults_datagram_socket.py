"""Sockets to upstreams with Twisted's own reactor, which takes an ICMP error for the end of one."""

from __future__ import annotations

import socket
from typing import Any

from twisted.internet.error import ConnectionDone, ConnectionLost
from twisted.internet.task import deferLater
from twisted.python.failure import Failure
from twisted.trial.unittest import TestCase

from twisted_lab.faults.proxies.datagram_socket import UpstreamSocket


class User:
    """The user of a socket; it counts the errors."""

    def __init__(self, reactor: Any) -> None:
        self.answers: list[bytes] = []
        self.errors = 0
        self.socket: Any = None
        self._reactor = reactor

    def answered(self, data: bytes) -> None:
        self.answers.append(data)

    def unanswered(self) -> None:
        self.errors += 1

    def interrupted(self) -> None:
        self.errors += 1
        self._reactor.addReader(self.socket)


class Readers:
    """A reactor that only takes readers."""

    def addReader(self, reader: Any) -> None:
        """See `twisted.internet.interfaces.IReactorFDSet`."""


class UpstreamSocketTests(TestCase):
    async def test_a_server_that_comes_back_is_heard(self) -> None:
        from twisted.internet import reactor as installed

        reactor: Any = installed
        server = socket.socket(type=socket.SOCK_DGRAM)
        server.bind(("127.0.0.1", 0))
        place = server.getsockname()
        user = User(reactor)
        user.socket = UpstreamSocket(user, *place)
        self.addCleanup(user.socket.close)
        reactor.addReader(user.socket)
        self.addCleanup(reactor.removeReader, user.socket)
        server.close()
        for count in (1, 2):
            user.socket.send(b"lost")
            while user.errors < count:
                await deferLater(reactor, 0)
        server = socket.socket(type=socket.SOCK_DGRAM)
        self.addCleanup(server.close)
        server.bind(place)
        self.assertTrue(user.socket.send(b"hello"))
        server.sendto(b"answer", server.recvfrom(100)[1])
        while not user.answers:
            await deferLater(reactor, 0)
        self.assertEqual(user.answers, [b"answer"])

    def test_an_error_that_a_send_has_got_before_the_reactor_ends_nothing(self) -> None:
        user = User(Readers())
        user.socket = UpstreamSocket(user, "127.0.0.1", 9)
        self.addCleanup(user.socket.close)
        user.socket.connectionLost(Failure(ConnectionDone()))
        self.assertEqual(user.errors, 1)
        self.assertGreaterEqual(user.socket.fileno(), 0)
        user.socket.connectionLost(Failure(ConnectionLost()))  # the reactor stops
        self.assertEqual(user.socket.fileno(), -1)
