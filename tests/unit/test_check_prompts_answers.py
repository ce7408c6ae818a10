from twisted.trial.unittest import SynchronousTestCase

from twisted_lab.check.prompts.answers import (
    CLIENT_STYLES,
    MESSAGE,
    SERVER_STYLES,
    Form,
    Style,
    answer,
)
from twisted_lab.check.prompts.question import Kind, Question
from twisted_lab.check.prompts.reading import read_question

CLIENT, SERVER = CLIENT_STYLES[0], SERVER_STYLES[0]
SECRET = "secret"
DEFAULTS = Style(Form.DEFAULT, Form.DEFAULT)


def answers(style: Style, *texts: str) -> list[str]:
    """Return the answers to the questions of one start, one after the other."""
    asked: list[Question] = []
    typed = []
    for text in texts:
        question = read_question(text)
        typed.append(
            answer(
                question,
                style,
                host="127.0.0.1",
                port=9191,
                name="anna",
                password=SECRET,
                asked=asked,
            )
        )
        asked.append(question)
    return typed


class AnswerTests(SynchronousTestCase):
    def check(self, style: Style, *conversation: str) -> None:
        """Check questions and answers, which alternate."""
        self.assertEqual(answers(style, *conversation[::2]), list(conversation[1::2]))

    def test_hosts_and_ports(self) -> None:
        self.check(CLIENT, "Порт: ", "9191", "Хост: ", "127.0.0.1", "Имя: ", "anna")
        self.check(Style(Form.LOCALHOST), "Хост: ", "localhost", "Порт: ", "9191")
        self.check(Style(Form.DEFAULT), "Хост: ", "", "Порт [9090]: ", "9191")
        self.check(DEFAULTS, "Хост: ", "", "Порт (0 - по умолчанию): ", "0")

    def test_two_in_one_line(self) -> None:
        self.check(CLIENT, "Хост и порт: ", "127.0.0.1 9191", "Хост и порт: ", "127.0.0.1:9191")
        self.check(CLIENT, "Введите порт, хост: ", "9191 127.0.0.1")
        self.check(Style(separator=","), "host and port: ", "127.0.0.1,9191")
        self.check(Style(Form.LOCALHOST), "Введите host:port ", "localhost:9191")
        self.check(DEFAULTS, "Хост и порт через запятую (0,0 для стандартных): ", "0,0")
        self.check(CLIENT, "Логин и пароль через запятую: ", "anna,secret")

    def test_questions_without_words_come_in_the_order_of_the_style(self) -> None:
        self.check(CLIENT, "", "127.0.0.1", "", "9191", "", MESSAGE, "Порт: ", "9191")
        self.check(SERVER, "", "9191", "", "127.0.0.1", "", MESSAGE)
        self.check(CLIENT, "Порт: ", "9191", "", "127.0.0.1", "", MESSAGE)
        self.check(CLIENT, "Хост и порт: ", "127.0.0.1 9191", "", MESSAGE)

    def test_a_question_again_gets_another_form(self) -> None:
        self.check(
            CLIENT, *("Хост: ", "127.0.0.1", "Хост: ", "localhost", "Хост: ", ""), "Порт: ", "9191"
        )
        self.check(CLIENT, *("Порт: ", "9191", "Порт: ", "9191", "Порт: ", "", "Порт: ", "9191"))
        self.check(DEFAULTS, "Порт: ", "", "Порт: ", "9191", "Хост: ", "", "Хост: ", "127.0.0.1")
        self.check(CLIENT, "", "127.0.0.1", "Неверно, ещё раз: ", "localhost", "", "9191")

    def test_names_and_passwords(self) -> None:
        self.check(
            CLIENT,
            *("Логин: ", "anna", "Пароль: ", "secret", "Повторите пароль: ", "secret"),
            *("Введите имя: ", "anna", "Это имя уже занято. Введите другое имя: ", "anna2"),
        )

    def test_messages_and_enter(self) -> None:
        self.check(CLIENT, "Сообщение: ", MESSAGE, "> ", MESSAGE, "Нажмите Enter для выхода", "")

    def test_yes_and_no(self) -> None:
        for text, own, default in (
            ("Использовать порт по умолчанию? (да/нет): ", "нет", "да"),
            ("Использовать 9090? 1 - да, 2 - нет: ", "2", "1"),
            ("Использовать настройки по умолчанию? (да/нет): ", "нет", "да"),
            ("Use default port? [Y/n] ", "n", "y"),
            ("Изменить порт по умолчанию? (y/n): ", "y", "n"),
            ("Хотите ввести порт? (y/n): ", "y", "n"),
            ("Указать хост вручную? (y/n): ", "y", "n"),
            ("Использовать localhost? (y/n): ", "n", "y"),
            ("Продолжить? (y/n): ", "y", "y"),
            ("Отправить ещё сообщение или выйти? (y/n): ", "y", "y"),
            ("Сохранить? (y/n): ", "y", "y"),
            ("Выйти? (y/n): ", "n", "n"),
            ("Остановить сервер? (y/n): ", "n", "n"),
            ("Вы уже зарегистрированы? (y/n): ", "n", "n"),
        ):
            self.assertEqual(answers(CLIENT, text) + answers(DEFAULTS, text), [own, default], text)

    def test_menus(self) -> None:
        account = "1. Вход\n2. Регистрация\n3. Выход\n> "
        self.check(CLIENT, account, "2", "Имя: ", "anna", account, "1")
        mode = "1 - сервер, 2 - клиент: "
        self.check(CLIENT, mode, "2")
        self.check(SERVER, mode, "1", "Choose role (server/client): ", "server")
        port = "1. Порт по умолчанию\n2. Ввести порт\nВыбор: "
        self.check(CLIENT, port, "2")
        self.check(DEFAULTS, port, "1")
        loop = "0. Выход\n1. История\n2. Отправить сообщение\n"
        self.check(CLIENT, loop, "2", "Сообщение: ", MESSAGE, loop, "2", loop, "1", loop, "2")
        self.check(CLIENT, "Выберите действие: ", "1")
        self.check(CLIENT, "1. Выход\n2. Стоп\n", "1")

    def test_each_style_answers_each_kind(self) -> None:
        for style in (*CLIENT_STYLES, *SERVER_STYLES):
            for kind in Kind:
                question = Question(kind, "", choices=("y", "n") if kind == Kind.YES_NO else ())
                for count in range(4):
                    text = answer(
                        question,
                        style,
                        host="::1",
                        port=1,
                        name="n",
                        password=SECRET,
                        asked=[question] * count,
                    )
                    self.assertTrue(text.isprintable())
