import builtins
import importlib
from types import SimpleNamespace
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from tests.programs.prompting import DEFAULT_HOST, DEFAULT_PORT, Program, programs
from twisted_lab.check.prompts.answers import CLIENT_STYLES, SERVER_STYLES, Form, Style, answer
from twisted_lab.check.prompts.question import Question
from twisted_lab.check.prompts.reading import read_question

PASSWORD = "secret"


class Opened(Exception):
    """The program has bound or connected its socket; the argument is the address."""


class TooManyQuestions(Exception):
    """The program does not take any answer."""


class Socket:
    def setsockopt(self, *arguments: object) -> None:
        pass

    def bind(self, address: object) -> None:
        raise Opened(address)

    connect = bind


class Terminal:
    """Runs a program inside this process, answers its questions, and stops it at its socket."""

    def __init__(self, style: Style, has_echo: bool) -> None:
        self.style = style
        self.has_echo = has_echo
        self.text = ""
        self.asked: list[Question] = []

    def write(self, text: str) -> None:
        self.text += text.replace("\n", "\r\n")

    def print(self, *values: object) -> None:
        self.write(" ".join(map(str, values)) + "\n")

    def input(self, prompt: str = "") -> str:
        self.write(prompt)
        question = read_question(self.text)
        if len(self.asked) > 9:
            raise TooManyQuestions(self.asked)
        typed = answer(
            question,
            self.style,
            host="127.0.0.1",
            port=9191,
            name="anna",
            password=PASSWORD,
            asked=self.asked,
        )
        self.asked.append(question)
        self.text = f"{typed}\r\n" if self.has_echo else ""
        return typed

    def run(self, source: str) -> object:
        """Run a program; return the address that it opens."""
        stdout = SimpleNamespace(write=self.write, flush=lambda: None)
        stdin = SimpleNamespace(readline=lambda: self.input() + "\n")
        known = {"127.0.0.1": "127.0.0.1", "localhost": "127.0.0.1"}
        modules: dict[str, Any] = {
            "socket": SimpleNamespace(
                socket=Socket, gethostbyname=known.get, SOL_SOCKET=1, SO_REUSEADDR=1
            ),
            "sys": SimpleNamespace(stdout=stdout, stdin=stdin),
        }

        def load(name: str, *arguments: object) -> object:
            return modules.get(name) or importlib.import_module(name)

        own = {"print": self.print, "input": self.input, "__import__": load}
        try:
            exec(source, {"__builtins__": vars(builtins) | own})  # noqa: S102 (our own source)
        except Opened as opened:
            return opened.args[0]
        return None


class ProgramTests(SynchronousTestCase):
    def opens(self, program: Program, style: Style, has_echo: bool = True) -> tuple[Any, list[str]]:
        terminal = Terminal(style, has_echo)
        try:
            address = terminal.run(program.source)
        except TooManyQuestions:
            address = None
        return address, [question.kind.name for question in terminal.asked]

    def told(self, program: Program) -> tuple[str, int]:
        return ("127.0.0.1" if program.expectations.asks_host else "", 9191)

    def test_the_first_style_opens_what_it_tells(self) -> None:
        for number, program in enumerate(programs()):
            if "-bare-" in program.name:
                continue
            style = (SERVER_STYLES if program.expectations.is_server else CLIENT_STYLES)[0]
            address, kinds = self.opens(program, style, has_echo=number % 2 == 0)
            self.assertEqual(
                (address, tuple(kinds)),
                (self.told(program), program.expectations.kinds),
                program.name,
            )

    def test_one_of_the_styles_opens_what_it_tells_without_words(self) -> None:
        for program in programs():
            if "-bare-" not in program.name:
                continue
            styles = SERVER_STYLES if program.expectations.is_server else CLIENT_STYLES
            addresses = [self.opens(program, style)[0] for style in styles]
            self.assertIn(self.told(program), addresses, program.name)

    def test_the_last_style_takes_the_defaults(self) -> None:
        for program in programs():
            host = DEFAULT_HOST if program.expectations.asks_host else ""
            style = Style(Form.DEFAULT, Form.DEFAULT, is_server=program.expectations.is_server)
            address, _ = self.opens(program, style)
            self.assertEqual(address, (host, DEFAULT_PORT), program.name)

    def test_there_are_hundreds_with_names_of_their_own(self) -> None:
        names = [program.name for program in programs()]
        self.assertGreater(len(names), 300)
        self.assertEqual(len(set(names)), len(names))
