"""A peer's last messages reach the others, however it leaves; unsent history costs nothing."""

from __future__ import annotations

from twisted.internet.defer import Deferred
from twisted.internet.error import ConnectionLost
from twisted.internet.task import Clock, deferLater
from twisted.python.failure import Failure
from twisted.trial.unittest import SynchronousTestCase

from tests.doubles.channels import LiveChannel
from tests.doubles.chat_network import Net
from tests.doubles.recording import Wire, recorded_events
from tests.doubles.rooms import make_room, open_chat
from twisted_lab.channels import ConversationFactory, PeerGone, TextChannel
from twisted_lab.rooms import Addresses, MemoryHistory, Rates, Said, client_id, rate_limits
from twisted_lab.rooms.rate_limits import WELCOME_BYTES, Address

SECRET = "0123456789abcdef"


class SlowHistory(MemoryHistory):
    """One that takes 10 ms for each message."""

    def __init__(self, clock: Clock) -> None:
        super().__init__()
        self.clock = clock

    async def add(self, said: Said) -> int | None:
        await deferLater(self.clock, 0.01)
        return await super().add(said)


class LastWordsTests(SynchronousTestCase):
    def test_of_a_stream(self) -> None:
        for is_lost in (False, True):
            clock = Clock()
            clock.advance(1000)
            chat = open_chat(SlowHistory(clock), clock)
            factory = ConversationFactory(
                clock, recorded_events()[0], chat.converse, lambda: TextChannel(600)
            )
            anna, boris = factory.buildProtocol(None), factory.buildProtocol(None)
            anna.makeConnection(Wire())
            boris.makeConnection(heard := Wire())
            boris.dataReceived(b"/join Boris\n")
            anna.dataReceived(b"/join Anna\none\ntwo\nthree\n")
            if is_lost:
                anna.connectionLost(Failure(ConnectionLost()))
            else:
                anna.readConnectionLost()
            clock.pump([0.01] * 20)
            lines = heard.value().decode().splitlines()
            words = ["Anna: one", "Anna: two", "Anna: three", "* Anna has left"]
            self.assertEqual(lines[-4:], words)

    def test_of_a_session(self) -> None:
        net = Net()
        net.history = SlowHistory(net.clock)
        net.start_server()
        anna, boris = net.join("Anna"), net.join("Boris")
        net.run(anna.is_in)
        net.run(boris.is_in)
        for text in ("one", "two", "three"):
            anna.client.say(text)
        anna.client.abort()
        end = net.clock.seconds() + 5
        net.run(lambda: net.clock.seconds() >= end)
        self.assertEqual(boris.said, ["Anna: one", "Anna: two", "Anna: three"])


class GoneTests(SynchronousTestCase):
    def test_what_was_not_paid_for_is_given_back(self) -> None:
        clock = Clock()
        room = make_room(MemoryHistory(), clock, clock.seconds)
        address = Address(Rates(), 0.0)
        for _ in range(1000):
            channel = LiveChannel(1)
            pacing = Deferred.fromCoroutine(room.pace(channel, address.history, WELCOME_BYTES))
            if not pacing.called:
                channel.hang_up()
        clock.advance(1)
        self.assertLess(address.history.wait(0, clock.seconds()), 1)

    def test_a_channel_that_has_gone_does_not_join(self) -> None:
        clock = Clock()
        clock.advance(1000)
        history = MemoryHistory()
        said = Said(1, "Anna", "x", speaker=client_id(SECRET), count=1, time=1000.0)
        Deferred.fromCoroutine(history.add(said))
        chat = open_chat(history, clock, Rates(history_bytes=6000))
        ends: list[object] = []
        channels = [LiveChannel(port) for port in (1, 2)]
        for channel in channels:
            Deferred.fromCoroutine(chat.converse(channel)).addBoth(ends.append)
        first, second = channels
        first.hears(f"/join Anna {SECRET} 1")
        second.hears(f"/join Anna {SECRET} 1")
        self.assertEqual(second.said, [])
        second.hang_up()
        clock.pump([0.5] * 40)
        self.assertFalse(first.hung_up)
        [end] = ends
        assert isinstance(end, Failure)
        self.assertIsInstance(end.value, PeerGone)

    def test_who_is_there_for_long_does_not_keep_others_from_being_forgotten(self) -> None:
        self.patch(rate_limits, "MOST_ADDRESSES", 100)
        addresses = Addresses(Rates())
        for name in "ab":
            addresses.of(name, 0.0).peers += 1
        first = addresses.of("a", 0.0)
        for number in range(1000):
            addresses.of(str(number), 100.0 * number)
        self.assertLess(len(addresses._known), 10)
        for number in range(1000):
            addresses.of(str(number), 1e6).joins.take(1, 1e6)
        self.assertIs(addresses.of("a", 1e6), first)


class RefusedTests(SynchronousTestCase):
    def test_a_member_that_is_refused_later_goes_on_and_is_told_once(self) -> None:
        for messages in (0, 5):
            net = Net()
            boris = net.join("Boris")
            net.run(boris.is_in)
            net.kill_server()
            net.connections.pausing = True
            for number in range(messages):
                boris.client.say(f"{number}")
            net.run_for(60)
            self.assertEqual(sum("not let in again" in text for text in boris.told), 1)
            self.assertLess(net.connections.refused, 14)
            net.connections.pausing = False
            net.run(boris.is_settled)
            self.assertEqual(len(boris.said), messages)
