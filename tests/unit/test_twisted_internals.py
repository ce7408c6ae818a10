"""The private parts of Twisted that `docs/twisted-internals.md` lists."""

from __future__ import annotations

import inspect
import re
from pathlib import Path

from twisted.internet import tcp, udp, unix
from twisted.internet.protocol import DatagramProtocol, Factory
from twisted.internet.testing import MemoryReactorClock
from twisted.trial.unittest import SynchronousTestCase
from twisted.web.http import HTTPChannel

ROOT = Path(__file__).parents[2]


class TwistedTests(SynchronousTestCase):
    def test_a_transport_has_the_documented_arguments(self) -> None:
        names = [*inspect.signature(tcp.Server).parameters]
        self.assertEqual(names, ["sock", "protocol", "client", "server", "sessionno", "reactor"])

    def test_a_port_has_the_documented_hooks(self) -> None:
        port = tcp.Port(0, Factory(), reactor=MemoryReactorClock())
        self.assertIs(port.transport, tcp.Server)
        self.assertIs(unix.Port(b"x", Factory()).transport, unix.Server)
        self.assertIn("self.numberAccepts = 100", inspect.getsource(tcp.Port.startListening))
        accepting = inspect.getsource(tcp.Port.doRead)
        for part in ("self.numberAccepts", "self.transport("):
            self.assertIn(part, accepting)
        self.assertIn("self.factory.buildProtocol", accepting)

    def test_a_transport_has_the_documented_states(self) -> None:
        for name in ("_aborting", "_writeDisconnecting", "_shouldShutdown"):
            self.assertTrue(hasattr(tcp.Server, name), name)

    def test_a_datagram_port_has_the_documented_hooks(self) -> None:
        port = udp.Port(0, DatagramProtocol(), "127.0.0.1", 100, MemoryReactorClock())
        self.assertEqual((port.interface, port.maxPacketSize), ("127.0.0.1", 100))
        self.assertTrue(callable(port.createInternetSocket))
        self.assertTrue(hasattr(port, "addressFamily"))

    def test_an_http_channel_has_the_documented_attributes(self) -> None:
        for name in ("length", "persistent", "totalHeadersSize", "allHeadersReceived"):
            self.assertTrue(hasattr(HTTPChannel, name), name)


class PageTests(SynchronousTestCase):
    def test_the_named_tests_exist(self) -> None:
        page = (ROOT / "docs/twisted-internals.md").read_text()
        sources = {path.stem: path.read_text() for path in (ROOT / "tests").rglob("test_*.py")}
        for name in re.findall(r"`(test_\w+)`", page):
            is_there = name in sources or any(f"def {name}(" in text for text in sources.values())
            self.assertTrue(is_there, name)
