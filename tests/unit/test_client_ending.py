"""The end of the client: its exit status and last lines."""

from __future__ import annotations

import signal
from collections.abc import Callable
from typing import NoReturn
from unittest.mock import patch

from OpenSSL import SSL
from twisted.internet.defer import Deferred
from twisted.internet.error import ConnectionLost
from twisted.internet.interfaces import ISSLTransport
from twisted.python.failure import Failure
from zope.interface import alsoProvides

from tests.doubles.reactor import FakeReactor
from tests.unit.test_client import ConnectedTestCase, parse
from twisted_lab.client import __main__ as client
from twisted_lab.client import chat
from twisted_lab.client.chat_client import ChatClient, NoAnswer, NotLetIn
from twisted_lab.client.connecting import HANDSHAKE_SECONDS, agree_on_tls
from twisted_lab.client.connection import ClientConnection, HungUp
from twisted_lab.client.dialogue import AnyTalk, Dialogue, Introduction, Login
from twisted_lab.client.ending import Ended
from twisted_lab.client.known_hosts import CannotVerify
from twisted_lab.client.options import ClientOptions
from twisted_lab.client.signals import Signals
from twisted_lab.client.tls import by_authorities
from twisted_lab.client.verdict import verdict
from twisted_lab.codecs import MessageError
from twisted_lab.eventlog.events import ClientEvents

NO_TLS = "if the server does not use TLS, leave out --tls"
CLOSED = "closed by the server"
RESET = "connection reset"
SERVER_LOG = "try again; the log of the server, or of a proxy before it, says why"
TRY_TLS = (
    "nothing received; if the server uses TLS, try --tls; otherwise its log, or that of a proxy "
    "before it, says why"
)
SILENT = (
    "nothing received: the server may be slow, run another service, or use another framing; if it "
    "uses TLS, try --tls"
)
NOT_LET_IN = "not let in: see the server's last line"
LEFT = "you left before the server let you in"


class VerdictTests(ConnectedTestCase):
    def judge(
        self,
        *arguments: str,
        sent: bytes = b"",
        received: bytes = b"",
        dialogue: Dialogue | None = None,
        hung_up: str = "",
        interactive: bool = False,
    ) -> tuple[list[str], int]:
        self.connection.send(sent)
        if received:
            self.connection.dataReceived(received)
        talk = dialogue or AnyTalk()
        for line in received.decode(errors="replace").splitlines():
            talk.heard(line)
        end = verdict(parse(*arguments), self.connection, talk, hung_up, interactive)
        return list(end.lines), end.status

    def test_a_clean_end_gives_status_0(self) -> None:
        self.assertEqual(self.judge("echo", sent=b"hi\n", received=b"hi\n"), ([], 0))
        self.setUp()
        self.assertEqual(self.judge("echo"), ([], 0))

    def test_an_early_close_gives_status_1(self) -> None:
        early = f"127.0.0.1:9090 hung up early: {CLOSED}; {SERVER_LOG}"
        said = self.judge("echo", sent=b"hi\n", received=b"hi\n", hung_up=CLOSED)
        self.assertEqual(said, ([early], 1))

    def test_an_early_close_without_output_suggests_tls(self) -> None:
        for arguments, sent, how, advice in (
            (("echo",), b"", CLOSED, SERVER_LOG),
            (("echo",), b"", RESET, TRY_TLS),
            (("echo",), b"hi\n", CLOSED, TRY_TLS),
            (("messages",), b"", CLOSED, TRY_TLS),
            (("messages", "--tls"), b"", CLOSED, SERVER_LOG),
        ):
            self.setUp()
            said = self.judge(*arguments, sent=sent, hung_up=how)
            self.assertEqual(said, ([f"127.0.0.1:9090 hung up early: {how}; {advice}"], 1))

    def test_a_close_after_the_conversation_gives_status_0(self) -> None:
        said = self.judge("ident", received=b"Hello, A\n", dialogue=Introduction(), hung_up=CLOSED)
        self.assertEqual(said, ([], 0))

    def test_a_close_without_admission_gives_status_1(self) -> None:
        said = self.judge("ident", received=b"Name?\n", dialogue=Introduction(), hung_up=CLOSED)
        self.assertEqual(said, ([NOT_LET_IN], 1))

    def test_leaving_at_a_question_gives_status_1(self) -> None:
        for received, line in (
            (b"Name or token?\n", LEFT),
            (b"Name or token?", LEFT),
            (b"Name or token?\nerror: no\n", NOT_LET_IN),
        ):
            self.setUp()
            said = self.judge("auth", received=received, dialogue=Login(None, ""))
            self.assertEqual(said, ([line], 1))

    def test_a_missing_answer_gives_status_1(self) -> None:
        for arguments, sent, line in (
            (("echo",), b"hi\n", [f"127.0.0.1:9090: {SILENT}"]),
            (("messages",), b"", [f"127.0.0.1:9090: {SILENT}"]),
            (("messages", "--tls"), b"", ["the server did not answer"]),
        ):
            self.setUp()
            self.assertEqual(self.judge(*arguments, sent=sent), (line, 1))

    def test_advice_is_given_once(self) -> None:
        self.connection.was_hinted = True
        self.assertEqual(self.judge("echo", sent=b"hi\n"), (["the server did not answer"], 1))

    def test_an_unknown_service_need_not_answer(self) -> None:
        with patch("twisted_lab.client.services.makers", dict):
            self.assertEqual(self.judge("quiz", "--port", "7", sent=b"hi\n"), ([], 0))

    def test_a_refused_token_gives_status_1(self) -> None:
        dialogue = Login(None, "")
        dialogue.refused = True
        said = self.judge("auth", received=b"Name or token?\n", dialogue=dialogue)
        self.assertEqual(
            said,
            (
                ["the stored token was refused: see the server's reply, and run the client again"],
                1,
            ),
        )

    def test_on_a_terminal_the_last_line_counts_after_a_refused_token(self) -> None:
        for received, line in ((b"Name or token?\n", LEFT), (b"error: a name has\n", NOT_LET_IN)):
            self.setUp()
            dialogue = Login(None, "")
            dialogue.refused = True
            said = self.judge("auth", received=received, dialogue=dialogue, interactive=True)
            self.assertEqual(said, ([line], 1))

    def test_refused_lines_give_a_script_status_1(self) -> None:
        for arguments, dialogue, received, refused, interactive, expected in (
            # The client has reported it; a script checks the status.
            (("messages",), AnyTalk(), b"Message 1:\n", 1, False, ([], 1)),
            (("messages",), AnyTalk(), b"Message 1:\n", 1, True, ([], 0)),
            (("ident",), Introduction(), b"Name?\n", 1, True, ([], 1)),
            (("ident",), Introduction(), b"error: no\n", 1, True, ([NOT_LET_IN], 1)),
            # The server has reported it; an echo merely repeats the input.
            (("broadcast",), AnyTalk(), b"error: no\n", 0, False, ([], 1)),
            (("broadcast",), AnyTalk(), b"error: no\n", 0, True, ([], 0)),
            (("echo",), AnyTalk(), b"error: no\n", 0, False, ([], 0)),
        ):
            self.setUp()
            self.framing.refused = refused
            said = self.judge(
                *arguments, received=received, dialogue=dialogue, interactive=interactive
            )
            self.assertEqual(said, expected, arguments)

    def test_a_wrong_framing_gives_a_script_status_1(self) -> None:
        for interactive, status in ((False, 1), (True, 0)):
            self.setUp()
            self.framing.is_foreign = True
            said = self.judge("broadcast", received=b"\0\0", interactive=interactive)
            self.assertEqual(said, ([], status))


class ChatVerdictTests(ConnectedTestCase):
    def judge(
        self,
        problem: Exception | None = None,
        has_been_in: bool = True,
        waiting: int = 0,
        refused: int = 0,
        interactive: bool = False,
    ) -> tuple[list[str], int]:
        options = parse("chat", "--host", "box")
        options.complete(interactive=False)
        client = ChatClient(self.clock, "Anna", self.fail, self.fail)
        client.refused = refused
        client.room.has_been_in = has_been_in
        for _ in range(waiting):
            client.room.say("hi", 0.0)
        end = chat.verdict(client, problem, options, interactive)
        return list(end.lines), end.status

    def test_each_end_has_its_lines_and_status(self) -> None:
        start = "; is it started? twistd -n netlab-chat --port 9095"
        for problem, has_been_in, expected in (
            (None, True, ([], 0)),
            (None, False, ([], 1)),
            (NoAnswer("no answer"), False, ([f"box:9095: no answer{start}"], 1)),
            (NotLetIn("\x1b no"), False, ([r"not let in: \x1b no"], 1)),
            (NoAnswer("gone"), True, ([f"box:9095: gone{start}"], 1)),
            (NotLetIn("Anna is here"), True, (["not let in: Anna is here"], 1)),
            (HungUp("closed"), True, (["box:9095: closed"], 1)),
            (MessageError("too long"), True, (["too long"], 1)),
            (Ended("the disk is full"), True, (["the disk is full"], 1)),
            (Ended(status=130), True, ([], 130)),
        ):
            self.assertEqual(self.judge(problem, has_been_in), expected, problem)

    def test_only_a_port_that_was_asked_is_named(self) -> None:
        start = "; is it started? twistd -n netlab-chat --port 9095"
        for hosts, question in ((["a", "b"], start), (["a:1", "b:2"], "; are they started?")):
            options = parse("chat", *(f"--host={host}" for host in hosts))
            options.complete(interactive=False)
            client = ChatClient(self.clock, "Anna", self.fail, self.fail)
            end = chat.verdict(client, NoAnswer("no answer"), options, interactive=False)
            self.assertEqual(end.lines[0].partition("no answer")[2], question)

    def test_unconfirmed_messages_give_a_line(self) -> None:
        for waiting, lines in (
            (1, ["1 message was not confirmed, and may be lost"]),
            (2, ["2 messages were not confirmed, and may be lost"]),
        ):
            self.assertEqual(self.judge(waiting=waiting), (lines, 1))
            self.assertEqual(self.judge(Ended(status=130), waiting=waiting), (lines, 130))
        self.assertEqual(self.judge(has_been_in=False, waiting=1), ([], 1))

    def test_overlong_messages_give_a_script_status_1(self) -> None:
        self.assertEqual(self.judge(refused=1), ([], 1))
        self.assertEqual(self.judge(refused=1, interactive=True), ([], 0))


class RunTests(ConnectedTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.reactor = FakeReactor()
        self.patch(signal, "signal", lambda number, handler: None)

    def run_client(self, *lines: str, status: int, caught: int = 0) -> object:
        async def talk(
            reactor: object,
            options: ClientOptions,
            interactive: bool,
            tell: Callable[[str], object],
            signals: Signals,
        ) -> NoReturn:
            signals.status = caught
            raise Ended(*lines, status=status)

        self.patch(client, "converse", talk)
        running = client.run(self.reactor, parse(), False, self.told.append)
        return self.failureResultOf(Deferred.fromCoroutine(running), SystemExit).value.code

    def test_the_client_shows_the_last_lines_and_exits(self) -> None:
        self.assertEqual(self.run_client("a", "b", status=1), 1)
        self.assertEqual(self.told, ["a", "b"])
        self.assertEqual(self.run_client(status=0), 0)

    def test_the_status_of_a_signal_takes_precedence(self) -> None:
        self.assertEqual(self.run_client("a", status=1, caught=143), 143)
        self.assertEqual(self.run_client(status=0, caught=143), 143)

    def test_a_signal_ends_the_client(self) -> None:
        signals = Signals(self.reactor)
        signals.check()
        signals.end = lambda: self.told.append("end")
        signals._interrupt(signal.SIGTERM, None)
        self.assertEqual(self.told, ["end"])
        self.assertEqual(self.assertRaises(Ended, signals.check).status, 143)


class HandshakeTests(ConnectedTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.patch(signal, "signal", lambda number, handler: None)
        self.signals = Signals(FakeReactor())
        self.verifier = by_authorities("localhost", None)
        self.connection = ClientConnection(
            self.clock, ClientEvents("client", self.recorder), self.framing
        )
        alsoProvides(self.transport, ISSLTransport)
        self.connection.makeConnection(self.transport)
        self.agreeing = Deferred.fromCoroutine(
            agree_on_tls(self.clock, self.connection, self.verifier, self.signals)
        )

    def assert_ends(self, *lines: str, status: int = 1) -> None:
        end = self.failureResultOf(self.agreeing, Ended).value
        self.assertEqual((end.lines, end.status), (lines, status))
        self.assertTrue(self.transport.disconnected)

    def test_a_finished_handshake_continues(self) -> None:
        self.connection.agreed.callback(None)
        self.assertIsNone(self.successResultOf(self.agreeing))

    def test_an_untrusted_server_ends_the_client(self) -> None:
        self.verifier.problem = "its certificate has expired"
        self.connection.agreed.errback(Failure(SSL.Error()))
        self.assert_ends("not connected to 127.0.0.1:9090: its certificate has expired")

    def test_a_certificate_that_cannot_be_stored_ends_the_client(self) -> None:
        with patch.object(self.verifier, "agreed", side_effect=CannotVerify("cannot keep it")):
            self.connection.agreed.callback(None)
        self.assert_ends("not connected to 127.0.0.1:9090: cannot keep it")

    def test_a_handshake_timeout_ends_the_client(self) -> None:
        self.clock.advance(HANDSHAKE_SECONDS)
        self.assert_ends(f"not connected to 127.0.0.1:9090: no answer; {NO_TLS}")

    def test_a_signal_during_the_handshake_ends_the_client(self) -> None:
        self.signals.status = 130
        self.connection.agreed.errback(Failure(ConnectionLost()))
        self.assert_ends(status=130)
