"""Words and answers that are tried with clients."""

from __future__ import annotations

from collections.abc import Sequence

from twisted.trial.unittest import SynchronousTestCase

from twisted_lab.check.conversation.compared_words import MOST_SOURCE, MOST_WORDS, compared_words
from twisted_lab.check.prompts.answers import CLIENT_STYLES, answer
from twisted_lab.check.prompts.first_answers import FirstAnswers
from twisted_lab.check.prompts.question import Kind, Question
from twisted_lab.check.prompts.reading import read_question


class ComparedWordsTests(SynchronousTestCase):
    def test_words_are_found_in_several_languages(self) -> None:
        for source, word in (
            ('if answer == "start":', "start"),
            ("if 'Добро пожаловать' in data.decode():", "Добро пожаловать"),
            ("while msg != 'close':", "close"),
            ('if ("OK" == answer)', "OK"),
            ('if (answer === "ready") {', "ready"),
            ('data.startswith("Hello")', "Hello"),
            ('answer.equals("main")', "main"),
            ('if data == b"__join":', "__join"),
        ):
            self.assertEqual(compared_words(source), (word,), source)

    def test_other_texts_do_not_count(self) -> None:
        for source in ('print("hello")', 'x = "hello"', 'if x == "":', "if x == '0':"):
            self.assertEqual(compared_words(source), (), source)

    def test_what_is_tried_anyway_does_not_count(self) -> None:
        self.assertEqual(compared_words('if __name__ == "__main__" and line != "exit":'), ())

    def test_each_word_counts_once_and_not_all_of_them(self) -> None:
        self.assertEqual(compared_words('a == "one"; b == "two"; c == "one"'), ("one", "two"))
        many = "".join(f'a == "word{number}"\n' for number in range(100))
        self.assertEqual(len(compared_words(many)), MOST_WORDS)
        self.assertEqual(compared_words(" " * MOST_SOURCE + 'a == "one"'), ())


class WordsAsAnswersTests(SynchronousTestCase):
    def answers(self, text: str, count: int) -> list[str]:
        question = read_question(text)
        return [
            answer(
                question,
                CLIENT_STYLES[0],
                host="127.0.0.1",
                port=9191,
                name="anna",
                password="any",  # noqa: S106 (no password)
                asked=[question] * number,
                words=("main", "stop"),
            )
            for number in range(count)
        ]

    def test_words_follow_when_nothing_else_is_taken(self) -> None:
        self.assertEqual(self.answers("Port: ", 6), ["9191", "9191", "", "main", "stop", "main"])
        self.assertEqual(self.answers("Host: ", 4), ["127.0.0.1", "localhost", "", "main"])

    def test_a_key_leaves_messages_as_they_are(self) -> None:
        self.assertEqual(self.answers("Введите ключ шифрования ", 1), ["0"])
        self.assertEqual(self.answers("Enter the key: ", 1), ["0"])


HOST, PORT, NAME = (Question(kind, kind.name) for kind in (Kind.HOST, Kind.PORT, Kind.NAME))


class FirstAnswersTests(SynchronousTestCase):
    def answers(self, first: FirstAnswers, *questions: Question) -> list[str | None]:
        def usual(question: Question, asked: Sequence[Question]) -> str:
            return f"{question.text} {len(asked)}"

        return [
            first.decide(question, questions[:number], usual)
            for number, question in enumerate(questions)
        ]

    def test_its_lines_come_first(self) -> None:
        first = FirstAnswers({Kind.PORT: ["abc"]})
        self.assertEqual(self.answers(first, HOST, PORT, PORT), ["HOST 0", "abc", "PORT 0"])
        self.assertEqual(first.refused, {Kind.PORT})

    def test_the_default_has_a_word(self) -> None:
        word = Question(Kind.PORT, "Port (0 for default)", default_word="0")
        self.assertEqual(self.answers(FirstAnswers({Kind.PORT: [None]}), word), ["0"])

    def test_a_client_may_start_again_because_of_its_last_question(self) -> None:
        first = FirstAnswers({Kind.HOST: [None], Kind.PORT: [None]})
        self.assertEqual(self.answers(first, HOST, PORT, HOST, PORT), ["", "", "", "PORT 0"])
        self.assertEqual(first.refused, {Kind.PORT})

    def test_each_question_may_be_refused(self) -> None:
        first = FirstAnswers({Kind.HOST: [None], Kind.PORT: [None]})
        self.answers(first, NAME, HOST, HOST, PORT, PORT)
        self.assertEqual(first.refused, {Kind.HOST, Kind.PORT})

    def test_what_is_left_to_the_user_refuses_nothing(self) -> None:
        said = Question(Kind.HOST, "Connection to the server")  # printed by a connected client
        first = FirstAnswers({Kind.HOST: [None], Kind.PORT: [None]})
        self.answers(first, HOST, PORT)
        self.assertIsNone(first.decide(said, [HOST, PORT], lambda question, asked: None))
        self.assertEqual(first.refused, set())
