import errno
import select
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from unittest import mock

from twisted.internet.defer import Deferred, succeed
from twisted.internet.error import CannotListenError
from twisted.internet.interfaces import IListeningPort
from twisted.internet.protocol import Factory
from twisted.internet.task import Clock
from twisted.internet.tcp import Port, Server
from twisted.internet.testing import MemoryReactor, MemoryReactorClock
from twisted.internet.unix import Port as UNIXPort
from twisted.internet.unix import Server as UNIXServer
from twisted.python import lockfile
from twisted.trial.unittest import SynchronousTestCase

import twisted_lab.process.plugins
from tests.doubles.options import SampleOptions
from tests.doubles.recording import recorded_events
from twisted_lab.ports.fast.poller import Poller
from twisted_lab.ports.listening import (
    BACKLOG,
    AdoptedPort,
    BehindProxy,
    CannotListen,
    DescribedEndpoint,
    Fast,
    Guarded,
    Listener,
    TCPPort,
)
from twisted_lab.ports.tls import OverTLS
from twisted_lab.process.listeners import listeners
from twisted_lab.process.plugins import default_ports
from twisted_lab.serving import ServiceProcess


class PortsReactor(MemoryReactor):
    """A reactor on which some ports cannot be listened on."""

    def __init__(self, problem: Callable[[int], OSError | None]) -> None:
        super().__init__()
        self.problem = problem

    def listenTCP(self, port: int, *args: Any, **kwargs: Any) -> IListeningPort:
        problem = self.problem(port)
        if isinstance(problem, OSError):
            if problem.errno == errno.EADDRINUSE and port % 2:
                raise problem  # listen() failed, not bind()
            raise CannotListenError(args[-1], port, problem)
        listening: IListeningPort = super().listenTCP(port, *args, **kwargs)
        return listening


def busy(*ports: int) -> PortsReactor:
    return PortsReactor(lambda port: OSError(errno.EADDRINUSE, "busy") if port in ports else None)


class TCPPortTests(SynchronousTestCase):
    def refusal(self, listening: Deferred[IListeningPort]) -> str:
        return str(self.failureResultOf(listening, CannotListen).value)

    def number(self, listening: Deferred[IListeningPort]) -> int:
        address: Any = self.successResultOf(listening).getHost()
        return int(address.port)

    def test_a_free_port(self) -> None:
        reactor = MemoryReactor()
        factory = Factory()
        port = TCPPort(reactor, 9090, "127.0.0.1").listen(factory)
        self.assertEqual(self.number(port), 9090)
        self.assertEqual(reactor.tcpServers, [(9090, factory, BACKLOG, "127.0.0.1")])

    def test_the_next_free_port_after_busy_ones(self) -> None:
        port = TCPPort(busy(9090, 9091, 9092), 9090, "0.0.0.0").listen(Factory())
        self.assertEqual(self.number(port), 9093)

    def test_the_last_of_the_spare_ports(self) -> None:
        reactor = busy(*range(9090, 9190))
        port = TCPPort(reactor, 9090, "0.0.0.0").listen(Factory())
        self.assertEqual(self.number(port), 9190)

    def test_all_busy(self) -> None:
        reactor = busy(*range(9090, 9191))
        port = TCPPort(reactor, 9090, "0.0.0.0").listen(Factory())
        self.assertEqual(
            self.refusal(port), "ports 9090 to 9190 are all busy: choose another one with --port"
        )

    def test_there_are_no_ports_past_65535(self) -> None:
        reactor = busy(65530, *range(65531, 65536))
        port = TCPPort(reactor, 65530, "0.0.0.0").listen(Factory())
        self.assertEqual(
            self.refusal(port), "ports 65530 to 65535 are all busy: choose another one with --port"
        )

    def test_the_ports_of_its_group_are_left_to_the_others(self) -> None:
        reactor = busy(9093)
        others = lambda: frozenset({9093, 9094, 9095})  # noqa: E731
        port = TCPPort(reactor, 9093, "0.0.0.0", others=others).listen(Factory())
        address: Any = self.successResultOf(port).getHost()
        self.assertEqual(address.port, 9096)

    def test_the_advice_names_the_option_that_chooses_the_port(self) -> None:
        port = TCPPort(busy(9090), 9090, "::", spare=0, option="--echo-port").listen(Factory())
        self.assertIn("choose another one with --echo-port", self.refusal(port))

    def test_strict(self) -> None:
        port = TCPPort(busy(9090), 9090, "0.0.0.0", spare=0).listen(Factory())
        self.assertIn("port 9090 is busy", self.refusal(port))

    def test_no_other_port_is_tried_for_any_other_reason(self) -> None:
        reactor = PortsReactor(lambda port: OSError(errno.EACCES, "no") if port == 80 else None)
        port = TCPPort(reactor, 80, "0.0.0.0").listen(Factory())
        self.assertIn("port 80 is privileged", self.refusal(port))
        self.assertEqual(reactor.tcpServers, [])

    def test_what_was_wanted(self) -> None:
        self.assertEqual(TCPPort(MemoryReactor(), 9090, "::").wanted, 9090)
        self.assertIsNone(TCPPort(MemoryReactor(), 0, "::").wanted)


class DescribedEndpointTests(SynchronousTestCase):
    def refusal(self, description: str, reactor: Any = None) -> str:
        listening = DescribedEndpoint(reactor or MemoryReactor(), description).listen(Factory())
        return str(self.failureResultOf(listening, CannotListen).value)

    def test_a_description(self) -> None:
        reactor = MemoryReactor()
        factory = Factory()
        self.successResultOf(DescribedEndpoint(reactor, "unix:/run/echo").listen(factory))
        self.assertEqual(reactor.unixServers[0][:2], ("/run/echo", factory))

    def test_unreadable_descriptions(self) -> None:
        for description in ("", "9090", "nonsense:1", "tcp", "tcp:x", "tcp:1:colour=red", "unix"):
            line = self.refusal(description)
            self.assertTrue(line.startswith(f"cannot listen on {description!r}: "), line)
            self.assertIn("tcp:9090", line)
            self.assertNotIn("\n", line)

    def test_a_missing_certificate(self) -> None:
        line = self.refusal("ssl:9443:privateKey=/nonexistent/key.pem")
        self.assertIn("No such file or directory: /nonexistent/key.pem", line)

    def test_a_broken_certificate(self) -> None:
        path = Path(self.mktemp())
        path.write_text("no certificate")
        line = self.refusal(f"ssl:0:privateKey={path}")
        self.assertIn("its key or certificate cannot be used (", line)

    def test_systemd_has_passed_nothing(self) -> None:
        for socket in ("index=0", "name=echo"):
            line = self.refusal(f"systemd:domain=INET:{socket}")
            self.assertIn("systemd has passed no such socket", line)

    def test_a_unix_socket_that_another_server_uses(self) -> None:
        with TemporaryDirectory() as directory:  # whose name is short enough
            lock = lockfile.FilesystemLock(f"{directory}/x.lock")
            lock.lock()
            self.patch(lockfile, "kill", lambda *_: None)  # Its owner lives.
            port = UNIXPort(
                f"{directory}/x".encode(), Factory(), wantPID=True, reactor=MemoryReactor()
            )
            problem = self.assertRaises(CannotListenError, port.startListening)
        reactor = mock.Mock(listenUNIX=mock.Mock(side_effect=problem))
        self.assertEqual(
            self.refusal("unix:x", reactor),
            "cannot listen on 'unix:x': another server uses it: stop that one, or choose another "
            "name",
        )

    def test_a_busy_port(self) -> None:
        self.assertEqual(self.refusal("tcp:9090", busy(9090)), "cannot listen on 'tcp:9090': busy")


STOCK = ("--transport", "stock")


class ListenersTests(SynchronousTestCase):
    def find(self, *arguments: str, is_worker: bool = False) -> list[Listener]:
        self.reactor = MemoryReactorClock()
        options = SampleOptions()
        options.is_worker = is_worker
        options.parseOptions(list(arguments))
        self.lab = ServiceProcess(options, self.reactor)
        return listeners(self.lab, options)

    def port(self, interface: str = "0.0.0.0", spare: int = 100) -> TCPPort:
        return TCPPort(self.reactor, 7007, interface, spare, others=default_ports)

    def guarded(self, listener: Listener) -> Guarded:
        return Guarded(listener, self.lab.files)

    def test_a_port_by_default(self) -> None:
        found = self.find("--interface", "::", *STOCK)
        self.assertEqual(found, [self.guarded(self.port("::"))])
        self.assertEqual(found[0].wanted, 7007)

    def test_strict_port(self) -> None:
        found = self.find("--strict-port", *STOCK)
        self.assertEqual(found, [self.guarded(self.port(spare=0))])

    def test_the_default_ports_of_all_services_are_left_to_them(self) -> None:
        makers = [mock.Mock(options=mock.Mock(default_port=port)) for port in (9094, 9096)]
        makers.append(mock.Mock(spec=()))  # It cannot be imported.
        self.patch(twisted_lab.process.plugins, "makers", lambda: dict(enumerate(makers)))
        [guarded] = self.find("--port", "9093", *STOCK)
        with mock.patch.object(self.reactor, "listenTCP", busy(9093).listenTCP):
            port: Any = self.successResultOf(guarded.listen(Factory()))
        self.assertEqual(port.getHost().port, 9095)

    def test_endpoints(self) -> None:
        found = self.find("--listen", "tcp:1", "--listen", "unix:/run/x", *STOCK)
        ends = [DescribedEndpoint(self.reactor, name) for name in ("tcp:1", "unix:/run/x")]
        self.assertEqual(found, [self.guarded(end) for end in ends])

    def test_fast_by_default(self) -> None:
        (listener,) = self.find()
        assert isinstance(listener, Guarded)
        assert isinstance(listener.listener, Fast)
        inner = listener.listener
        self.assertEqual(inner.listener, self.port())
        self.assertEqual(inner.wanted, 7007)

    def test_without_epoll_as_ever(self) -> None:
        epoll = select.epoll
        del select.epoll
        try:
            found = self.find()
        finally:
            select.epoll = epoll  # type: ignore[misc]
        self.assertEqual(found, [self.guarded(self.port())])

    def test_fast_is_for_tcp_alone(self) -> None:
        reactor = MemoryReactor()
        ports: list[Port] = [Port(0, Factory(), reactor=reactor), UNIXPort(b"x", Factory())]
        for port in ports:
            listener = mock.Mock(listen=lambda factory, port=port: succeed(port))
            Fast(listener, Poller(reactor)).listen(Factory())
        self.assertIsNot(ports[0].transport, Server)
        self.assertIs(ports[1].transport, UNIXServer)

    def test_a_worker_listens_where_it_is_told(self) -> None:
        found = self.find("--workers", "2", *STOCK, is_worker=True)
        self.assertEqual(found, [self.guarded(AdoptedPort(self.reactor))])

    def test_the_proxy_speaks_before_tls(self) -> None:
        (listener,) = self.find("--proxy-protocol", "--tls", *STOCK)
        assert isinstance(listener, BehindProxy)
        assert isinstance(listener.listener, OverTLS)
        self.assertEqual(listener.wanted, 7007)
        self.assertEqual(len(self.lab.resources), 1)

    def test_a_proxy_before_an_endpoint_that_wraps(self) -> None:
        # The port's factory is the one that ssl: has made of ours.
        port: Any = mock.Mock(factory=Factory())
        ours = mock.Mock(listen=lambda _: succeed(port))
        events, _ = recorded_events()
        inner = port.factory
        BehindProxy(ours, Clock(), events).listen(Factory())
        self.assertIs(port.factory.wrappedFactory, inner)
