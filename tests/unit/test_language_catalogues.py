"""The translations of messages: complete, as the source has them, and compiled."""

from __future__ import annotations

import io
import string
from collections.abc import Iterable
from contextlib import redirect_stderr
from pathlib import Path

from babel.messages import Catalog, Message
from babel.messages.extract import extract_from_dir
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from twisted.trial.unittest import SynchronousTestCase

from twisted_lab.check.catalogue import Catalogue
from twisted_lab.text import language
from twisted_lab.text.language import _, ngettext

TRANSLATED = [each for each in language.LANGUAGES if each != language.SOURCE]


def path(name: str, suffix: str = ".po") -> str:
    return str(language.FOLDER / name / "LC_MESSAGES" / f"{language.DOMAIN}{suffix}")


def read(name: str) -> Catalog:
    with open(path(name), "rb") as file:
        return read_po(file)


def texts(said: str | Iterable[str] | None) -> tuple[str, ...]:
    return (said,) if isinstance(said, str) else tuple(said or ())


def messages(catalogue: Catalog) -> list[Message]:
    return [each for each in catalogue if each.id]


def fields(text: str) -> set[tuple[str | None, str | None, str | None]]:
    return {(name, spec, how) for _text, name, spec, how in string.Formatter().parse(text) if name}


class CatalogueTests(SynchronousTestCase):
    def test_they_have_the_messages_of_the_source(self) -> None:
        found = {row[2] for row in extract_from_dir(str(language.FOLDER.parent))}
        for name in TRANSLATED:
            self.assertEqual(found, {each.id for each in messages(read(name))}, "make messages")

    def test_each_message_is_translated(self) -> None:
        for name in TRANSLATED:
            for message in messages(read(name)):
                self.assertTrue(all(texts(message.string)), message.id)
                self.assertFalse(message.fuzzy, message.id)

    def test_translations_name_the_same_values(self) -> None:
        for name in TRANSLATED:
            for message in messages(read(name)):
                for translated in texts(message.string):
                    self.assertEqual(fields(texts(message.id)[-1]), fields(translated))

    def test_all_that_requirements_say_is_a_message(self) -> None:
        for name in TRANSLATED:
            known = {each.id for each in messages(read(name))}
            for each in Catalogue().requirements.values():
                mistake = each.mistake
                said = {each.text, each.why, each.source, mistake.question, mistake.answer}
                said |= {each.by_hand} if "  # " in each.by_hand else set()
                self.assertEqual(said - known, set(), f"{each.id}: N_")

    def test_they_are_compiled(self) -> None:
        for name in TRANSLATED:
            compiled = io.BytesIO()
            write_mo(compiled, read(name))
            try:
                with open(path(name, ".mo"), "rb") as file:
                    is_new = file.read() == compiled.getvalue()
            except FileNotFoundError:
                is_new = False
            self.assertTrue(is_new, f"`make {path(name, '.mo')}` compiles the translation")


class RussianTests(SynchronousTestCase):
    def setUp(self) -> None:
        language.use("ru")
        self.addCleanup(language.use, language.SOURCE)

    def test_numbers_decide_the_form(self) -> None:
        messages = "It keeps {n:,} character of a name.", "It keeps {n:,} characters of a name."
        for n, said in (
            *((0, "0 символов"), (1, "1 символ"), (2, "2 символа"), (5, "5 символов")),
            *((11, "11 символов"), (12, "12 символов"), (21, "21 символ"), (104, "104 символа")),
        ):
            self.assertEqual(ngettext(*messages, n), f"Из имени сервер сохраняет {said}.")

    def test_numbers_have_the_separators_of_the_language(self) -> None:
        self.assertEqual(
            ngettext("{n:,} byte", "{n:,} bytes", 1_234_567), "1\u00a0234\u00a0567 байт"
        )
        said = _("{counts}; {seconds:.1f} s, seed {seed}", counts="a,b", seconds=8.5, seed=1234)
        self.assertEqual(said, "a,b; 8,5\u00a0с, начальное число (--seed)\u00a01234")

    def test_what_is_not_translated_is_english(self) -> None:
        self.assertEqual(_("a text of {x}", x="a task of your own"), "a text of a task of your own")

    def test_an_empty_text_stays_empty(self) -> None:
        self.assertEqual(_(""), "")

    def test_without_a_compiled_translation_all_is_english(self) -> None:
        self.patch(language, "FOLDER", language.FOLDER / "nowhere")
        language.use("ru")
        self.assertEqual(_("the server starts"), "the server starts")

    def test_with_a_damaged_translation_all_is_english(self) -> None:
        folder = Path(self.mktemp())
        file = folder / "ru" / "LC_MESSAGES" / f"{language.DOMAIN}.mo"
        file.parent.mkdir(parents=True)
        whole = Path(path("ru", ".mo")).read_bytes()
        self.patch(language, "FOLDER", folder)
        for damaged in (b"", whole[:9], whole[:1000], b"?" * 999, whole.replace(b"\xd0", b"\xff")):
            file.write_bytes(damaged)
            said = io.StringIO()
            with redirect_stderr(said):
                language.use("ru")
            self.assertEqual(_("the server starts"), "the server starts")
            self.assertIn(str(file), said.getvalue())
            self.assertEqual(said.getvalue().count("\n"), 1)
