"""The lecture's dialogues, byte for byte, and the options for them."""

from __future__ import annotations

import io
from contextlib import redirect_stderr
from functools import partial
from types import ModuleType

from twisted.internet.address import IPv4Address
from twisted.internet.defer import Deferred
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from tests.doubles.channels import LiveChannel
from tests.doubles.reactor import FakeReactor
from tests.doubles.recording import PEER, Wire, recorded_events
from twisted_lab.channels import FanOut, PeerGone, PeerSilent
from twisted_lab.channels.fan_out import SLICE_SENDS
from twisted_lab.process import service_options
from twisted_lab.services import broadcast, chat, echo, ident, messages, netlab
from twisted_lab.services.lecture import (
    answer_upper_case,
    answer_with_bytes,
    ask_name,
    relay_first,
)
from twisted_lab.serving import Options, ServiceProcess
from twisted_lab.testing import play


class DialogueTests(SynchronousTestCase):
    def test_messages_are_repeated_as_bytes_in_upper_case(self) -> None:
        number_messages = partial(messages.number_messages, answer=answer_with_bytes)
        self.assertEqual(
            play(number_messages, "text1 TEXT2", "привет", "it's", "", "exit", "more"),
            [
                "Message 1:",
                "Your messaget: B'TEXT1 TEXT2'",
                "Message 2:",
                r"Your messaget: B'\XD0\XBF\XD1\X80\XD0\XB8\XD0\XB2\XD0\XB5\XD1\X82'",
                "Message 3:",
                """Your messaget: B"IT'S\"""",
                "Message 4:",
                "Your messaget: B''",
                "Message 5:",
            ],
        )

    def test_the_name_is_asked_for_once_and_can_be_anything(self) -> None:
        for name, greeting in (
            ("Alex", "Hello, b'Alex'"),
            ("exit", "Hello, b'exit'"),
            ("", "Hello, b''"),
            ("O'Hara", """Hello, b"O'Hara\""""),
            ("a\x1b\\\"'", r"""Hello, b'a\x1b\\"\''"""),
            ("Аня", r"Hello, b'\xd0\x90\xd0\xbd\xd1\x8f'"),
        ):
            self.assertEqual(play(ask_name, name, "more"), ["What's your name?", greeting])

    def test_the_echo_changes_only_ascii_letters(self) -> None:
        for data, answer in (
            (b"hello, world!\n", b"HELLO, WORLD!\n"),
            ("ß мир a".encode(), "ß мир A".encode()),
            (b"a\xff\0", b"A\xff\0"),
            (b"", b""),
        ):
            self.assertEqual(answer_upper_case(data, False), answer)


class BroadcastTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.clock = Clock()
        self.members = FanOut(self.clock, recorded_events()[0])

    def join(self, port: int) -> tuple[LiveChannel, Deferred[None]]:
        channel = LiveChannel(port)
        return channel, Deferred.fromCoroutine(relay_first(self.members, channel))

    def test_a_client_gets_all_messages_from_its_own_on(self) -> None:
        clients = [self.join(port)[0] for port in (5647, 5652, 5657)]
        for number, client in enumerate(clients, 1):
            client.hears(f"client {number}")
        said = [
            "Message from client ('127.0.0.1', 5647): B'CLIENT 1'",
            "Message from client ('127.0.0.1', 5652): B'CLIENT 2'",
            "Message from client ('127.0.0.1', 5657): B'CLIENT 3'",
        ]
        for number, client in enumerate(clients):
            self.assertEqual(client.said, ["CONNECT", *said[number:]])

    def test_a_client_that_leaves_gets_its_own_message(self) -> None:
        for port in range(1, SLICE_SENDS + 2):
            self.members.add(LiveChannel(port))
        client, end = self.join(5647)
        client.hears("bye")
        client.hears(PeerGone())
        self.assertEqual(client.said, ["CONNECT"])
        self.assertNoResult(end)
        self.clock.pump([0] * 5)
        self.assertIn("B'BYE'", client.said[-1])
        self.failureResultOf(end, PeerGone)

    def test_only_the_first_message_of_a_client_is_relayed(self) -> None:
        client, end = self.join(1)
        client.hears("exit")
        client.hears("more")
        client.hears(PeerSilent())
        client.hears("and more")
        self.assertEqual(client.said, ["CONNECT", "Message from client ('127.0.0.1', 1): B'EXIT'"])
        self.assertNoResult(end)

    def test_a_client_that_left_gets_no_message(self) -> None:
        leaving, end = self.join(1)
        leaving.hears("bye")
        leaving.hears(PeerGone())
        self.failureResultOf(end, PeerGone)
        self.join(2)[0].hears("alone?")
        self.assertEqual(len(leaving.said), 2)

    def test_a_client_that_says_nothing_is_hung_up_on(self) -> None:
        client, end = self.join(1)
        client.hears(PeerSilent())
        self.failureResultOf(end, PeerSilent)


class ServiceTests(SynchronousTestCase):
    def connect(
        self, module: ModuleType, *arguments: str
    ) -> tuple[Wire, FakeReactor, ServiceProcess]:
        """Return the server's end of a connection, with its reactor and its process."""
        options = module.Options()
        options.parseOptions(["--lecture", *arguments])
        reactor = FakeReactor()
        process = ServiceProcess(options, reactor)
        service = module.build(process, options)
        protocol = service._ports._factory.buildProtocol(PEER)
        wire = Wire()
        protocol.makeConnection(wire)
        self.receive = protocol.dataReceived
        return wire, reactor, process

    def test_each_message_is_sent_alone_even_to_a_peer_that_sends_newlines(self) -> None:
        for module, said in (
            (messages, [b"Message 1:", b"Your messaget: B'HI'", b"Message 2:"]),
            (ident, [b"What's your name?", b"Hello, b'hi'"]),
            (broadcast, [b"CONNECT", b"Message from client ('127.0.0.1', 50412): B'HI'"]),
        ):
            wire, reactor, _ = self.connect(module)
            self.receive(b"hi\n")
            for count in range(1, len(said) + 1):
                self.assertEqual(wire.writes, said[:count])
                reactor.advance(0.049)
                self.assertEqual(wire.writes, said[:count])
                reactor.advance(0.001)

    def test_the_delay_can_be_chosen(self) -> None:
        wire, reactor, _ = self.connect(messages, "--pace", "400")
        self.receive(b"hi\n")
        reactor.advance(0.399)
        self.assertEqual(len(wire.writes), 1)
        reactor.advance(0.001)
        self.assertEqual(len(wire.writes), 2)

    def test_the_echo_answers_in_upper_case(self) -> None:
        wire, _, _ = self.connect(echo)
        self.receive("hello, world! ß".encode())
        self.assertEqual(wire.value(), "HELLO, WORLD! ß".encode())

    def test_nobody_is_remembered(self) -> None:
        _, _, process = self.connect(ident)
        self.assertEqual(process.resources, [])


class OptionsTests(SynchronousTestCase):
    def refused(self, options: Options, *arguments: str) -> str:
        said = io.StringIO()
        with redirect_stderr(said):
            self.assertRaises(SystemExit, options.parseOptions, [*arguments])
        return said.getvalue()

    def test_a_contradiction_is_one_line(self) -> None:
        for module in (messages, ident, broadcast):
            for arguments, needed in (
                (("--framing", "int32"), "--framing text"),
                (("--newline", "lf"), "--newline none"),
                (("--pace", "0"), "--pace above 0"),
            ):
                self.assertEqual(
                    self.refused(module.Options(), "--lecture", *arguments),
                    f"{module.Options.command}: --lecture requires {needed} "
                    "(--help lists the options)\n",
                )
        self.assertIn(
            "--lecture and --upper cannot be combined",
            self.refused(echo.Options(), "--lecture", "--upper"),
        )
        self.assertIn(
            "--lecture and --then cannot be combined",
            self.refused(ident.Options(), "--lecture", "--then", "echo"),
        )

    def test_errors_come_before_questions(self) -> None:
        self.patch(service_options, "ask", lambda *_: self.fail("asked"))
        self.refused(echo.Options(), "--lecture", "--upper", "--ask")
        self.refused(messages.Options(), "--lecture", "--framing", "int32", "--ask")

    def test_what_the_lecture_uses_can_be_given(self) -> None:
        options = messages.Options()
        options.parseOptions(["--lecture", "--framing", "text", "--newline", "none"])
        self.assertTrue(options.lecture)

    def test_without_the_flag_nothing_changes(self) -> None:
        options = messages.Options()
        options.parseOptions([])
        self.assertEqual((options.framing, options.newline), ("int32", "lf"))

    def test_netlab_passes_the_flag_to_the_services_that_have_it(self) -> None:
        options = netlab.Options()
        options.parseOptions(["--lecture"])
        having = [name for name, each in options.services.items() if each.get("lecture")]
        self.assertEqual(having, ["echo", "messages", "ident", "broadcast"])
        for name in having[1:]:
            its = options.services[name]
            self.assertEqual((its["framing"], its["newline"]), ("text", "none"))
        self.assertEqual(options.services["chat"]["newline"], "lf")

    def test_netlab_refuses_a_contradiction_for_all_services(self) -> None:
        for contradiction, needed in (
            (("--newline", "lf"), "--newline none"),
            (("--pace", "0"), "--pace above 0"),
            (("--framing", "int32"), "--framing text"),
            (("--messages-framing", "int32"), "--messages-framing text"),
        ):
            said = self.refused(netlab.Options(), "--lecture", *contradiction)
            self.assertIn(f"netlab: --lecture requires {needed} (", said)

    def test_netlab_allows_other_framings_for_other_services(self) -> None:
        options = netlab.Options()
        options.parseOptions(["--lecture", "--chat-framing", "int32", "--auth-newline", "crlf"])
        self.assertEqual(options.services["chat"]["framing"], "int32")

    def test_netlab_recommends_a_client_that_needs_no_newlines(self) -> None:
        address = IPv4Address("TCP", "127.0.0.1", 9091)
        options = messages.Options()
        options.parseOptions(["--lecture"])
        self.assertEqual(netlab.how_to_connect(address, options, "client"), "nc localhost 9091")

    def test_the_chat_has_no_such_flag(self) -> None:
        self.assertIn("--lecture", self.refused(chat.Options(), "--lecture"))
