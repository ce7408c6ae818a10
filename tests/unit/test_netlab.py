"""All services in one process: options and reports."""

import io
import os
import re
import shlex
import sys
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from unittest.mock import Mock, patch

from twisted.application.service import ServiceMaker
from twisted.internet.address import IPv4Address, IPv6Address, UNIXAddress
from twisted.trial.unittest import SynchronousTestCase

from tests.doubles.options import SampleOptions, TwistdOptions
from tests.doubles.reactor import FakeReactor
from twisted_lab.defaults import DEFAULTS
from twisted_lab.process import group_options
from twisted_lab.process.group_options import FIRST_PORT, GroupOptions
from twisted_lab.services import auth, echo, messages
from twisted_lab.services.chat import Options as ChatOptions
from twisted_lab.services.echo import Options as EchoOptions
from twisted_lab.services.netlab import (
    Options,
    client_command,
    how_to_connect,
    how_to_connect_to_all,
    makeService,
)
from twisted_lab.serving import ServiceProcess, option

SERVICES = Options().services
NAMES = list(SERVICES)
PORTS = [options.default_port for options in SERVICES.values()]


def parse(*arguments: str) -> GroupOptions:
    options = Options()
    options.parseOptions(list(arguments))
    return options


_CLIENT = "python -m twisted_lab.client"


class OptionsTests(SynchronousTestCase):
    def refuse(self, *arguments: str, status: int = 2) -> str:
        said = io.StringIO()
        with redirect_stderr(said):
            end = self.assertRaises(SystemExit, parse, *arguments)
        self.assertEqual(end.code, status)
        self.assertEqual(said.getvalue().count("\n"), 1)
        return said.getvalue()

    def test_the_commands_for_systemd_in_the_page_are_valid(self) -> None:
        page = (Path(__file__).parents[2] / "docs" / "operations.md").read_text()
        commands = re.findall(r"^ExecStart=\S+/twistd -n netlab (.*)$", page, re.MULTILINE)
        self.assertGreaterEqual(len(commands), 2)
        for command in commands:
            parse(*shlex.split(command))

    def test_each_service_has_its_own_port(self) -> None:
        services = parse().services
        self.assertEqual(list(services), NAMES)
        self.assertEqual([each.port for each in services.values()], PORTS)

    def test_base_port_shifts_all_ports(self) -> None:
        moved = [port - FIRST_PORT + 7000 for port in PORTS]
        for base, ports in (("7000", moved), ("0", [0] * len(PORTS))):
            services = parse("--base-port", base).services.values()
            self.assertEqual([each.port for each in services], ports)

    def test_the_documented_settings_are_accepted(self) -> None:
        page = (Path(__file__).parents[2] / "docs/operations.md").read_text()
        [section] = re.findall(r"^## Settings for.*?(?=^## )", page, re.MULTILINE | re.DOTALL)
        rows = re.findall(r"^\| (`--.*?) \|", section, re.MULTILINE)
        self.assertGreater(len(rows), 15)
        for row in rows:
            if "on the clients" not in row:
                parse(*" ".join(re.findall(r"`(--[^`]+)`", row)).split())

    def test_only_selects_services(self) -> None:
        services = parse("--only", "chat,echo").services
        self.assertEqual(
            {name: each.port for name, each in services.items()}, {"chat": 9095, "echo": 9090}
        )

    def test_a_service_option_has_the_name_as_a_prefix(self) -> None:
        for arguments in (["--echo-chunk-size", "7"], ["--echo-chunk-size=7"]):
            services = parse("--echo-upper", *arguments, "--echo-port", "1").services
            self.assertEqual(services["echo"]["chunk-size"], 7)
            self.assertEqual((services["echo"]["upper"], services["echo"]["port"]), (1, 1))

    def test_a_shared_option_applies_to_all_services(self) -> None:
        services = parse("--interface", "::1", "--framing=int32", "--proxy-protocol").services
        for name, options in services.items():
            self.assertEqual((options.interface, options.proxy_protocol), ("::1", True))
            if name != "echo":
                self.assertEqual(options["framing"], "int32")

    def test_the_option_of_one_service_takes_precedence(self) -> None:
        for arguments in (
            ["--chat-idle-timeout", "7", "--idle-timeout", "9"],
            ["--idle-timeout", "9", "--chat-idle-timeout", "7"],
        ):
            services = parse(*arguments).services
            self.assertEqual((services["chat"].idle_timeout, services["echo"].idle_timeout), (7, 9))
        services = parse("--database", "x", "--ident-database", "y").services
        self.assertEqual((services["ident"]["database"], services["auth"]["database"]), ("y", "x"))

    def test_an_endpoint_of_one_service_overrides_the_interface(self) -> None:
        services = parse("--echo-listen", "unix:/x", "--echo-listen=unix:/y", "--interface=::1")
        self.assertEqual(services.services["echo"].listen, ("unix:/x", "unix:/y"))
        self.assertEqual(services.services["auth"].interface, "::1")

    def help(self, option: str) -> str:
        said = io.StringIO()
        with redirect_stdout(said):
            end = self.assertRaises(SystemExit, parse, option)
        self.assertEqual(end.code, 0)
        return " ".join(said.getvalue().split())

    def test_help_lists_own_and_shared_options(self) -> None:
        shown = self.help("--help")
        for part in (
            "--base-port N ",
            "--log-level VALUE ",
            "--tls ",
            "--max-message N The longest message, in bytes. [default: 65536]",
            "--idle-timeout N Idle timeout, in seconds. [default: the service's own]",
        ):
            self.assertIn(part, shown)
        for part in ("--upper ", "--echo-tls", "--port ", "--listen ", "--workers", "--ask"):
            self.assertNotIn(part, shown.partition("Runs all services")[0])

    def test_help_all_lists_options_of_each_service(self) -> None:
        shown = self.help("--help-all")
        for part in (
            "--base-port N ",
            "--tls ",
            "--echo-upper Send back upper-case text.",
            "--chat-idle-timeout N Idle timeout, in seconds. [default: 60]",
            "--auth-port N TCP port to listen on; 0 for any free one. [default: 9093]",
            "--messages-framing VALUE text (lines), int32 (a length first), or decimal:N or hex:N "
            "(the length in N digits). [default: int32]",
        ):
            self.assertIn(part, shown)
        for part in ("-workers", "--chat-listen", "--echo-log-level", "--chat-drain"):
            self.assertNotIn(part, shown)

    def test_help_all_says_where_the_databases_are(self) -> None:
        shown = self.help("--help-all")
        kinds = "an SQLite file, or postgresql://USER@HOST/NAME. [default: that of --database] --"
        for part in (
            "--auth-database FILE The database of accounts: ",
            "--ident-database FILE The database of names: ",
            "--chat-history FILE The database of messages: ",
        ):
            self.assertIn(part + kinds, shown)

    def test_a_service_can_opt_out(self) -> None:
        class Apart(SampleOptions):
            in_netlab = False

        made = {
            "sample": Mock(options=SampleOptions),
            "apart": Mock(options=Apart),
            "other": Mock(options=TwistdOptions),  # a service without our kind of options
        }
        self.patch(group_options, "makers", lambda: made)
        self.assertEqual(list(parse().services), ["sample"])

    def join(self, **made: type[SampleOptions]) -> None:
        """Let `netlab` run these services only."""
        found = {name: Mock(options=options) for name, options in made.items()}
        self.patch(group_options, "makers", lambda: found)

    def test_each_service_reads_a_shared_option(self) -> None:
        class Few(SampleOptions):
            limit = option.number("A limit.", default=1, most=9)
            labels = option.repeated("Labels.")

        class Many(SampleOptions):
            limit = option.parsed("A limit.", float, default=1.0)
            labels = option.repeated("Labels.")

        self.join(few=Few, many=Many)
        services = parse("--limit", "7", "--labels", "a", "--labels=b").services
        values = [(each["limit"], each["labels"]) for each in services.values()]
        self.assertEqual(values, [(7, ("a", "b")), (7.0, ("a", "b"))])
        self.assertIsInstance(services["many"]["limit"], float)
        self.assertIn("--limit: expected a whole number from 1 to 9", self.refuse("--limit=10"))
        self.assertEqual(parse("--only=many", "--limit=9.5").services["many"]["limit"], 9.5)

    def test_a_flag_and_a_value_are_no_shared_option(self) -> None:
        class Flag(SampleOptions):
            level = option.flag("A flag.")

        class Level(SampleOptions):
            level = option.number("A level.", default=1)

        self.join(one=Flag, two=Level)
        services = parse("--one-level", "--two-level", "3").services
        self.assertEqual([each["level"] for each in services.values()], [True, 3])
        self.assertIn("option --level not recognized", self.refuse("--level"))

    def test_the_names_of_netlab_itself_are_no_shared_options(self) -> None:
        class Named(SampleOptions):
            services = option.text("Services.", default="")
            only = option.text("Only.", default="")
            base_port = option.text("A port.", default="")

        self.join(named=Named)
        services = parse("--named-services", "x", "--named-only", "y", "--only", "named").services
        self.assertEqual((services["named"]["services"], services["named"]["only"]), ("x", "y"))
        self.assertEqual(parse("--base-port", "7").services["named"]["base-port"], "")
        self.assertIn("option --services not recognized", self.refuse("--services", "x"))

    def test_a_service_that_cannot_be_loaded_is_left_out(self) -> None:
        class Broken(SampleOptions):
            def __init__(self) -> None:
                raise KeyError("two\nlines")

        missing = ServiceMaker("", "no_such_module", "", "netlab-missing")
        made = {
            "missing": missing,
            "broken": Mock(options=Broken, tapname="netlab-broken"),
            "sample": Mock(options=SampleOptions),
        }
        self.patch(group_options, "makers", lambda: made)
        said = io.StringIO()
        with redirect_stderr(said):
            self.assertEqual(list(parse().services), ["sample"])
        lines = said.getvalue().splitlines()
        self.assertEqual(len(lines), 2)
        for line, start in zip(
            lines,
            (
                "netlab: netlab-missing is left out: ",
                "netlab: netlab-broken is left out: KeyError: 'two\\nlines'",
            ),
            strict=True,
        ):
            self.assertTrue(line.startswith(start), line)
        with redirect_stderr(said):
            self.assertRaises(SystemExit, parse, "--only", "broken")
        self.assertIn("--only: expected services among sample, not 'broken'", said.getvalue())

    def test_a_service_without_a_port_of_its_own_takes_any_free_one(self) -> None:
        class AnyPort(SampleOptions):
            default_port = 0

        self.patch(group_options, "makers", lambda: {"sample": Mock(options=AnyPort)})
        self.assertEqual(parse("--base-port", "9881").services["sample"].port, 0)

    def test_process_options_are_not_passed_to_services(self) -> None:
        options = parse("--log-level", "warn", "--drain", "7")
        self.assertEqual((options.log_level, options.drain), ("warn", 7))

    def test_a_value_may_look_like_an_option(self) -> None:
        options = parse("--log-file", "--tls")
        self.assertEqual((options.log_file, options.services["echo"].tls), ("--tls", False))

    def test_services_share_a_database(self) -> None:
        services = parse("--database", "x", "--chat-history", "y").services
        self.assertEqual((services["ident"]["database"], services["auth"]["database"]), ("x", "x"))
        self.assertEqual(services["chat"]["history"], "y")
        self.assertEqual(parse().services["chat"]["history"], "netlab.sqlite3")
        options = parse("--history-bytes", "1000", "--chat-history-days", "7").services["chat"]
        self.assertEqual((options["history-bytes"], options["history-days"]), (1000, 7))

    def test_wrong_usage_gives_one_line(self) -> None:
        for arguments, text in (
            (["--only", "echo,talk"], "netlab: --only: expected services among echo, messages"),
            (
                ["--echo-workers", "2"],
                "netlab: --echo-workers is not supported: netlab runs all services in one process; "
                "twistd -n netlab-echo --workers 2 runs one service in two processes; leave it out",
            ),
            (["--chat-workers", "2"], "--chat-workers is not supported: all members must be"),
            (
                ["--workers", "2"],
                "netlab: there is no option --workers: netlab runs all services in one process; "
                "twistd -n netlab-echo --workers 2 runs",
            ),
            (["--metrics", "9100"], "netlab: --metrics: cannot listen on '9100': "),
            (["--metrics", "tcp:99999"], "a port is a number from 0 to 65535, not 99999"),
            (["--echo-listen", "tcp:x"], "cannot listen on 'tcp:x': a number is expected, not 'x'"),
            (["--control", "unix:x:mode=x"], "netlab: --control: cannot listen on 'unix:x:mode=x'"),
            (
                ["--port", "3"],
                "netlab: there is no option --port: --base-port moves the ports of all",
            ),
            (["--echo-prot", "3"], "netlab: option --echo-prot not recognized"),
            (["--auth-registration", "maybe"], "netlab: --auth-registration: expected one of open"),
            (["--max-connections"], "option --max-connections requires argument"),
            (["--only", ""], "netlab: --only needs a value that is not empty"),
            (["--only=echo,chatt"], "not 'chatt'; did you mean chat?"),
            (["--only=x"], "netlab: --only: expected services among echo, messages"),
            (
                ["--only=echo", "--chat-history=x"],
                "--chat-history belongs to chat, which --only leaves out",
            ),
            (["--only=echo", "--history=x"], "--history belongs to chat, which --only leaves out"),
            (["--history-days", "0"], "netlab: --history-days: expected a whole number of days"),
            (["--chat-history-bytes", "1M"], "--chat-history-bytes: expected a whole number of"),
            (["--metrics="], "netlab: --metrics needs a value that is not empty"),
            (["--log-file", ""], "netlab: --log-file needs a value that is not empty"),
            (["--certificate", ""], "netlab: --certificate needs a value that is not empty"),
            (["--", "--tls"], "netlab: '--tls' is not an option"),
            (["--log-file", "--tls", "--x"], "netlab: option --x not recognized"),
            (["--echo-upper=yes"], "netlab: option --echo-upper must not have an argument"),
            (["--key", "x"], "netlab: --key requires --tls"),
            (["--echo-port="], "netlab: --echo-port needs a value that is not empty"),
            (["--echo-port", "x"], "netlab: --echo-port: expected a whole number from 0 to 65535"),
            (["--chat-history="], "netlab: --chat-history needs a value that is not empty"),
            (["--chat-idle-timeout", "x"], "netlab: --chat-idle-timeout: expected a whole number"),
            (
                ["--idle-timeout", "--tls"],
                "--idle-timeout: expected a whole number of seconds from",
            ),
            (["--only", "chat", "--chat-tls"], "netlab: --chat-tls requires --chat-tcp-port"),
            (["--chat-tls"], "netlab: --chat-tls requires --chat-tcp-port"),
            (["--only", "chat", "--tls"], "netlab: --tls requires --chat-tcp-port"),
            (["--base-port", "x"], "netlab: --base-port: expected a whole number"),
        ):
            self.assertIn(text, self.refuse(*arguments))

    def test_a_busy_service_leaves_the_port_of_a_service_outside_free(self) -> None:
        self.join(sample=SampleOptions)
        self.assertEqual(parse().services["sample"].others_ports(), {*PORTS, 7007})

    def test_only_the_files_of_chosen_services_count(self) -> None:
        with patch("os.getcwd", side_effect=FileNotFoundError):
            parse("--only", "echo")
            parse("--only", "ident", "--ident-database", "/x")
            parse("--database", "/x")
            self.assertIn("directory was removed", self.refuse("--only", "ident", status=1))

    def test_the_chat_names_its_own_port_instead_of_endpoints(self) -> None:
        self.assertIn(
            "--chat-listen supports only streams: use --chat-port, --interface and --chat-tcp-port",
            self.refuse("--only", "chat", "--chat-listen", "tcp:0"),
        )

    def test_services_know_all_ports_and_the_option_for_their_own(self) -> None:
        options = parse("--only", "auth,chat", "--chat-tcp-port", "9096")
        for service in options.services.values():
            self.assertEqual(service.others_ports(), {*PORTS, 9096})
        auth = options.services["auth"]
        self.assertEqual(auth.name_of("port"), "--auth-port or --base-port")
        self.assertEqual(options.services["chat"].name_of("tcp-port"), "--chat-tcp-port")
        auth = parse("--auth-port", "1").services["auth"]
        self.assertEqual(auth.name_of("port"), "--auth-port")

    def test_a_foreground_process_writes_no_pid_file(self) -> None:
        options = Options()
        options.parent = TwistdOptions()
        options.parent["nodaemon"] = 1
        options.parseOptions([])
        self.assertEqual(options.parent["pidfile"], "")


class MakeServiceTests(SynchronousTestCase):
    def test_the_process_has_one_of_each_service(self) -> None:
        process = makeService(parse("--base-port", "0"))
        names = [service.events.service for service in process.services]
        self.assertEqual(names, [f"netlab-{name}" for name in NAMES])
        # The database and the hashing threads.
        self.assertEqual(len(process.resources), 2)
        measures = {measure.name for measure in process.measures}
        self.assertLessEqual({"log_events_summed", "hash_queue", "retransmissions"}, measures)

    def test_services_share_one_certificate(self) -> None:
        process = makeService(parse("--base-port", "0", "--tls"))
        self.assertEqual(len(process.resources), 3)

    def table(self, *arguments: str, host: str = "0.0.0.0") -> str:
        options = parse(*arguments)
        process = ServiceProcess(options, FakeReactor())
        for name, its_options in options.services.items():
            module = {"echo": echo, "messages": messages, "auth": auth}[name]
            process.addService(module.build(process, its_options))
        for port, service in enumerate(process.services, 9090):
            address = IPv4Address("TCP", host, port)
            service._ports._open.append((Mock(), Mock(getHost=lambda address=address: address)))
        return how_to_connect_to_all(process, options.services, _CLIENT)

    def test_the_table_notes_that_auth_refuses_other_machines(self) -> None:
        note = "\nauth refuses other machines: --auth-tls or --auth-allow-plaintext\n\n"
        for arguments, host, is_noted in (
            ([], "0.0.0.0", True),
            ([], "192.0.2.1", True),
            ([], "127.0.0.1", False),
            ([], "", False),  # a unix socket
            (["--auth-tls"], "0.0.0.0", False),
            (["--auth-allow-plaintext"], "0.0.0.0", False),
        ):
            table = self.table("--only", "auth", *arguments, host=host)
            self.assertEqual(table.endswith(note), is_noted, table)

    def test_the_table_says_how_other_machines_connect_where_they_are_meant_to(self) -> None:
        line = "\non other machines: add --host and the address of this machine\n"
        for arguments, is_said in (
            (["--interface", "0.0.0.0"], True),
            (["--interface", "127.0.0.1"], False),
            ([], False),  # nobody has asked for that
        ):
            self.assertEqual(line in self.table("--only", "echo", *arguments), is_said, arguments)

    def test_the_table_shows_how_to_connect(self) -> None:
        self.assertEqual(
            self.table("--only", "echo,messages"),
            "\n"
            "service   address       how to connect\n"
            "echo      0.0.0.0:9090  python -m twisted_lab.client echo\n"
            "messages  0.0.0.0:9091  python -m twisted_lab.client messages\n"
            "other machines can connect, too; --interface 127.0.0.1 prevents it\n"
            "\n",
        )

    def test_the_table_notes_that_a_port_was_busy(self) -> None:
        noted = "\nport 9093 was busy: auth is at 9090\n"
        self.assertIn(noted, self.table("--only", "auth"))
        for arguments in (["--base-port", "9087"], ["--base-port", "0"]):
            self.assertNotIn("busy", self.table("--only", "auth", *arguments))

    def test_nobody_is_told_of_what_they_have_chosen(self) -> None:
        for arguments in (["--interface", "0.0.0.0"], ["--echo-interface", "0.0.0.0"]):
            self.assertNotIn("can connect", self.table("--only", "echo", *arguments))
        told = self.table("--only", "echo,messages", "--echo-interface", "127.0.0.1")
        self.assertEqual(told.count("can connect"), 1)


class SecretsTests(SynchronousTestCase):
    def test_services_with_secrets_show_no_bytes_at_level_debug(self) -> None:
        process = makeService(parse("--log-level", "debug"))
        shown = {name for name in NAMES if process.log.events_of(f"netlab-{name}").shows_bytes}
        # Further services decide for themselves.
        self.assertEqual(shown & {*DEFAULTS}, {"echo", "messages", "ident", "broadcast"})


class HowToConnectTests(SynchronousTestCase):
    def test_each_address_has_a_command_to_connect(self) -> None:
        plain, tls, chat, other = EchoOptions(), EchoOptions(), ChatOptions(), SampleOptions()
        certified = EchoOptions()
        tls.parseOptions(["--tls"])
        certified.parseOptions(["--tls", "--certificate", "x.pem", "--key", "y.pem"])
        ours = "python -m twisted_lab.client"
        for options, address, words in (
            (plain, IPv4Address("TCP", "0.0.0.0", 9090), f"{ours} echo"),
            (plain, IPv4Address("TCP", "192.0.2.1", 9), f"{ours} echo --host 192.0.2.1 --port 9"),
            (plain, IPv6Address("TCP", "::", 9090), f"{ours} echo"),
            (plain, UNIXAddress(b"/run/echo"), "nc -U /run/echo"),
            (tls, IPv4Address("TCP", "0.0.0.0", 9090), f"{ours} echo --tls --first-use"),
            (
                certified,
                IPv4Address("TCP", "192.0.2.1", 9),
                f"{ours} echo --host NAME --port 9 --tls",
            ),
            (chat, IPv4Address("UDP", "0.0.0.0", 9095), f"{ours} chat"),
            (chat, IPv4Address("TCP", "0.0.0.0", 9096), "nc localhost 9096"),
            (other, IPv6Address("TCP", "::1", 7007), f"{ours} sample --host ::1"),
        ):
            self.assertEqual(how_to_connect(address, options, _CLIENT), words)
        chat.parseOptions(["--tls", "--tcp-port", "7"])
        self.assertEqual(
            how_to_connect(IPv4Address("TCP", "0.0.0.0", 7), chat, _CLIENT),
            "openssl s_client -quiet -connect localhost:7",
        )

    def test_the_loopback_address_needs_no_host_option(self) -> None:
        address = IPv4Address("TCP", "127.0.0.1", 9090)
        self.assertEqual(
            how_to_connect(address, EchoOptions(), ".venv/bin/netlab client"),
            ".venv/bin/netlab client echo",
        )


class InterpreterTests(SynchronousTestCase):
    def named(
        self, executable: str, path: str, prefix: str = "/opt/base", base: str = "/opt/base"
    ) -> str:
        """Return the command of an interpreter for this PATH."""
        self.patch(sys, "argv", ["/usr/bin/twistd"])
        self.patch(sys, "executable", executable)
        self.patch(sys, "prefix", prefix)
        self.patch(sys, "base_prefix", base)
        self.patch(os, "environ", {"PATH": path})
        return client_command().removesuffix(" -m twisted_lab.client")

    def test_an_interpreter_on_the_path_is_named_without_directory(self) -> None:
        folder = Path(self.mktemp())
        folder.mkdir()
        python = folder.absolute() / "python3"
        python.touch(0o755)
        self.assertEqual(self.named(str(python), str(folder.absolute())), "python3")
        # Not on the PATH, or in a virtual environment, which may be inactive in another shell.
        self.assertEqual(self.named(str(python), "/nowhere"), shlex.quote(str(python)))
        prefix = str(folder.absolute())
        in_environment = self.named(str(python), prefix, prefix, "/usr")
        self.assertEqual(in_environment, shlex.quote(str(python)))

    def test_an_interpreter_below_the_directory_is_relative(self) -> None:
        self.patch(os, "getcwd", lambda: "/opt")
        self.assertEqual(self.named("/opt/base/bin/python", ""), "base/bin/python")

    def test_an_interpreter_elsewhere_is_absolute(self) -> None:
        self.assertEqual(self.named("/opt/base/bin/python", ""), "/opt/base/bin/python")
        self.assertEqual(self.named("/opt/my lab/bin/python", ""), "'/opt/my lab/bin/python'")

    def test_an_interpreter_is_absolute_in_a_removed_directory(self) -> None:
        with patch("os.getcwd", side_effect=FileNotFoundError):
            self.assertEqual(self.named("/opt/base/bin/python", ""), "/opt/base/bin/python")

    def test_netlab_beside_the_interpreter_is_named(self) -> None:
        folder = Path(self.mktemp()).absolute()
        folder.mkdir()
        (folder / "netlab").touch(0o755)
        named = self.named(str(folder / "python"), "", str(folder), "/usr")
        self.assertEqual(named, f"{shlex.quote(str(folder / 'netlab'))} client")

    def test_netlab_is_named_as_it_was_found(self) -> None:
        folder = Path(self.mktemp()).absolute()
        (folder / "bin").mkdir(parents=True)
        program = folder / "bin" / "netlab"
        program.touch(0o755)
        path = str(program.parent)
        for prefix, here, given, shown in (
            ("/opt/pipx", "/", str(program), "netlab"),
            (
                str(folder),
                "/",
                str(program),
                shlex.quote(str(program)),
            ),  # inactive in another shell
            (str(folder), str(folder.parent), str(program), f"{folder.name}/bin/netlab"),
            ("/opt/pipx", str(folder), "bin/netlab", "netlab"),
            ("/opt/pipx/venv", "/opt/pipx", "/opt/my lab/netlab", "'/opt/my lab/netlab'"),
        ):
            self.named("/opt/pipx/bin/python", path, prefix, "/usr")
            self.patch(sys, "argv", [given])
            self.patch(os, "getcwd", lambda here=here: here)
            self.assertEqual(client_command(), f"{shown} client")

    def test_the_table_names_the_interpreter(self) -> None:
        process = makeService(parse("--only", "echo", "--base-port", "0"))
        [service] = process.services
        address = IPv4Address("TCP", "127.0.0.1", 9090)
        service._ports._open.append((Mock(), Mock(getHost=lambda: address)))
        assert process.greeting is not None
        self.assertIn(f"{client_command()} echo", process.greeting())
