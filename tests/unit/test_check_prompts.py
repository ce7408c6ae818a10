import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from twisted_lab.check.prompts.question import Kind, Question
from twisted_lab.check.prompts.reading import read_question
from twisted_lab.check.prompts.screen import SEEN, shown_lines

SEPARATORS = {"space": " ", "colon": ":", "comma": ","}


def table() -> list[tuple[str, Question]]:
    """Return the questions of the table, each with what is expected of it, but for its text."""
    rows = []
    expected, is_first = Question(Kind.UNKNOWN, ""), False
    text = Path(__file__).with_name("check_prompts.txt").read_text()
    for line in text.partition("\n\n")[2].splitlines():
        if line.startswith("== "):
            expected, is_first = heading(line), True
        elif line or is_first:  # the first of a section may be empty
            rows.append((line.replace("\\n", "\r\n"), expected))
            is_first = False
    return rows


def heading(line: str) -> Question:
    kind, *details = line.removeprefix("== ").split(", ")
    words = {name: rest for name, _, rest in (detail.partition(" ") for detail in details)}
    default = words.get("default")
    return Question(
        Kind[kind],
        "",
        "" if default == "offered" else default,
        tuple(words.get("choices", "").split()),
        SEPARATORS.get(words.get("separator", ""), ""),
        words.get("word", ""),
    )


def is_bare(text: str) -> bool:
    """Tell whether the text has been printed, or has no words."""
    return text.endswith("\n") or not any(char.isalnum() for char in text)


class TableTests(SynchronousTestCase):
    def check(self, change: Callable[[str], str]) -> None:
        wrong = [
            f"{change(text)!r} is {question}, not {expected}"
            for text, expected in table()
            if replace(question := read_question(change(text)), text="") != expected
        ]
        self.assertEqual(wrong, [])

    def test_the_table_is_long(self) -> None:
        self.assertGreater(len(table()), 800)

    def test_input_shows_the_question(self) -> None:
        self.check(lambda text: text)

    def test_a_space_follows_the_question(self) -> None:
        self.check(lambda text: text if is_bare(text) else text + " ")

    def test_print_shows_the_question(self) -> None:
        self.check(lambda text: text if is_bare(text) or text == "anna:" else text + "\r\n")

    def test_log_lines_stand_before_the_question(self) -> None:
        self.check(lambda text: f"Сервер запускается на порту 8080\r\nПривет!\r\n{text}")

    def test_the_question_has_colours(self) -> None:
        self.check(lambda text: f"\x1b]0;title\x07\x1b[1m\x1b[38;5;2m{text}\x1b[0m\x1b[K")


class ReadingTests(SynchronousTestCase):
    def test_the_text_is_that_of_the_question(self) -> None:
        self.assertEqual(read_question("Привет!\r\n\x1b[1mПорт\x1b[0m:\t").text, "Порт:")
        menu = read_question("Привет!\r\nВыберите:\r\n1. Вход\r\n2. Выход\r\n> ")
        self.assertEqual(menu.text, "Выберите:\n1. Вход\n2. Выход\n>")

    def test_an_overwritten_line_is_not_shown(self) -> None:
        self.assertEqual(read_question("Введите хост: 1%\rПорт: ").kind, Kind.PORT)
        self.assertEqual(shown_lines("10%\r20%\r\r\nHost: \r"), ["20%", "Host: "])

    def test_only_the_end_counts(self) -> None:
        self.assertEqual(read_question("Порт: " + "\x00" * SEEN).kind, Kind.UNKNOWN)

    def test_a_question_far_above_is_not_this_one(self) -> None:
        self.assertEqual(read_question("Введите порт\n" + "и т. д.\n" * 9).kind, Kind.UNKNOWN)

    def test_some_numbered_lines_are_no_menu(self) -> None:
        for text, kind in (
            ("1. Запустите сервер\n2. Введите порт\nВведите порт: ", Kind.PORT),
            ("3. Вход\n7. Регистрация\nПорт: ", Kind.PORT),
            ("1. Эхо-сервер\nПорт: ", Kind.PORT),
        ):
            self.assertEqual(read_question(text).kind, kind)


class HostileTests(SynchronousTestCase):
    @given(st.text(st.characters(), max_size=300))
    def test_nothing_raises(self, text: str) -> None:
        self.assertTrue(read_question(text).text.replace("\n", "").isprintable())

    @given(
        st.lists(
            st.sampled_from(
                [
                    "порт",
                    "host",
                    ":",
                    "(",
                    ")",
                    "[",
                    "<",
                    "9090",
                    "1.",
                    "-",
                    "/",
                    "да",
                    "нет",
                    "\n",
                    "\r",
                ]
            )
        )
    )
    def test_no_mixture_of_its_words_raises(self, words: list[str]) -> None:
        read_question(" ".join(words))

    def test_a_megabyte_takes_no_longer_than_its_end(self) -> None:
        parts = (
            "a",
            " ",
            "(",
            "[(",
            "1",
            "1. a ",
            "1.",
            "\x1b[",
            "\x1b]",
            "\r",
            "\n",
            "хост ",
            "host,",
            ", и ",
        )
        for part in (
            *parts,
            "имя ",
            "- ",
            "/",
            "порт (",
            '"',
            "да/",
            "Enter ",
            "нажмите ",
            "введите ",
            "по умолчанию ",
        ):
            start = time.process_time()
            read_question(part * (1_000_000 // len(part)))
            self.assertLess(time.process_time() - start, 0.5, part)
