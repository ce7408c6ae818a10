"""The language of the messages of all programs."""

from __future__ import annotations

import ast
from functools import cache
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from twisted_lab.text import language
from twisted_lab.text.language import N_, _, ngettext

FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)
TRANSLATING = ("_", "N_", "ngettext")
PACKAGE = language.FOLDER.parent
FILES = [each for each in PACKAGE.rglob("*.py") if "text.language import" in each.read_text()]
# These programs are run once the language is known, and read from top to bottom.
DEMONSTRATIONS = set((PACKAGE / "show" / "demonstrations").glob("*.py"))


@cache
def nodes(path: Path) -> list[ast.AST]:
    return [*ast.walk(ast.parse(path.read_text()))]


class LanguageTests(SynchronousTestCase):
    def test_values_are_filled_in(self) -> None:
        self.assertEqual(_("port {port}", port=9090), "port 9090")

    def test_braces_of_programs_stay_as_they_are(self) -> None:
        self.assertEqual(_("it says {text}", text="{0} {x!r}"), "it says {0} {x!r}")
        self.assertEqual(_("without values {host}"), "without values {host}")

    def test_numbers_decide_the_form(self) -> None:
        for n, said in ((1, "1 byte of b"), (2, "2 bytes of b"), (1024, "1,024 bytes of b")):
            self.assertEqual(ngettext("{n:,} byte of {x}", "{n:,} bytes of {x}", n, x="b"), said)

    def test_marked_messages_stay_as_they_are(self) -> None:
        self.assertEqual(N_("port {port}"), "port {port}")

    def test_the_locale_names_the_language(self) -> None:
        for environment, expected in (
            ({}, "en"),
            ({"LANG": "ru_RU.UTF-8"}, "ru"),
            ({"LANG": "ru"}, "ru"),
            ({"LANG": "C.UTF-8"}, "en"),
            ({"LANG": "de_AT@euro"}, "en"),
            ({"LANG": "ru_RU.UTF-8", "LC_MESSAGES": "en_GB.UTF-8"}, "en"),
            ({"LC_MESSAGES": "en_GB.UTF-8", "LC_ALL": "ru_RU.KOI8-R"}, "ru"),
            ({"LC_ALL": "", "LANG": "ru_UA.UTF-8"}, "ru"),
            ({"LANG": "en_US.UTF-8", "LANGUAGE": "fr:ru:en"}, "ru"),
            ({"LANG": "../../ru"}, "en"),
        ):
            self.assertEqual(language.of_locale(environment), expected, environment)


class SourceTests(SynchronousTestCase):
    def test_a_function_that_translates_gives_the_name_to_nothing_else(self) -> None:
        for path in FILES:
            for function in nodes(path):
                if isinstance(function, FUNCTIONS):
                    names = [each for each in ast.walk(function) if isinstance(each, ast.Name)]
                    uses = {isinstance(each.ctx, ast.Store) for each in names if each.id == "_"}
                    taken = (each for each in ast.walk(function.args) if isinstance(each, ast.arg))
                    uses |= {True for each in taken if each.arg == "_"}
                    self.assertNotEqual(uses, {True, False}, f"{path}:{function.lineno}")

    def test_nothing_is_translated_before_the_language_is_known(self) -> None:
        for path in set(FILES) - DEMONSTRATIONS:
            functions = [each for each in nodes(path) if isinstance(each, FUNCTIONS)]
            late = {call for each in functions for call in ast.walk(each)}
            for call in set(nodes(path)) - late:
                if isinstance(call, ast.Call):
                    self.assertNotIn(ast.unparse(call.func), ("_", "ngettext"), f"{path}: use N_")

    def test_messages_are_not_inside_f_strings_where_extraction_would_miss_them(self) -> None:
        for path in FILES:
            for text in nodes(path):
                if not isinstance(text, ast.JoinedStr):
                    continue
                for call in ast.walk(text):
                    if isinstance(call, ast.Call) and ast.unparse(call.func) in TRANSLATING:
                        is_literal = isinstance(call.args[0], ast.Constant)
                        self.assertFalse(is_literal, f"{path}:{text.lineno}")

    def test_messages_are_whole_where_they_are_translated(self) -> None:
        for path in FILES:
            for call in nodes(path):
                if isinstance(call, ast.Call) and ast.unparse(call.func) in TRANSLATING:
                    for said in call.args[:2]:
                        glued = isinstance(said, ast.JoinedStr | ast.BinOp)
                        self.assertFalse(glued, f"{path}:{call.lineno}")
