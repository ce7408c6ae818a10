"""Options of the checker."""

from __future__ import annotations

import io
from contextlib import redirect_stderr
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from twisted_lab.check import option_values
from twisted_lab.check.catalogue import BUILT_IN
from twisted_lab.check.options import Options
from twisted_lab.text import language

TASKS = ", ".join(task.name for task in BUILT_IN)


def name(options: Options) -> str:
    return options.task.name if options.task else ""


def parse(*arguments: str) -> Options:
    options = Options()
    options.parseOptions(list(arguments))
    return options


class OptionsTests(SynchronousTestCase):
    def refuse(self, *arguments: str) -> str:
        said = io.StringIO()
        with redirect_stderr(said):
            end = self.assertRaises(SystemExit, parse, *arguments)
        self.assertEqual(end.code, 2)
        self.assertEqual(said.getvalue().count("\n"), 1)
        return said.getvalue()

    def test_all_after_two_hyphens_is_the_command(self) -> None:
        options = parse("echo-client", "--", "./client", "--hint", "{host}", "--", "-h")
        self.assertEqual(name(options), "echo-client")
        self.assertEqual(options.program, ("./client", "--hint", "{host}", "--", "-h"))
        self.assertFalse(options.hint)

    def test_options_may_stand_before_and_behind_the_task(self) -> None:
        for order in (
            ("--seed", "7", "--hint", "echo-server"),
            ("echo-server", "--hint", "--se=7"),
        ):
            options = parse(*order, "--", "x")
            found = name(options), options.seed, options.run_seed, options.hint, options.program
            self.assertEqual(found, ("echo-server", 7, 7, True, ("x",)))

    def test_the_defaults_are_the_documented_ones(self) -> None:
        options = parse("echo-server", "--", "x")
        self.assertEqual(options.folder, Path())
        self.assertEqual((options.connect, options.json, options.only), (None, None, ()))
        self.assertNotEqual(options.run_seed, parse("echo-server", "--", "x").run_seed)

    def test_values_are_read(self) -> None:
        options = parse("echo-server", "--connect", "[::1]:9090", "--only", "es-4, ES-5")
        self.assertEqual(options.connect, ("::1", 9090))
        self.assertEqual(options.only, ("ES-4", "ES-5"))
        options = parse("echo-server", "--only", "ES-4", "--only", "es-6-7", "--", "x")
        self.assertEqual(options.only, ("ES-4", "ES-6", "ES-7"))

    def test_ids_may_be_ranges_and_have_letters_that_look_alike(self) -> None:
        for typed in ("ES-8..10", "es-8..es-10", "ES-8-10", "ES-8-ES-10", "ES-8\N{EN DASH}10"):
            self.assertEqual(option_values.ids(typed), ("ES-8", "ES-9", "ES-10"), typed)
        self.assertEqual(option_values.ids("ЕС-1, ES-3..3"), ("EC-1", "ES-3"))
        for typed in ("ES-10..1", "ES-1..EC-3", "ES-1..", "ES-1..1000"):
            self.assertEqual(option_values.ids(typed), (typed,))
        self.assertEqual(parse("--explain", "EC-1..2").explain, ("EC-1", "EC-2"))

    def test_the_language_is_that_of_all_that_follows(self) -> None:
        self.addCleanup(language.use, language.SOURCE)
        self.assertIn("expected one of en, ru, not 'de'", self.refuse("--lang", "de"))
        said = self.refuse("--lang", "ru", "--only", "XX-1", "echo-server", "--", "x")
        self.assertIn("нет требования 'XX-1'", said)
        self.assertIn("(--help показывает все параметры)", said)
        for words in ("Вызов:", "Параметры:", "[по умолчанию: .]", "Вывести версию"):
            self.assertIn(words, str(Options()))

    def test_the_language_is_that_of_what_stands_before_it(self) -> None:
        self.addCleanup(language.use, language.SOURCE)
        for arguments, part in (
            (("--nonsuch", "--lang=ru"), "параметра --nonsuch нет"),
            (("--lang", "ru", "--seed"), "параметру --seed нужно значение"),
            (("--only", "XX-1", "echo-server", "--lang", "ru"), "нет требования 'XX-1'"),
            (("--lang", "ru", "--json="), "параметру --json нужно непустое значение"),
            (("--lang", "ru", "--seed", "x"), "--seed: нужно целое число не меньше 0, а не 'x'"),
            (
                ("--lang", "ru", "--profile", "x"),
                "--profile: нужно одно из значений netlab, а не 'x'",
            ),
            (
                ("--lang", "ru", "--connect", "h:70000"),
                "порт для подключения — это число от 1 до 65535, а не '70000'",
            ),
            (
                ("--lang", "ru", "--connect", "h:0"),
                "порт для подключения — это число от 1 до 65535",
            ),
            (
                ("--lang", "ru", "--connect", "a b:1"),
                "хост — это имя или IP-адрес, например localhost",
            ),
            (("--nonsuch", "--", "x", "--lang", "ru"), "option --nonsuch not recognized"),
        ):
            language.use(language.SOURCE)
            self.assertIn(part, self.refuse(*arguments))

    def test_list_and_explain_need_no_command(self) -> None:
        self.assertTrue(parse("--list").list)
        self.assertEqual(name(parse("echo-client", "--list")), "echo-client")
        self.assertEqual(parse("--explain", "ec-7").explain, ("EC-7",))

    def test_a_profile_has_tasks_and_a_command_of_its_own(self) -> None:
        options = parse("--profile", "netlab")
        self.assertEqual(name(options), "netlab")
        self.assertIn("netlab-{service}", options.program)
        options = parse("--profile", "netlab", "netlab-echo", "--only", "NE-1", "--", "x")
        self.assertEqual((name(options), options.program), ("netlab-echo", ("x",)))
        listed = [each.id for each in parse("--profile", "netlab", "--list").listed]
        self.assertIn("NC-1", listed)
        self.assertNotIn("ES-1", listed)

    def test_wrong_usage_is_one_line_that_says_what_would_be_right(self) -> None:
        example = "python -m twisted_lab.check echo-server -- python server.py"
        own_example = "python -m twisted_lab.check --profile netlab netlab-ident -- ./ident {port}"
        for arguments, said in (
            ((), f"name the task first, as in {example}"),
            (("--", "x"), f"name the task first, as in {example}"),
            (("eho", "--", "x"), f"there is no task 'eho'; expected one of {TASKS}, class"),
            (("echo-srver", "--", "x"), "no task 'echo-srver'; did you mean echo-server? ("),
            (("echo", "--", "x"), "no task 'echo'; did you mean echo-server / echo-client? ("),
            (("clas", "folder"), "no task 'clas'; did you mean class? ("),
            (("clas", "folder", "--report", "x"), "no task 'clas'; did you mean class? ("),
            (("clas", "folder", "--tasks", "Makefile"), "no task 'clas'; did you mean class? ("),
            (("--lang", "en", "class", "folder"), "the word class comes before all options"),
            (("echo-server", "--report", "x"), "--report not recognized"),
            (("echo-server", "--", "python", "s.py", "{port"), "'{port' lacks a brace of {port}"),
            (
                ("echo-client", "--", "c", "{prt}"),
                "{prt} is no place for a value; did you mean {port}",
            ),
            (
                ("echo-client", "--", "c", "{HOST}"),
                "{HOST} is no place for a value; did you mean {h",
            ),
            (("echo-client", "--", "c", "host}:{port}"), "'host}:{port}' lacks a brace of {host}"),
            (("echo-server",), f"give the command after --, as in {example}"),
            (("echo-server", "--"), "give the command after --"),
            (("echo-server", "python", "s.py"), "unexpected 'python'; put -- before the command"),
            (("echo-server", "--connect", "h"), "--connect: a server is HOST:PORT, such as"),
            (("echo-server", "--connect", "h:1", "--", "x"), "--connect and a command exclude"),
            (("echo-server", "--connect", "h:1", "--folder", "."), "--connect and --folder"),
            (("echo-client", "--connect", "h:1"), "--connect works with servers only"),
            (("echo-server", "--only", "ES-99", "--", "x"), "the id 'ES-99'; did you mean ES-9? ("),
            (("echo-server", "--only", "EC-1", "--", "x"), "EC-1 is no requirement of echo-server"),
            (("echo-server", "--folder", "/none", "--", "x"), "--folder: expected a folder"),
            (("echo-server", "--seed", "x", "--", "x"), "--seed: expected a whole number"),
            (("echo-server", "--speed", "--", "x"), "--speed not recognized"),
            (("netlab-echo", "--", "x"), "expected one of echo-server, echo-client, "),
            (("--profile", "lab"), "--profile: expected one of netlab, not 'lab'; did you"),
            (("--profile", "netlab", "--", "x"), f"name the task first, as in {own_example}"),
            (("--profile", "netlab", "echo-server"), "expected one of netlab-echo, "),
            (("--profile", "netlab", "--connect", "h:1"), "--connect and --profile exclude"),
            (("--explain", "7"), "--explain: no requirement has the id '7'; --list shows all"),
        ):
            self.assertIn(said, self.refuse(*arguments))

    def test_a_folder_with_a_like_name_is_suggested(self) -> None:
        folder = Path(self.mktemp()) / "homework"
        folder.mkdir(parents=True)
        said = self.refuse("echo-server", "--folder", str(folder)[:-2], "--", "x")
        self.assertIn(f"not {str(folder)[:-2]!r}; did you mean {folder}?", said)

    def test_help_lists_the_tasks(self) -> None:
        words = " ".join(str(Options()).split())
        self.assertIn("--connect HOST:PORT Check the server", words)
        self.assertIn("class --help", words)
        self.assertIn("python -m twisted_lab.check TASK [options] -- COMMAND...", words)
        self.assertIn(f"one of {TASKS};", words)

    def test_the_page_has_each_option(self) -> None:
        page = (Path(__file__).parents[2] / "docs" / "checking.md").read_text()
        for name in Options.declared:
            self.assertIn(f"--{name}", page)
