"""What a person answers to a server that asks for names, passwords and tokens."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from twisted_lab.check.conversation.login import (
    Person,
    next_answer,
    refuses,
    shape,
    welcomes,
)
from twisted_lab.check.prompts.question import Kind

NEW = Person("Annaq", "Str0ng-1")
KNOWN = Person("Annaq", "Str0ng-1", is_new=False)


def answered(heard: str, person: Person = NEW, *given: Kind) -> str | None:
    answer = next_answer(heard.encode(), person, given)
    return None if answer is None else answer[1].decode()


class AnswerTests(SynchronousTestCase):
    """Each question gets its answer, and what is no question gets none."""

    def test_names_and_passwords(self) -> None:
        self.assertEqual(answered("Как Вас зовут?"), "Annaq")
        self.assertEqual(answered("Enter your password", NEW, Kind.NAME), "Str0ng-1")
        self.assertEqual(answered("Введите логин и пароль через пробел:"), "Annaq Str0ng-1")

    def test_a_server_that_does_not_say_what_it_waits_for(self) -> None:
        self.assertEqual(answered("FAIL"), "Annaq")
        self.assertEqual(answered("", NEW, Kind.NAME), "Str0ng-1")
        self.assertIsNone(answered("", NEW, Kind.NAME, Kind.PASSWORD))

    def test_who_is_known_by_address_may_give_the_password_at_once(self) -> None:
        known = Person("Annaq", "Str0ng-1", is_new=False, gives_password=True)
        self.assertEqual(answered("YES", known), "Str0ng-1")
        self.assertEqual(answered("Your name?", known), "Annaq")

    def test_what_is_said_about_a_password_does_not_ask_for_it(self) -> None:
        for words in ("Correct password!", "Пароль верный", "Ваш пароль успешно добавлен"):
            self.assertIsNone(answered(words, NEW, Kind.NAME, Kind.PASSWORD), words)

    def test_a_second_question_for_the_password(self) -> None:
        for words in ("Wrong! Enter your password:", "Повторите пароль", "Пароль ещё раз:"):
            self.assertEqual(answered(words, NEW, Kind.PASSWORD), "Str0ng-1", words)

    def test_a_greeting_by_name_does_not_ask_for_it(self) -> None:
        self.assertIsNone(answered("Привет, Annaq! Имя записано", NEW, Kind.NAME))

    def test_menus(self) -> None:
        for menu, register, log_in in (
            ("1. Register\n2. Log in\nYour choice:", "1", "2"),
            ("1 - вход, 2 - регистрация: ", "2", "1"),
            ("Choose: register/login", "register", "login"),
        ):
            self.assertEqual(answered(menu), register, menu)
            self.assertEqual(answered(menu, KNOWN), log_in, menu)

    def test_a_menu_without_items(self) -> None:
        self.assertIsNotNone(answered("Выберите действие:"))

    def test_long_texts_take_no_long_time(self) -> None:
        self.assertIsNone(
            answered("a" * 400_000, Person("Annaq", "Str0ng-1", True, "abc"), Kind.NAME)
        )

    def test_yes_and_no(self) -> None:
        self.assertEqual(answered("Do you have an account? (y/n)"), "n")
        self.assertEqual(answered("Do you have an account? (y/n)", KNOWN), "y")
        self.assertEqual(answered("Register a new user? (y/n)", KNOWN), "n")

    def test_commands(self) -> None:
        words = "REGISTER <login> <password>\nLOGIN <login> <password>\n"
        self.assertEqual(answered(words), "REGISTER Annaq Str0ng-1")
        self.assertEqual(answered(words, KNOWN), "LOGIN Annaq Str0ng-1")

    def test_a_token_is_given_where_it_is_asked_for(self) -> None:
        bearer = Person("Annaq", "Str0ng-1", False, "abc")
        self.assertEqual(answered("1. Password\n2. Token\nYour choice:", bearer), "2")
        self.assertEqual(answered("Your token:", bearer, Kind.MENU), "abc")
        self.assertEqual(answered("LOGIN <name> <password>\nTOKEN <token>\n", bearer), "TOKEN abc")


class WordTests(SynchronousTestCase):
    """Words of a server are compared without what changes from visit to visit."""

    def test_shape(self) -> None:
        one = shape(b"12:30 Hello, Anna1\n", ("Anna1",))
        self.assertEqual(one, shape(b"7:05 hello, Boris", ("Boris",)))
        self.assertNotEqual(one, shape(b"7:05 goodbye, Boris", ("Boris",)))

    def test_refusals_and_welcomes(self) -> None:
        for words in (
            "Wrong password",
            "Неверный пароль",
            "Пароль не верен",
            "Пароль неверен",
            "ты не прошел!",
            "FAIL",
        ):
            self.assertTrue(refuses(words.encode()), words)
            self.assertFalse(welcomes(words.encode()), words)
        for words in ("Welcome, Anna", "Пароль верный", "Добро пожаловать"):
            self.assertTrue(welcomes(words.encode()), words)
            self.assertFalse(refuses(words.encode()), words)
