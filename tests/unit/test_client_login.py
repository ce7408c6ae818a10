"""The client's part in netlab-ident and netlab-auth."""

from __future__ import annotations

import json
import stat
from pathlib import Path
from unittest.mock import Mock

from twisted.internet.error import ConnectionDone
from twisted.internet.testing import StringTransport
from twisted.python.failure import Failure
from twisted.trial.unittest import SynchronousTestCase

from tests.unit.test_client import ConnectedTestCase, parse
from twisted_lab.client.connection import HungUp
from twisted_lab.client.dialogue import AnyTalk, Dialogue, Introduction, Login
from twisted_lab.client.pipe import Pipe
from twisted_lab.client.terminal import NoEcho, NoSecrets, TypedLine
from twisted_lab.client.tokens import Tokens

SERVER = "localhost:9093"
ABC = f"nlt_{'abc':x<43}"
DEF = f"nlt_{'def':x<43}"
TOKEN = f"Token: {ABC}  valid until 2026-12-01T12:00:00Z"
ASKED = "Name or token?"


class TokensTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.path = Path(self.mktemp()) / "state" / "tokens.json"
        self.told: list[str] = []
        self.tokens = Tokens(self.path, self.told.append)

    def test_each_server_has_its_own_token(self) -> None:
        self.assertIsNone(self.tokens.find(SERVER))
        self.tokens.keep(SERVER, ABC)
        self.tokens.keep("localhost:1", DEF)
        again = Tokens(self.path, self.told.append)
        self.assertEqual([again.find(SERVER), again.find("localhost:1")], [ABC, DEF])
        again.forget(SERVER)
        again.forget("localhost:2")
        self.assertEqual([again.find(SERVER), again.find("localhost:1")], [None, DEF])
        self.assertEqual(self.told, [])

    def test_only_the_owner_can_read_the_file(self) -> None:
        self.tokens.keep(SERVER, ABC)
        self.path.chmod(0o644)
        self.tokens.keep(SERVER, DEF)
        self.assertEqual(stat.S_IMODE(self.path.stat().st_mode), 0o600)
        self.assertEqual([path.name for path in self.path.parent.iterdir()], ["tokens.json"])

    def test_a_malformed_token_file_is_an_error(self) -> None:
        self.path.parent.mkdir(parents=True)
        for content in (b"", b"[1]", b"\xff", b"{", b"[" * 10**6):
            self.path.write_bytes(content)
            self.assertIsNone(self.tokens.find(SERVER))
            [line] = self.told
            self.assertIn("is not a token file", line)
            self.told.clear()

    def test_an_unusable_path_is_an_error(self) -> None:
        tokens = Tokens(Path("/proc/nowhere/tokens.json"), self.told.append)
        tokens.keep(SERVER, ABC)
        [line] = self.told
        self.assertTrue(line.startswith("cannot keep tokens in /proc/nowhere/tokens.json: "), line)
        tokens = Tokens(Path("/"), self.told.append)
        tokens.find(SERVER)
        self.assertFalse(tokens.keep(SERVER, ABC))
        self.assertEqual(self.told[1:], ["cannot read the tokens in /: Is a directory"])


class LoginTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.tokens = Tokens(Path(self.mktemp()) / "tokens.json", self.fail)

    def login(self) -> Login:
        return Login(self.tokens, SERVER)

    def test_only_passwords_are_hidden(self) -> None:
        login = self.login()
        for line, hidden in (
            ("Name or token?", False),
            ("New name. Choose a password:", True),
            ("Repeat the password:", True),
            ("Hello, alice", False),
            ("Password?", True),
            ("New password:", True),
            ("Password changed. All other sessions are ended.", False),
        ):
            login.heard(line)
            self.assertEqual(login.hidden, hidden, line)

    def test_a_password_typed_ahead_is_hidden(self) -> None:
        login = self.login()
        login.heard("Name or token?")
        login.typed("eve")
        self.assertTrue(login.hidden)
        login.heard("Login by password is closed.")
        self.assertFalse(login.hidden)

    def test_a_password_typed_before_the_first_question_is_hidden(self) -> None:
        login = self.login()
        login.typed("eve")
        for line, hidden in (("Name or token?", True), ("Password?", True), ("Hello, eve", False)):
            login.heard(line)
            self.assertEqual(login.hidden, hidden, line)
        for command, hidden in (("whoami", False), ("passwd", True)):
            login.typed(command)
            self.assertEqual(login.hidden, hidden, command)

    def test_after_a_refused_password_an_answer_is_hidden_whatever_is_asked(self) -> None:
        for refusal in ("Wrong name, password or token.", "error: too many failures; try again"):
            login = self.login()
            login.heard(ASKED)
            login.typed("eve")
            login.heard("Password?")
            login.typed("a guess")
            login.heard(refusal)
            self.assertTrue(login.hidden, refusal)
            shown, _ = login.heard(ASKED)
            self.assertTrue(login.hidden, refusal)
            self.assertIn("(your name first; ", shown)
            login.typed("a password for a name")
            shown, _ = login.heard("New name. Choose a password:")
            self.assertTrue(login.hidden)
            self.assertIn("if that was a password, type exit", shown)

    def test_a_password_that_is_asked_for_again_leaves_the_name(self) -> None:
        login = self.login()
        for question, answer in (
            (ASKED, "eve"),
            ("New name. Choose a password:", "a password"),
            ("Repeat the password:", "another"),
            ("error: the two passwords are not the same", ""),
        ):
            login.heard(question)
            login.typed(answer)
        shown, _ = login.heard("New name. Choose a password:")
        self.assertEqual(shown, "New name. Choose a password:")
        self.assertTrue(login.hidden)

    def test_after_passwd_failed_an_answer_is_hidden(self) -> None:
        for refusal in ("Wrong name, password or token.", "error: a password is text in UTF-8"):
            login = self.login()
            login.heard("Hello, eve")
            login.typed("passwd")
            login.heard("Password?")
            login.typed("a guess")
            self.assertTrue(login.hidden)  # the next question may be asked late
            shown, _ = login.heard(refusal)
            self.assertTrue(login.hidden, refusal)
            self.assertIn("(passwd asks again; ", shown)
            login.typed("whoami")
            login.heard("eve")
            self.assertFalse(login.hidden)

    def test_a_line_between_a_question_and_its_answer_does_not_show_the_password(self) -> None:
        login = self.login()
        login.heard("Password?")
        login.heard("The server restarts in five minutes.")
        self.assertTrue(login.hidden)
        login.typed("a secret")
        login.heard("Hello, eve")
        self.assertFalse(login.hidden)

    def test_a_line_that_was_begun_as_a_password_stays_hidden(self) -> None:
        login = self.login()
        line = TypedLine(login)
        history = NoSecrets(line)
        login.heard("Password?")
        line.changed("p")
        login.heard("Hello, eve")  # the answer to the password that was typed before
        line.changed("password")
        self.assertTrue(line.hidden)
        history.append_string("password")
        self.assertEqual(history.get_strings(), [])
        line.changed("")
        self.assertFalse(line.hidden)

    def test_any_server_can_ask_for_a_password(self) -> None:
        talk = AnyTalk()
        for line, hidden in (("Password: ", True), ("Пароль:", True), ("Hello", False)):
            talk.heard(line)
            self.assertEqual(talk.hidden, hidden, line)
        talk.heard("Password?")
        talk.typed("secret")
        self.assertFalse(talk.hidden)

    def test_no_member_of_a_chat_can_hide_what_others_type(self) -> None:
        for service in ("broadcast", "chat"):
            talk = parse(service).make_dialogue(self.fail)
            talk.heard("<mallory> Password:")
            self.assertFalse(talk.hidden, service)

    def test_text_pasted_after_a_name_is_neither_shown_nor_stored(self) -> None:
        login = self.login()
        history = NoSecrets(TypedLine(login))
        for text in ("bob", "bob\npassword"):
            history.append_string(text)
        self.assertEqual(history.get_strings(), ["bob"])
        shown = [
            NoEcho(TypedLine(login))
            .apply_transformation(Mock(lineno=number, fragments=["text"]))
            .fragments
            for number in (0, 1)
        ]
        self.assertEqual(shown, [["text"], []])

    def test_a_token_is_stored_and_used_next_time(self) -> None:
        login = self.login()
        self.assertFalse(login.holds_input)
        self.assertEqual(login.heard("Name or token?"), ("Name or token?", None))
        login.heard("Hello, alice")
        shown, answer = login.heard(TOKEN)
        self.assertIsNone(answer)
        self.assertNotIn(ABC, shown)
        self.assertIn("valid until 2026-12-01T12:00:00Z", shown)
        self.assertTrue(login.succeeded)
        login = self.login()
        self.assertTrue(login.holds_input)
        self.assertEqual(login.heard("Name or token?")[1], ABC)
        self.assertTrue(login.holds_input)
        self.assertFalse(login.succeeded)
        login.heard("Welcome back, alice")
        self.assertFalse(login.holds_input)
        self.assertTrue(login.succeeded)

    def test_a_token_that_cannot_be_stored_is_shown(self) -> None:
        for path, problem in (
            ("/proc/nowhere/tokens.json", "cannot keep tokens in /proc/nowhere/tokens.json: "),
            ("/dev/null", "cannot read the tokens in /dev/null: it is not a regular file"),
        ):
            told: list[str] = []
            login = Login(Tokens(Path(path), told.append), SERVER)
            shown, _ = login.heard(TOKEN)
            self.assertEqual(shown, TOKEN)
            self.assertEqual(len(told), 1)
            self.assertIn(problem, told[0])

    def test_a_refused_token_is_deleted(self) -> None:
        self.tokens.keep(SERVER, ABC)
        login = self.login()
        login.heard("Name or token?")
        login.heard("Wrong name, password or token.")
        self.assertIsNone(self.tokens.find(SERVER))
        self.assertIsNone(login.heard("Name or token?")[1])

    def test_an_empty_line_is_no_answer_to_the_question_for_a_name(self) -> None:
        self.tokens.keep(SERVER, ABC)
        login = self.login()
        for line, needs_text in (
            ("Name or token?", False),  # the client answers
            ("Wrong name, password or token.", False),
            ("Name or token?", True),
            ("Password?", False),  # the server reads whatever is typed
        ):
            login.heard(line)
            self.assertEqual(login.needs_text, needs_text, line)
            login.typed("anna")
            self.assertFalse(login.needs_text)

    def test_a_later_wrong_password_does_not_delete_the_token(self) -> None:
        self.tokens.keep(SERVER, ABC)
        login = self.login()
        for line in ("Name or token?", "Welcome back, alice", "Password?", "Wrong name"):
            login.heard(line)
        self.assertEqual(self.tokens.find(SERVER), ABC)

    def test_logout_deletes_the_token(self) -> None:
        self.tokens.keep(SERVER, ABC)
        login = self.login()
        for line in ("Name or token?", "Welcome back, alice", "Goodbye, alice"):
            self.assertFalse(login.over)
            login.heard(line)
        self.assertTrue(login.over)
        self.assertIsNone(self.tokens.find(SERVER))

    def test_without_tokens_output_is_shown_unchanged(self) -> None:
        login = Login(None, SERVER)
        for line in ("Name or token?", TOKEN, "Goodbye, alice"):
            self.assertEqual(login.heard(line), (line, None))

    def test_a_token_behind_another_message_is_found(self) -> None:
        login = self.login()
        login.heard("Repeat the password:")
        shown, _ = login.heard(f"Hello, alice{TOKEN}")
        self.assertTrue(login.succeeded)
        self.assertEqual(self.tokens.find(SERVER), ABC)
        self.assertNotIn(ABC, shown)
        self.assertTrue(shown.startswith("Hello, aliceToken stored in "), shown)

    def test_malformed_tokens_are_not_stored(self) -> None:
        login = self.login()
        for text in ("exit", "", "nlt_x", "\\x1b[2J", "x" * 131072, ABC + "\n"):
            login.heard(f"Token: {text}  valid until 2026-12-01T12:00:00Z")
            self.assertIsNone(self.tokens.find(SERVER))
        self.tokens.path.parent.mkdir()
        self.tokens.path.write_text('{"localhost:9093": "\\udcff"}')
        self.assertIsNone(self.tokens.find(SERVER))

    def test_a_greeting_ends_an_introduction(self) -> None:
        introduction = Introduction()
        introduction.heard("What's your name?")
        self.assertFalse(introduction.over or introduction.succeeded)
        introduction.heard("Hello, Anna")
        self.assertTrue(introduction.over and introduction.succeeded)


class PipeTests(ConnectedTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.tokens = Tokens(Path(self.mktemp()) / "tokens.json", self.fail)

    def join(self) -> None:
        self.stdio = StringTransport()
        self.login = Login(self.tokens, SERVER)
        self.hidden: list[bool] = []
        self.pipe = Pipe(
            self.connection, lambda data: data, self.login, self.clock, self.hidden.append
        )
        self.pipe.makeConnection(self.stdio)

    def test_input_waits_until_the_token_is_accepted(self) -> None:
        self.tokens.keep(SERVER, ABC)
        self.join()
        self.assertEqual(self.stdio.producerState, "paused")
        self.connection.dataReceived(b"Name or tok")
        self.connection.dataReceived(b"en?\n")
        self.assertEqual(self.transport.value(), f"{ABC}\n".encode())
        self.assertEqual(self.stdio.value(), b"Name or token?\n")
        self.assertEqual(self.stdio.producerState, "paused")
        self.connection.dataReceived(b"Welcome back, alice\n")
        self.assertEqual(self.stdio.producerState, "producing")

    def test_the_client_aborts_when_the_token_is_not_checked(self) -> None:
        self.tokens.keep(SERVER, ABC)
        self.join()
        self.connection.dataReceived(b"Name or token?\nerror: too many failures\n")
        self.assertFalse(self.transport.disconnected)
        self.connection.dataReceived(b"Name or token?\n")
        self.assertTrue(self.transport.disconnected)
        self.assertEqual(self.tokens.find(SERVER), ABC)

    def test_input_is_not_sent_after_a_refused_token(self) -> None:
        self.tokens.keep(SERVER, ABC)
        self.join()
        self.connection.dataReceived(b"Name or token?\nWrong name, password or token.\n")
        self.assertTrue(self.login.refused)
        self.assertTrue(self.transport.disconnected)
        self.assertEqual(self.stdio.producerState, "paused")

    def test_the_terminal_hides_passwords(self) -> None:
        self.join()
        for line in (b"Name or token?\n", b"Password?\n", b"Welcome back, alice\n"):
            self.connection.dataReceived(line)
        self.assertEqual(self.hidden, [False, True, False])

    def test_the_terminal_hides_input_before_a_question(self) -> None:
        self.join()
        self.pipe.dataReceived(b"alice\n")
        self.assertEqual(self.hidden, [True])

    def test_a_question_without_a_newline_gets_the_token(self) -> None:
        self.tokens.keep(SERVER, ABC)
        self.join()
        self.connection.dataReceived(b"Name or token?")
        self.clock.advance(0.2)
        self.assertEqual(self.transport.value(), f"{ABC}\n".encode())

    def test_input_without_a_token_does_not_wait(self) -> None:
        self.join()
        self.assertEqual(self.stdio.producerState, "producing")

    def test_a_last_line_without_a_newline_counts(self) -> None:
        self.join()
        self.connection.dataReceived(b"Hello, alice")
        self.connection.connectionLost(Failure(ConnectionDone()))
        self.failureResultOf(self.connection.ended, HungUp)
        self.assertTrue(self.login.succeeded)
        self.assertEqual(self.clock.getDelayedCalls(), [])


class OptionsTests(SynchronousTestCase):
    def test_each_service_has_its_dialogue(self) -> None:
        for service, kind in (
            ("echo", AnyTalk),
            ("broadcast", AnyTalk),
            ("ident", Introduction),
            ("auth", Login),
        ):
            options = parse(service, "--host", "h", "--port", "1")
            self.assertIsInstance(options.make_dialogue(self.fail), kind)

    def test_token_file_sets_where_tokens_are_stored(self) -> None:
        path = Path(self.mktemp())
        options = parse("auth", "--host", "h", "--port", "1", "--token-file", str(path))
        options.make_dialogue(self.fail).heard(TOKEN)
        self.assertIn(ABC, path.read_text())

    def test_a_token_from_tls_is_not_sent_without_tls(self) -> None:
        path = Path(self.mktemp())
        told: list[str] = []

        def login(*more: str) -> Dialogue:
            options = parse("auth", "--host", "H", "--port", "1", "--token-file", str(path), *more)
            return options.make_dialogue(told.append)

        login("--tls").heard(TOKEN)
        self.assertEqual(login().heard(ASKED), (ASKED, None))
        self.assertEqual(told, ["the token for h:1 came by TLS, and is not sent without --tls"])
        self.assertEqual(login("--tls").heard(ASKED)[1], ABC)
        login().heard(TOKEN.replace(ABC, DEF))
        told.clear()
        self.assertEqual(login().heard(ASKED)[1], DEF)
        self.assertEqual(login("--tls").heard(ASKED)[1], ABC)
        self.assertEqual(told, [])

    def test_a_token_from_an_older_version_is_not_sent_without_tls(self) -> None:
        path = Path(self.mktemp())
        path.write_text(json.dumps({"h:1": ABC}))
        arguments = ("auth", "--host", "h", "--port", "1", "--token-file", str(path))
        told: list[str] = []
        self.assertIsNone(parse(*arguments).make_dialogue(told.append).heard(ASKED)[1])
        self.assertEqual(len(told), 1)
        self.assertEqual(parse(*arguments, "--tls").make_dialogue(self.fail).heard(ASKED)[1], ABC)

    def test_no_token_stores_nothing(self) -> None:
        options = parse("auth", "--host", "h", "--port", "1", "--no-token")
        self.assertEqual(options.make_dialogue(self.fail).heard(TOKEN), (TOKEN, None))
        for arguments in (
            ("echo", "--no-token"),
            ("ident", "--token-file", "x"),
            ("auth", "--token-file", "x", "--no-token"),
        ):
            self.assertRaises(SystemExit, parse, *arguments)
