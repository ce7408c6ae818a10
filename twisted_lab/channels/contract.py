"""Contract of channels, as tests for every kind."""

from __future__ import annotations

import gc
from collections.abc import Callable, Sequence
from typing import Any, Protocol
from weakref import ref

from twisted.internet.defer import CancelledError, Deferred
from twisted.logger import LogEvent

from twisted_lab.channels.channel import Channel, Conversation, PeerGone, PeerSilent, Refused
from twisted_lab.channels.connections import Connection, Connections
from twisted_lab.channels.conversation_contract import ConversationContract, same


class LivePeer(Protocol):
    """The other end of a channel, played by a test.

    Attributes:
        channel: The channel, which is also a `twisted_lab.channels.Connection`.
        connections: The container of the channel.
    """

    channel: Any
    connections: Connections

    @property
    def log(self) -> Sequence[LogEvent]:
        """The events that the channel has reported."""
        ...

    def send(self, *texts: str) -> None:
        """Send messages, all at once."""
        ...

    def stall(self) -> None:
        """Accept no more output; a kind of peer whose channel cannot notice that does nothing."""
        ...

    def resume(self) -> None:
        """Accept output again."""
        ...

    def work(self, seconds: float) -> None:
        """Let `seconds` pass without a turn of the reactor, as a busy conversation does."""
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

    Attributes:
        can_close: Whether a peer can close.
        can_stall: Whether the channel notices that its peer accepts no output.
        outlasts_silence: Whether a conversation that catches PeerSilent can go on.
    """

    can_close = True
    can_stall = True
    outlasts_silence = True

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
            except Exception as error:
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
        same(heard, [])
        work.callback(None)
        peer.wait(0)
        same(heard, ["a", "b"])

    def busy(self) -> tuple[list[str | type], LivePeer, Deferred[None]]:
        """Like `watch`, with a conversation that listens only once the Deferred fires."""
        heard: list[str | type] = []
        work: Deferred[None] = Deferred()

        async def listen(channel: Channel) -> None:
            await work
            try:
                while True:
                    heard.append(await channel.hear())
            except PeerGone as error:
                heard.append(type(error))
                raise

        return heard, self.connect(listen), work

    def test_messages_may_arrive_together(self) -> None:
        """The conversation hears all of them, in order."""
        heard, peer = self.watch()
        texts = [str(number) for number in range(40)]
        peer.send(*texts)
        peer.wait(0)
        same(heard, texts)

    def test_received_messages_are_heard_before_the_end(self) -> None:
        """A peer that closes loses none of its messages; a server that stops drops them."""
        heard, peer, work = self.busy()
        peer.send("a", "b")
        peer.close()
        work.callback(None)
        peer.wait(0)
        same(heard, ["a", "b", PeerGone] if self.can_close else [PeerGone])

    def test_a_server_that_stops_drops_received_messages(self) -> None:
        """The conversation hears only PeerGone."""
        heard, peer, work = self.busy()
        peer.send("a", "b")
        peer.channel.finish()
        work.callback(None)
        peer.wait(0)
        same(heard, [PeerGone])

    def test_hear_waits_for_the_peer(self) -> None:
        """A conversation that answers each message does not run ahead of its peer."""
        if not self.can_stall:
            return
        heard: list[str] = []

        async def answer(channel: Channel) -> None:
            while True:
                heard.append(await channel.hear())
                channel.say("x" * 2000)

        peer = self.connect(answer)
        peer.stall()
        for _ in range(40):
            peer.send("a")
            peer.wait(0)
        same(len(heard) < 40, True)
        peer.resume()
        for _ in range(100):
            peer.wait(0)
        same(len(heard), 40)

    def test_taken_waits_for_the_peer(self) -> None:
        """It waits while more than about 64 KiB are pending, or for the rate limit."""
        said: list[int] = []

        async def talk(channel: Channel) -> None:
            await channel.hear()
            peer.stall()
            for number in range(200):
                channel.say("x" * 1000)
                await channel.taken()
                said.append(number)
            await channel.hear()

        peer = self.connect(talk)
        peer.send("a")
        peer.wait(0)
        same(len(said) < 200, True)
        peer.resume()
        for _ in range(100):
            peer.wait(0.5)
        same(len(said), 200)

    def test_much_work_takes_several_turns(self) -> None:
        """In between the reactor serves others."""
        heard: list[str] = []

        async def work(channel: Channel) -> None:
            while True:
                heard.append(await channel.hear())
                peer.work(0.02)

        peer = self.connect(work)
        peer.send(*["a"] * 40)
        same(len(heard) < 20, True)
        for _ in range(50):
            peer.wait(0)
        same(len(heard), 40)

    def test_the_end_is_reported_and_no_longer_counted(self) -> None:
        """The channel belongs to the open connections until then."""
        heard, peer = self.watch()
        same((len(peer.connections), self._ends(peer)), (1, 0))
        peer.close()
        for _ in range(20):
            peer.wait(0.5)
        same((heard[-1], len(peer.connections), self._ends(peer)), (PeerGone, 0, 1))

    def _ends(self, peer: LivePeer) -> int:
        return sum(event["event"] == "client disconnected" for event in peer.log)

    def test_the_end_of_a_conversation_is_a_hang_up(self) -> None:
        """The channel hangs up before its peer closes."""

        async def greet(channel: Channel) -> None:
            await channel.hear()

        peer = self.connect(greet)
        same(peer.channel.is_gone, False)
        peer.send("a")
        same(peer.channel.is_gone, True)

    def test_a_conversation_may_wait_again_after_a_silence(self) -> None:
        """PeerSilent is no end: the next message is heard."""
        if not self.outlasts_silence:
            return
        heard: list[str | type] = []

        async def patient(channel: Channel) -> None:
            channel.patience = 10.0
            while True:
                try:
                    heard.append(await channel.hear())
                except PeerSilent as error:
                    heard.append(type(error))

        peer = self.connect(patient)
        peer.wait(11.0)
        peer.send("a")
        peer.wait(0)
        same((heard, peer.channel.is_gone), ([PeerSilent, "a"], False))

    def test_others_hang_up(self) -> None:
        """The conversation learns of it in a later turn, and can say nothing more."""
        heard, peer = self.watch()
        peer.channel.hang_up()
        same((heard, peer.channel.is_gone), ([], True))
        peer.wait(0)
        same((heard, peer.received()), ([PeerGone], []))

    def test_the_server_stops(self) -> None:
        """The conversation hears nothing more, and its last messages are sent."""
        heard, peer = self.watch()
        connection: Connection = peer.channel
        connection.finish()
        same(heard, [])
        peer.wait(0)
        same((heard, peer.received()), ([PeerGone], ["bye"]))

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
        same((ends, peer.channel.is_gone), ([], True))
        peer.wait(0)
        same(ends, [CancelledError])

    def test_patience_may_change_at_any_time(self) -> None:
        """A change applies while the conversation waits, and from outside of it."""
        heard, peer = self.watch()
        peer.channel.patience = 1000.0
        peer.wait(900.0)
        peer.send("a")
        peer.channel.patience = 5.0
        peer.wait(4.0)
        same(heard, ["a"])
        peer.wait(2.0)
        same(heard[:2], ["a", PeerSilent])

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
        same((mistakes, peer.received()), ([RuntimeError], ["a"]))

    def test_a_refusal_is_told(self) -> None:
        """The peer gets the text of each exception that is meant for it."""

        async def refuse(_: Channel) -> None:
            raise Refused("not today")

        same(self.play(refuse, 0.0), ["error: not today"])

    def test_messages_are_counted(self) -> None:
        """The channel counts messages, and at least their bytes, in both directions."""

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
        same(after.messages_in - before.messages_in, 2)
        same(after.messages_out - before.messages_out, 2)
        same(after.bytes_in - before.bytes_in >= 2, True)
        same(after.bytes_out - before.bytes_out >= 2, True)

    def kept_after(self, conversation: Conversation, end: Callable[[LivePeer], object]) -> object:
        """Let `end` end a channel; return the channel if it waits for the garbage collector."""
        peer = self.connect(conversation)
        channel = ref(peer.channel)
        gc.disable()
        try:
            end(peer)
            peer.wait(1)
            peer.close()
            peer.wait(100)  # A server may keep a channel until its timeout.
            peer.channel = None
            return channel()
        finally:
            gc.enable()

    def test_an_ended_channel_is_freed_at_once(self) -> None:
        """It is in no reference cycle, which would cost CPU time to find, however it has ended."""

        async def listen(channel: Channel) -> None:
            while True:
                channel.say(await channel.hear())

        async def refuse(_: Channel) -> None:
            raise Refused("not today")

        async def catch(channel: Channel) -> None:
            try:
                await listen(channel)
            except (PeerGone, PeerSilent):
                await channel.taken()

        async def talk(channel: Channel) -> None:
            while await channel.hear():
                for _ in range(20):
                    channel.say("x" * 1000)
                    await channel.taken()

        async def work(_: Channel) -> None:
            await Deferred()

        def close(_: LivePeer) -> None: ...

        def send(peer: LivePeer) -> None:
            peer.send("a", "b")

        def hang_up(peer: LivePeer) -> None:
            peer.channel.hang_up()

        def stop(peer: LivePeer) -> None:
            peer.channel.finish()

        def disconnect(peer: LivePeer) -> None:
            peer.channel.abort()

        def be_silent(peer: LivePeer) -> None:
            peer.channel.patience = 5.0
            peer.wait(20)

        for conversation in (listen, refuse, catch, talk):
            for end in (close, send, hang_up, stop, disconnect, be_silent):
                same(
                    (conversation, end, self.kept_after(conversation, end)),
                    (conversation, end, None),
                )
        same(self.kept_after(work, disconnect), None)
