"""User names: invisible characters are refused, and lookalikes share a skeleton."""

from __future__ import annotations

import re
import sys
import unicodedata

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from twisted_lab.text.user_names import (
    CONFUSABLES,
    BadName,
    clean_name,
    known_name,
    name_key,
    nickname,
    skeletons,
)

# Words in the Unicode names of invisible characters.
NOTHING = re.compile(
    "VARIATION SELECTOR|ZERO WIDTH|INVISIBLE|NULL NOTEHEAD|PATTERN BLANK|HIEROGLYPH .* BLANK|"
    "HANGUL.* FILLER|KHITAN SMALL SCRIPT FILLER|GRAPHEME JOINER|VOWEL INHERENT|"
    "OBJECT REPLACEMENT|LANGUAGE TAG|^TAG "
)


def look_alike(one: str, other: str) -> bool:
    return not set(skeletons(one)).isdisjoint(skeletons(other))


class CharactersTests(SynchronousTestCase):
    def test_invisible_characters_are_refused(self) -> None:
        found = 0
        for char in map(chr, range(sys.maxunicode + 1)):
            if NOTHING.search(unicodedata.name(char, "")):
                found += 1
                self.assertRaises(BadName, clean_name, f"A{char}nna")
        self.assertGreater(found, 350)
        for char in "\U0001d159\U00016fe4\u2800\u3164\uffa0\ufffc\u034f\u115f\u17b4":
            self.assertRaises(BadName, clean_name, char)
            self.assertRaises(BadName, clean_name, f"Anna{char}")

    def test_a_mark_needs_a_base_character(self) -> None:
        for name in ("\u0301", "\u0301Anna", "Anna \u0301Lee", "\u0903", "\u20dd"):
            self.assertIn("none alone", str(self.assertRaises(BadName, clean_name, name)))

    def test_at_most_two_marks_in_a_row_are_allowed(self) -> None:
        for name in (
            "Zoe\u0308",
            "ệ",
            "e\u0323\u0302",
            "ที่รัก",
            "हिंदी",
            "ᾧ",
            "a\u0301\u0302b\u0301\u0302",
        ):
            self.assertEqual(clean_name(name), name)
        for name in ("a\u0301\u0302\u0303", "Anna\u0301\u0301\u0301", "a\u20dd\u20dd\u20dd"):
            self.assertIn("at most 2 marks", str(self.assertRaises(BadName, clean_name, name)))

    def test_names_of_all_scripts_are_accepted(self) -> None:
        for name in (
            "Юлия Anna",
            "Σίσυφος",
            "José",
            "李小龍",
            "김철수",
            "محمد",
            "דוד",
            "Дмитро-Anna",
            "O'Neil",
            "🎲",
        ):
            self.assertEqual(clean_name(name), name)

    def test_a_known_name_may_contain_now_refused_characters(self) -> None:
        for name in ("Anna\ufe0f", "\u0301", "a\u0301\u0302\u0303", "\U0001d159"):
            self.assertEqual(known_name(f" {name} "), name)
        for name in ("", "a" * 65, "a\x1b"):
            self.assertRaises(BadName, known_name, name)


class SkeletonsTests(SynchronousTestCase):
    def test_lookalike_names_share_a_skeleton(self) -> None:
        for one, other in (
            ("Anna", "Аnnа"),  # Cyrillic а
            ("ANNA", "аnna"),
            ("AHHA", "АННА"),  # all Cyrillic
            ("Bob", "ВОВ"),  # all Cyrillic
            ("Ivan", "іvan"),  # Cyrillic і
            ("Ivan", "lvan"),
            ("annal", "anna1"),
            ("Max", "Маx"),  # Cyrillic М and а
            ("max", "rnax"),
            ("paypal", "раураl"),  # Cyrillic except for the l
            ("Νikos", "Nikos"),  # Greek Ν
            ("Anna Lee", "Anna  Lee"),
            ("anna", "𝖆nna"),
            ("O'Neil", "O’Neil"),
            *(("anna", f"an{char}na") for char in "\u1039\u17d2\u2d7f\U00010a3f\U0001107f"),
        ):
            self.assertTrue(look_alike(one, other), (one, other))

    def test_different_names_have_different_skeletons(self) -> None:
        for one, other in (
            ("Anna", "Hanna"),
            ("Анна", "Anna"),
            ("Нина", "Huna"),
            ("Ali", "All"),
            ("Νίκος", "Nikos"),
            ("Jose", "José"),
        ):
            self.assertFalse(look_alike(one, other), (one, other))

    @given(st.text(st.characters(exclude_categories=["Cs"]), max_size=16))
    def test_names_with_one_key_look_alike(self, text: str) -> None:
        for other in (text.upper(), unicodedata.normalize("NFD", text)):
            if name_key(text[:64]) == name_key(other[:64]):
                self.assertEqual(skeletons(text)[0], skeletons(other[:64])[0])

    def test_overlong_text_has_no_skeleton(self) -> None:
        self.assertRaises(BadName, skeletons, "a" * 65)

    def test_the_length_of_a_skeleton_is_bounded(self) -> None:
        longest = max(
            max(map(len, skeletons(char)))
            for char in map(chr, range(sys.maxunicode + 1))
            if char.isprintable()
        )
        self.assertEqual(longest, 18)  # characters for each character of the name

    def test_the_table_states_its_version(self) -> None:
        lines = CONFUSABLES.read_text().splitlines()
        self.assertIn("Unicode 17.0", lines[1])
        self.assertGreater(len(lines), 1600)
        for line in lines[3:]:
            prototype, _, alike = line.partition(": ")
            for code in (*prototype.split(), *alike.split()):
                char = chr(int(code, 16))
                self.assertEqual(unicodedata.normalize("NFKD", char), char)

    def test_no_member_can_take_a_name_like_the_rooms_own(self) -> None:
        for name in ("error", "ERROR", "еrror", "ЕRRОR", "*", "⁎", "\uff0a"):
            error = self.assertRaises(BadName, nickname, name)
            self.assertIn("what a room says itself", str(error))
        self.assertEqual(nickname("terror"), "terror")
