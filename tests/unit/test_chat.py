"""netlab-chat and its client, without a network."""

from __future__ import annotations

import contextlib
import io
import os
import time
from collections.abc import Iterable
from datetime import UTC, datetime
from unittest import mock

from prompt_toolkit.application import create_app_session
from prompt_toolkit.completion import CompleteEvent
from prompt_toolkit.document import Document
from prompt_toolkit.input import DummyInput
from prompt_toolkit.output import DummyOutput
from twisted.internet.defer import Deferred
from twisted.internet.error import ConnectionDone, ConnectionLost
from twisted.internet.task import Clock, LoopingCall
from twisted.internet.testing import MemoryReactorClock, StringTransport
from twisted.python.failure import Failure
from twisted.python.usage import UsageError
from twisted.trial.unittest import SynchronousTestCase

from tests.doubles.chat_network import START, Member, Net
from tests.doubles.reactor import FakeReactor
from tests.doubles.recording import Recorder, recorded_events
from tests.doubles.rooms import FREE, make_room, open_chat
from twisted_lab.channels import PeerGone, PeerSilent, Unable
from twisted_lab.channels.reliable import ReliableChannel
from twisted_lab.client import chat_terminal
from twisted_lab.client.chat_client import LONGEST_LINE, ChatClient, NoAnswer, NotLetIn
from twisted_lab.client.chat_pipe import MOST_PENDING, Pipe
from twisted_lab.client.chat_terminal import Terminal, Words
from twisted_lab.client.connection import HungUp
from twisted_lab.client.options import ClientOptions
from twisted_lab.client.rendering import time_text
from twisted_lab.client.servers import Server, Servers
from twisted_lab.client.udp import UDPWire
from twisted_lab.codecs import MessageError
from twisted_lab.ports.udp_port import ScopedPort
from twisted_lab.rooms import Line, MemoryHistory, Said
from twisted_lab.rooms.kept_history import KeptHistory
from twisted_lab.rooms.schema import HISTORY_TABLES
from twisted_lab.services import chat, chat_rooms
from twisted_lab.serving import ServiceProcess
from twisted_lab.testing import MemoryStorage, ScriptedChannel, play
from twisted_lab.text import language

SECRET = "0123456789abcdef"


class ChatTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.clock = Clock()
        self.clock.advance(1000)
        self.chat = open_chat(MemoryHistory(), self.clock)

    def play(self, *script: str | Exception) -> list[str]:
        return play(self.chat.converse, *script)

    def test_a_member_joins_speaks_and_leaves(self) -> None:
        welcome = ["* welcome, Anna; /help lists what you can do", "* here: Anna"]
        self.assertEqual(
            self.play("/join Anna", "hello", "/leave", "no"), [*welcome, "Anna: hello"]
        )
        self.assertEqual(self.play("/join Anna", "exit"), welcome)

    def test_other_commands_need_a_join_first(self) -> None:
        for text in (
            "hello",
            "/join",
            "/join a b c",
            "/join Anna ABCDEF0123456789",
            "",
            "join Anna",
        ):
            self.assertEqual(self.play(text), ["error: /join NAME"])
        self.assertEqual(
            self.play("/join " + "x" * 33, "/join Anna")[:2],
            [
                "error: a name has 1 to 32 characters, not 33",
                "* welcome, Anna; /help lists what you can do",
            ],
        )

    def test_a_peer_can_leave_before_joining(self) -> None:
        self.assertEqual(self.play("exit", "/join Anna"), [])
        self.assertEqual(self.play("hello", " /leave", "/join Anna"), ["error: /join NAME"])

    def test_a_refused_name_gets_no_history(self) -> None:
        self.assertEqual(
            play(self.chat.converse, f"/join * {SECRET} 0"),
            ["error: what a room says itself begins like that; choose another name"],
        )

    def test_a_returning_client_gets_missed_messages(self) -> None:
        self.play(f"/join Anna {SECRET}", "1 hello")
        said = self.play(f"/join Anna {SECRET} 5", "1 hello")
        self.assertEqual(said[0], "1000000000 1000000 Anna: hello")
        self.assertEqual(said[-1], "1000000000 1000000 /done 1")
        self.assertEqual(sum(text.endswith("Anna: hello") for text in said), 1)
        said = self.play(f"/join Anna {SECRET} 1000000000")
        self.assertEqual(said[0], "1000000000 1000000 * welcome, Anna; /help lists what you can do")

    def test_a_join_that_fails_for_lack_of_the_data_is_counted(self) -> None:
        def fail(_: str) -> None:
            raise Unable("cannot read the data now", "the disk is gone")

        room = make_room(MemoryHistory(), self.clock, self.clock.seconds)
        self.patch(room, "is_known", fail)
        events, _ = recorded_events()
        broken = chat.Chat(room, self.clock.seconds, self.clock, events, FREE)
        self.assertEqual(
            play(broken.converse, f"/join Anna {SECRET}"),
            ["error: cannot read the data now; try again in 5 s"],
        )
        self.assertEqual(events.counters.errors["unable"], 1)

    def test_members_learn_how_another_one_left(self) -> None:
        channel = ScriptedChannel("/join Boris")
        held: Deferred[str] = Deferred()
        hear = channel.hear
        self.patch(channel, "hear", lambda: hear() if channel._script else held)
        Deferred.fromCoroutine(self.chat.converse(channel)).addErrback(lambda f: f.trap(PeerGone))
        for script, how in (
            (["/leave"], "left"),
            ([], "left"),
            ([PeerSilent()], "gone silent"),
            ([MessageError("not UTF-8")], "left"),
        ):
            channel.said.clear()
            with contextlib.suppress(PeerSilent, MessageError):
                self.play("/join Anna", *script)
            self.assertEqual(channel.said, ["* Anna has joined", f"* Anna has {how}"])
        held.errback(PeerGone("end"))


class OptionsTests(SynchronousTestCase):
    def test_options_have_the_documented_defaults(self) -> None:
        options = chat.Options()
        options.parseOptions([])
        self.assertEqual((options.port, options.idle_timeout), (9095, 60))
        self.assertIsNone(options.tcp_port)

    def test_help_shows_the_chats_own_defaults(self) -> None:
        text = " ".join(str(chat.Options()).split())
        self.assertIn("Idle timeout, in seconds. [default: 60]", text)
        self.assertIn("With --tcp-port: use TLS", text)

    def test_tls_requires_tcp(self) -> None:
        for name in ("--tls", "--proxy-protocol"):
            with contextlib.redirect_stderr(io.StringIO()) as said:
                self.assertRaises(SystemExit, chat.Options().parseOptions, [name])
            self.assertIn(f"{name} requires --tcp-port", said.getvalue())
            chat.Options().parseOptions([name, "--tcp-port", "1"])
        # netlab passes this option to all services.
        grouped = chat.Options()
        grouped.tls = True
        grouped.parseOptions([])

    def test_the_log_warns_that_udp_is_not_encrypted(self) -> None:
        for arguments, expected in (([], 0), (["--tls", "--tcp-port", "1"], 1)):
            options = chat.Options()
            options.parseOptions(arguments)
            reactor = FakeReactor()
            process = ServiceProcess(options, reactor)
            recorder = Recorder()
            process.log._everything[:] = [recorder]
            chat.build(process, options)
            reactor.start()
            self.assertEqual(recorder.names.count("not encrypted"), expected)

    def test_endpoints_require_streams(self) -> None:
        self.assertRaises(UsageError, chat.Options().parse, ["--listen", "tcp:1"])

    def test_the_service_listens_on_udp_and_optionally_tcp(self) -> None:
        for arguments, count in (([], 0), (["--tcp-port", "7000"], 1)):
            reactor = FakeReactor()
            options = chat.Options()
            options.parseOptions(arguments)
            service = chat.build(ServiceProcess(options, reactor), options)
            self.assertEqual(len(service._ports._listeners), 1 + count)
            with_history = chat.Options()
            with_history.parseOptions(["--history", "x.sqlite3"])
            process = ServiceProcess(with_history, reactor)
            chat.build(process, with_history)
            self.assertEqual(len(process.resources), 1)

    def test_old_messages_are_deleted_at_the_start(self) -> None:
        storage = MemoryStorage(HISTORY_TABLES)
        self.patch(chat_rooms, "shared_storage", lambda process, path, tables: storage)
        history = KeptHistory(storage)
        for day in (1, 2, 3):
            said = Said(day, "Anna", "x", time=day * 86_400.0)
            self.successResultOf(Deferred.fromCoroutine(history.add(said)))
        options = chat.Options()
        options.parseOptions(["--history", "x.sqlite3", "--history-days", "5"])
        reactor = FakeReactor()
        chat.build(ServiceProcess(options, reactor, lambda: 7.5 * 86_400), options)
        found = self.successResultOf(Deferred.fromCoroutine(history.since(0, "")))
        self.assertEqual([said.place for said in found], [3])
        # The service starts despite a full disk: the first message reports it.
        storage.full = True
        chat.build(ServiceProcess(options, reactor), options)

    def test_the_client_takes_a_name_option(self) -> None:
        options = ClientOptions()
        options.parseOptions(["chat", "--name", "Anna"])
        options.complete(False)
        self.assertEqual((options.port, options.name), (9095, "Anna"))
        options = ClientOptions()
        options.parseOptions(["chat"])
        options.complete(False)
        self.assertTrue(options.name)


class ChatClientTests(SynchronousTestCase):
    def test_the_client_gives_up_without_a_first_answer(self) -> None:
        net = Net(0, ["loss"])
        anna = net.join("Anna")
        net.run(anna.has_ended, 20)
        self.failureResultOf(anna.client.ended, NoAnswer)

    def test_the_client_gives_up_on_a_lost_server(self) -> None:
        net = Net()
        anna = net.join("Anna", patience=60)
        net.run(anna.is_in)
        anna.is_cut = True
        anna.client.say("hello?")
        before = net.clock.seconds()
        net.run(anna.has_ended, 100)
        self.failureResultOf(anna.client.ended, NoAnswer)
        self.assertGreater(net.clock.seconds() - before, 59)
        self.assertEqual(anna.client.room.pending, 1)
        # The client has tried from other ports.
        self.assertGreater(anna.address[1], 1027)

    def test_the_server_hangs_up_before_the_client_leaves(self) -> None:
        net = Net()
        anna = net.join("Anna")
        net.run(anna.is_in)
        [channel] = net.connections
        channel.finish()
        net.run(anna.has_ended, 10)
        failure = self.failureResultOf(anna.client.ended, HungUp)
        self.assertEqual(str(failure.value), "the server has closed the connection")

    def test_the_client_leaves_once_all_is_confirmed(self) -> None:
        net = Net()
        anna, boris = net.join("Anna"), net.join("Boris")
        for number in range(15):
            anna.client.say(f"{number}")
        anna.client.finish()
        anna.client.say("too late")
        net.run(anna.has_ended)
        self.successResultOf(anna.client.ended)
        self.assertEqual(len(anna.said), 15)
        net.clock.advance(1)
        self.assertEqual(boris.texts[-1], "* Anna has left")

    def test_a_leaving_user_sees_what_the_client_waits_for(self) -> None:
        waiting = "1 message is not confirmed; waiting up to {} s, Ctrl-C ends at once"
        for silent_for, patience, told in (
            (0, float("inf"), [waiting.format(15)]),
            (30, float("inf"), ["no answer; still trying", waiting.format(15)]),
            (0, 60, []),
        ):
            net = Net()
            anna = net.join("Anna", patience)
            net.run(anna.is_in)
            anna.is_cut = True
            anna.client.say("last words")
            net.clock.pump([0.5] * silent_for * 2)
            anna.client.finish()
            net.clock.pump([0.5] * 4 if not silent_for else [])
            self.assertEqual(anna.told, told)

    def test_a_quick_confirmation_shows_no_notice(self) -> None:
        net = Net(0, ["latency=100ms"])
        anna = net.join("Anna")
        net.run(anna.is_in)
        anna.client.say("last words")
        anna.client.finish()
        net.run(anna.has_ended)
        self.assertEqual(anna.told, [])

    def test_the_client_leaves_despite_an_outage(self) -> None:
        for seconds in (4, 8, 12):
            net = Net(0, ["latency=400ms"])
            anna, boris = net.join("Anna"), net.join("Boris")
            net.run(anna.is_in)
            net.run(boris.is_in)
            anna.is_cut = True
            anna.client.say("last words")
            anna.client.finish()
            net.clock.pump([0.1] * seconds * 10)
            anna.is_cut = False
            net.run(anna.has_ended, 6)
            self.successResultOf(anna.client.ended)
            net.clock.pump([0.1] * 20)
            self.assertEqual(boris.said, ["Anna: last words"])
            self.assertEqual(boris.texts[-1], "* Anna has left")

    def test_a_lost_close_packet_is_no_error(self) -> None:
        net = Net()
        anna = net.join("Anna", patience=60)
        anna.client.say("hello")
        net.run(anna.is_settled)
        anna.is_cut = True
        anna.client.finish()
        net.run(anna.has_ended, 30)
        self.successResultOf(anna.client.ended)

    def test_the_client_leaves_an_unconfirming_server_after_60_s(self) -> None:
        net = Net()
        anna = net.join("Anna", patience=60)
        net.run(anna.is_in)
        # The server answers pings, and drops all messages.
        [channel] = net.connections
        assert isinstance(channel, ReliableChannel)
        self.patch(channel.session, "receive", lambda packet, now: ())
        anna.client.say("hello")
        take = anna.client.endpoint.receive

        def answer(data: bytes, now: float) -> Iterable[bytes]:
            anna.client.endpoint.heard = now
            return take(data, now)

        net.clock.advance(0)
        keeps_alive = LoopingCall(lambda: answer(b"", net.clock.seconds()))
        keeps_alive.clock = net.clock
        keeps_alive.start(1.0)
        start = net.clock.seconds()
        anna.client.finish()
        net.run(anna.has_ended, 100)
        keeps_alive.stop()
        self.successResultOf(anna.client.ended)
        self.assertTrue(60 <= net.clock.seconds() - start < 62)
        self.assertEqual(anna.client.room.pending, 1)

    def test_a_client_loses_nothing_in_a_long_absence(self) -> None:
        for seconds in (30, 62, 75, 110, 200):
            net = Net()
            anna, boris = net.join("Anna"), net.join("Boris")
            net.run(anna.is_in)
            net.run(boris.is_in)
            anna.is_cut = True
            anna.client.say("from afar")
            boris.client.say("meanwhile")
            net.clock.pump([0.5] * seconds * 2)
            anna.is_cut = False
            net.run(anna.is_settled, 12)
            self.assertEqual(anna.said, ["Boris: meanwhile", "Anna: from afar"])
            net.clock.pump([0.1] * 10)
            self.assertEqual(boris.said, anna.said)

    def test_exit_and_leave_end_the_client(self) -> None:
        for word in ("exit", " /leave "):
            net = Net()
            anna = net.join("Anna")
            net.run(anna.is_in)
            anna.client.say(word)
            net.run(anna.has_ended)
            self.successResultOf(anna.client.ended)
            net.clock.advance(5)
            self.assertEqual(len(net.connections), 0)

    def test_a_full_room_refuses_the_client(self) -> None:
        net = Net()
        net.connections.most = 0
        anna = net.join("Anna")
        net.run(anna.has_ended, 1)
        failure = self.failureResultOf(anna.client.ended, NotLetIn)
        self.assertIn("too many connections: 0 are served at once", str(failure.value))

    def test_a_taken_name_refuses_the_client(self) -> None:
        net = Net()
        net.join("Anna")
        net.clock.advance(1)
        other = net.join("anna")
        net.run(other.has_ended)
        failure = self.failureResultOf(other.client.ended, NotLetIn)
        self.assertIn("name taken: anna", str(failure.value))

    def refused(self) -> tuple[Net, Member, list[str]]:
        """Return a member that was refused because its name is taken."""
        net = Net()
        net.join("Anna")
        net.clock.advance(1)
        other = net.join("Anna")
        refusals: list[str] = []
        other.client.not_let_in = refusals.append
        net.run(lambda: bool(refusals))
        return net, other, refusals

    def test_the_user_can_try_another_name(self) -> None:
        net, other, refusals = self.refused()
        other.client.rename("Anna")
        net.run(lambda: len(refusals) == 2)
        other.client.rename("Boris")
        net.run(other.is_in)
        self.assertEqual(other.client.room.name, "Boris")

    def test_a_name_typed_after_late_admission_becomes_a_command(self) -> None:
        net, other, _ = self.refused()
        let_in: list[str] = []
        other.client.let_in = lambda: let_in.append(other.client.room.name)
        [first, _] = net.members.values()
        first.client.abort()
        net.kill_server()
        net.run(other.is_in)
        self.assertEqual(let_in, ["Anna"])
        other.client.rename("Anna")
        self.assertEqual(other.client.room.pending, 0)
        other.client.rename("Boris")
        net.run(lambda: not other.client.room.pending)
        self.assertEqual(other.texts[-1], "* Anna is now called Boris")
        self.assertEqual([text for text in other.texts if text.startswith("error")], [])

    def test_exit_right_after_the_start_ends_immediately(self) -> None:
        net = Net()
        anna, boris = net.join("Anna"), net.join("Boris")
        net.run(anna.is_in)
        net.run(boris.is_in)
        net.clock.advance(1)
        anna.client.say("hello")
        anna.client.abort()
        self.successResultOf(anna.client.ended)
        net.clock.pump([0.1] * 3)
        self.assertEqual(boris.texts[-1], "* Anna has left")

    def test_exit_after_another_name_sends_pending_messages_first(self) -> None:
        net = Net()
        anna = net.join("Anna")
        refusals: list[str] = []
        anna.client.not_let_in = refusals.append
        net.run(anna.is_in)
        anna.is_cut = True
        anna.client.say("important")
        net.kill_server()
        other = net.join("Anna")
        net.run(other.is_in)
        anna.is_cut = False
        net.run(lambda: bool(refusals))
        anna.client.rename("Anna2")
        anna.client.finish()
        net.run(anna.has_ended, 100)
        self.assertEqual(anna.client.room.pending, 0)
        net.clock.advance(1)
        self.assertEqual(other.said, ["Anna2: important"])

    def test_the_client_leaves_after_60_s_without_welcome(self) -> None:
        net = Net()
        anna = net.join("Anna")
        net.run(lambda: anna.client.has_session)
        self.patch(anna.client.room, "hear", lambda message, now: None)
        anna.client.finish()
        net.run(anna.has_ended, 70)

    def test_the_client_reports_a_servers_refusal(self) -> None:
        net = Net()
        net.connections.draining = True
        anna = net.join("Anna")
        net.run(anna.has_ended, 20)
        failure = self.failureResultOf(anna.client.ended, NoAnswer)
        self.assertEqual(str(failure.value), "it answers, but lets no one in; try again later")

    def test_a_close_packet_is_sent_until_an_outage_ends(self) -> None:
        net = Net()
        anna, boris = net.join("Anna"), net.join("Boris")
        net.run(anna.is_in)
        net.run(boris.is_in)
        anna.is_cut = True
        anna.client.finish()
        net.clock.pump([0.1] * 120)
        anna.is_cut = False
        net.run(lambda: boris.texts[-1] == "* Anna has left", 3)
        self.successResultOf(anna.client.ended)

    def test_a_refused_user_can_quit(self) -> None:
        net, other, _ = self.refused()
        other.client.finish()
        net.run(other.has_ended, 5)
        self.successResultOf(other.client.ended)

    def test_an_overlong_message_is_not_sent(self) -> None:
        net = Net()
        anna = net.join("Anna")
        anna.client.say("x" * (LONGEST_LINE + 1))
        self.assertEqual(anna.told, [f"not sent: a message has at most {LONGEST_LINE} bytes"])
        self.assertEqual(anna.client.room.pending, 0)

    def test_the_client_waits_for_a_stopped_server(self) -> None:
        net = Net()
        anna = net.join("Anna")
        net.run(anna.is_in)
        net.connections.drain(net.clock, 5)
        net.clock.pump([0.1] * 20)
        self.assertEqual(anna.told, ["the server is shutting down; waiting for it to return"])
        anna.client.say("hello")
        net.kill_server()
        net.run(lambda: not anna.client.room.pending)
        self.assertEqual(anna.said, ["Anna: hello"])
        self.assertEqual(len(anna.told), 1)

    def test_each_line_shows_the_time_of_its_message(self) -> None:
        net = Net()
        anna = net.join("Anna")
        net.run(anna.is_in)
        anna.client.say("early")
        net.run(lambda: not anna.client.room.pending)
        net.clock.pump([1.0] * 100)
        boris = net.join("Boris")
        net.run(boris.is_in)
        net.clock.pump([1.0] * 100)
        boris.client.say("/history 1")
        net.run(lambda: not boris.client.room.pending)
        times = {line.text.partition(";")[0]: (line.when or 0) - START for line in boris.heard}
        self.assertLess(times["Anna: early"], 2.0)
        self.assertGreater(times["* welcome, Boris"], 100.0)
        self.assertLess(times["* welcome, Boris"], 102.0)

    def test_a_process_that_was_suspended_does_not_blame_the_server(self) -> None:
        net = Net()
        anna = net.join("Anna")
        net.run(anna.is_in)
        # All its timers are late; then it reads the received datagrams.
        net.clock.advance(30)
        net.clock.pump([0.1] * 100)
        self.assertEqual(anna.told, [])


class FakePort(ScopedPort):
    def startListening(self) -> None:
        self.connected = True
        self.written: list[bytes] = []
        self.protocol.transport = self
        assert isinstance(self.reactor, UDPReactor)
        self.reactor.ports.append(self)
        self.protocol.startProtocol()

    def connect(self, host: str, port: int) -> None:
        self.peer = host, port

    def write(self, data: bytes, addr: object = None) -> None:
        if not self.connected:
            raise AssertionError("it is closed")
        self.written.append(data)
        raise OSError("no route")

    def stopListening(self) -> None:
        self.connected = False


class UDPReactor(MemoryReactorClock):
    def __init__(self) -> None:
        super().__init__()
        self.ports: list[FakePort] = []


class UDPWireTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.reactor = UDPReactor()
        self.client = ChatClient(self.reactor, "Anna", lambda line: None, lambda text: None)
        self.wire = UDPWire(
            self.reactor,
            self.client,
            Servers([Server("::1", 9095), Server("127.0.0.1", 9095)]),
            FakePort,
        )
        self.wire.open()

    def test_a_refused_address_makes_the_client_try_the_next(self) -> None:
        [first] = self.reactor.ports
        self.assertEqual((first.peer, first.interface), (("::1", 9095), "::"))
        self.assertEqual(len(first.written), 1)
        first.protocol.connectionRefused()
        first.protocol.stopProtocol()
        second = self.reactor.ports[1]
        self.assertEqual((second.peer, second.interface), (("127.0.0.1", 9095), "0.0.0.0"))
        self.assertFalse(first.connected)
        # The epoll reactor closes a port that was refused.
        second.connected = False
        second.protocol.stopProtocol()
        failure = self.failureResultOf(self.client.ended, NoAnswer)
        self.assertEqual(str(failure.value), "no server listens there")


class StdioTransport(StringTransport):
    def loseConnection(self) -> None:
        super().loseConnection()


class PipeTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.net = Net()
        self.anna = self.net.join("Anna", patience=60)
        self.pipe = Pipe(self.anna.client)
        self.transport = StdioTransport()
        self.pipe.makeConnection(self.transport)

    def test_each_line_is_a_message_and_end_of_input_leaves(self) -> None:
        self.pipe.dataReceived(b"one\ntw")
        self.pipe.dataReceived(b"o\r\n\nthree")
        self.pipe.readConnectionLost()
        self.net.run(lambda: self.anna.client.ended.called)
        self.assertEqual(self.anna.said, ["Anna: one", "Anna: two", "Anna: three"])

    def test_exit_leaves_the_room(self) -> None:
        self.pipe.dataReceived(b"one\nexit\ntwo\n")
        self.net.run(lambda: self.anna.client.ended.called)
        self.assertEqual(self.anna.said, ["Anna: one"])

    def test_control_characters_in_messages_are_escaped(self) -> None:
        for line in self.anna.heard:
            self.pipe.show(line)
        self.net.run(lambda: self.anna.client.room.is_in)
        self.pipe.show(self.anna.heard[0].__class__("a\x1b[2J\u202eb", 0.0))
        self.assertEqual(self.transport.value(), b"a\\x1b[2J\\u202eb\n")

    def test_input_waits_until_the_client_is_in_the_room(self) -> None:
        self.pipe.dataReceived(b"x\n" * (MOST_PENDING + 1))
        self.assertEqual(self.transport.producerState, "paused")
        self.net.run(lambda: self.anna.client.room.pending < MOST_PENDING)
        self.net.clock.advance(1)
        self.assertEqual(self.transport.producerState, "producing")

    def test_an_overlong_line_is_refused(self) -> None:
        self.pipe.dataReceived(b"x" * (LONGEST_LINE + 1) + b"\nshort\n")
        self.pipe.readConnectionLost()
        self.net.run(lambda: self.anna.client.ended.called)
        self.assertEqual(self.anna.told, [f"not sent: a message has at most {LONGEST_LINE} bytes"])
        self.assertEqual((self.anna.said, self.anna.client.refused), (["Anna: short"], 1))

    def test_invalid_utf_8_takes_no_more_memory(self) -> None:
        self.pipe.dataReceived(b"\xff" * LONGEST_LINE + b"\n")
        self.pipe.readConnectionLost()
        self.net.run(lambda: self.anna.client.ended.called)
        self.assertEqual(self.anna.said, ["Anna: " + "?" * LONGEST_LINE])

    def test_a_lost_output_ends_the_client(self) -> None:
        for reason, lost in ((ConnectionDone(), False), (ConnectionLost(), True)):
            self.setUp()
            self.pipe.connectionLost(Failure(reason))
            self.assertEqual(self.pipe._output_lost, lost)
            self.successResultOf(self.anna.client.ended)
        self.setUp()
        self.pipe.writeConnectionLost()
        self.assertTrue(self.pipe._output_lost)
        self.assertTrue(self.pipe._closed.called)
        self.successResultOf(self.anna.client.ended)


class TimeTextTests(SynchronousTestCase):
    """The time at the beginning of a line, in a time zone 5 hours behind UTC."""

    def setUp(self) -> None:
        self.addCleanup(time.tzset)
        zone = mock.patch.dict(os.environ, TZ="EST+5")
        zone.start()
        self.addCleanup(zone.stop)
        time.tzset()

    def test_messages_of_other_days_show_the_date(self) -> None:
        now = datetime(2026, 11, 26, 6, 0, tzinfo=UTC).timestamp()  # 1:00 here
        for hours, expected in (
            (0.0, "01:00:00"),
            (-1.0, "00:00:00"),
            (-1.0 - 1 / 3600, "2026-11-25 23:59:59"),
            (22.5, "23:30:00"),
            (23.0, "2026-11-27 00:00:00"),
            (-24.0 * 365, "2025-11-26 01:00:00"),
        ):
            self.assertEqual(time_text(now + hours * 3600, now), expected)

    def test_an_impossible_time_is_shown_as_now(self) -> None:
        for when in (1e15, 253402300800.0, 253402318800.0, 10**18 / 1000, float("inf")):
            self.assertEqual(time_text(when, 1e9), "20:46:40")
        self.assertEqual(time_text(0.0, 1e9), "1969-12-31 19:00:00")
        self.assertEqual(time_text(None, 1e9), "20:46:40")

    def test_lines_show_the_time_that_they_carry(self) -> None:
        anna = Net().join("Anna")
        with create_app_session(DummyInput(), DummyOutput()):
            terminal = Terminal(anna.client, lambda: 1e9 + 60)
        shown = io.StringIO()
        with contextlib.redirect_stdout(shown):
            terminal.show(Line("Anna: now", 1e9, True))
            terminal.show(Line("Boris: yes\x1b[2J", 1e9 - 86400))
        self.assertEqual(
            shown.getvalue(),
            "20:46:40 ✓ Anna: now\n2001-09-07 20:46:40   Boris: yes\\x1b[2J\n",
        )


class NameTests(SynchronousTestCase):
    """The terminal's question for another name after a refusal."""

    def setUp(self) -> None:
        screen = create_app_session(DummyInput(), DummyOutput())
        screen.__enter__()
        self.addCleanup(screen.__exit__, None, None, None)
        self.shown = io.StringIO()
        output = contextlib.redirect_stdout(self.shown)
        output.__enter__()
        self.addCleanup(output.__exit__, None, None, None)
        self.net = Net()
        self.anna = self.net.join("Anna")
        self.net.clock.advance(1)
        self.other = self.net.join("Anna")
        self.client = self.other.client
        self.patch(chat_terminal, "is_dumb_terminal", lambda: False)
        self.terminal = Terminal(self.client, self.net.clock.seconds)
        self.net.run(lambda: self.terminal._prompt() == "Name: ")

    def type(self, text: str) -> None:
        """Put `text` into the line as the line editor does, without its event loop."""
        assert self.terminal._session is not None
        buffer = self.terminal._session.default_buffer
        buffer.reset(Document(text))
        buffer.on_text_changed.fire()

    def let_in_after_all(self) -> None:
        """Start a new session with a server that has no member of that name."""
        self.anna.client.abort()
        self.net.kill_server()
        self.net.run(self.other.is_in)

    def test_late_admission_withdraws_the_question(self) -> None:
        self.let_in_after_all()
        self.assertEqual(self.terminal._prompt(), "> ")
        self.terminal._typed("hello")
        self.net.run(lambda: not self.client.room.pending)
        self.assertEqual(self.other.texts[-1], "Anna: hello")
        self.assertEqual(self.shown.getvalue().count("error"), 0)

    def test_a_half_typed_name_survives_late_admission(self) -> None:
        self.type("Bor")
        self.let_in_after_all()
        self.assertEqual(self.terminal._prompt(), "Name: ")
        self.type("Boris")
        self.terminal._typed("Boris")
        self.assertEqual(self.terminal._prompt(), "> ")
        self.net.run(lambda: not self.client.room.pending)
        self.assertEqual(self.other.texts[-1], "* Anna is now called Boris")
        self.assertEqual(self.shown.getvalue().count("taken"), 1)  # in the first refusal

    def test_a_deleted_half_typed_name_is_discarded(self) -> None:
        self.type("Bor")
        self.let_in_after_all()
        self.type("")
        self.assertEqual(self.terminal._prompt(), "> ")

    def test_the_room_speaks_the_users_language(self) -> None:
        language.use("ru")
        self.addCleanup(language.use, "en")
        self.terminal.show(Line("/who lists who is here", 0.0))
        self.terminal.show(Line("Anna: \x1b[2J", 0.0))
        shown = self.shown.getvalue()
        self.assertIn("/who\N{NO-BREAK SPACE}— кто в чате\n", shown)
        self.assertIn("Anna: \\x1b[2J\n", shown)

    def test_input_before_admission_is_tried_as_the_name(self) -> None:
        self.type("Bor")
        self.type("")
        self.assertEqual(self.terminal._prompt(), "Name: ")
        self.terminal._typed("anna")
        self.net.run(lambda: self.terminal._prompt() == "Name: ")
        self.terminal._typed(" Boris ")
        self.net.run(self.other.is_in)
        self.assertEqual((self.client.room.name, self.terminal._prompt()), ("Boris", "> "))


class WordsTests(SynchronousTestCase):
    def test_commands_and_names_are_completed(self) -> None:
        net = Net()
        anna = net.join("Anna")
        net.join("Boris")
        net.run(lambda: bool(anna.client.room.others))
        words = Words(anna.client)
        for begun, expected in (
            ("/h", ["/help", "/history "]),
            ("/m", ["/msg "]),
            ("/w", ["/who"]),
            ("/msg bo", ["Boris "]),
            ("/msg Boris", ["Boris "]),
            ("hello B", ["Boris"]),
            ("hello ", []),
            ("", []),
            ("/msg Boris /h", []),
        ):
            found = words.get_completions(Document(begun), CompleteEvent())
            self.assertEqual([completion.text for completion in found], expected, begun)
