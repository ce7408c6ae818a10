"""Rate limits that the peers of one address share in a room."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from twisted.internet.defer import Deferred
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from tests.doubles.channels import LiveChannel
from tests.doubles.chat_network import Net
from tests.doubles.rooms import FREE, free_limits, make_room, open_chat
from twisted_lab.channels import PeerGone
from twisted_lab.rooms import (
    Addresses,
    Limits,
    Line,
    Member,
    MemoryHistory,
    Rates,
    RoomClient,
    Said,
    client_id,
    rate_limits,
)
from twisted_lab.rooms.rate_limits import BURST, MESSAGE_BURST_SECONDS, Address
from twisted_lab.testing import ScriptedChannel
from twisted_lab.token_bucket import Bucket

SECRETS = [f"{number:016x}" for number in range(1, 200)]
WELCOME = "* welcome, "


class BucketTests(SynchronousTestCase):
    @given(st.lists(st.tuples(st.floats(0, 3), st.floats(0, 20)), max_size=60))
    def test_property_tokens_are_refilled_at_the_rate(
        self, script: list[tuple[float, float]]
    ) -> None:
        bucket, now, taken = Bucket(4.0, 10.0, 0.0), 0.0, 0.0
        for gap, tokens in script:
            now += gap
            wait = bucket.take(tokens, now)
            taken += tokens
            self.assertLessEqual(taken, 10.0 + 4.0 * (now + wait) + 1e-6)

    def test_a_clock_set_back_adds_no_tokens(self) -> None:
        bucket = Bucket(1.0, 5.0, 100.0)
        bucket.take(5.0, 100.0)
        self.assertEqual(bucket.wait(1.0, 50.0), 1.0)


class AddressesTests(SynchronousTestCase):
    def test_limits_of_an_address_outlive_its_members(self) -> None:
        addresses = Addresses(Rates())
        addresses.of("192.0.2.1", 0.0).joins.take(45, 0.0)
        for second in range(5):
            addresses.of("192.0.2.2", float(second))
        self.assertGreater(addresses.of("192.0.2.1", 5.0).joins.wait(45, 5.0), 0)

    def test_an_address_in_use_is_kept(self) -> None:
        addresses = Addresses(Rates())
        address = addresses.of("192.0.2.1", 0.0)
        address.peers += 1
        self.assertIs(addresses.of("192.0.2.1", 99.0), address)
        address.peers -= 1
        self.assertIsNot(addresses.of("192.0.2.1", 99.0), address)

    def test_idle_addresses_are_deleted(self) -> None:
        addresses = Addresses(Rates())
        for number in range(1000):
            addresses.of(str(number), float(number))
        self.assertLess(len(addresses._known), 5)

    def test_the_number_of_addresses_is_bounded(self) -> None:
        self.patch(rate_limits, "MOST_ADDRESSES", 10)
        addresses = Addresses(Rates())
        for number in range(1000):
            addresses.of(str(number), 0.0).joins.take(1, 0.0)
        self.assertEqual(len(addresses._known), 10)
        self.assertIn("999", addresses._known)


class JoinTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.clock = Clock()
        self.clock.advance(1000)
        self.history = MemoryHistory()
        self.open()

    def open(self, rates: Rates | None = None) -> None:
        self.chat = open_chat(self.history, self.clock, rates or Rates())
        self.channels: list[LiveChannel] = []

    def connect(self, host: str = "192.0.2.1") -> LiveChannel:
        channel = LiveChannel(1000 + len(self.channels))
        channel.peer = type(channel.peer)(host, 1, host)
        Deferred.fromCoroutine(self.chat.converse(channel)).addErrback(
            lambda failure: failure.trap(PeerGone)
        )
        self.channels.append(channel)
        return channel

    def join(self, count: int, host: str = "192.0.2.1") -> list[LiveChannel]:
        channels = []
        for _ in range(count):
            channel = self.connect(host)
            channel.hears(f"/join m{len(self.channels)}")
            channels.append(channel)
        self.clock.advance(0)
        return channels

    def members(self) -> int:
        return sum(any(WELCOME in text for text in each.said) for each in self.channels)

    def test_joins_over_the_limit_are_refused_with_a_time(self) -> None:
        self.join(45)
        [late] = self.join(1)
        refusal = "error: too many have joined from your address; try again in 1 s"
        self.assertEqual((self.members(), late.said), (45, [refusal]))
        self.join(1, "192.0.2.2")
        self.assertEqual(self.members(), 46)
        self.clock.advance(1)
        late.hears("/join late")
        self.clock.advance(0)
        self.assertEqual(self.members(), 47)

    def test_leaving_does_not_reset_the_limit(self) -> None:
        [witness] = self.join(1, "192.0.2.2")
        for _ in range(100):
            channel = self.connect()
            channel.hears("/join again")
            self.clock.advance(0)
            if any(WELCOME in text for text in channel.said):
                channel.hears("/leave")
            self.clock.advance(0.01)
        self.assertLess(sum("again" in text for text in witness.said), 2 * (45 + 4))

    def test_the_members_of_an_address_are_bounded(self) -> None:
        self.open(Rates(members=3, joins=100))
        *_, refused = self.join(4)
        self.assertEqual(
            refused.said, ["error: too many members are here from your address; try again in 5 s"]
        )
        self.channels[0].hears("/leave")
        self.clock.advance(5)
        refused.hears("/join in")
        self.assertEqual(self.members(), 4)

    def test_a_returning_client_does_not_count_as_a_new_member(self) -> None:
        for secret in SECRETS[:40]:
            Deferred.fromCoroutine(self.history.add(Said(1, "x", "hello", "", "", 0)))
            channel = self.connect()
            channel.hears(f"/join {secret} {secret}")
            self.clock.advance(0)
            channel.hears("1 hello")
            self.clock.advance(0)
            channel.hears("2 /leave")
            self.clock.advance(1)
        self.join(45)
        before = self.members()
        for secret in SECRETS[:40]:
            self.connect().hears(f"/join {secret} {secret} 5")
        self.clock.advance(0)
        self.assertEqual(self.members(), before + 40)

    def test_strangers_are_rate_limited_like_members(self) -> None:
        channel = self.connect()
        for _ in range(64):
            channel.hears("hello?")
        self.assertEqual(channel.said[:BURST], ["error: /join NAME"] * BURST)
        self.assertEqual(channel.said[BURST:], ["error: too fast; you are muted for 10 s"])
        self.clock.advance(10)
        channel.hears("/join Anna")
        self.assertEqual(self.members(), 1)


class PaceTests(JoinTests):
    def test_messages_of_an_address_are_delayed_not_refused(self) -> None:
        self.open(Rates(message_bytes=1000))
        anna, boris = self.join(2)
        [vera] = self.join(1, "192.0.2.2")
        for channel in (anna, boris):
            channel.hears("x" * 12_000)
        # A short message does not wait for long ones.
        [dora] = self.join(1)
        dora.hears("hello")
        self.clock.advance(0)
        self.assertIn("m4: hello", vera.said)
        said = []
        for _ in range(25):
            said.append(sum("xxx" in text for text in vera.said))
            self.clock.advance(1)
        self.assertEqual([said.count(0), said.count(1), said[-1]], [10, 12, 2])

    def test_history_is_rate_limited(self) -> None:
        for number in range(40):
            said = Said(number + 1, "Anna", "x" * 1000)
            Deferred.fromCoroutine(self.history.add(said))
        self.open(Rates(history_bytes=1000))
        for number, secret in enumerate(SECRETS[:2]):
            self.connect().hears(f"/join m{number} {secret} 0")
        told = [sum("Anna" in text for text in each.said) for each in self.channels]
        self.assertLess(sum(told), 17)
        self.clock.pump([1.0] * 120)
        self.assertEqual(self.members(), 2)

    def test_the_list_of_members_is_bounded(self) -> None:
        self.open(FREE)
        *_, last = self.join(600)
        here = last.said[-1]
        self.assertTrue(here.endswith(", and 100 more"), here)
        client = RoomClient("m600", lambda _: None)
        client.hear(here, 0.0)
        self.assertEqual(len(client.others), 500)
        self.assertNotIn("more", client.others)


class FloodTests(SynchronousTestCase):
    """A member's messages wait for its answers, which bounds the queue of a room."""

    def setUp(self) -> None:
        self.clock = Clock()
        self.room = make_room(MemoryHistory(), self.clock, self.clock.seconds)

    def join(self, name: str, secret: str = "") -> Member:
        return self.room.join(name, ScriptedChannel(), free_limits(), 0.0, client_id(secret))

    def test_a_flooding_member_waits_for_its_answers(self) -> None:
        for text in ("x", "1 x", "/who", "/sudo"):
            flooder = self.join(f"flooder{text.strip('/')[0]}", SECRETS[0] if "x" in text else "")
            self.clock.advance(0)
            heard = 0
            for _ in range(500):
                if Deferred.fromCoroutine(self.room.hear(flooder, text, 0.0)).called:
                    heard += 1
                else:
                    break
            speaker: Any = self.room._speaker
            queue = speaker._queue
            self.assertLess(len(queue), 5, text)
            self.clock.advance(100)
            self.room.leave(flooder, 0.0)
            self.clock.advance(0)

    def test_messages_without_a_count_are_rate_limited(self) -> None:
        flooder = self.join("Anna", SECRETS[0])
        self.clock.advance(0)
        for _ in range(50):
            Deferred.fromCoroutine(self.room.hear(flooder, "x", 0.0))
            self.clock.advance(0)
        channel = flooder.channel
        assert isinstance(channel, ScriptedChannel)
        self.assertEqual(sum("COUNT TEXT" in text for text in channel.said), BURST)

    def test_a_client_that_returns_while_delayed_keeps_its_place(self) -> None:
        for name in ("Anna", "Anya"):
            address = Address(Rates(), 0.0)
            client = client_id(SECRETS[0])
            old = self.room.join("Anna", ScriptedChannel(), Limits(address, 0.0), 0.0, client)
            address.copies.take(300_000, self.clock.seconds())
            heard = Deferred.fromCoroutine(self.room.hear(old, "1 /nick Berta", 0.0))
            self.assertNoResult(heard)
            new = self.room.join(name, ScriptedChannel(), Limits(address, 0.0), 1.0, client)
            self.clock.pump([1.0] * 10)
            self.assertFalse(self.successResultOf(heard))
            self.room.leave(old, 20.0)
            self.assertTrue(self.room.is_here(client))
            self.room.leave(new, 20.0)
            self.assertEqual((self.room._members, self.room._names.here()), ({}, "* here: "))

    def test_a_gone_member_is_not_delayed(self) -> None:
        address = Address(Rates(), 0.0)
        member = self.room.join("Anna", ScriptedChannel(), Limits(address, 0.0), 0.0)
        address.copies.take(10**6, self.clock.seconds())
        heard = Deferred.fromCoroutine(self.room.hear(member, "hello", 0.0))
        self.clock.advance(0.5)
        member.channel.hang_up()
        self.clock.advance(0.5)
        self.assertFalse(self.successResultOf(heard))

    def test_the_limit_counts_bytes_not_characters(self) -> None:
        address = Address(Rates(), 0.0)
        member = self.room.join("Anna", ScriptedChannel(), Limits(address, 0.0), 0.0)
        Deferred.fromCoroutine(self.room.hear(member, "\N{PILE OF POO}" * 16_000, 0.0))
        burst = Rates.message_bytes * MESSAGE_BURST_SECONDS
        self.assertFalse(address.messages.wait(burst - 64_000, 0.0))
        self.assertTrue(address.messages.wait(burst - 63_999, 0.0))


class RoomClientTests(SynchronousTestCase):
    def test_the_client_retries_a_join_at_the_given_time(self) -> None:
        sent: list[str] = []
        client = RoomClient("Anna", sent.append, bytes)
        client.join()
        line = client.hear("error: too many have joined from your address; try again in 3 s", 10.0)
        self.assertEqual(
            line, Line("* too many have joined from your address; joining in 3 s", None)
        )
        client.pump(12.9)
        self.assertEqual((len(sent), client.deadline(12.9)), (1, 13.0))
        client.pump(13.0)
        self.assertEqual((sent[1], client.deadline(13.0)), (sent[0], None))

    def test_a_client_waiting_to_join_can_leave_immediately(self) -> None:
        net = Net(1, rates=Rates(members=1))
        anna, boris = net.join("Anna"), net.join("Boris")
        net.run(lambda: any("joining in" in text for text in anna.texts + boris.texts))
        late = anna if any("joining in" in text for text in anna.texts) else boris
        begun = net.clock.seconds()
        late.client.finish()
        net.run(late.has_ended)
        self.assertLess(net.clock.seconds() - begun, 5)

    def test_an_early_retry_is_refused(self) -> None:
        clock = Clock()
        chat = open_chat(MemoryHistory(), clock, Rates(joins=0.07))
        channel = LiveChannel(1)
        Deferred.fromCoroutine(chat.converse(LiveChannel(2)))
        other = ScriptedChannel("/join Anna", "/join Anna")
        Deferred.fromCoroutine(chat.converse(other)).addErrback(lambda f: f.trap(PeerGone))
        Deferred.fromCoroutine(chat.converse(channel))
        channel.hears("/join Boris")
        self.assertEqual(channel.said, [channel.said[0]])
        self.assertIn("try again in", channel.said[0])
        clock.advance(5)
        channel.hears("/join Boris")
        self.assertIn("try again in", channel.said[-1])
        clock.advance(10)
        channel.hears("/join Boris")
        clock.advance(0)
        self.assertIn("welcome", channel.said[-2])

    def test_fifty_members_of_one_address_return_after_a_restart(self) -> None:
        for has_spoken in (False, True):
            net = Net(1, rates=Rates())
            people = [net.join(f"m{number}") for number in range(50)]
            self.wait_for_members(net, 50)
            if has_spoken:
                for one in people:
                    one.client.say("hello")
            net.clock.pump([1.0] * 20)
            net.kill_server()
            begun = net.clock.seconds()
            self.wait_for_members(net, 50)
            self.assertLess(net.clock.seconds() - begun, 12.0)

    def wait_for_members(self, net: Net, count: int) -> None:
        net.run(lambda: len(net.chat._members) == count)

    def test_two_pasting_members_of_one_address_lose_nothing(self) -> None:
        net = Net(1, rates=Rates())
        people = [net.join(name) for name in ("Anna", "Boris")]
        net.run(lambda: all(one.client.room.is_in for one in people))
        for one in people:
            for number in range(20):
                one.client.say(f"{number} ".ljust(65_000, "x"))
        net.run(lambda: not any(one.client.room.pending for one in people))
        self.assertEqual([one.client.room.refused for one in people], [0, 0])
        self.assertEqual([len(one.said) for one in people], [40, 40])
