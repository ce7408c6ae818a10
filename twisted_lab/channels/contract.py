"""Contract of channels, as tests for every kind."""

from __future__ import annotations

from typing import Any, Protocol

from twisted.internet.defer import CancelledError, Deferred

from twisted_lab.channels.channel import Channel, Conversation, PeerGone, PeerSilent, Refused
from twisted_lab.channels.connections import Connection


class ConversationContract:
    """A channel's promises to its conversation, as tests.

    Mix it into a test case that implements `play`.

    Attributes:
        hears_out: Whether a peer that has closed still receives the answers.
    """

    hears_out = True

    def play(self, conversation: Conversation, *script: str | float) -> list[str]:
        """Run a conversation with a peer that plays `script` and then closes.

        A text is a message; a number is a silence, in seconds.

        Returns:
            The messages that the peer received.
        """
        raise NotImplementedError

    def listen(self, *script: str | float, patience: float = 60.0) -> list[str | type]:
        """Return the messages that a conversation hears, and the type of the final exception."""
        heard: list[str | type] = []

        async def listen(channel: Channel) -> None:
            channel.patience = patience
            try:
                while True:
                    heard.append(await channel.hear())
            except Exception as error:
                heard.append(type(error))
                raise

        self.play(listen, *script)
        return heard

    def test_messages_are_heard_in_order(self) -> None:
        """The conversation hears each message once, and then PeerGone."""
        texts = ["a", "", "two words", "\u0436", "x" * 500, "a"]
        _same(self.listen(*texts), [*texts, PeerGone])

    def test_messages_are_said_in_order(self) -> None:
        """The peer receives each message once; a lone surrogate is sent as "?"."""

        async def talk(channel: Channel) -> None:
            for text in ("a", "\u0436", "\ud800", "x" * 500):
                channel.say(text)
                await channel.taken()

        _same(self.play(talk), ["a", "\u0436", "?", "x" * 500])

    def test_the_end_of_input_stays(self) -> None:
        """`hear` raises PeerGone each time, and the answer is still sent."""
        ends: list[type] = []

        async def listen(channel: Channel) -> None:
            text = await channel.hear()
            for _ in range(3):
                try:
                    await channel.hear()
                except PeerGone as error:
                    ends.append(type(error))
            channel.say(text.upper())

        _same(self.play(listen, "a")[:1], ["A"] if self.hears_out else [])
        _same(ends, [PeerGone] * 3)

    def test_a_hang_up_ends_both_ways(self) -> None:
        """The conversation can then say and hear nothing more."""
        ends: list[object] = []

        async def leave(channel: Channel) -> None:
            ends.append(channel.is_gone)
            channel.say("bye")
            channel.hang_up()
            channel.say("too late")
            channel.hang_up()
            ends.append(channel.is_gone)
            for wait in (channel.hear, channel.taken):
                try:
                    await wait()
                except PeerGone as error:
                    ends.append(type(error))

        _same(self.play(leave, "a"), ["bye"])
        _same(ends, [False, True, PeerGone, PeerGone])

    def test_the_end_of_a_conversation_is_a_hang_up(self) -> None:
        """The server closes, even if the peer does not."""
        channels: list[Channel] = []

        async def greet(channel: Channel) -> None:
            channels.append(channel)
            channel.say("hello")

        _same(self.play(greet, 1.0), ["hello"])
        _same(channels[0].is_gone, True)

    def test_silence(self) -> None:
        """`hear` raises PeerSilent after the idle timeout."""
        _same(self.listen(9.0, "a", 9.0, "b", 11.0, patience=10.0), ["a", "b", PeerSilent])

    def test_a_longer_patience(self) -> None:
        """A longer idle timeout applies immediately."""
        _same(self.listen(900.0, "a", patience=1000.0), ["a", PeerGone])


class LivePeer(Protocol):
    """The other end of a channel, played by a test.

    Attributes:
        channel: The channel, which is also a `twisted_lab.channels.Connection`.
    """

    channel: Any

    def send(self, text: str) -> None:
        """Send a message."""
        ...

    def wait(self, seconds: float) -> None:
        """Advance the time by `seconds`; 0 is a turn of the reactor."""
        ...

    def received(self) -> list[str]:
        """Return the messages that the peer has received so far."""
        ...

    def close(self) -> None:
        """Close; for a kind of peer that cannot close, stop the server."""
        ...


class ChannelContract(ConversationContract):
    """A channel's promises to its conversation and to the rest of its process, as tests.

    Mix it into a test case that implements `connect`.
    """

    def connect(self, conversation: Conversation) -> LivePeer:
        """Run a conversation with a peer that the test plays."""
        raise NotImplementedError

    def play(self, conversation: Conversation, *script: str | float) -> list[str]:
        """See `ConversationContract`."""
        peer = self.connect(conversation)
        for step in script:
            if isinstance(step, str):
                peer.send(step)
            else:
                peer.wait(step)
        peer.wait(0)
        peer.close()
        peer.wait(0)
        return peer.received()

    def watch(self) -> tuple[list[str | type], LivePeer]:
        """Run a conversation that listens; return the list of what it hears, and its peer."""
        heard: list[str | type] = []

        async def listen(channel: Channel) -> None:
            try:
                while True:
                    heard.append(await channel.hear())
            except BaseException as error:
                heard.append(type(error))
                channel.say("bye")
                raise

        return heard, self.connect(listen)

    def test_received_messages_wait_to_be_heard(self) -> None:
        """The channel keeps messages while the conversation is busy."""
        work: Deferred[None] = Deferred()
        heard: list[str] = []

        async def listen(channel: Channel) -> None:
            await work
            while True:
                heard.append(await channel.hear())

        peer = self.connect(listen)
        peer.send("a")
        peer.send("b")
        _same(heard, [])
        work.callback(None)
        peer.wait(0)
        _same(heard, ["a", "b"])

    def test_others_hang_up(self) -> None:
        """The conversation learns of it in a later turn, and can say nothing more."""
        heard, peer = self.watch()
        peer.channel.hang_up()
        _same((heard, peer.channel.is_gone), ([], True))
        peer.wait(0)
        _same((heard, peer.received()), ([PeerGone], []))

    def test_the_server_stops(self) -> None:
        """The conversation hears nothing more, and its last messages are sent."""
        heard, peer = self.watch()
        connection: Connection = peer.channel
        connection.finish()
        _same(heard, [])
        peer.wait(0)
        _same((heard, peer.received()), ([PeerGone], ["bye"]))

    def test_the_operator_disconnects(self) -> None:
        """The channel cancels any other wait of the conversation, in a later turn."""
        ends: list[type] = []

        async def work(_: Channel) -> None:
            try:
                await Deferred()
            except CancelledError as error:
                ends.append(type(error))
                raise

        peer = self.connect(work)
        peer.channel.abort()
        _same((ends, peer.channel.is_gone), ([], True))
        peer.wait(0)
        _same(ends, [CancelledError])

    def test_patience_may_change_at_any_time(self) -> None:
        """A change applies while the conversation waits, and from outside of it."""
        heard, peer = self.watch()
        peer.channel.patience = 1000.0
        peer.wait(900.0)
        peer.send("a")
        peer.channel.patience = 5.0
        peer.wait(4.0)
        _same(heard, ["a"])
        peer.wait(2.0)
        _same(heard[:2], ["a", PeerSilent])

    def test_a_conversation_hears_one_message_at_a_time(self) -> None:
        """A second concurrent `hear` raises RuntimeError."""
        mistakes: list[type] = []

        async def listen(channel: Channel) -> None:
            first = Deferred.fromCoroutine(channel.hear())
            try:
                await channel.hear()
            except RuntimeError as error:
                mistakes.append(type(error))
            channel.say(await first)

        peer = self.connect(listen)
        peer.send("a")
        peer.wait(0)
        _same((mistakes, peer.received()), ([RuntimeError], ["a"]))

    def test_a_refusal_is_told(self) -> None:
        """The peer gets the text of each exception that is meant for it."""

        async def refuse(_: Channel) -> None:
            raise Refused("not today")

        _same(self.play(refuse, 0.0), ["error: not today"])

    def test_messages_are_counted(self) -> None:
        """The channel counts messages in both directions."""

        async def echo(channel: Channel) -> None:
            channel.say("hello")
            while True:
                channel.say(await channel.hear())

        peer = self.connect(echo)
        connection: Connection = peer.channel
        before = connection.traffic()
        for text in ("a", "b"):
            peer.send(text)
        peer.wait(0)
        after = connection.traffic()
        _same(after.messages_in - before.messages_in, 2)
        _same(after.messages_out - before.messages_out, 2)


def _same(found: object, expected: object) -> None:
    if found != expected:
        raise AssertionError(f"{found!r} is not {expected!r}")
