"""Bytes that a peer's kernel has acknowledged, over loopback."""

import socket
from types import SimpleNamespace

from twisted.trial.unittest import SynchronousTestCase

from twisted_lab.channels.outbox import acknowledged


class AcknowledgedTests(SynchronousTestCase):
    def accept(self) -> tuple[socket.socket, socket.socket]:
        """Return both ends of a TCP connection."""
        with socket.create_server(("127.0.0.1", 0)) as listener:
            client = socket.create_connection(listener.getsockname())
            self.addCleanup(client.close)
            server, _ = listener.accept()
        self.addCleanup(server.close)
        return server, client

    def test_bytes_that_the_peer_has(self) -> None:
        server, client = self.accept()
        transport = SimpleNamespace(socket=server)
        self.assertEqual(acknowledged(transport), 0)
        server.sendall(b"x" * 1000)
        client.recv(1000, socket.MSG_WAITALL)
        client.sendall(b"y")  # It carries the acknowledgement.
        server.recv(1)
        self.assertEqual(acknowledged(transport), 1000)

    def test_nothing_is_known_without_tcp(self) -> None:
        one, other = socket.socketpair()
        with one, other:
            one.sendall(b"x")
            self.assertEqual(acknowledged(SimpleNamespace(socket=one)), 0)
        self.assertEqual(acknowledged(SimpleNamespace(socket=one)), 0)
        self.assertEqual(acknowledged(object()), 0)
