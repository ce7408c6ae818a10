"""The conversations of netlab-ident --then, over scripted channels."""

import io
from contextlib import redirect_stderr, redirect_stdout

from twisted.internet.defer import Deferred
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from tests.doubles.channels import LiveChannel
from tests.doubles.reactor import FakeReactor
from twisted_lab.channels import Conversation, PeerSilent
from twisted_lab.codecs import MessageError
from twisted_lab.known_peers import PEER_TABLES
from twisted_lab.services import netlab
from twisted_lab.services.ident import Identification, Options, conversation_after
from twisted_lab.serving import ServiceProcess
from twisted_lab.testing import MemoryStorage, play


class ThenTests(SynchronousTestCase):
    def identify(self, *arguments: str) -> Conversation:
        options = Options()
        options.parseOptions(list(arguments))
        process = ServiceProcess(options, FakeReactor())
        storage = MemoryStorage(PEER_TABLES)
        self.addCleanup(storage.database.close)
        seconds = Clock().seconds
        then = conversation_after(process, options)
        return Identification(storage, seconds, seconds, then).converse

    def test_the_default_is_the_end(self) -> None:
        said = play(self.identify(), "Anna", "hi")
        self.assertEqual(said, ["What's your name?", "Hello, Anna"])

    def test_echo_repeats_each_message_until_exit(self) -> None:
        converse = self.identify("--then", "echo")
        self.assertEqual(play(converse, "Anna", "hi", "")[1:], ["Hello, Anna", "hi", ""])
        self.assertEqual(play(converse, "a", "exit", "b"), ["Hello, Anna", "a"])

    def test_messages_are_numbered(self) -> None:
        self.assertEqual(
            play(self.identify("--then", "messages"), "Anna", "hi", "exit", "more")[1:],
            ["Hello, Anna", "Message 1:", "Your message: HI", "Message 2:"],
        )

    def test_broadcast_reaches_all(self) -> None:
        converse = self.identify("--then", "broadcast")
        anna, boris = LiveChannel(1), LiveChannel(2, "127.0.0.2")
        for channel, name in ((anna, "Anna"), (boris, "Boris")):
            Deferred.fromCoroutine(converse(channel))
            channel.hears(name)
        boris.hears("hi")
        for channel, name in ((anna, "Anna"), (boris, "Boris")):
            self.assertEqual(
                channel.said[1:],
                [f"Hello, {name}", "CONNECT", "Message from client ('127.0.0.2', 2): HI"],
            )

    def test_a_peer_without_a_name_goes_no_further(self) -> None:
        for word in ("echo", "messages", "broadcast"):
            said = play(self.identify("--then", word), "", "", "", "hi")
            self.assertEqual(said[0::2], ["What's your name?"] * 3)
            self.assertEqual(len(said), 6)

    def test_errors_end_the_conversation(self) -> None:
        for word in ("echo", "messages"):
            for error in (PeerSilent, MessageError):
                converse = self.identify("--then", word)
                self.assertRaises(error, play, converse, "Anna", error("no"))
        said = play(self.identify("--then", "broadcast"), "Anna", PeerSilent(), "hi")
        self.assertIn("HI", said[-1])


class OptionsTests(SynchronousTestCase):
    def refuse(self, *arguments: str) -> str:
        with redirect_stderr(io.StringIO()) as said:
            self.assertRaises(SystemExit, Options().parseOptions, list(arguments))
        self.assertEqual(said.getvalue().count("\n"), 1)
        return said.getvalue()

    def test_broadcast_needs_one_process(self) -> None:
        self.assertIn(
            "--workers is not supported: with --then broadcast "
            "all members must be in one process to hear each other",
            self.refuse("--then", "broadcast", "--workers", "2"),
        )
        Options().parseOptions(["--then", "broadcast", "--workers", "1"])
        Options().parseOptions(["--then", "echo", "--workers", "2"])

    def test_another_word_is_refused(self) -> None:
        self.assertIn(
            "--then: expected one of echo, messages, broadcast, not 'chat'",
            self.refuse("--then", "chat"),
        )

    def test_netlab_has_the_options(self) -> None:
        options = netlab.Options()
        options.parseOptions(["--ident-then", "broadcast"])
        self.assertEqual(options.services["ident"]["then"], "broadcast")
        with redirect_stdout(io.StringIO()) as said:
            self.assertRaises(SystemExit, netlab.Options().parseOptions, ["--help-all"])
        for name in ("--ident-then ", "--echo-once"):
            self.assertIn(name, said.getvalue())
