"""The chat with --join-by-name: plain datagrams of the form ``NAME: TEXT``."""

from __future__ import annotations

import contextlib
import io

from twisted.internet.task import Clock
from twisted.logger import LogLevel
from twisted.trial.unittest import SynchronousTestCase

from tests.doubles.chat_network import Socket
from tests.doubles.reactor import FakeReactor
from tests.doubles.recording import recorded_events
from tests.doubles.rooms import FREE, open_chat
from twisted_lab import codecs
from twisted_lab.channels import Connections, unproven
from twisted_lab.channels.datagram import Address
from twisted_lab.channels.datagram_server import DatagramServer
from twisted_lab.peers import read_network
from twisted_lab.rooms import MemoryHistory, Rates
from twisted_lab.services import chat
from twisted_lab.serving import ServiceProcess

HERE = "192.0.2.7", 4000
THERE = "192.0.2.8", 4000
FAR = "198.51.100.1", 4000
HINT = b"error: /join NAME\n"


class JoinByNameCase(SynchronousTestCase):
    rates = FREE

    def setUp(self) -> None:
        self.clock = Clock()
        self.clock.advance(1000)
        self.connections = Connections()
        self.sent: list[tuple[bytes, Address]] = []
        self.given: dict[Address, int] = {}
        self.got: dict[Address, list[bytes]] = {}
        self.server = self.open("192.0.2.0/24")

    def open(self, network: str | None) -> DatagramServer:
        room = open_chat(MemoryHistory(), self.clock, self.rates)
        server = DatagramServer(
            self.clock,
            recorded_events(LogLevel.warn)[0],
            room.converse,
            self.connections,
            60.0,
            join_by_name=read_network(network) if network else None,
        )
        server.transport = Socket(self.deliver)
        return server

    def deliver(self, data: bytes, address: Address) -> None:
        self.sent.append((data, address))
        self.got.setdefault(address, []).append(data)

    def give(self, data: bytes | str, address: Address = HERE) -> list[bytes]:
        """Give the server a datagram, and return what it sends to that address."""
        data = data.encode() if isinstance(data, str) else data
        self.sent.clear()
        self.given[address] = self.given.get(address, 0) + len(data)
        self.server.datagramReceived(data, address)
        self.turn()
        return [data for data, to in self.sent if to == address]

    def turn(self) -> None:
        for _ in range(3):
            self.clock.advance(0)

    def member(self, name: str = "Boris", address: Address = FAR) -> None:
        """Let a member join with a cookie."""
        [answer] = self.give(f"/join {name}", address)
        self.give(answer, address)
        self.assertIn(f"* welcome, {name}".encode(), b"".join(self.got[address]))

    def prove(self, name: str = "Anna", address: Address = HERE) -> None:
        [answer] = self.give(f"{name}: /join {name}", address)
        self.assertRegex(answer.decode(), rf"^/join {name} [\w-]{{12}}\n$")
        [answer] = self.give(f"{name}: ".encode() + answer, address)
        self.assertEqual(answer, f"* you are here already, as {name}\n".encode())


class JoiningTests(JoinByNameCase):
    def test_the_first_datagram_joins_and_speaks(self) -> None:
        self.member()
        self.assertEqual(
            self.give("Anna: hello everyone, I am here"), [b"Anna: hello everyone, I am here\n"]
        )
        self.assertEqual(
            self.got[FAR][-2:], [b"* Anna has joined\n", b"Anna: hello everyone, I am here\n"]
        )

    def test_a_script_that_alternates_gets_its_own_message_as_each_answer(self) -> None:
        for text in ("hi", "x" * 100):
            for _ in range(9):
                self.assertEqual(self.give(f"Anna: {text}"), [f"Anna: {text}\n".encode()])
                self.clock.advance(1)
            self.give("exit")

    def test_the_own_name_is_not_repeated(self) -> None:
        self.member()
        self.give("Anna: hi")
        for sent, seen in (
            ("Anna: again", "Anna: again"),
            ("Anna:  spaces ", "Anna: spaces"),
            ("bare", "Anna: bare"),
            ("Vera: hi", "Anna: Vera: hi"),
            ("Anna: /nick Ann", "* Anna is now called Ann"),
            # A script keeps its prefix.
            ("Anna: renamed", "Ann: renamed"),
        ):
            self.give(sent)
            self.assertEqual(self.got[FAR][-1].decode(), f"{seen}\n")

    def test_a_datagram_may_have_several_lines(self) -> None:
        self.member()
        self.give("Anna: one\r\nAnna: two\0\0")
        self.assertEqual(self.got[FAR][-2:], [b"Anna: one\n", b"Anna: two\n"])

    def test_ways_to_leave(self) -> None:
        self.member()
        for way in ("exit", "/leave", "Anna: exit", "Anna: /leave"):
            self.give("Anna: hi")
            self.give(way)
            self.assertEqual(self.got[FAR][-1], b"* Anna has left\n")
        self.give("Anna: hi")
        for _ in range(61):
            self.clock.advance(1)
            self.give("", FAR)
        self.assertEqual(self.got[FAR][-1], b"* Anna has gone silent\n")
        self.assertEqual(self.server._unproven, set())

    def test_only_neighbours_can_join_by_name(self) -> None:
        for address in (
            ("127.0.0.1", 1),
            ("::1", 1),
            ("::ffff:127.0.0.1", 1),
            ("::ffff:192.0.2.9", 1),
        ):
            self.assertNotEqual(self.give("Anna: hi", address), [HINT])
            self.give("exit", address)
        for address in (FAR, ("2001:db8::1", 1), ("fe80::1%eth0", 1)):
            self.assertEqual(self.give("Anna: hi", address), [HINT])
        self.server = self.open("fe80::/10")
        self.assertNotEqual(self.give("Anna: hi", ("fe80::1%eth0", 2)), [HINT])

    def test_other_datagrams_are_answered_as_without_the_option(self) -> None:
        self.assertEqual(self.give("error: hi, this is no name"), [])
        for text in ("hello", "two words: hi", "Anna:hi", ": hi", "* : hi", "x" * 33 + ": hi"):
            self.assertEqual(self.give(text), [HINT if len(text) >= 6 else b""][: len(text) >= 6])
        self.server = self.open(None)
        self.assertEqual(self.give("Anna: hi", ("127.0.0.1", 1)), [HINT])
        self.assertEqual(len(self.connections), 0)

    def test_a_refused_name_gets_a_part_of_the_reason_and_another_try(self) -> None:
        self.member("Anna")
        self.assertEqual(self.give("Anna: hi"), [b"error: name taken: Anna\n"])
        self.give("Vera: hi")
        self.give("Vera: more")
        self.assertEqual(
            self.got[FAR][-3:], [b"* Vera has joined\n", b"Vera: hi\n", b"Vera: more\n"]
        )

    def test_a_refused_first_message_is_not_kept(self) -> None:
        self.member("Anna")
        self.give("Anna: " + "x" * 60_000)
        [channel] = self.server._unproven
        self.assertNotIn("x" * 60_000, vars(channel).values())

    def test_a_session_is_not_replaced_without_a_cookie(self) -> None:
        self.member(address=HERE)
        self.give("Anna: hi")
        self.assertEqual(self.got[HERE][-1], b"Boris: Anna: hi\n")

    def test_nobody_joins_at_the_end(self) -> None:
        self.connections.draining = True
        self.assertEqual(self.give("Anna: hi"), [])
        self.assertEqual(self.connections.refused, 0)


class LimitTests(JoinByNameCase):
    def check_limits(self, address: Address = HERE) -> None:
        got = self.got.get(address, [])
        self.assertLessEqual(sum(map(len, got)), 3 * self.given[address])

    def test_an_address_gets_three_times_what_it_sent(self) -> None:
        self.member()
        for size in (1, 2, 3, 5, 10, 50, 500):
            for text in (
                f"A: {'x' * size}",
                "A: /who",
                "A: /help",
                "A: /history 100",
                "A: /nick *",
                "A: /msg A hi",
                "A: /join A",
                "/join A 123456789abc",
                "A: \xff",
                "",
                "A: x\n" * 20,
            ):
                self.give(text)
                self.give("said by another member" * 30, FAR)
                self.check_limits()
                self.clock.advance(5)
        self.give(b"A: \xff")
        self.check_limits()
        self.assertGreater(self.server.over_limit, 100)

    def test_it_gets_three_datagrams_for_each_at_most(self) -> None:
        self.member()
        self.give(b"Anna: hi".ljust(1000))
        for _ in range(20):
            self.give("hi", FAR)
            self.clock.advance(1)
        self.assertEqual(len(self.got[HERE]), 3)

    def test_silence_is_within_the_limits(self) -> None:
        self.give("A: x")
        self.clock.pump([1] * 70)
        self.assertEqual(len(self.connections), 0)
        self.check_limits()

    def test_an_echoed_cookie_lifts_the_limits(self) -> None:
        self.member()
        self.give("Anna: hi")
        self.give("unheard" * 10, FAR)
        self.assertEqual(self.got[HERE][-1], b"Anna: hi\n")
        self.prove()
        for _ in range(9):
            self.give("heard" * 10, FAR)
            self.assertEqual(self.got[HERE][-1], b"Boris: " + b"heard" * 10 + b"\n")
            self.clock.advance(1)
        self.give("Anna: hi")
        self.assertEqual(self.got[FAR][-1], b"Anna: hi\n")

    def test_a_hint_tells_once_how_to_lift_them(self) -> None:
        self.member()
        self.give("Anna: hi")
        self.give("unheard" * 10, FAR)
        for _ in range(6):
            self.give("Anna: hi")
            self.clock.advance(1)
        hints = [data for data in self.got[HERE] if data.startswith(b"* messages lost; send ")]
        self.assertEqual(len(hints), 1)
        self.give(b"Anna: " + hints[0].removeprefix(b"* messages lost; send "))
        self.assertEqual(self.got[HERE][-1], b"* you are here already, as Anna\n")

    def test_servers_that_refuse_each_other_stop(self) -> None:
        self.member()
        self.give("Boris: hi" + " " * 99)
        self.assertEqual(self.give("error: a name has no spaces here"), [])

    def test_a_wrong_cookie_lifts_nothing(self) -> None:
        self.give("Anna: hi")
        self.assertEqual(self.give("/join Anna 123456789abc"), [HINT])
        self.give("x" * 1000)
        self.give("Anna: /who")
        self.check_limits()

    def test_a_refused_peer_can_join_with_a_cookie(self) -> None:
        self.member("Anna")
        self.give("Anna: hi")
        [answer] = self.give("Anna: /join Vera")
        self.assertIn(b"* welcome, Vera; /help lists what you can do\n", self.give(answer))
        self.give("Vera: hi")
        self.assertEqual(self.got[FAR][-1], b"Vera: Vera: hi\n")

    def test_two_servers_do_not_answer_each_other_for_ever(self) -> None:
        other = self.open("192.0.2.0/24")
        servers = {HERE: self.server, THERE: other}
        self.server.datagramReceived(b"Anna: hi", THERE)
        count = 0
        while self.sent:
            data, address = self.sent.pop(0)
            # The one that has sent it is at the other address.
            servers[address].datagramReceived(data, HERE if address == THERE else THERE)
            self.turn()
            count += 1
            self.assertLess(count, 100)

    def test_only_the_beginning_of_a_datagram_is_searched_for_a_name(self) -> None:
        sizes: list[int] = []

        def datagram_lines(data: bytes) -> list[bytes]:
            sizes.append(len(data))
            return codecs.datagram_lines(data)

        self.patch(unproven, "datagram_lines", datagram_lines)
        self.give("\n" * 60_000, THERE)
        self.give("Anna: hi" + "\n" * 60_000)
        self.assertLessEqual(max(sizes), 1024)


class ForgeryTests(JoinByNameCase):
    rates = Rates(members=20)

    def test_all_forged_addresses_together_have_the_limits_of_one(self) -> None:
        self.member()
        for number in range(200):
            self.give(f"m{number}: hi", (f"192.0.2.{number}", 1))
        joined = [data for data in self.got[FAR] if data.endswith(b"has joined\n")]
        self.assertEqual(len(joined), 20)
        # Others can join.
        self.member("Vera", ("198.51.100.2", 1))
        for number in range(20):
            self.give("exit", (f"192.0.2.{number}", 1))
            self.give(f"n{number}: exit", (f"192.0.2.{number}", 1))
        joined = [data for data in self.got[FAR] if data.endswith(b"has joined\n")]
        self.assertLessEqual(len(joined), 46)

    def test_they_use_at_most_half_of_the_connections(self) -> None:
        for most, most_per_peer in ((100, 10), (10, 100)):
            self.connections.most, self.connections.most_per_peer = most, most_per_peer
            for port in range(1, 20):
                self.give(f"m{port}: hi", (HERE[0], port))
            self.assertEqual(len(self.connections), 5)
            self.assertEqual(self.give("last: hi"), [HINT])
            for port in range(1, 20):
                self.give("exit", (HERE[0], port))
            self.assertEqual(len(self.connections), 0)
            self.clock.advance(20)

    def test_new_ones_have_one_rate(self) -> None:
        self.connections.most_per_peer = 10
        for number in range(12):
            self.give("A: exit", (f"192.0.2.{number}", 1))
        self.assertEqual(self.connections.refused, 2)


class OptionTests(SynchronousTestCase):
    def test_a_wrong_network_gets_one_line(self) -> None:
        for bad in ("10.1.2.3/8", "campus", "10.0.0.0/33", "-1"):
            with contextlib.redirect_stderr(io.StringIO()) as said:
                self.assertRaises(SystemExit, chat.Options().parseOptions, ["--join-by-name", bad])
            self.assertIn(
                f"--join-by-name: expected a network such as 192.168.1.0/24, not {bad!r}",
                said.getvalue(),
            )

    def test_the_option_reaches_the_server(self) -> None:
        options = chat.Options()
        options.parseOptions(["--join-by-name", "10.0.0.0/8"])
        self.assertEqual(options.join_by_name, read_network("10.0.0.0/8"))
        chat.build(ServiceProcess(options, FakeReactor()), options)
