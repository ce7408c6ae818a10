"""What netlab-ident and netlab-auth say, as the client shows it on a terminal."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from twisted_lab.accounts.passwords import BadPassword, check_password
from twisted_lab.client.dialogue import Introduction, Login
from twisted_lab.client.login_lines import LOGIN
from twisted_lab.login.account_shell import HELP
from twisted_lab.text import language
from twisted_lab.text.dialogue_messages import ASK_NAME, GOODBYE, HELLO, WRONG, AskPassword
from twisted_lab.text.token_form import TOKEN_PREFIX
from twisted_lab.text.user_names import BadName, clean_name


class Tests(SynchronousTestCase):
    """In Russian, unless they say otherwise."""

    def setUp(self) -> None:
        language.use("ru")
        self.addCleanup(language.use, language.SOURCE)

    def test_in_english_they_stay_as_they_are(self) -> None:
        language.use("en")
        for line in (ASK_NAME, f"{HELLO}Anna", "error: a password has at least 8 characters"):
            self.assertEqual(LOGIN.translated(line), line)

    def test_all_of_them_are_translated(self) -> None:
        errors = [self.assertRaises(BadName, clean_name, name) for name in ("", "x\u200by")]
        errors += [
            self.assertRaises(BadPassword, check_password, text) for text in ("x", "x" * 2000)
        ]
        lines = [ASK_NAME, WRONG, *AskPassword, *HELP, f"{GOODBYE}Anna B", "What's your name?"]
        lines += [f"error: {error}; this is the last try" for error in errors]
        lines += [f"error: {error}" for error in errors]
        for line in lines:
            shown = LOGIN.translated(line)
            self.assertRegex(shown, "[а-яё]{3}")
            self.assertNotRegex(shown, "error|last try| a ")

    def test_a_server_cannot_nest_reasons_without_end(self) -> None:
        ended = "that session has ended: "
        shown = LOGIN.translated(f"error: {ended}nothing heard for 60 s")
        self.assertNotRegex(shown, "[a-z]")
        self.assertIn(ended, LOGIN.translated(f"error: {ended * 2000}"))

    def test_a_password_is_hidden_and_the_login_noticed(self) -> None:
        login = Login(None, "localhost:9093")
        self.assertEqual(login.heard(AskPassword.FIRST)[0], "Это новое имя. Придумайте пароль:")
        self.assertTrue(login.hidden)
        self.assertEqual(login.heard("Hello, Anna B")[0], "Здравствуйте, Anna B")
        self.assertTrue(login.succeeded)
        told = login.heard(f"Token: {TOKEN_PREFIX}x  valid until 2026-12-01T12:00:00Z")[0]
        self.assertEqual(told, "Токен: nlt_x  действует до 2026-12-01T12:00:00Z")

    def test_what_follows_the_greeting_is_not_the_services(self) -> None:
        introduction = Introduction()
        self.assertEqual(introduction.heard("What's your name?")[0], "Как вас зовут?")
        self.assertEqual(introduction.heard("Hello, Anna")[0], "Здравствуйте, Anna")
        self.assertEqual(introduction.heard("Hello, Anna")[0], "Hello, Anna")
