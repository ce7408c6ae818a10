"""The conversations of messages and broadcast, over scripted channels."""

from __future__ import annotations

from types import ModuleType
from typing import Any

from twisted.internet.address import IPv4Address
from twisted.internet.defer import Deferred
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from tests.doubles.channels import LiveChannel
from tests.doubles.reactor import FakeReactor
from tests.doubles.recording import Wire, recorded_events
from twisted_lab.channels import FanOut, Int32Channel, PeerGone, PeerSilent, TextChannel
from twisted_lab.channels.fan_out import BATCH_MESSAGES, SLICE_SENDS
from twisted_lab.codecs import MessageError
from twisted_lab.services import broadcast, messages
from twisted_lab.services.broadcast import Broadcast
from twisted_lab.services.messages import number_messages
from twisted_lab.serving import NetworkService, ServiceProcess, in_own_process
from twisted_lab.testing import ScriptedChannel, play


class MessagesTests(SynchronousTestCase):
    def test_messages_are_numbered_and_repeated_in_upper_case(self) -> None:
        self.assertEqual(
            play(number_messages, "hello", "", "привет", "exit", "more"),
            [
                "Message 1:",
                "Your message: HELLO",
                "Message 2:",
                "Your message: ",
                "Message 3:",
                "Your message: ПРИВЕТ",
                "Message 4:",
            ],
        )

    def test_exit_with_a_space_is_a_message(self) -> None:
        self.assertIn("Your message: EXIT ", play(number_messages, "exit "))


class BroadcastTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.broadcast = Broadcast(FanOut(Clock(), recorded_events()[0]))

    def test_a_single_member_gets_its_own_message(self) -> None:
        self.assertEqual(
            play(self.broadcast.converse, "hi"),
            ["CONNECT", "Message from client ('127.0.0.1', 50412): HI"],
        )

    def test_members_get_all_messages_in_one_order(self) -> None:
        members = [LiveChannel(port) for port in (1, 2, 3)]
        for member in members:
            Deferred.fromCoroutine(self.broadcast.converse(member))
        for member, text in ((members[1], "a"), (members[0], "b"), (members[1], "c")):
            member.hears(text)
        for member in members:
            self.assertEqual(
                member.said,
                [
                    "CONNECT",
                    "Message from client ('127.0.0.1', 2): A",
                    "Message from client ('127.0.0.1', 1): B",
                    "Message from client ('127.0.0.1', 2): C",
                ],
            )

    def test_a_member_that_left_gets_no_message(self) -> None:
        leaving, staying = LiveChannel(1), LiveChannel(2)
        left = Deferred.fromCoroutine(self.broadcast.converse(leaving))
        Deferred.fromCoroutine(self.broadcast.converse(staying))
        leaving.hears(PeerGone())
        self.failureResultOf(left, PeerGone)
        staying.hears("alone?")
        self.assertEqual(leaving.said, ["CONNECT"])
        self.assertEqual(len(staying.said), 2)

    def test_messages_sent_before_leaving_are_delivered(self) -> None:
        clock = Clock()
        members = FanOut(clock, recorded_events()[0])
        broadcast = Broadcast(members)
        listeners = [LiveChannel(number) for number in range(SLICE_SENDS + 1)]
        listening = [Deferred.fromCoroutine(broadcast.converse(each)) for each in listeners]
        speaker = ScriptedChannel(*(f"{number}" for number in range(150)))
        said = Deferred.fromCoroutine(broadcast.converse(speaker))
        for listener in listeners:
            listener.hears(PeerGone())  # The server stops.
        clock.pump([0.0] * 1000)
        self.failureResultOf(said, PeerGone)
        self.assertEqual(len(speaker.said), 151)
        [told] = {len(listener.said) for listener in listeners}
        self.assertGreaterEqual(told, 1 + BATCH_MESSAGES)
        for each in listening:
            self.failureResultOf(each, PeerGone)

    def test_a_silent_member_stays(self) -> None:
        self.assertEqual(len(play(self.broadcast.converse, PeerSilent(), PeerSilent(), "hi")), 2)

    def test_a_framing_error_ends_the_membership(self) -> None:
        self.assertRaises(MessageError, play, self.broadcast.converse, MessageError("too long"))
        self.assertEqual(len(play(self.broadcast.converse, "hi")), 2)


class OptionsTests(SynchronousTestCase):
    def parse(self, module: ModuleType, *arguments: str) -> messages.Options:
        options: messages.Options = module.Options()
        options.parseOptions(list(arguments))
        return options

    def test_options_have_the_documented_defaults(self) -> None:
        for module, port, channel in (
            (messages, 9091, Int32Channel),
            (broadcast, 9094, TextChannel),
        ):
            options = self.parse(module)
            self.assertEqual(options["port"], port)
            self.assertIsInstance(options.make_channel(), channel)

    def test_framing_selects_the_channel(self) -> None:
        for framing, channel in (("int32", Int32Channel), ("text", TextChannel)):
            options = self.parse(messages, "--framing", framing)
            self.assertIsInstance(options.make_channel(), channel)
        self.assertIn("[default: int32]", " ".join(str(messages.Options()).split()))

    def test_limits_reach_the_channel(self) -> None:
        options = broadcast.Options()
        options.parseOptions(["--max-message=3", "--newline=crlf", "--pace=70", "--idle-flush=9"])
        reactor = FakeReactor()
        service = broadcast.build(ServiceProcess(options, reactor), options)
        channel = service._ports._factory.buildProtocol(IPv4Address("TCP", "127.0.0.1", 50412))
        assert isinstance(channel, TextChannel)
        transport = Wire()
        channel.makeConnection(transport)
        self.assertEqual(transport.value(), b"CONNECT\r\n")
        self.assertEqual((channel._pace, channel._idle_flush), (0.07, 0.009))
        channel.dataReceived(b"1234\n")
        self.assertIn(b"error: message of 4 bytes is over the limit of 3\r\n", transport.value())

    def test_the_plugins_make_services(self) -> None:
        for module in (messages, broadcast):
            service = module.makeService(self.parse(module, "--port", "0"))
            self.assertFalse(service.running)

    def test_only_a_terminal_gets_the_note_that_other_machines_can_connect(self) -> None:
        def built(is_terminal: bool, *arguments: str) -> ServiceProcess:
            def build(process: ServiceProcess, options: Any) -> NetworkService:
                process.log.is_for_people = is_terminal
                return messages.build(process, options)

            return in_own_process(build)(self.parse(messages, "--port", "0", *arguments))

        self.assertIsNone(built(False).greeting)
        self.assertIsNone(built(True, "--interface", "127.0.0.1").greeting)
        greeting = built(True).greeting
        assert greeting is not None
        self.assertIn("other machines can connect, too", greeting())


class PlayTests(SynchronousTestCase):
    def test_play_raises_the_error_of_a_conversation(self) -> None:
        async def broken(channel: object) -> None:
            raise ValueError("no")

        self.assertRaises(ValueError, play, broken)

    def test_play_refuses_a_conversation_that_awaits_something_else(self) -> None:
        async def waiting(channel: object) -> None:
            await Deferred()

        self.assertRaises(AssertionError, play, waiting)

    def test_a_closed_channel_drops_messages(self) -> None:
        channel = ScriptedChannel("never heard")
        channel.hang_up()
        channel.say("never said")
        self.failureResultOf(Deferred.fromCoroutine(channel.hear()), PeerGone)
        self.assertEqual((channel.said, channel.hung_up), ([], True))
