import errno
import select
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from unittest import mock

from twisted.internet.address import IPv4Address
from twisted.internet.defer import Deferred, succeed
from twisted.internet.error import CannotListenError
from twisted.internet.interfaces import IListeningPort
from twisted.internet.protocol import Factory
from twisted.internet.task import Clock
from twisted.internet.tcp import Port, Server
from twisted.internet.testing import MemoryReactor
from twisted.internet.unix import Port as UNIXPort
from twisted.internet.unix import Server as UNIXServer
from twisted.python import lockfile
from twisted.trial.unittest import SynchronousTestCase

import twisted_lab.process.plugins
from tests.doubles.options import SampleOptions
from tests.doubles.reactor import FakeReactor
from tests.doubles.recording import recorded_events
from twisted_lab.ports.fast.poller import Poller
from twisted_lab.ports.file_reserve import FileReserve
from twisted_lab.ports.listening import (
    BACKLOG,
    AdoptedPort,
    CannotListen,
    DescribedEndpoint,
    Fast,
    Guarded,
    Listener,
    TCPPort,
)
from twisted_lab.ports.proxy import BehindProxy, ProxiedFactory
from twisted_lab.ports.tls import OverTLS
from twisted_lab.process.listeners import listeners
from twisted_lab.process.plugins import default_ports
from twisted_lab.serving import ServiceProcess


class QuietPort(Port):
    """A port without a socket."""

    def getHost(self) -> IPv4Address:
        return IPv4Address("TCP", self.interface, self.port or 0)


class PortsReactor(MemoryReactor):
    """A reactor that cannot listen on some ports."""

    def __init__(self, problem: Callable[[int], OSError | None]) -> None:
        super().__init__()
        self.problem = problem

    def listenTCP(
        self, port: int, factory: Factory, backlog: int = 50, interface: str = ""
    ) -> IListeningPort:
        problem = self.problem(port)
        if isinstance(problem, OSError):
            if problem.errno == errno.EADDRINUSE and port % 2:
                raise problem  # listen() failed, not bind()
            raise CannotListenError(interface, port, problem)
        super().listenTCP(port, factory, backlog, interface)
        return QuietPort(port, factory, backlog, interface, self)


def busy(*ports: int) -> PortsReactor:
    return PortsReactor(lambda port: OSError(errno.EADDRINUSE, "busy") if port in ports else None)


class TCPPortTests(SynchronousTestCase):
    def refusal(self, listening: Deferred[IListeningPort]) -> str:
        return str(self.failureResultOf(listening, CannotListen).value)

    def number(self, listening: Deferred[IListeningPort]) -> int:
        address = self.successResultOf(listening).getHost()
        assert isinstance(address, IPv4Address)
        return address.port

    def test_a_free_port_is_used(self) -> None:
        reactor = MemoryReactor()
        factory = Factory()
        port = TCPPort(reactor, 9090, "127.0.0.1").listen(factory)
        self.assertEqual(self.number(port), 9090)
        self.assertEqual(reactor.tcpServers, [(9090, factory, BACKLOG, "127.0.0.1")])

    def test_busy_ports_are_skipped(self) -> None:
        port = TCPPort(busy(9090, 9091, 9092), 9090, "0.0.0.0").listen(Factory())
        self.assertEqual(self.number(port), 9093)

    def test_the_last_spare_port_is_used(self) -> None:
        reactor = busy(*range(9090, 9190))
        port = TCPPort(reactor, 9090, "0.0.0.0").listen(Factory())
        self.assertEqual(self.number(port), 9190)

    def test_busy_spare_ports_are_an_error(self) -> None:
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

    def test_ports_of_other_services_are_skipped(self) -> None:
        reactor = busy(9093)
        others = frozenset({9093, 9094, 9095})
        port = TCPPort(reactor, 9093, "0.0.0.0", others=lambda: others).listen(Factory())
        self.assertEqual(self.number(port), 9096)

    def test_the_advice_names_the_option_that_chooses_the_port(self) -> None:
        port = TCPPort(busy(9090), 9090, "::", spare=0, option="--echo-port").listen(Factory())
        self.assertIn("choose another one with --echo-port", self.refusal(port))

    def test_no_other_port_is_tried_without_spare_ports(self) -> None:
        port = TCPPort(busy(9090), 9090, "0.0.0.0", spare=0).listen(Factory())
        self.assertIn("port 9090 is busy", self.refusal(port))

    def test_no_other_port_is_tried_after_another_error(self) -> None:
        reactor = PortsReactor(lambda port: OSError(errno.EACCES, "no") if port == 80 else None)
        port = TCPPort(reactor, 80, "0.0.0.0").listen(Factory())
        self.assertIn("port 80 is privileged", self.refusal(port))
        self.assertEqual(reactor.tcpServers, [])

    def test_wanted_is_the_requested_port(self) -> None:
        self.assertEqual(TCPPort(MemoryReactor(), 9090, "::").wanted, 9090)
        self.assertIsNone(TCPPort(MemoryReactor(), 0, "::").wanted)


class DescribedEndpointTests(SynchronousTestCase):
    def refusal(self, description: str, reactor: object = None) -> str:
        listening = DescribedEndpoint(reactor or MemoryReactor(), description).listen(Factory())
        return str(self.failureResultOf(listening, CannotListen).value)

    def test_a_description_opens_an_endpoint(self) -> None:
        factory = Factory()
        port = UNIXPort(b"/run/echo", factory)
        reactor = mock.Mock(listenUNIX=mock.Mock(return_value=port))
        listening = DescribedEndpoint(reactor, "unix:/run/echo").listen(factory)
        self.assertIs(self.successResultOf(listening), port)
        self.assertEqual(reactor.listenUNIX.call_args[0][:2], ("/run/echo", factory))

    def test_an_endpoint_without_connection_limits_is_refused(self) -> None:
        self.assertEqual(
            self.refusal("tcp:9090"),
            "cannot listen on 'tcp:9090': services need a TCP port or a unix socket, and no "
            "_FakePort",
        )

    def test_malformed_descriptions_are_one_line(self) -> None:
        for description in ("", "9090", "nonsense:1", "tcp", "tcp:x", "tcp:1:colour=red", "unix"):
            line = self.refusal(description)
            self.assertTrue(line.startswith(f"cannot listen on {description!r}: "), line)
            self.assertIn("tcp:9090", line)
            self.assertNotIn("\n", line)
        self.assertIn("a number is expected, not 'x'", self.refusal("tcp:x"))

    def test_a_missing_certificate_is_one_line(self) -> None:
        line = self.refusal("ssl:9443:privateKey=/nonexistent/key.pem")
        self.assertIn("No such file or directory: /nonexistent/key.pem", line)

    def test_a_broken_certificate_is_one_line(self) -> None:
        path = Path(self.mktemp())
        path.write_text("no certificate")
        line = self.refusal(f"ssl:0:privateKey={path}")
        self.assertIn("its key or certificate cannot be used (", line)

    def test_a_socket_that_systemd_did_not_pass_is_one_line(self) -> None:
        for socket in ("index=0", "name=echo"):
            line = self.refusal(f"systemd:domain=INET:{socket}")
            self.assertIn("systemd has passed no such socket", line)

    def test_a_unix_socket_in_use_is_one_line(self) -> None:
        with TemporaryDirectory() as directory:  # a path short enough for a socket
            lock = lockfile.FilesystemLock(f"{directory}/x.lock")
            lock.lock()
            self.patch(lockfile, "kill", lambda *_: None)  # Its owner is alive.
            port = UNIXPort(
                f"{directory}/x".encode(), Factory(), wantPID=True, reactor=MemoryReactor()
            )
            problem = self.assertRaises(CannotListenError, port.startListening)
        reactor = mock.Mock(listenUNIX=mock.Mock(side_effect=problem))
        self.assertEqual(
            self.refusal("unix:x", reactor),
            "cannot listen on 'unix:x': another server uses it: stop that one, or choose another "
            "one with --listen",
        )

    def test_an_endpoint_that_cannot_be_opened_gets_the_advice_of_a_numbered_port(self) -> None:
        for port, number, text in (
            (9090, errno.EADDRINUSE, "port 9090 is busy: choose another one with --listen, or 0"),
            (80, errno.EACCES, "port 80 is privileged: choose one from 1024 up"),
        ):
            problem = OSError(number, "no")
            line = self.refusal(f"tcp:{port}", PortsReactor(mock.Mock(return_value=problem)))
            self.assertIn(f"cannot listen on 'tcp:{port}': {text}", line)

    def test_a_missing_folder_of_a_unix_socket_is_named(self) -> None:
        problem = OSError(errno.ENOENT, "No such file or directory", "1", None, "/no/x.lock")
        reactor = mock.Mock(listenUNIX=mock.Mock(side_effect=problem))
        line = self.refusal("unix:/no/x", reactor)
        self.assertEqual(line, "cannot listen on 'unix:/no/x': there is no folder /no")


STOCK = ("--transport", "stock")


class ListenersTests(SynchronousTestCase):
    def find(self, *arguments: str, is_worker: bool = False) -> list[Listener]:
        self.reactor = FakeReactor()
        options = SampleOptions()
        options.is_worker = is_worker
        options.parseOptions(list(arguments))
        self.process = ServiceProcess(options, self.reactor)
        return listeners(self.process, options)

    def port(self, interface: str = "0.0.0.0", spare: int = 100) -> TCPPort:
        return TCPPort(self.reactor, 7007, interface, spare, others=default_ports)

    def guarded(self, listener: Listener) -> Guarded:
        return Guarded(listener, self.process.files)

    def test_the_default_is_a_tcp_port(self) -> None:
        found = self.find("--interface", "::", *STOCK)
        self.assertEqual(found, [self.guarded(self.port("::"))])
        self.assertEqual(found[0].wanted, 7007)

    def test_strict_port_disables_spare_ports(self) -> None:
        found = self.find("--strict-port", *STOCK)
        self.assertEqual(found, [self.guarded(self.port(spare=0))])

    def test_default_ports_of_other_services_are_skipped(self) -> None:
        makers = [mock.Mock(options=mock.Mock(default_port=port)) for port in (9094, 9096)]
        makers.append(mock.Mock(spec=()))  # It cannot be imported.
        self.patch(twisted_lab.process.plugins, "makers", lambda: dict(enumerate(makers)))
        [guarded] = self.find("--port", "9093", *STOCK)
        with mock.patch.object(self.reactor, "listenTCP", busy(9093).listenTCP):
            port = self.successResultOf(guarded.listen(Factory()))
        self.assertEqual(port.getHost(), IPv4Address("TCP", "0.0.0.0", 9095))

    def test_listen_opens_endpoints(self) -> None:
        found = self.find("--listen", "tcp:1", "--listen", "unix:/run/x", *STOCK)
        ends = [DescribedEndpoint(self.reactor, name) for name in ("tcp:1", "unix:/run/x")]
        self.assertEqual(found, [self.guarded(end) for end in ends])

    def test_the_fast_transport_is_the_default(self) -> None:
        (listener,) = self.find()
        assert isinstance(listener, Guarded)
        assert isinstance(listener.listener, Fast)
        inner = listener.listener
        self.assertEqual(inner.listener, self.port())
        self.assertEqual(inner.wanted, 7007)

    def test_the_stock_transport_is_used_without_epoll(self) -> None:
        with mock.patch.object(select, "epoll"):
            del select.epoll
            found = self.find()
        self.assertEqual(found, [self.guarded(self.port())])

    def test_the_fast_transport_serves_tcp_only(self) -> None:
        reactor = FakeReactor()
        ports: list[Port] = [Port(0, Factory(), reactor=reactor), UNIXPort(b"x", Factory())]
        for port in ports:
            listener = mock.Mock(listen=lambda factory, port=port: succeed(port))
            Fast(listener, Poller(reactor)).listen(Factory())
        self.assertIsNot(ports[0].transport, Server)
        self.assertIs(ports[1].transport, UNIXServer)

    def test_a_worker_adopts_the_supervisors_socket(self) -> None:
        found = self.find("--workers", "2", *STOCK, is_worker=True)
        self.assertEqual(found, [self.guarded(AdoptedPort(self.reactor))])

    def test_the_proxy_header_precedes_tls(self) -> None:
        (listener,) = self.find("--proxy-protocol", "--tls", *STOCK)
        assert isinstance(listener, BehindProxy)
        assert isinstance(listener.listener, OverTLS)
        self.assertEqual(listener.wanted, 7007)
        self.assertEqual(len(self.process.resources), 1)

    def test_the_proxy_header_precedes_the_tls_of_an_endpoint(self) -> None:
        # The endpoint ssl: has wrapped our factory.
        inner = Factory()
        port = Port(0, inner)
        ours = mock.Mock(listen=lambda _: succeed(port))
        events, _ = recorded_events()
        BehindProxy(ours, Clock(), events).listen(Factory())
        assert isinstance(port.factory, ProxiedFactory)
        self.assertIs(port.factory.wrappedFactory, inner)

    def test_a_port_of_an_unknown_kind_is_refused(self) -> None:
        events, _ = recorded_events()
        port = mock.Mock()
        unknown = mock.Mock(listen=lambda _: succeed(port))
        for listener in (
            Fast(unknown, Poller(FakeReactor())),
            Guarded(unknown, FileReserve(Clock(), events)),
            BehindProxy(unknown, Clock(), events),
        ):
            refused = self.failureResultOf(listener.listen(Factory()), CannotListen)
            self.assertIn("no Mock", str(refused.value))
            port.stopListening.assert_called_once_with()
            port.reset_mock()

    def test_a_transport_of_an_unknown_kind_is_refused(self) -> None:
        class Other(Server):
            """A transport from a plugin."""

        class OtherPort(Port):
            transport = Other

            def getHost(self) -> IPv4Address:
                return IPv4Address("TCP", "127.0.0.1", 9090)

        listener = mock.Mock(listen=lambda factory: succeed(OtherPort(0, factory)))
        listening = Fast(listener, Poller(FakeReactor())).listen(Factory())
        refused = self.failureResultOf(listening, CannotListen)
        self.assertIn("Other at 127.0.0.1:9090 needs --transport stock", str(refused.value))
        self.successResultOf(
            Guarded(listener, FileReserve(Clock(), recorded_events()[0])).listen(Factory())
        )

    def test_proxy_modules_are_imported_only_when_needed(self) -> None:
        program = (
            "import sys\n"
            "from tests.doubles.reactor import FakeReactor\n"
            "from twisted_lab.services.echo import Options, makeService\n"
            "from twisted_lab.serving import ServiceProcess\n"
            "from twisted_lab.process.listeners import listeners\n"
            "options = Options()\n"
            "options.parseOptions(sys.argv[1:])\n"
            "listeners(ServiceProcess(options, FakeReactor()), options)\n"
            "print(sorted(name for name in sys.modules if 'prox' in name and 'twisted' in name))\n"
        )
        ours = ["twisted_lab.codecs.proxy_header", "twisted_lab.ports.proxy"]
        for arguments, expected in (((), []), (("--proxy-protocol",), ours)):
            said = subprocess.check_output([sys.executable, "-c", program, *arguments], text=True)
            self.assertEqual(said.strip(), str(expected))
