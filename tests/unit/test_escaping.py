from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from twisted_lab.text.escaping import escape, escape_bytes


class EscapeTests(SynchronousTestCase):
    def test_printable_text_is_unchanged(self) -> None:
        self.assertEqual(escape("Привет, wörld ☃"), "Привет, wörld ☃")

    def test_control_characters_are_escaped(self) -> None:
        self.assertEqual(escape("\x1b[31mred\x07\r\n"), r"\x1b[31mred\x07\r\n")
        self.assertEqual(escape("a\u202eb\x9b\u2028"), r"a\u202eb\x9b\u2028")

    def test_the_given_characters_are_kept(self) -> None:
        self.assertEqual(escape("a\tb\nc\x1b", keep="\n\t"), "a\tb\nc\\x1b")

    @given(st.text(st.characters()))
    def test_the_result_is_always_printable(self, text: str) -> None:
        self.assertTrue(escape(text).isprintable())

    def test_bytes_are_escaped(self) -> None:
        for data, shown in (
            ("Привет\n".encode(), r"Привет\n"),
            (b"\0\0\0\x05a\xff\x1b[2J\r", r"\x00\x00\x00\x05a\xff\x1b[2J\r"),
            ("\u202e".encode(), r"\u202e"),
            (b"x" * 200, "x" * 200),
            (b"x" * 201, "x" * 200 + "..."),
        ):
            self.assertEqual(escape_bytes(data), shown)
