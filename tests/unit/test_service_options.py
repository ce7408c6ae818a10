import io
from contextlib import redirect_stderr, redirect_stdout
from typing import Any
from unittest import skipUnless
from unittest.mock import patch

from twisted.python.usage import UsageError
from twisted.trial.unittest import SynchronousTestCase

from tests.doubles.options import SampleOptions, TwistdOptions, parse
from tests.doubles.sockets import HAS_IPV6, NO_IPV6
from twisted_lab import __version__
from twisted_lab.process.process_options import control_endpoint
from twisted_lab.services import broadcast, chat, echo, ident


class ServiceOptionsTests(SynchronousTestCase):
    def refuse(self, *arguments: str) -> str:
        said = io.StringIO()
        with redirect_stderr(said):
            end = self.assertRaises(SystemExit, parse, *arguments)
        self.assertEqual(end.code, 2)
        self.assertEqual(said.getvalue().count("\n"), 1)
        return said.getvalue()

    def test_options_have_the_documented_defaults(self) -> None:
        options = parse()
        self.assertEqual((options.interface, options.port), ("0.0.0.0", 7007))
        self.assertEqual(options.listen, ())
        self.assertEqual(options.log_level, "info")
        self.assertEqual(options.log_format, "text")

    def test_options_parse_values(self) -> None:
        options = parse(
            "--port",
            "0",
            "--interface",
            "::1",
            "--log-level",
            "warn",
            "--log-keep=2",
            "--log-file=x",
        )
        self.assertEqual((options.interface, options.port), ("::1", 0))
        self.assertEqual(options.log_level, "warn")
        self.assertEqual(options.log_keep, 2)

    def test_listen_is_repeatable(self) -> None:
        options = parse("--listen", "unix:/run/x", "--listen", "tcp6:1")
        self.assertEqual(options.listen, ("unix:/run/x", "tcp6:1"))

    def test_arguments_are_kept_for_workers(self) -> None:
        given = ["--workers", "2", "--port=1"]
        self.assertEqual(parse(*given).arguments, given)

    def test_a_worker_does_not_ask(self) -> None:
        options = SampleOptions()
        options.is_worker = True
        with patch("builtins.input", side_effect=AssertionError):
            options.parseOptions(["--ask", "--workers", "2"])

    def test_a_single_process_service_refuses_workers(self) -> None:
        for service in (chat, broadcast):
            said = io.StringIO()
            with redirect_stderr(said):
                self.assertRaises(SystemExit, service.Options().parseOptions, ["--workers", "2"])
            self.assertIn("all members must be in one process", said.getvalue())
            service.Options().parseOptions(["--workers", "1"])

    def test_instances_share_nothing(self) -> None:
        parse("--listen", "unix:/run/x")
        self.assertEqual(parse().listen, ())

    def test_help_omits_options_that_the_service_refuses(self) -> None:
        for service, workers, listen in (
            (echo, True, True),
            (broadcast, False, True),
            (chat, False, False),
        ):
            options = service.Options()
            self.assertEqual("--workers" in str(options), workers)
            self.assertEqual("--listen" in str(options), listen)
        with redirect_stderr(io.StringIO()) as said:
            self.assertRaises(SystemExit, options.parseOptions, ["--listen", "unix:x"])
        self.assertIn("--listen supports only streams", said.getvalue())

    def test_a_note_says_that_other_machines_can_connect_unless_that_was_chosen(self) -> None:
        self.assertIn("--interface 127.0.0.1 prevents it", parse().open_note)
        for arguments in (
            ["--interface", "127.0.0.1"],
            ["--interface", "0.0.0.0"],
            ["--listen", "tcp:1"],
        ):
            self.assertEqual(parse(*arguments).open_note, "")

    def test_port_was_given_reports_an_explicit_port(self) -> None:
        self.assertFalse(parse().port_was_given)
        self.assertTrue(parse("--port", "7007").port_was_given)

    def test_help_shows_the_default_port(self) -> None:
        self.assertIn("[default: 7007]", " ".join(str(SampleOptions()).split()))

    def test_wrong_usage_gives_one_line(self) -> None:
        for arguments, text in (
            (["--port", "x"], "--port: expected a whole number from 0 to 65535, not 'x'"),
            (["--interface", "here"], "--interface: an interface is an IP address such as"),
            (["--prot", "1"], "--prot not recognized; did you mean --port?"),
            (["--log-keep", "9"], "--log-keep requires --log-file"),
            (["--log-rotate-bytes", "9"], "--log-rotate-bytes requires --log-file"),
            (["--log-keep", "0"], "--log-keep: expected a whole number from 1 up, not '0'"),
            (["--log-level", "loud"], "--log-level: expected one of debug, info, warn, error, not"),
            (["9090"], "'9090' is not an option"),
            (["--listen", "tcp:1", "--port", "1"], "--listen and --port cannot be combined"),
            (["--listen", "tcp:1", "--port", "0"], "--listen and --port cannot be combined"),
            (["--listen", "tcp:1", "--ask"], "--listen and --ask cannot be combined"),
            (["--listen", "tcp:1", "--workers", "2"], "--listen and --workers cannot be combined"),
            (["--key", "x"], "--key requires --tls"),
            (["--tls", "--key", "x"], "--key requires --certificate"),
            (["--control", "tcp:1"], "--control: expected a unix endpoint such as unix:netlab."),
            (["--workers", "0"], "--workers: expected a whole number from 1 to 256, not '0'"),
        ):
            line = self.refuse(*arguments)
            self.assertTrue(line.startswith("netlab-sample: "), line)
            self.assertIn(text, line)

    def test_version_is_printed(self) -> None:
        said = io.StringIO()
        with redirect_stdout(said):
            end = self.assertRaises(SystemExit, parse, "--version")
        self.assertEqual(end.code, 0)
        self.assertIn(f"twisted_lab {__version__}", said.getvalue())

    def ask(self, answers: list[str], *arguments: str) -> tuple[SampleOptions, str]:
        said = io.StringIO()
        with redirect_stdout(said), patch("sys.stdin", io.StringIO("\n".join([*answers, ""]))):
            return parse("--ask", *arguments), said.getvalue()

    def test_ask_prompts_for_interface_and_port(self) -> None:
        options, said = self.ask(["127.0.0.1", "0"])
        self.assertEqual((options.interface, options.port), ("127.0.0.1", 0))
        self.assertIn("Interface [0.0.0.0]: ", said)
        self.assertIn("Port [7007]: ", said)

    @skipUnless(HAS_IPV6, NO_IPV6)
    def test_ask_repeats_a_prompt_after_a_bad_answer(self) -> None:
        options, said = self.ask(["everywhere", "192.0.2.1", "::1", "many", "0"])
        self.assertEqual((options.interface, options.port), ("::1", 0))
        self.assertIn("not 'everywhere'", said)
        self.assertIn("192.0.2.1 is not an address of this machine", said)
        self.assertIn("not 'many'", said)

    def test_ask_does_not_offer_an_unusable_default(self) -> None:
        options, said = self.ask(["", ""], "--interface", "192.0.2.1")
        self.assertEqual(options.interface, "0.0.0.0")
        self.assertIn("192.0.2.1 is not an address of this machine", said)
        self.assertIn("Interface [0.0.0.0]: ", said)

    def test_ask_offers_given_values_as_defaults(self) -> None:
        options, said = self.ask(["", ""], "--port", "7008")
        self.assertEqual((options.interface, options.port), ("0.0.0.0", 7008))
        self.assertIn("Port [7008]: ", said)

    def test_a_removed_directory_is_one_line(self) -> None:
        with (
            patch("os.getcwd", side_effect=FileNotFoundError),
            redirect_stderr(io.StringIO()) as said,
        ):
            for made, arguments in (
                (ident.Options(), []),
                (SampleOptions(), ["--tls"]),
                (SampleOptions(), ["--log-file", "x"]),
                (SampleOptions(), ["--control", "unix:x"]),
                (SampleOptions(), ["--metrics", "unix:x:mode=600"]),
                (SampleOptions(), ["--listen", "tcp:9090", "--listen", "unix:x"]),
            ):
                self.assertRaises(SystemExit, made.parseOptions, arguments)
            self.assertEqual(said.getvalue().count("the current directory was removed"), 6)
            parse("--log-file", "/x", "--workers", "2")
            parse("--control", "unix:/x", "--metrics", "tcp:9100", "--listen", "unix:/x")
            ident.Options().parseOptions(["--database", "/x"])
        self.assertNotIn("--help", said.getvalue())

    def test_an_unknown_option_refers_to_help(self) -> None:
        with redirect_stderr(io.StringIO()) as said:
            self.assertRaises(SystemExit, SampleOptions().parseOptions, ["--colour"])
        self.assertIn("--colour not recognized (--help lists the options)", said.getvalue())

    def test_a_low_file_limit_is_an_error(self) -> None:
        with (
            patch("twisted_lab.process.process_options.raise_file_limit", return_value=10),
            redirect_stderr(io.StringIO()) as said,
        ):
            self.assertRaises(SystemExit, SampleOptions().parseOptions, [])
        self.assertIn("only 10 files may be open, and 64 are needed", said.getvalue())

    def test_an_overlong_socket_path_is_refused(self) -> None:
        control_endpoint(f"unix:{'x' * 107}:mode=660")
        for path in ("x" * 108, "\u00e9" * 54, "\n" * 108):
            error = self.assertRaises(UsageError, control_endpoint, f"unix:{path}")
            self.assertIn("at most 107 bytes", str(error))
            self.assertNotIn("\n", str(error))

    def pidfile(self, **twistd: Any) -> str:
        options = SampleOptions()
        options.parent = TwistdOptions()
        options.parent.update(twistd)
        options.parseOptions([])
        return str(options.parent["pidfile"])

    def test_a_foreground_server_writes_no_pid_file(self) -> None:
        self.assertEqual(self.pidfile(nodaemon=1), "")

    def test_an_explicit_pid_file_is_kept(self) -> None:
        self.assertEqual(self.pidfile(nodaemon=1, pidfile="my.pid"), "my.pid")
        self.assertEqual(self.pidfile(nodaemon=0), "twistd.pid")
