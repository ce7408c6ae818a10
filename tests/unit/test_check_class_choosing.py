"""Choosing what to check: check.toml, options and rules."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from tests.processes import ROOT
from twisted_lab.check.catalogue import Catalogue
from twisted_lab.check.classes.choosing import Choice, NoProgram, NothingFound, Rules, choose
from twisted_lab.check.classes.overrides import Overrides, WrongOverrides, overrides
from twisted_lab.check.classes.sources import Source
from twisted_lab.check.prompts.given_answers import given_answer
from twisted_lab.check.prompts.question import Kind, Question
from twisted_lab.check.task import Role, Task

SERVER = "import socket\ns = socket.socket()\ns.bind(('', 9090))\ns.listen(1)\ns.accept()\n"
TASKS = Catalogue().tasks
ECHO = TASKS["echo-server"]


def read(text: str, task: Task) -> Overrides:
    return overrides(text, task, tuple(TASKS))


class OverridesTests(SynchronousTestCase):
    def test_the_table_of_the_task_counts_more_than_that_of_its_role(self) -> None:
        text = (
            "[server]\nfile = 'a.py'\n[client]\nfile = 'c.py'\n"
            "[echo-server]\nfile = 'b.py'\ninterpreter = 'python2.7'\nbuild = 'make'\n"
            "[echo-server.answers]\n'Порт' = '{port}'\n"
        )
        self.assertEqual(
            read(text, ECHO), Overrides("b.py", "python2.7", "make", (("Порт", "{port}"),))
        )
        self.assertEqual(read(text, TASKS["echo-client"]), Overrides("c.py"))

    def test_the_example_of_the_documentation_is_right(self) -> None:
        page = (ROOT / "docs" / "checking-a-class.md").read_text()
        _, _, rest = page.partition("```toml\n")
        text, _, _ = rest.partition("```")
        self.assertEqual(read(text, ECHO).file, "lab2/main")
        self.assertEqual(read(text, TASKS["echo-client"]).interpreter, "python2.7")

    def test_without_a_table_the_rules_count(self) -> None:
        self.assertEqual(read("", ECHO), Overrides())

    def test_errors_are_one_line(self) -> None:
        for text, part in (
            ("[server", "check.toml: Expected ']'"),
            (
                "[echo-sever]\nfile = 'a'",
                "'echo-sever': the tables are server, client, ",
            ),
            ("[echo-sever]\nfile = 'a'", "; did you mean echo-server?"),
            # Only the teacher gives verdicts.
            ("[verdicts.echo-server]\nES-1 = 'pass: x'", "'verdicts': the tables are server"),
            ("[server]\nfiel = 'a'", "'server.fiel': the keys are file, interpreter"),
            ("[server]\nfile = 1", "'server.file': a short text is expected"),
            ("[server]\nfile = 'a\\u0000'".replace("'", '"'), "'server.file'"),
            (f"[server]\nfile = '{'x' * 1001}'", "'server.file'"),
            ("server = 1", "'server': a table is expected"),
            ("[server]\nanswers = ['x']", "'server.answers': a table"),
            ("[server.answers]\nport = 9090", "'server.answers': words without ="),
            ("[server.answers]\n'' = 'x'", "words without ="),
            ("[server.answers]\n'a=' = 'x'", "words without ="),
            ('[server.answers]\na = "\\u0000"', "words without ="),
            (
                "[server.answers]\n" + "\n".join(f"a{n} = ''" for n in range(21)),
                "at most 20 answers",
            ),
            ("[server]\n'\\u001b\\n' = 1".replace("'", '"'), r"\x1b\n"),
            # It would show programs the folder that it is in.
            ("[server]\ninterpreter = '/home/teacher/bin/python'", "without its path"),
            ("[server]\ninterpreter = 'sh -c'", "without its path"),
            ("a = " + "[" * 9_000, ""),
            (f"{'x' * 9_000} = 1", "xxx"),
            ("#" * 100_000, "longer than 20,000 characters"),
        ):
            with self.subTest(text=text[:50]):
                error = self.assertRaises(WrongOverrides, read, text, ECHO)
                self.assertIn(part, str(error))
                self.assertNotIn("\n", str(error))


class ChooseTests(SynchronousTestCase):
    def choose(self, texts: dict[str, str], rules: Rules | None = None) -> Choice:
        rules = rules or self.rules()
        return choose([Source(path, text) for path, text in texts.items()], ECHO, rules)

    def rules(self, command: str = "", templates: frozenset[str] = frozenset()) -> Rules:
        return Rules("py3", {Role.SERVER: command, Role.CLIENT: ""}, templates, tuple(TASKS))

    def command(self, texts: dict[str, str], rules: Rules | None = None) -> tuple[str, ...]:
        [found] = self.choose(texts, rules).programs
        return found.command

    def test_the_python_that_was_asked_for_runs_what_was_found(self) -> None:
        self.assertEqual(self.command({"a/server.py": SERVER}), ("py3", "./server.py"))

    def test_an_option_gives_the_command(self) -> None:
        rules = self.rules("{python} -u {file} '{port} x'")
        command = self.command({"server.py": SERVER}, rules)
        self.assertEqual(command, ("py3", "-u", "./server.py", "{port} x"))

    def test_check_toml_counts_more_than_options_and_rules(self) -> None:
        toml = "[server]\nfile = 'odd.py'\ninterpreter = 'python2.7'\n"
        texts = {"server.py": SERVER, "odd.py": "", "check.toml": toml}
        choice = self.choose(texts, self.rules("{python} -u {file}"))
        self.assertEqual([each.file for each in choice.programs], ["odd.py"])
        self.assertEqual(choice.programs[0].command, ("python2.7", "./odd.py"))
        self.assertEqual(choice.programs[0].why, "check.toml names it.")

    def test_an_interpreter_alone_is_for_the_program_that_rules_find(self) -> None:
        texts = {"server.py": SERVER, "check.toml": "[server]\ninterpreter = 'pypy3'\n"}
        self.assertEqual(self.command(texts), ("pypy3", "./server.py"))

    def test_what_is_built_need_not_be_there_and_runs_by_itself(self) -> None:
        toml = "[server]\nfile = 'out/server'\nbuild = 'make'\n"
        self.assertEqual(self.command({"check.toml": toml}), ("./server",))

    def test_a_named_program_that_reads_arguments_is_given_them(self) -> None:
        c = "int main(int argc, char **argv) { bind(s); listen(s, atoi(argv[1])); }"
        script = "#!/bin/sh\nncat -l $1 -k -e /bin/cat\n"
        for texts, start in (
            ({"s.c": c, "check.toml": "[server]\nfile = 'out/s'\nbuild = 'make'\n"}, ("./s",)),
            ({"s": "\x7fELF", "s.c": c, "check.toml": "[server]\nfile = 's'\n"}, ("./s",)),
            ({"s.sh": script, "check.toml": "[server]\nfile = 's.sh'\n"}, ("sh", "./s.sh")),
        ):
            with_port, without = [each.command for each in self.choose(texts).programs]
            self.assertEqual((with_port, without), ((*start, "{port}"), start))

    def test_a_command_that_was_given_is_tried_once(self) -> None:
        texts = {"server.py": "import sys\n" + SERVER + "sys.argv[1]"}
        self.assertEqual(len(self.choose(texts).programs), 2)
        self.assertEqual(self.command(texts, self.rules("{python} {file}")), ("py3", "./server.py"))

    def test_a_wrong_file_is_one_line(self) -> None:
        for key in (
            "file = 'none.py'",
            "file = '../other/server.py'\nbuild = 'x'",
            "file = '/bin/sh'\nbuild = 'x'",
            "build = 'make'",
        ):
            texts = {"server.py": SERVER, "check.toml": f"[server]\n{key}\n"}
            error = self.assertRaises(WrongOverrides, self.choose, texts)
            self.assertIn("there is no file", str(error))

    def test_an_unchanged_template_is_no_submission(self) -> None:
        templates = frozenset((Source("x", SERVER).squeezed,))
        texts = {"server.py": SERVER.replace("\n", "\r\n\n")}
        self.assertRaises(NothingFound, self.choose, texts, self.rules(templates=templates))
        texts["server.py"] += "# mine"
        self.assertTrue(self.choose(texts, self.rules(templates=templates)).programs)

    def test_a_reason_says_why_nothing_is_checked(self) -> None:
        for texts, part, is_missing in (
            ({"a.py": "x = 1"}, "no program: no file looks like a server (a.py)", True),
            ({"s.c": "bind(s); listen(s, 1); accept(s);"}, "'s.c' has to be built first", False),
            ({"lab.ZIP": "PK", "a.txt": ""}, "'lab.ZIP' has to be unpacked first", False),
            ({"lab.zip": "PK", "a.py": "x = 1"}, "no program", True),
            ({"lab.zip": "PK", "a.c": "int x;"}, "no program", True),
        ):
            error = self.assertRaises(NothingFound, self.choose, texts)
            self.assertIn(part, str(error))
            self.assertIs(isinstance(error, NoProgram), is_missing)


class GivenAnswersTests(SynchronousTestCase):
    def test_words_of_a_question_decide_in_any_case(self) -> None:
        given = (("секрет", "42"), ("порт", "{port} {host}"))
        for text, expected in (
            ("Введите СЕКРЕТ:", "42"),
            ("Порт?", "9090 127.0.0.1"),
            ("Имя?", None),
        ):
            question = Question(Kind.UNKNOWN, text)
            self.assertEqual(given_answer(given, question, "127.0.0.1", 9090), expected)
