"""The syntax of the chat's messages, formatted and parsed."""

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from twisted_lab.text.chat_messages import (
    MSG,
    Join,
    counted,
    done,
    help_lines,
    leaves,
    not_done,
    placed,
    read_confirmation,
    read_counted,
    read_join,
    read_join_with_cookie,
    read_placed,
    usage,
)

SECRET = "0123456789abcdef"
numbers = st.integers(1, 10**18 - 1)


class ChatMessagesTests(SynchronousTestCase):
    def test_join_messages_are_parsed(self) -> None:
        for join, text in (
            (Join("Anna"), "/join Anna"),
            (Join("Anna", SECRET), f"/join Anna {SECRET}"),
            (Join("Anna", SECRET, 0), f"/join Anna {SECRET} 0"),
        ):
            self.assertEqual((str(join), read_join(text)), (text, join))
        self.assertEqual(read_join(f"/join  Anna  {SECRET}  7  "), Join("Anna", SECRET, 7))
        for text in ("/join", "/join ", "join Anna", "/join Anna 7", f"/join Anna {SECRET} x", ""):
            self.assertIsNone(read_join(text))

    def test_join_messages_with_a_cookie_are_parsed(self) -> None:
        self.assertEqual(read_join_with_cookie("/join  Anna "), (Join("Anna"), ""))
        cookie = "0123-abcd_EF"
        self.assertEqual(read_join_with_cookie(f"/join Anna {cookie}"), (Join("Anna"), cookie))
        self.assertIsNone(read_join_with_cookie("/join Anna short"))

    def test_leave_messages_are_parsed(self) -> None:
        for text in ("exit", "/leave", " exit ", "/leave\n"):
            self.assertTrue(leaves(text))
        for text in ("", "Exit", "exit now", "leave", "/leaves"):
            self.assertFalse(leaves(text))

    def test_help_lists_the_commands(self) -> None:
        self.assertEqual(
            help_lines(),
            [
                "/msg NAME TEXT says it to one",
                "/who lists who is here",
                "/nick NAME changes your name",
                "/history N repeats the last N messages",
                "/help lists this",
                "/leave leaves",
            ],
        )
        self.assertEqual(usage(MSG), "/msg NAME TEXT")

    @given(numbers, st.text())
    def test_property_numbered_messages_are_parsed(self, number: int, text: str) -> None:
        self.assertEqual(read_counted(counted(number, text)), (number, text))
        self.assertEqual(read_confirmation(done(number)), (number, None))
        self.assertEqual(read_confirmation(not_done(number, text)), (number, text))
        self.assertEqual(
            read_placed(placed(number, 1_700_000_000.25, text)), (number, 1_700_000_000.25, text)
        )

    def test_unnumbered_text_is_returned_unchanged(self) -> None:
        for text in ("hello", "0 hello", "01 hello", "1", f"1{'0' * 18} hello", "/done x"):
            self.assertEqual((read_counted(text), read_confirmation(text)), (None, None))
