import io
import sys
from contextlib import redirect_stderr, redirect_stdout
from unittest.mock import patch

from hypothesis import given
from hypothesis import strategies as st
from twisted.internet.error import (
    ConnectionDone,
    ConnectionLost,
    DNSLookupError,
)
from twisted.internet.error import ConnectionRefusedError as ConnectRefused
from twisted.internet.error import TimeoutError as ConnectTimeout
from twisted.internet.interfaces import ISSLTransport
from twisted.internet.task import Clock
from twisted.internet.testing import StringTransport
from twisted.python.failure import Failure
from twisted.trial.unittest import SynchronousTestCase
from zope.interface import alsoProvides

from tests.doubles.recording import PEER, SERVER, Recorder
from twisted_lab.client import services
from twisted_lab.client.connecting import advice
from twisted_lab.client.connection import PATIENCE, ClientConnection, GaveUp, HungUp
from twisted_lab.client.dialogue import AnyTalk
from twisted_lab.client.exit_line import UntilExit
from twisted_lab.client.framing import Framing, Headed, Int32, Text, Unchanged
from twisted_lab.client.options import ClientOptions
from twisted_lab.client.pipe import Pipe
from twisted_lab.client.rendering import WholeLines, visible
from twisted_lab.client.services import known_services
from twisted_lab.client.silence import may_be_tls, suggest_tls
from twisted_lab.codecs import MAX_INCOMING, MessageError, encode_frame
from twisted_lab.disconnects import Disconnect
from twisted_lab.eventlog.events import ClientEvents
from twisted_lab.ports.resolving import NO_HOST


def parse(*arguments: str) -> ClientOptions:
    options = ClientOptions()
    options.parseOptions(list(arguments))
    return options


class ClientOptionsTests(SynchronousTestCase):
    def test_options_have_the_documented_defaults(self) -> None:
        options = parse()
        options.complete(interactive=False)
        self.assertEqual((options.service, options.host, options.port), ("echo", "localhost", 9090))

    def test_the_service_may_precede_or_follow_options(self) -> None:
        for arguments in (["echo", "--port", "1"], ["--port", "1", "echo"], ["--port", "1"]):
            options = parse(*arguments)
            self.assertEqual((options.service, options.port), ("echo", 1))

    def test_each_service_has_its_own_port_and_framing(self) -> None:
        for arguments, port, framing in (
            (["echo"], 9090, Unchanged),
            (["messages"], 9091, Int32),
            (["messages", "--framing", "text"], 9091, Text),
            (["echo", "--framing", "decimal:10"], 9090, Headed),
            (["broadcast"], 9094, Text),
            (["broadcast", "-f", "int32"], 9094, Int32),
            (["messages", "--framing", "decimal:10"], 9091, Headed),
        ):
            options = parse(*arguments)
            options.complete(interactive=False)
            self.assertEqual(options.port, port)
            self.assertIsInstance(options.make_framing(self.fail), framing)

    def test_wrong_usage_gives_one_line_and_status_2(self) -> None:
        for arguments, text in (
            (
                ["zzz"],
                f"there is no service 'zzz': there are {', '.join(known_services())}; any other "
                "one needs --port",
            ),
            (["echo", "echo"], "twisted_lab.client: unexpected 'echo' after the service (--help"),
            (["eko"], "there is no service 'eko'; did you mean echo?"),
            (["ech"], "there is no service 'ech'; did you mean echo? (--help"),
            (["massages"], "there is no service 'massages'; did you mean messages?"),
            (["localhost", "9090"], "did you mean --host localhost --port 9090?"),
            (["localhost:9090"], "did you mean --host localhost --port 9090?"),
            (["[::1]:9090"], "did you mean --host ::1 --port 9090?"),
            (["3333"], "there is no service '3333'; did you mean --port 3333?"),
            (["messages", "3333"], "did you mean messages --port 3333?"),
            (["chat", "box", "9095"], "did you mean chat --host box --port 9095?"),
            (["auth", "192.0.2.7"], "did you mean auth --host 192.0.2.7?"),
            (["192.0.2.7", "--port", "7"], "did you mean --host 192.0.2.7?"),
            (["localhost", "0"], "there is no service 'localhost 0': there are"),
            (["--port", "x"], "--port: expected a whole number from 1 to 65535, not 'x'"),
            (["--port", "0"], "--port: expected a whole number from 1 to 65535, not '0'"),
            (["chat", "--framing", "text"], "chat does not support --framing"),
            (
                ["messages", "--framing", "tar"],
                "--framing: expected text, int32, decimal:N or hex:N, with N from 1 to 64, "
                "not 'tar'",
            ),
            (["messages", "--count", "bytes"], "--count needs --framing decimal:N or hex:N"),
            (["--count", "characters"], "--count needs --framing decimal:N or hex:N"),
            (["--host", "a b"], "not 'a b'"),
            (["chat", "--host", "a", "--host", "a b"], "not 'a b'"),
            (
                ["echo", "--host", "a", "--host", "b"],
                "several --host work with chat only, not with echo",
            ),
            (["--host", "localhost:"], "not 'localhost:'"),
            (["--host", "localhost:0"], "not '0'"),
            (["--host", "::1:9090:"], "not '::1:9090:'"),
            (["--host", "[::1"], "not '[::1'"),
            (
                ["--host", "localhost:9090", "--port", "9091"],
                "--host and --port name two ports, 9090 and 9091",
            ),
            (["--host", "fe80::1%"], "not 'fe80::1%'"),
            (["--host", "192.168..5"], "not '192.168..5'"),
            (["--host", f"{'a' * 64}.org"], "not 'aaaaa"),
            (
                ["--host", "fe80::1"],
                "fe80::1 is a link-local address: say on which interface, as in fe80::1%eth0",
            ),
            (["--host", "fe80::1%nosuch"], "there is no interface nosuch for fe80::1"),
            (["--colour"], "--colour not recognized"),
            (["messages", "--host", ""], "--host needs a value that is not empty"),
            (["--quiet=yes", "messages"], "--quiet must not have an argument"),
        ):
            said = io.StringIO()
            with redirect_stderr(said):
                end = self.assertRaises(SystemExit, parse, *arguments)
            self.assertEqual(end.code, 2)
            self.assertIn(text, said.getvalue())
            self.assertEqual(said.getvalue().count("\n"), 1)

    def test_the_client_knows_services_of_other_plugins(self) -> None:
        class Options:
            default_port = 9099
            default_framing = "int32"

        class Maker:
            options = Options

        self.patch(services, "makers", lambda: {"quiz": Maker})
        options = parse("quiz")
        options.complete(interactive=False)
        self.assertEqual((options.port, options.framing), (9099, "int32"))
        self.assertFalse(options.answers or options.is_greeted)

    def test_an_unknown_service_needs_a_port(self) -> None:
        self.patch(services, "makers", dict)
        for arguments, framing in (
            (("quiz", "--port", "7"), "text"),
            (("quiz", "--host", "box:7", "--framing", "int32"), "int32"),
        ):
            options = parse(*arguments)
            options.complete(interactive=False)
            self.assertEqual((options.port, options.framing), (7, framing))

    def test_the_service_may_stand_at_any_position(self) -> None:
        for arguments in (
            ("messages", "-q", "-p", "7", "--host", "box"),
            ("--quiet", "messages", "--port=7", "--host", "box"),
            ("--host", "box", "--port", "7", "-q", "messages"),
            ("-qp7", "--host=box", "messages"),
        ):
            options = parse(*arguments)
            given = (options.service, options.quiet, options.port, options.host)
            self.assertEqual(given, ("messages", True, 7, "box"))

    def test_the_chat_may_have_several_hosts(self) -> None:
        for words, servers in (
            (("--host", "a", "--host", "b:7"), [("a", 9095), ("b", 7)]),
            (("--host", "a:8", "--host", "::1", "--port", "9"), [("a", 8), ("::1", 9)]),
            (("--host", "a:8"), [("a", 8)]),
            ((), [("localhost", 9095)]),
        ):
            options = parse("chat", *words)
            options.complete(interactive=False)
            self.assertEqual(options.servers, servers)
            self.assertEqual(options.host, servers[0][0])

    def test_a_host_may_include_a_port(self) -> None:
        for text, host, port in (
            ("127.0.0.1:9191", "127.0.0.1", 9191),
            ("localhost:9191", "localhost", 9191),
            ("[::1]:9191", "::1", 9191),
            ("[::1]", "::1", 9090),
            ("::1", "::1", 9090),
        ):
            options = parse("--host", text)
            options.complete(interactive=False)
            self.assertEqual((options.host, options.port), (host, port))
        options = parse("--port", "9191", "--host", "box:9191")
        self.assertEqual((options.host, options.port), ("box", 9191))
        options = parse()
        with redirect_stdout(io.StringIO()), patch("sys.stdin", io.StringIO("box:9191\n")):
            options.complete(interactive=True)
        self.assertEqual((options.host, options.port), ("box", 9191))

    def test_end_of_input_at_a_prompt_quits(self) -> None:
        for typed in ("", "box\n"):
            with redirect_stdout(io.StringIO()), patch("sys.stdin", io.StringIO(typed)):
                end = self.assertRaises(SystemExit, parse().complete, interactive=True)
            self.assertEqual(end.code, 1)

    def test_help_has_a_short_option(self) -> None:
        said = io.StringIO()
        with redirect_stdout(said):
            self.assertRaises(SystemExit, parse, "-h")
        self.assertIn("Usage: python -m twisted_lab.client", said.getvalue())

    def test_a_user_is_asked_for_missing_values(self) -> None:
        options = parse("--host", "example.org")
        said = io.StringIO()
        with redirect_stdout(said), patch("sys.stdin", io.StringIO("x\n0\n9191\n")):
            options.complete(interactive=True)
        self.assertEqual((options.host, options.port), ("example.org", 9191))
        self.assertNotIn("Host", said.getvalue())
        self.assertEqual(said.getvalue().count("Port [9090]: "), 3)
        for answer in ("x", "0"):
            self.assertIn(
                f"a port to connect to is a number from 1 to 65535, not '{answer}'",
                said.getvalue(),
            )

    def test_a_named_service_needs_no_questions(self) -> None:
        for arguments, server in (
            (["messages"], ("localhost", 9091)),
            (["messages", "--host", "box"], ("box", 9091)),
            (["chat", "--name", "Anna"], ("localhost", 9095)),
            (["quiz", "--port", "7"], ("localhost", 7)),
        ):
            options = parse(*arguments)
            with patch("sys.stdin", io.StringIO()):
                options.complete(interactive=True)
            self.assertEqual((options.host, options.port), server)

    def test_a_service_without_a_port_of_its_own_needs_one(self) -> None:
        self.assertNotIn("faults", known_services())
        with redirect_stderr(io.StringIO()) as said:
            self.assertRaises(SystemExit, parse, "faults")
        self.assertIn("there is no service 'faults'; ", said.getvalue())
        options = parse("faults", "--port", "9190")
        self.assertEqual((options.port, options.framing), (9190, "text"))

    def test_a_user_is_asked_for_host_and_port(self) -> None:
        options = parse()
        with redirect_stdout(io.StringIO()), patch("sys.stdin", io.StringIO("::1\n\n")):
            options.complete(interactive=True)
        self.assertEqual((options.host, options.port), ("::1", 9090))


class AdviceTests(SynchronousTestCase):
    def test_each_connection_error_has_advice(self) -> None:
        options = parse("--host", "example.org", "--port", "9191")
        for error, text in (
            (ConnectRefused(111), "connection refused; does your server run there, on this port?"),
            (DNSLookupError("example.org"), "no host has that name"),
            (ConnectTimeout(), "no answer"),
            (ValueError("invalid hostname: ..."), "invalid hostname"),
        ):
            line = advice(error, options, NO_HOST)
            self.assertTrue(line.startswith("could not connect to example.org:9191: "), line)
            self.assertIn(text, line)
            self.assertNotIn("\n", line)

    def test_a_service_of_ours_is_named_with_the_command_that_starts_it(self) -> None:
        start = "is the server running there? It is started with: "
        for arguments, program, told in (
            ((), "twistd", f"{start}twistd -n netlab-echo --port 9090"),
            ((), "netlab", f"{start}netlab run echo --port 9090"),
            (("chat", "--port", "7"), "netlab", f"{start}netlab run chat --port 7"),
            (("--port", "7"), "netlab", "does your server run there, on this port?"),
            (("--port", "9095"), "netlab", "this is the usual port of chat: netlab client chat"),
            (
                ("echo", "--port", "9091", "--host", "box"),
                "twistd",
                "this is the usual port of messages: python -m twisted_lab.client messages "
                "--host box",
            ),
            (("chatt", "--port", "7"), "netlab", "does your server run there, on this port?"),
            (("--host", "::1"), "netlab", f"{start}netlab run echo --port 9090"),
            (
                ("auth", "--host", "10.7.7.1", "--port", "9"),
                "netlab",
                "does the server run there, on this port? Ask whoever runs it",
            ),
        ):
            self.patch(sys, "argv", [f"/usr/bin/{program}"])
            options = parse(*arguments)
            options.complete(interactive=False)
            said = advice(ConnectRefused(111), options, NO_HOST)
            self.assertEqual(said.partition("refused; ")[2], told)


class UntilExitTests(SynchronousTestCase):
    def through(self, *pieces: bytes) -> tuple[bytes, bool]:
        until = UntilExit()
        passed = b""
        for piece in pieces:
            passed += until.feed(piece)
            if until.ended:
                return passed, True
        return passed + until.end(), False

    def test_other_lines_pass(self) -> None:
        self.assertEqual(self.through(b"a\nb\n"), (b"a\nb\n", False))

    def test_exit_ends_the_input(self) -> None:
        for line in (b"exit\n", b"exit\r\n"):
            self.assertEqual(self.through(b"a\n" + line + b"b\n"), (b"a\n", True))

    def test_exit_without_a_newline_counts_at_the_end(self) -> None:
        self.assertEqual(self.through(b"a\nexit"), (b"a\n", False))
        self.assertEqual(self.through(b"exit\r"), (b"", False))

    def test_exit_is_passed_to_a_server_that_expects_it(self) -> None:
        until = UntilExit(passes_it=True)
        self.assertEqual((until.feed(b"a\nexit\nb\n"), until.ended), (b"a\nexit\n", True))
        until = UntilExit(passes_it=True)
        self.assertEqual(until.feed(b"exit") + until.end(), b"exit")

    def test_exit_counts_only_as_a_whole_line(self) -> None:
        for text in (b"exits\n", b" exit\n", b"exit \n", b"an exit\n", b"exi", b"exit\rx\n"):
            self.assertEqual(self.through(text), (text, False))

    def test_text_that_cannot_become_exit_is_not_delayed(self) -> None:
        until = UntilExit()
        self.assertEqual(until.feed(b"hello"), b"hello")
        self.assertEqual(until.feed(b"exit\n"), b"exit\n")
        self.assertEqual(until.feed(b"ex"), b"")
        self.assertEqual(until.feed(b"otic"), b"exotic")
        self.assertFalse(until.ended)

    lines = st.lists(
        st.sampled_from([b"exit", b"exit\n", b"\n", b"a", b"ex", b"it\n", b"\r\n", b"\r", b"exits"])
    )

    @given(lines, st.lists(st.integers(0, 60)))
    def test_property_the_split_makes_no_difference(
        self, parts: list[bytes], splits: list[int]
    ) -> None:
        data = b"".join(parts)
        pieces = [
            data[start:end]
            for start, end in zip([0, *sorted(splits)], [*sorted(splits), None], strict=True)
        ]
        expected: list[bytes] = []
        ended = False
        for line in data.split(b"\n"):
            if line in (b"exit", b"exit\r"):
                ended = len(expected) < data.count(b"\n")
                break
            expected.append(line)
        else:
            line = None
        passed = b"\n".join(expected)
        if line is not None and expected:
            passed += b"\n"
        self.assertEqual(self.through(*pieces), (passed, ended))


class VisibleTests(SynchronousTestCase):
    def test_control_characters_from_a_server_are_escaped(self) -> None:
        read = visible()
        self.assertEqual(read(b"\x1b[2Jhi\tyou\r\n\xff", False), "\\x1b[2Jhi\tyou\\r\n\\xff")

    def test_a_split_character_is_shown_whole(self) -> None:
        read = visible()
        self.assertEqual([read(bytes([byte]), False) for byte in "ж".encode()], ["", "ж"])

    def test_an_incomplete_character_at_the_end_is_escaped(self) -> None:
        read = visible()
        self.assertEqual(read(b"abc\xd0", False) + read(b"", True), "abc\\xd0")


class WholeLinesTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.clock = Clock()
        self.shown: list[str] = []
        self.lines = WholeLines(self.clock, self.shown.append, patience=0.2)

    def test_whole_lines_are_shown_immediately(self) -> None:
        self.lines.add("a\nb\n")
        self.assertEqual(self.shown, ["a\nb\n"])
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_a_line_in_pieces_is_shown_whole(self) -> None:
        self.lines.add("a\nhel")
        self.clock.advance(0.1)
        self.lines.add("lo")
        self.clock.advance(0.1)
        self.lines.add("!\n")
        self.assertEqual(self.shown, ["a\n", "hello!\n"])

    def test_an_unfinished_line_is_shown_after_a_delay(self) -> None:
        self.lines.add("What's your name?")
        self.assertEqual(self.shown, [])
        self.clock.advance(0.2)
        self.assertEqual(self.shown, ["What's your name?\n"])

    def test_an_endless_line_is_shown_in_pieces(self) -> None:
        for _ in range(70):
            self.lines.add("x" * 1000)
        self.assertEqual(self.shown, ["x" * 66_000 + "\n"])

    def test_the_rest_is_shown_at_the_end(self) -> None:
        self.lines.add("bye")
        self.lines.flush()
        self.lines.flush()
        self.assertEqual(self.shown, ["bye\n"])
        self.assertEqual(self.clock.getDelayedCalls(), [])


class TCPTransport(StringTransport):
    """A StringTransport with half-close and abort, as a TCP transport has."""

    half_closed = False

    def unregisterProducer(self) -> None:
        self.producer = None

    def loseWriteConnection(self) -> None:
        self.half_closed = True


class ConnectedTestCase(SynchronousTestCase):
    def make_framing(self) -> Framing:
        return Unchanged(self.told.append)

    def setUp(self) -> None:
        self.told: list[str] = []
        self.clock = Clock()
        self.recorder = Recorder()
        self.heard: list[bytes] = []
        self.framing = self.make_framing()
        self.connection = ClientConnection(
            self.clock, ClientEvents("client", self.recorder), self.framing
        )
        self.connection.deliver = self.heard.append
        self.transport = TCPTransport(hostAddress=PEER, peerAddress=SERVER)
        self.connection.makeConnection(self.transport)


class ClientConnectionTests(ConnectedTestCase):
    def test_a_conversation_ends_cleanly(self) -> None:
        self.connection.send(b"hi\n")
        self.connection.dataReceived(b"hi\n")
        self.connection.finish()
        self.connection.writeConnectionLost()
        self.assertEqual((self.transport.half_closed, self.transport.disconnecting), (True, False))
        self.connection.dataReceived(b"rest")
        self.connection.readConnectionLost()
        self.assertTrue(self.transport.disconnecting)
        self.clock.advance(1)
        self.connection.connectionLost(Failure(ConnectionDone()))
        self.successResultOf(self.connection.ended)
        self.assertEqual(self.transport.value(), b"hi\n")
        self.assertEqual(self.heard, [b"hi\n", b"rest"])
        self.assertEqual(
            self.recorder.messages,
            [
                "connected to 127.0.0.1:9090 from 127.0.0.1:50412",
                "sent 3 bytes to 127.0.0.1:9090",
                "received 3 bytes from 127.0.0.1:9090",
                "received 4 bytes from 127.0.0.1:9090",
                "disconnected from 127.0.0.1:9090: 3 bytes out, 7 bytes in, 1.0 s, "
                "closed by the client",
            ],
        )

    def test_nothing_is_sent_after_the_connection_ends(self) -> None:
        self.connection.finish()
        self.connection.send(b"late")
        self.assertEqual(self.transport.value(), b"")

    def test_an_early_close_by_the_server_is_reported(self) -> None:
        self.connection.readConnectionLost()
        self.connection.connectionLost(Failure(ConnectionDone()))
        failure = self.failureResultOf(self.connection.ended, HungUp)
        self.assertEqual(failure.getErrorMessage(), "closed by the server")
        self.connection.finish()
        self.assertFalse(self.transport.half_closed)

    def test_a_reset_after_end_of_input_is_reported(self) -> None:
        self.connection.finish()
        self.connection.connectionLost(Failure(ConnectionLost()))
        failure = self.failureResultOf(self.connection.ended, HungUp)
        self.assertEqual(failure.getErrorMessage(), "connection reset")

    def test_an_end_without_close_notify_is_reported(self) -> None:
        # An attacker on the network may have truncated it (RFC 8446, section 6.1).
        alsoProvides(self.transport, ISSLTransport)
        self.connection.finish()
        self.connection.connectionLost(Failure(ConnectionLost()))
        failure = self.failureResultOf(self.connection.ended, HungUp)
        self.assertIn("closed without TLS's close_notify", failure.getErrorMessage())

    def test_a_tls_alert_is_recognised(self) -> None:
        self.assertTrue(self.connection.is_silent)
        self.connection.dataReceived(b"\x15\x03\x03\0\2\2\x46")
        self.assertTrue(self.transport.disconnected)
        self.connection.connectionLost(Failure(ConnectionLost()))
        failure = self.failureResultOf(self.connection.ended, MessageError)
        self.assertIn("this looks like TLS", failure.getErrorMessage())
        self.assertEqual(self.heard, [])

    def test_data_that_begins_like_an_alert_is_shown(self) -> None:
        for data in (b"\x15\x03", b"\x15\x03\x03\0\2\2\x46"):
            self.connection.dataReceived(data)
        self.assertFalse(self.connection.is_silent)
        self.assertEqual(len(self.heard), 2)

    def test_the_client_gives_up_when_the_server_does_not_end(self) -> None:
        self.connection.send(b"hi\n")
        self.clock.advance(1000)  # The user decides when to leave.
        self.connection.finish()
        self.clock.advance(PATIENCE - 1)
        self.connection.dataReceived(b"h")
        self.clock.pump([1.0] * int(PATIENCE - 1))
        self.assertFalse(self.transport.disconnected)
        self.clock.advance(1.0)
        self.assertTrue(self.transport.disconnected)
        self.connection.connectionLost(Failure(ConnectionLost()))
        said = self.failureResultOf(self.connection.ended, GaveUp).getErrorMessage()
        self.assertEqual(
            said,
            "127.0.0.1:9090 has neither answered nor closed for 10 s: the client stops waiting",
        )

    def test_output_that_waits_to_be_read_counts_as_an_answer(self) -> None:
        self.connection.finish()
        with patch("twisted_lab.channels.idleness.has_unread", return_value=True):
            self.clock.pump([PATIENCE] * 3)
        self.assertFalse(self.transport.disconnected)
        self.connection.connectionLost(Failure(ConnectionDone()))
        self.successResultOf(self.connection.ended)
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_an_error_in_the_last_line_is_recognised(self) -> None:
        for said, is_error in (
            ((b"Name?\nerror: no\n",), True),
            ((b"CONNECT\r\ner", b"ror: no\r\n"), True),
            ((b"error: " + b"x" * 1000,), True),
            ((b"error: no\n", b"Name?\n"), False),
            ((b"an error: no\n",), False),
            ((), False),
        ):
            self.setUp()
            for data in said:
                self.connection.dataReceived(data)
            self.assertEqual(self.connection.ends_with_error, is_error)

    def test_abort_ends_the_connection(self) -> None:
        self.connection.abort()
        self.assertTrue(self.transport.disconnected)
        self.connection.connectionLost(Failure(ConnectionLost()))
        self.successResultOf(self.connection.ended)


class UnchangedConnectionTests(ConnectedTestCase):
    def test_a_server_with_a_framing_is_recognised(self) -> None:
        for data, framing in (
            (b"0000000031error: 'hello' is no number: hm", "decimal:10"),
            (encode_frame(b"Message 1:"), "int32"),
        ):
            self.setUp()
            self.connection.dataReceived(data)
            told = f"this looks like {framing}: try --framing {framing}"
            self.assertEqual((self.told, self.heard), ([told], [data]))

    def test_other_bytes_are_no_framing(self) -> None:
        for data in (b"hello\n", b"5hello", b"007\n", b"0", b" ", b"\0\0\0\0", b"    art"):
            self.setUp()
            self.connection.dataReceived(data)
            self.connection.dataReceived(b"0000000010Message 1:")
            self.assertEqual(self.told, [], data)


class TextConnectionTests(ConnectedTestCase):
    def make_framing(self) -> Framing:
        return Text(self.told.append)

    def test_frames_are_recognised_in_the_first_bytes(self) -> None:
        for data in (encode_frame(b"Message 1:"), encode_frame(b"more")):
            self.connection.dataReceived(data)
        self.assertEqual(self.told, ["this looks like int32: try --framing int32"])
        self.assertEqual(len(self.heard), 2)

    def test_lengths_in_text_are_recognised(self) -> None:
        for data, framing in (
            (b"0000000010Message 1:", "decimal:10"),
            (b"  10Message 1:", "decimal:4"),
            (b"000aMessage 1:", "hex:4"),
        ):
            self.setUp()
            self.connection.dataReceived(data)
            told = f"this looks like {framing}: try --framing {framing}"
            self.assertEqual((self.told, self.framing.is_foreign), ([told], True))

    def test_text_is_not_taken_for_frames(self) -> None:
        for data in (b"CONNECT\n", b"\0\0"):
            self.connection.dataReceived(data)
        self.assertEqual(self.told, [])

    def test_lines_are_sent_unchanged(self) -> None:
        for piece in (b"a\r", b"\n\nb\n", b"c"):
            self.connection.send(piece)
        self.connection.finish()
        self.assertEqual(self.transport.value(), b"a\r\n\nb\nc")

    def test_an_overlong_line_is_refused_and_the_next_is_sent(self) -> None:
        for piece in (b"x" * 65536, b"\r\n" + b"y" * 65536, b"y\nz\n"):
            self.connection.send(piece)
        self.connection.finish()
        self.assertEqual(self.transport.value(), b"x" * 65536 + b"\r\nz\n")
        self.assertEqual(self.told, ["not sent: message of 65537 bytes is over the limit of 65536"])
        self.assertEqual(self.framing.refused, 1)


CLOSED = Disconnect.CLOSED_BY_SERVER.reason().text
RESET = Disconnect.RESET.reason().text


class SuggestTLSTests(ConnectedTestCase):
    def watch(self, is_greeted: bool) -> None:
        suggest_tls(self.clock, self.connection, is_greeted, self.told.append)

    def test_a_missing_greeting_suggests_tls(self) -> None:
        self.watch(is_greeted=True)
        self.clock.pump([1.0] * 3)
        self.assertEqual(
            self.told,
            [
                "127.0.0.1:9090: nothing received: the server may be slow, run another service, or "
                "use another framing; if it uses TLS, try --tls"
            ],
        )
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_an_unread_greeting_suggests_nothing(self) -> None:
        self.watch(is_greeted=True)
        with patch("twisted_lab.client.silence.has_unread", return_value=True):
            self.clock.advance(1000)
        self.connection.dataReceived(b"CONNECT\n")
        self.clock.advance(1)
        self.assertEqual((self.told, self.clock.getDelayedCalls()), ([], []))

    def test_a_missing_answer_suggests_tls(self) -> None:
        self.watch(is_greeted=False)
        self.clock.pump([1.0] * 3 + [0.9])
        self.connection.send(b"hi\n")
        self.clock.pump([0.1, 1.0, 0.9])  # 2 s: long enough for a bad network
        self.assertEqual((self.told, self.connection.was_hinted), ([], False))
        self.clock.advance(0.1)
        self.assertEqual((len(self.told), self.connection.was_hinted), (1, True))

    def test_received_input_suggests_nothing(self) -> None:
        self.watch(is_greeted=True)
        self.connection.dataReceived(b"CONNECT\n")
        self.clock.advance(1.0)
        self.assertEqual((self.told, self.clock.getDelayedCalls()), ([], []))

    def test_an_end_without_any_expected_input_suggests_tls(self) -> None:
        for is_greeted, sent, came, how, is_likely in (
            (True, b"", b"", CLOSED, True),
            (False, b"hi\n", b"", CLOSED, True),
            (False, b"", b"", RESET, True),
            (False, b"", b"", CLOSED, False),  # The server has stopped, without pending output.
            (True, b"", b"CONNECT\n", RESET, False),
            (False, b"hi\n", b"hi\n", CLOSED, False),
        ):
            self.setUp()
            self.connection.send(sent)
            self.connection.dataReceived(came)
            self.assertEqual(may_be_tls(self.connection, is_greeted, how), is_likely)

    def test_an_ended_connection_suggests_nothing(self) -> None:
        self.watch(is_greeted=True)
        self.connection.abort()
        self.connection.connectionLost(Failure(ConnectionLost()))
        self.assertEqual((self.told, self.clock.getDelayedCalls()), ([], []))


class HeadedConnectionTests(ConnectedTestCase):
    def make_framing(self) -> Framing:
        arguments = ("messages", "--framing", "decimal:4", "--count", "characters")
        return parse(*arguments).make_framing(self.told.append)

    def test_lines_are_sent_after_their_lengths(self) -> None:
        self.connection.send("да\r\n\nb".encode())
        self.connection.finish()
        self.assertEqual(self.transport.value().decode(), "0002да00000001b")

    def test_messages_are_shown_as_lines(self) -> None:
        for piece in ("2  ", " да   0", "0005hal"):
            self.connection.dataReceived(piece.encode())
        self.assertEqual(b"".join(self.heard).decode(), "да\n\n")
        self.assertTrue(self.framing.incomplete)

    def test_a_line_too_long_for_the_header_is_refused_and_the_next_is_sent(self) -> None:
        self.connection.send(b"a\n" + b"x" * 10_000 + b"\nb\n")
        self.assertEqual(self.transport.value(), b"0001a0001b")
        error = "message of 10000 characters is over the limit of 9999 of the header decimal:4"
        self.assertEqual((self.told, self.framing.refused), ([f"not sent: {error}"], 1))


class Int32ConnectionTests(ConnectedTestCase):
    def make_framing(self) -> Framing:
        return Int32(self.told.append)

    def test_lines_are_sent_as_frames(self) -> None:
        self.connection.send(b"a\r\n\nb")
        self.connection.finish()
        self.assertEqual(
            self.transport.value(), b"".join(encode_frame(text) for text in (b"a", b"", b"b"))
        )

    def test_frames_are_shown_as_lines(self) -> None:
        for piece in (b"\0\0", b"\0\x01a\0\0\0\0", b"\0\0\0\x02b"):
            self.connection.dataReceived(piece)
        self.assertEqual(b"".join(self.heard), b"a\n\n")

    def test_an_overlong_line_is_refused_and_the_next_is_sent(self) -> None:
        for piece in (b"a\n" + b"x" * 65536, b"x", b"\nb\n", b"y" * 200_000, b"\nc"):
            self.connection.send(piece)
        self.connection.finish()
        self.assertEqual(self.transport.value(), b"".join(map(encode_frame, (b"a", b"b", b"c"))))
        self.assertEqual(
            self.told,
            [
                "not sent: message of 65537 bytes is over the limit of 65536",
                "not sent: message of 200000 bytes is over the limit of 65536",
            ],
        )
        self.assertEqual(self.framing.refused, 2)

    def test_the_longest_line_is_sent(self) -> None:
        for line in (b"x" * 65536, b"y" * 65536 + b"\r"):
            self.connection.send(line + b"\n")
        self.assertEqual((self.told, len(self.transport.value())), ([], 2 * 65540))

    def test_a_truncated_message_is_an_error(self) -> None:
        self.connection.finish()
        self.connection.dataReceived(encode_frame(b"ok") + b"\0\0\0\5he")
        self.connection.readConnectionLost()
        self.connection.connectionLost(Failure(ConnectionDone()))
        failure = self.failureResultOf(self.connection.ended, HungUp)
        self.assertIn("in the middle of a message", failure.getErrorMessage())
        self.assertEqual(self.heard, [b"ok\n"])

    def test_another_framing_is_told_without_its_absurd_length(self) -> None:
        for data, told in (
            (b"Message 1:\n", "this looks like text: try --framing text"),
            (
                b"0000000010Message 1:",
                "this looks like decimal:10: try --framing decimal:10",
            ),
        ):
            self.setUp()
            self.connection.dataReceived(data)
            self.connection.connectionLost(Failure(ConnectionLost()))
            failure = self.failureResultOf(self.connection.ended, MessageError)
            self.assertEqual(failure.getErrorMessage(), told)

    def test_an_overlong_message_is_an_error(self) -> None:
        self.connection.dataReceived(encode_frame(b"ok") + (MAX_INCOMING + 1).to_bytes(4, "big"))
        self.assertEqual(self.heard, [b"ok\n"])
        self.connection.connectionLost(Failure(ConnectionLost()))
        self.failureResultOf(self.connection.ended, MessageError)


class PipeTests(ConnectedTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.stdio = StringTransport()
        self.pipe = Pipe(self.connection, bytes.swapcase, AnyTalk(), self.clock, self.fail)
        self.pipe.makeConnection(self.stdio)

    def lose(self, error: Exception) -> None:
        self.connection.connectionLost(Failure(error))

    def test_input_is_sent_and_answers_are_shown(self) -> None:
        self.pipe.dataReceived(b"a\nb")
        self.assertEqual(self.transport.value(), b"a\nb")
        self.connection.dataReceived(b"a\n")
        self.assertEqual(self.stdio.value(), b"A\n")

    def test_each_side_exerts_back_pressure(self) -> None:
        self.assertIs(self.transport.producer, self.stdio)
        self.assertIs(self.stdio.producer, self.transport)

    def test_end_of_input_half_closes(self) -> None:
        self.pipe.dataReceived(b"exi")
        self.pipe.readConnectionLost()
        self.assertEqual(self.transport.value(), b"exi")
        self.assertTrue(self.transport.half_closed)
        self.assertIsNone(self.transport.producer)
        self.lose(ConnectionDone())
        self.assertTrue(self.stdio.disconnecting)
        self.assertIsNone(self.stdio.producer)
        self.assertNoResult(self.pipe.closed)
        self.pipe.connectionLost()
        self.successResultOf(self.pipe.closed)
        self.successResultOf(self.connection.ended)

    def test_an_output_lost_at_the_end_is_noticed(self) -> None:
        self.pipe.readConnectionLost()
        self.lose(ConnectionDone())
        self.pipe.connectionLost(Failure(ConnectionLost()))
        self.assertTrue(self.pipe.output_lost)

    def test_exit_half_closes(self) -> None:
        self.pipe.dataReceived(b"a\nexit\nb\n")
        self.assertEqual(self.transport.value(), b"a\n")
        self.assertTrue(self.transport.half_closed)
        self.assertEqual(self.stdio.producerState, "paused")

    def test_an_early_close_by_the_server_is_reported(self) -> None:
        self.lose(ConnectionDone())
        self.assertTrue(self.stdio.disconnecting)
        self.failureResultOf(self.connection.ended, HungUp)

    def test_a_closed_output_aborts_the_connection(self) -> None:
        self.pipe.writeConnectionLost()
        self.assertTrue(self.pipe.output_lost)
        self.assertTrue(self.transport.disconnected)
        self.lose(ConnectionLost())
        self.pipe.connectionLost()
        self.successResultOf(self.pipe.closed)
        self.successResultOf(self.connection.ended)
