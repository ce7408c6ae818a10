"""Contract of a channel with its conversation, as tests for every kind."""

from __future__ import annotations

from twisted_lab.channels.channel import Channel, Conversation, PeerGone, PeerSilent


def same(found: object, expected: object) -> None:
    """Raise AssertionError unless `found` is equal to `expected`."""
    if found != expected:
        raise AssertionError(f"{found!r} is not {expected!r}")


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
        same(self.listen(*texts), [*texts, PeerGone])

    def test_messages_are_said_in_order(self) -> None:
        """The peer receives each message once; a lone surrogate is sent as "?"."""

        async def talk(channel: Channel) -> None:
            for text in ("a", "\u0436", "\ud800", "x" * 500):
                channel.say(text)
                await channel.taken()

        same(self.play(talk), ["a", "\u0436", "?", "x" * 500])

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

        same(self.play(listen, "a")[:1], ["A"] if self.hears_out else [])
        same(ends, [PeerGone] * 3)

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

        same(self.play(leave, "a"), ["bye"])
        same(ends, [False, True, PeerGone, PeerGone])

    def test_the_end_of_a_conversation_is_a_hang_up(self) -> None:
        """The server closes, even if the peer does not."""
        channels: list[Channel] = []

        async def greet(channel: Channel) -> None:
            channels.append(channel)
            channel.say("hello")

        same(self.play(greet, 1.0), ["hello"])
        same(channels[0].is_gone, True)

    def test_silence(self) -> None:
        """`hear` raises PeerSilent after the idle timeout."""
        same(self.listen(9.0, "a", 9.0, "b", 11.0, patience=10.0), ["a", "b", PeerSilent])

    def test_a_longer_patience(self) -> None:
        """A longer idle timeout applies immediately."""
        same(self.listen(900.0, "a", patience=1000.0), ["a", PeerGone])
