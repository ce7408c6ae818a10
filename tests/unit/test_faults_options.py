"""Options of netlab-faults, and the service that they describe."""

from __future__ import annotations

import io
import json
from contextlib import redirect_stderr
from pathlib import Path
from unittest.mock import patch

from twisted.internet.error import DNSLookupError
from twisted.trial.unittest import SynchronousTestCase

from tests.doubles.reactor import FakeReactor
from twisted_lab.faults.fault_service import FaultService
from twisted_lab.faults.proxies.listening import read_proxy
from twisted_lab.faults.proxies.upstream import Target
from twisted_lab.faults.service import Options, build
from twisted_lab.process.service_process import ServiceProcess

PROXY = ("--proxy", "tcp:9190:localhost:9090")


def parse(*arguments: str) -> Options:
    options = Options()
    options.parseOptions(list(arguments))
    return options


class OptionsTests(SynchronousTestCase):
    def refuse(self, *arguments: str) -> str:
        said = io.StringIO()
        with redirect_stderr(said):
            self.assertRaises(SystemExit, parse, *arguments)
        self.assertEqual(said.getvalue().count("\n"), 1)
        return said.getvalue()

    def test_proxies_are_read(self) -> None:
        for text, *expected in (
            ("tcp:9190:localhost:9090", "tcp:9190", "tcp", "9190", Target("localhost", 9090)),
            ("udp:0:[::1]:9095", "udp:0", "udp", "0", Target("::1", 9095)),
            ("chat=tcp:1:10.0.0.1:2", "chat", "tcp", "1", Target("10.0.0.1", 2)),
            ("tcp:1:unix:/run/a:b", "tcp:1", "tcp", "1", Target("", 0, "/run/a:b")),
            ("unix:/run/x=1:h:2", "unix:/run/x=1", "unix", "/run/x=1", Target("h", 2)),
        ):
            self.assertEqual(list(read_proxy(text)), expected)
        self.assertEqual(str(Target("::1", 2)), "[::1]:2")

    def test_wrong_proxies_are_refused_in_one_line(self) -> None:
        for text, said in (
            ("9190", "a proxy is written like tcp:9190:localhost:9090"),
            ("sctp:1:h:2", "a proxy is written like"),
            ("tcp:x:h:2", "a port is a number from 0 to 65535, not 'x'"),
            ("tcp:1:h", "a server is HOST:PORT, [::1]:PORT or unix:/path, not 'h'; a proxy is"),
            ("tcp:1:a b:2", "a host is a name or an IP address"),
            ("tcp:1:h:0", "a port to connect to is a number from 1"),
            ("udp:1:unix:/x", "a udp proxy needs HOST:PORT for its server"),
        ):
            self.assertIn(f"--proxy: {said}", self.refuse("--proxy", text))

    def test_options_that_do_not_fit_are_refused_in_one_line(self) -> None:
        for arguments, said in (
            ((), "give at least one --proxy"),
            ((*PROXY, *PROXY), "two proxies have the name tcp:9190: give one another name"),
            ((*PROXY, "--toxic", "loss"), "--framing text, int32"),
            ((*PROXY, "--toxic", "latency=x"), "--toxic: toxic latency: expected a time"),
            ((*PROXY, "--toxic", "rebind"), "acts only on datagrams"),
            ((*PROXY, "--framing", "x"), "--framing: "),
            ((*PROXY, "--profile", "4g"), "--profile: expected a profile, one of 3g"),
            ((*PROXY, "--scenario", "/none"), "/none: No such file"),
            ((*PROXY, "--port", "1"), "--port is not supported"),
            ((*PROXY, "--tls"), "--tls is not supported"),
            ((*PROXY, "--workers", "2"), "all links must be in one process"),
        ):
            self.assertIn(said, self.refuse(*arguments))

    def test_toxics_have_names_also_those_of_a_profile(self) -> None:
        options = parse(*PROXY, "--toxic", "latency=1ms", "--profile", "3g")
        names = [toxic.name for toxic in options.toxics]
        self.assertEqual(names, ["latency", "bandwidth", "bandwidth-2", "latency-2"])

    def test_help_leaves_out_what_is_not_supported(self) -> None:
        text = str(Options())
        for name in ("--proxy ", "--toxic ", "--seed ", "--interface "):
            self.assertIn(name, text)
        for name in ("--port", "--tls", "--listen", "--workers", "--strict-port"):
            self.assertNotIn(f"{name} ", text.replace("=", " "))

    def test_help_shows_defaults_and_toxics_as_people_write_them(self) -> None:
        words = " ".join(str(Options()).split())
        self.assertIn("portions as they arrive. [default: none]", words)
        self.assertIn("satellite, lan. --proxy PROXY", words)
        self.assertIn("half_close, rebind. docs/faults.md explains them.", words)


class FaultServiceTests(SynchronousTestCase):
    def build(self, *arguments: str) -> FaultService:
        options = parse(*PROXY, *arguments)
        self.reactor = FakeReactor()
        self.process = ServiceProcess(options, self.reactor)
        service = build(self.process, options)
        self.process.addService(service)
        assert isinstance(service, FaultService)
        self.said: list[str] = []
        return service

    def test_a_replay_takes_no_toxics(self) -> None:
        path = Path(self.mktemp())
        options = parse(*PROXY, "--record", str(path))
        path.write_text(json.dumps({"format": 1, **options.header()}) + "\n")
        service = self.build("--replay", str(path))
        problem = self.assertRaises(ValueError, service.words["add"].answer, "latency=1s")
        self.assertEqual(
            str(problem), "the recording decides, and not toxics: add them without --replay"
        )
        self.assertEqual(service.toxics, ())

    def test_a_scenario_changes_toxics_and_disables_proxies(self) -> None:
        path = Path(self.mktemp())
        path.write_text(
            'repeat = true\n[[phase]]\nafter = "10s"\nfor = "5s"\ntoxics = ["latency=1s"]\n'
            '[[phase]]\nfor = "5s"\ndisabled = ["tcp:9190"]\n'
        )
        service = self.build("--scenario", str(path), "--toxic", "latency=2s")
        proxy = service.proxies["tcp:9190"]
        service.startService()
        states = []
        for _ in range(8):
            states.append(([toxic.name for toxic in proxy.toxics], proxy.is_enabled))
            self.reactor.advance(5)
        base = ["latency"], True
        expected = [base, base, ([*base[0], "latency-2"], True), (base[0], False)]
        self.assertEqual(states, expected * 2)
        service.stopService()
        self.assertEqual(self.reactor.getDelayedCalls(), [])

    def test_metrics_have_the_documented_names(self) -> None:
        self.build("--max-held", "1000")
        values = {each.name: each.read() for each in self.process.measures}
        self.assertEqual(values["held_bytes_limit"], 1000)
        for name in ("units", "faulted_units", "lost_units", "held_bytes"):
            self.assertEqual(values[name], 0)

    def test_a_host_without_an_address_is_one_line(self) -> None:
        service = self.build()
        failed: list[str] = []
        with patch(
            "twisted_lab.faults.proxies.upstream.find_now", side_effect=DNSLookupError("no host")
        ):
            self.patch(service._ports, "_fail", failed.append)
            service.privilegedStartService()
        [line] = failed
        self.assertIn("localhost: ", line)
        self.assertIn("no host", line)
