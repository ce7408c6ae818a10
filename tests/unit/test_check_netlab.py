"""The profile netlab: its tasks, its command, and its own wire formats."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from twisted_lab.check.catalogue import Catalogue
from twisted_lab.check.outcomes import NotOffered
from twisted_lab.check.profiles.netlab import COMMAND, PROFILE
from twisted_lab.check.profiles.netlab.talk.packets import Kind, Packet, opened, sealed
from twisted_lab.check.profiles.netlab.talk.services import filled_command
from twisted_lab.check.profiles.netlab.talk.wire import (
    CHARACTERS,
    DECIMAL,
    FRAMINGS,
    HEX,
    INT32,
    TEXT,
)


class TasksTests(SynchronousTestCase):
    def test_each_requirement_has_a_scenario_and_needs_earlier_ones(self) -> None:
        for task in PROFILE.tasks:
            keys = [each.id for each in task.requirements]
            self.assertEqual(sorted(keys), sorted(task.scenarios))
            for number, each in enumerate(task.requirements):
                self.assertLessEqual(set(each.needs), set(keys[:number]), each.id)

    def test_all_ids_differ_also_from_those_of_the_lab(self) -> None:
        catalogue = Catalogue()
        for task in PROFILE.tasks:
            catalogue.add(task)
        self.assertEqual(len(PROFILE.whole.requirements), len(PROFILE.whole.scenarios))


class CommandTests(SynchronousTestCase):
    def test_our_own_command_has_a_place_for_all(self) -> None:
        for service, framing, options, end in (
            ("echo", None, (), "--strict-port"),
            ("echo", None, ("--upper",), "--strict-port --upper"),
            ("messages", INT32, (), "--strict-port"),
            ("messages", TEXT, ("--pace", "9"), "--pace 9 --framing text"),
            ("auth", CHARACTERS, (), "--count characters --framing decimal:10"),
            ("chat", TEXT, (), "--strict-port --tcp-port {port}"),
        ):
            command = " ".join(filled_command(COMMAND, service, framing, options))
            self.assertIn(f" netlab-{service} --interface 127.0.0.1 --port {{port}} ", command)
            self.assertTrue(command.endswith(end), command)

    def test_another_command_names_the_framing_where_it_wants(self) -> None:
        command = ("./server", "-f{framing}", "{port}")
        found = filled_command(command, "ident", HEX, ())
        self.assertEqual(found, ("./server", "-fhex:8", "{port}"))

    def test_a_command_without_a_place_does_not_offer_what_needs_options(self) -> None:
        for framing, options in ((INT32, ()), (TEXT, ("--then", "echo"))):
            with self.assertRaises(NotOffered):
                filled_command(("./server", "{port}"), "ident", framing, options)
        self.assertEqual(filled_command(("./server",), "ident", TEXT, ()), ("./server",))


class WireTests(SynchronousTestCase):
    def test_messages_on_the_wire(self) -> None:
        for framing, wire in (
            (TEXT, "жя\n".encode()),
            (INT32, b"\0\0\0\x04" + "жя".encode()),
            (DECIMAL, "0004жя".encode()),
            (HEX, "00000004жя".encode()),
            (CHARACTERS, "0000000002жя".encode()),
        ):
            self.assertEqual(framing.encode("жя"), wire)

    def test_the_first_whole_message_is_decoded(self) -> None:
        for framing in FRAMINGS:
            wire = framing.encode("жя")
            self.assertEqual(framing.decode(wire + framing.encode("more")), ("жя", len(wire)))
            for size in range(len(wire)):
                self.assertIsNone(framing.decode(wire[:size]), (framing.name, size))


class PacketTests(SynchronousTestCase):
    def test_a_packet_has_a_seal_for_its_direction(self) -> None:
        hello = sealed(Packet(Kind.HELLO, 7, b"\1"))
        self.assertEqual(hello[:11], b"\xc1\x01" + bytes(7) + b"\x07\x01")
        self.assertEqual(len(hello), 19)
        self.assertIsNone(opened(hello))  # it is a client's

    def test_other_bytes_are_no_packet(self) -> None:
        for data in (b"", b"\xc1", b"x" * 19, b"\xc1\x0a" + bytes(17), b"\xc1\x01" + bytes(1300)):
            self.assertIsNone(opened(data))
