"""Translated pages: they say which original they were made from."""

from __future__ import annotations

import warnings
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from tests.programs import translations


class TranslationsTests(SynchronousTestCase):
    def test_outdated_pages_are_a_warning(self) -> None:
        # An error only at a release: a change of an English page must not wait for a translator.
        for page in translations.outdated():
            warnings.warn(f"{page.name} is out of date: see CONTRIBUTING.md", stacklevel=1)

    def test_each_names_its_original_and_links_to_it(self) -> None:
        for page in translations.translations():
            original = page.with_name(page.name.replace(".ru.md", ".md"))
            text = page.read_text()
            self.assertRegex(text, rf"\A<!-- translation of {original.name}, sha256 \w{{16}} -->\n")
            self.assertIn(f"]({original.name})", text)
            self.assertIn(f"]({page.name})", original.read_text())

    def test_a_change_of_the_original_is_noticed(self) -> None:
        folder = Path(self.mktemp())
        (folder / "docs").mkdir(parents=True)
        self.patch(translations, "ROOT", folder)
        original, page = folder / "docs" / "a.md", folder / "docs" / "a.ru.md"
        original.write_text("# A\n")
        page.write_text("# А\n")
        self.assertEqual([*translations.outdated()], [page])
        translations.update(page)
        self.assertEqual([*translations.outdated()], [])
        original.write_text("# B\n")
        self.assertEqual([*translations.outdated()], [page])
        translations.update(page)
        self.assertEqual(page.read_text().count("\n"), 2)
