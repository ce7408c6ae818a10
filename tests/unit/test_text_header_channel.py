from __future__ import annotations

import io
from contextlib import redirect_stderr

from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from tests.doubles.recording import Wire, recorded_events
from twisted_lab.channels import (
    Channel,
    Conversation,
    ConversationFactory,
    FanOut,
    Refused,
    StreamChannel,
    TextHeaderChannel,
)
from twisted_lab.channels.fan_out import SLICE_SENDS
from twisted_lab.codecs import MessageError, text_header
from twisted_lab.services import auth, broadcast, messages, netlab
from twisted_lab.services.broadcast import Broadcast

TOO_LONG = "message of 12000 bytes is over the limit of 9999 of the header decimal:4"


class TextHeaderChannelTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.clock = Clock()
        self.events, self.recorder = recorded_events()

    def connect(
        self, conversation: Conversation, framing: str = "decimal:4", count: str = "bytes"
    ) -> tuple[StreamChannel, Wire]:
        def make() -> StreamChannel:
            return TextHeaderChannel(600, text_header(framing, count))

        factory = ConversationFactory(self.clock, self.events, conversation, make)
        channel = factory.buildProtocol(None)
        channel.makeConnection(wire := Wire())
        return channel, wire

    async def echo(self, channel: Channel) -> None:
        while True:
            channel.say((await channel.hear()).upper())

    def answer(self, data: str, framing: str, count: str = "bytes") -> str:
        channel, wire = self.connect(self.echo, framing, count)
        channel.dataReceived(data.encode())
        return str(wire.value(), "utf-8")

    def test_messages_are_answered_in_the_framing(self) -> None:
        for data, framing, answer in (
            ("5         hello   2         да", "decimal:10", "0000000005HELLO"),
            ("   5hello0004да", "decimal:4", "0005HELLO0004ДА"),
            ("000chello, world", "hex:4", "000cHELLO, WORLD"),
        ):
            self.assertEqual(self.answer(data, framing)[: len(answer)], answer)
        self.assertEqual(self.answer("2   да0001x", "decimal:4", "characters"), "0002ДА0001X")

    def test_what_is_no_header_is_told_in_the_framing(self) -> None:
        said = "error: header 'GET ' is no decimal length; this looks like text: try --framing text"
        self.assertEqual(self.answer("GET / HTTP/1.1", "decimal:4"), f"00{len(said)}{said}")
        self.assertIn(f"disconnecting 127.0.0.1:50412: {said[7:]}", self.recorder.messages)

    def test_an_answer_too_long_for_the_header_ends_the_connection(self) -> None:
        async def talk(channel: Channel) -> None:
            await channel.hear()
            channel.say("before")
            channel.say("x" * 12000)
            channel.say("after")
            await channel.hear()

        channel, wire = self.connect(talk)
        channel.dataReceived(b"0001a0001b")
        self.clock.advance(0)
        self.assertEqual(wire.value().decode(), f"0006before0079error: {TOO_LONG}")
        self.assertTrue(wire.half_closed)
        self.assertEqual(self.recorder.names.count("hung up"), 1)
        self.assertIn(f"disconnecting 127.0.0.1:50412: {TOO_LONG}", self.recorder.messages)
        self.assertNotIn("conversation failed", self.recorder.names)

    def test_a_refusal_too_long_for_the_header(self) -> None:
        async def refuse(_: Channel) -> None:
            raise Refused("x" * 12000)

        _, wire = self.connect(refuse, "decimal:2")
        said = "error: message of 12007 bytes is over the limit of 99 of the header decimal:2"
        self.assertEqual(wire.value().decode(), f"{len(said)}{said}")
        self.assertTrue(wire.half_closed)

    def test_a_long_message_of_one_member_ends_no_connection(self) -> None:
        room = Broadcast(FanOut(self.clock, self.events))
        speaker, spoken = self.connect(room.converse)
        _, heard = self.connect(room.converse)
        speaker.dataReceived(b"9990" + b"x" * 9990 + b"0002ok")
        self.clock.pump([0] * 10)
        self.assertEqual(spoken.value(), heard.value())
        self.assertRegex(
            heard.value().decode(),
            r"^0007CONNECT\d{4}error: message of 100\d\d bytes is over the limit of 9999 "
            r"of the header decimal:4\d{4}Message from client \('127.0.0.1', 50412\): OK$",
        )
        self.assertFalse(heard.half_closed or spoken.half_closed)

    def test_a_long_message_to_one_member_does_not_end_its_connection(self) -> None:
        fan_out = FanOut(self.clock, self.events)
        channel, wire = self.connect(self.echo)
        fan_out.add(channel)
        for left in (SLICE_SENDS, 0):  # The second message waits for a turn.
            fan_out._left = left
            fan_out.tell(channel, "x" * 12000)
        self.clock.pump([0] * 3)
        self.assertEqual(wire.value().count(TOO_LONG.encode()), 2)
        self.assertFalse(wire.half_closed)


class OptionsTests(SynchronousTestCase):
    def refused(self, options: object, *arguments: str) -> str:
        said = io.StringIO()
        with redirect_stderr(said):
            self.assertRaises(SystemExit, options.parseOptions, arguments)  # type: ignore[attr-defined]
        self.assertEqual(said.getvalue().count("\n"), 1)
        return said.getvalue()

    def test_the_framing_makes_the_channel(self) -> None:
        options = broadcast.Options()
        options.parseOptions(["--framing", "hex:4", "--count", "characters", "--max-message", "9"])
        channel = options.make_channel()
        assert isinstance(channel, TextHeaderChannel)
        self.assertEqual(channel._header, text_header("hex:4", "characters"))
        self.assertEqual(channel._decoder.limit, 9)

    def test_what_is_no_header_is_quoted_only_without_secrets(self) -> None:
        problem = "is no decimal length; this looks like text: try --framing text"
        quoted = "header 'bob\\nsecret' "
        for options, header in ((messages.Options(), quoted), (auth.Options(), "the header ")):
            options.parseOptions(["--framing", "decimal:10"])
            channel = options.make_channel()
            channel._decoder.feed(b"bob\nsecret-password\n")
            error = self.assertRaises(MessageError, channel._decoder.take, 1)
            self.assertEqual(str(error), header + problem)

    def test_wrong_options(self) -> None:
        self.assertIn(
            "netlab-messages: --framing: expected text, int32, decimal:N or hex:N, with N from 1 "
            "to 64, not 'decimal:0'",
            self.refused(messages.Options(), "--framing", "decimal:0"),
        )
        self.assertIn(
            "netlab-messages: --count needs --framing decimal:N or hex:N",
            self.refused(messages.Options(), "--count", "characters"),
        )
        self.assertIn(
            "--count: expected one of bytes, characters, not 'words'",
            self.refused(messages.Options(), "--framing", "hex:4", "--count", "words"),
        )

    def test_netlab_passes_them_on(self) -> None:
        options = netlab.Options()
        options.parseOptions(["--messages-framing", "decimal:4", "--count", "characters"])
        services = options.services
        self.assertEqual(services["messages"]["framing"], "decimal:4")
        self.assertEqual(services["messages"]["count"], "characters")
        self.assertEqual(services["broadcast"]["framing"], "text")
