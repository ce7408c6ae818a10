"""All channels keep the same promises: the suite of `twisted_lab.testing`, over each of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.error import ConnectionDone, ConnectionLost
from twisted.internet.task import Clock
from twisted.python.failure import Failure
from twisted.trial.unittest import SynchronousTestCase

from tests.doubles.chat_network import Address, Socket
from tests.doubles.recording import Wire, recorded_events
from twisted_lab.channels import (
    Channel,
    Connections,
    Conversation,
    ConversationFactory,
    Int32Channel,
    StreamChannel,
    TextChannel,
    TextHeaderChannel,
)
from twisted_lab.channels.conversation_contract import same
from twisted_lab.channels.datagram_server import DatagramServer
from twisted_lab.channels.inbox import DatagramInbox
from twisted_lab.codecs import (
    FrameDecoder,
    HeaderDecoder,
    LineDecoder,
    StreamDecoder,
    encode_text,
    text_header,
)
from twisted_lab.reliable.packets import (
    NO_KEY,
    Ack,
    Close,
    Cookie,
    Data,
    Hello,
    Open,
    Packet,
    Side,
    Welcome,
    decode,
    seal,
)
from twisted_lab.testing import ChannelContract, ConversationContract, LivePeer, play

PATIENCE = 60.0
KEY = bytes(16)


class ScriptedChannelTests(ConversationContract, SynchronousTestCase):
    def play(self, conversation: Conversation, *script: str | float) -> list[str]:
        said: list[str] = []

        async def converse(channel: Channel) -> None:
            try:
                await conversation(channel)
            except Exception:
                ...
            finally:
                channel.hang_up()

        said += play(converse, *script)
        return said


class StreamPeer:
    """A peer of a stream."""

    is_reset = False

    def __init__(
        self,
        conversation: Conversation,
        make_channel: Callable[[], StreamChannel],
        decoder: Callable[[], StreamDecoder],
    ) -> None:
        self.decoder = decoder
        self.clock = Clock()
        events, self.log = recorded_events()
        self.connections = Connections()
        factory = ConversationFactory(
            self.clock, events, conversation, make_channel, self.connections
        )
        self.channel = factory.buildProtocol(None)
        self.wire = Wire()
        self.channel.makeConnection(self.wire)

    def send(self, *texts: str) -> None:
        self.channel.dataReceived(b"".join(map(self.channel.encode, texts)))

    def stall(self) -> None:
        self.channel._outbox.pauseProducing()

    def resume(self) -> None:
        self.channel._outbox.resumeProducing()

    def work(self, seconds: float) -> None:
        self.clock.rightNow += seconds

    def wait(self, seconds: float) -> None:
        self.clock.advance(seconds)

    def received(self) -> list[str]:
        decoder = self.decoder()
        decoder.feed(self.wire.value())
        return [data.decode() for data in decoder.take(1000)]

    def close(self) -> None:
        if not self.is_reset:
            self.channel.readConnectionLost()
            self.channel.connectionLost(Failure(ConnectionDone()))

    def reset(self) -> None:
        self.is_reset = True
        self.channel.connectionLost(Failure(ConnectionLost()))


class StreamContract(ChannelContract):
    def test_an_ended_stream_is_freed_at_once(self) -> None:
        async def flood(channel: Channel) -> None:
            while await channel.hear():
                for _ in range(10):
                    channel.say("x" * 60_000)

        async def flood_slowly(channel: Channel) -> None:
            while await channel.hear():
                for _ in range(10):
                    channel.say("x" * 60_000)
                    await channel.taken()

        async def fail(channel: Channel) -> None:
            await channel.hear()
            raise ValueError

        async def hear_late(channel: Channel) -> None:
            await work
            await channel.hear()

        def half_close(peer: Any) -> None:
            peer.send("a", "b")
            peer.channel.readConnectionLost()

        def reset(peer: Any) -> None:
            peer.reset()

        def read_nothing(peer: Any) -> None:
            peer.stall()
            peer.send("a", "b")
            peer.wait(3 * PATIENCE)

        def never_close(peer: Any) -> None:
            peer.send("a")
            peer.channel.hang_up()
            peer.wait(3 * PATIENCE)

        def break_the_rules(peer: Any) -> None:
            peer.channel.dataReceived(b"9" * 100_000)

        def break_the_rules_early(peer: Any) -> None:
            break_the_rules(peer)
            peer.reset()
            work.callback(None)

        def give_a_reason(peer: Any) -> None:
            peer.send("a")
            peer.log.clear()

        for conversation in (flood, flood_slowly):
            for end in (half_close, reset, read_nothing, never_close, break_the_rules):
                same(
                    (conversation, end, self.kept_after(conversation, end)),
                    (conversation, end, None),
                )
        same(self.kept_after(fail, give_a_reason), None)
        work: Deferred[None] = Deferred()
        same(self.kept_after(hear_late, break_the_rules_early), None)


class TextChannelTests(StreamContract, SynchronousTestCase):
    def connect(self, conversation: Conversation) -> LivePeer:
        return StreamPeer(conversation, lambda: TextChannel(PATIENCE), LineDecoder)


class Int32ChannelTests(StreamContract, SynchronousTestCase):
    def connect(self, conversation: Conversation) -> LivePeer:
        return StreamPeer(conversation, lambda: Int32Channel(PATIENCE), FrameDecoder)


class TextHeaderChannelTests(StreamContract, SynchronousTestCase):
    header = text_header("decimal:10")

    def connect(self, conversation: Conversation) -> LivePeer:
        return StreamPeer(
            conversation,
            lambda: TextHeaderChannel(PATIENCE, self.header),
            lambda: HeaderDecoder(self.header),
        )


class CharacterHeaderChannelTests(TextHeaderChannelTests):
    header = text_header("hex:4", "characters")


class DatagramPeer:
    """A peer of a UDP port, which has proved its address."""

    address: Address = "192.0.2.7", 4000
    channel: Any

    def __init__(self, conversation: Conversation) -> None:
        async def converse(channel: Channel) -> None:
            self.channel = channel
            await self.begin(channel)
            await conversation(channel)

        self.clock = Clock()
        events, self.log = recorded_events()
        self.connections = Connections()
        self.sent: list[bytes] = []
        self.server = DatagramServer(self.clock, events, converse, self.connections, PATIENCE)
        self.server.transport = Socket(lambda data, _: self.sent.append(data))
        self.open()

    async def begin(self, channel: Channel) -> None:
        """Hear what is not part of the test."""

    def open(self) -> None:
        raise NotImplementedError

    def give(self, data: bytes) -> list[bytes]:
        """Give the server a datagram; return the answers that come at once."""
        before = len(self.sent)
        self.server.datagramReceived(data, self.address)
        return self.sent[before:]

    def wait(self, seconds: float) -> None:
        # In steps: a long one would be a pause of the process, which is no silence.
        self.clock.pump([0.5] * int(2 * seconds) or [0])

    def stall(self) -> None: ...

    def resume(self) -> None: ...

    def work(self, seconds: float) -> None:
        self.clock.rightNow += seconds


class PlainPeer(DatagramPeer):
    """One that cannot close."""

    async def begin(self, channel: Channel) -> None:
        await channel.hear()  # the datagram that has proved its address

    def open(self) -> None:
        [answer] = self.give(b"/join me")
        self.sent.clear()
        self.give(answer)

    def send(self, *texts: str) -> None:
        self.give("".join(text + "\n" for text in texts).encode())

    def received(self) -> list[str]:
        return [data.decode().removesuffix("\n") for data in self.sent]

    def close(self) -> None:
        self.channel.finish()


class ReliablePeer(DatagramPeer):
    """One that acknowledges everything, unless it is stalled."""

    is_stalled = False

    def open(self) -> None:
        self.decoder = FrameDecoder()
        self.texts: list[str] = []
        self.sequence = self.expected = 0
        [cookie] = self.packet(Hello(7), NO_KEY)
        assert isinstance(cookie, Cookie)
        [welcome, *_] = self.packet(Open(7, cookie.cookie, KEY, 1))
        assert isinstance(welcome, Welcome)
        self.session = welcome.session

    def packet(self, packet: Packet, key: bytes = KEY) -> list[Packet]:
        return [decode(data) for data in self.give(seal(packet, key, Side.CLIENT))]

    def send(self, *texts: str) -> None:
        self.packet(Data(self.session, self.sequence, 0, b"".join(map(encode_text, texts))))
        self.sequence += 1
        self.take()

    def wait(self, seconds: float) -> None:
        super().wait(seconds)
        self.take()

    def stall(self) -> None:
        self.is_stalled = True

    def resume(self) -> None:
        self.is_stalled = False

    def take(self) -> None:
        """Take and acknowledge what has come."""
        if self.is_stalled:
            return
        for packet in map(decode, self.sent):
            if isinstance(packet, Data) and packet.sequence == self.expected:
                self.expected += 1
                self.decoder.feed(packet.fragment)
                self.packet(Ack(self.session, self.expected, 0))
        self.sent.clear()
        self.texts += [data.decode() for data in self.decoder.take(1000)]

    def received(self) -> list[str]:
        self.take()
        return self.texts

    def close(self) -> None:
        self.packet(Close(self.session, False))


class DatagramContract(ChannelContract):
    def test_waiting_messages_have_a_limit(self) -> None:
        heard, peer, work = self.busy()
        for _ in range(3):
            peer.send(*["x"] * 60)
            peer.wait(10)
        work.callback(None)
        peer.wait(0)
        # The reliable protocol accepts a whole packet while there is room.
        assert DatagramInbox.MESSAGES <= len(heard) <= 120


class PlainChannelTests(DatagramContract, SynchronousTestCase):
    can_close = False
    can_stall = False

    def connect(self, conversation: Conversation) -> LivePeer:
        return PlainPeer(conversation)


class ReliableChannelTests(DatagramContract, SynchronousTestCase):
    hears_out = False
    outlasts_silence = False

    def connect(self, conversation: Conversation) -> LivePeer:
        return ReliablePeer(conversation)
