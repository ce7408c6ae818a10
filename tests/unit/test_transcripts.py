"""Parsing of pages, and patterns for their output."""

from twisted.trial.unittest import SynchronousTestCase

from tests.transcripts.page import Command, File, Section, Transcript, parse, pattern

PAGE = """\
# Title

```python
# name.py
x = 1
```

<!-- first: a=1 -->
<!-- meanwhile: nc -->
<!-- type: x -->
<!-- answer: secret -->
<!-- status: 2 -->
```console
$ one
output

$ two
```

<!-- not run: why -->
```console
$ three
```

```console
# four
```

```text
# five
$ six
```
"""


class PageTests(SynchronousTestCase):
    def test_sections_files_and_transcripts_in_order(self) -> None:
        commands = (Command("one", ("output",)), Command("two"))
        self.assertEqual(
            list(parse(PAGE)),
            [
                Section("Title"),
                File("name.py", "x = 1\n"),
                Transcript(13, commands, ("a=1",), ("nc",), ("x",), ("secret",), 2),
            ],
        )

    def test_an_unknown_mark_is_an_error(self) -> None:
        page = "<!-- skipped: why -->\n```console\n$ one\n```\n"
        self.assertRaisesRegex(ValueError, "line 2: a mark is one of", list, parse(page))

    def test_a_block_that_begins_with_output_is_an_error(self) -> None:
        page = "```console\noutput\n```\n"
        self.assertRaisesRegex(ValueError, "begins with a command", list, parse(page))


class PatternTests(SynchronousTestCase):
    def assertShows(self, page: str, *screens: str) -> None:
        for screen in screens:
            self.assertTrue(pattern(page).fullmatch(screen), screen)

    def test_what_varies_from_run_to_run(self) -> None:
        self.assertShows("from 127.0.0.1:50760", "from 10.1.2.30:5")
        self.assertShows("at 12:03:04, 4.3 s", "at 1:00:00, 1,004 s")
        self.assertShows("SHA-256 84:E5:29:...", "SHA-256 07:AE:FF:00:11")
        self.assertShows("/join Boris Sy4XwUO5MTuQ", "/join Boris oPXfPk6Et-Kr")
        self.assertShows("echo  9090  x", "echo 9090     x")
        self.assertShows("2026-11-22T15:41:02+0000 x", "2027-01-02T00:00:00+0000 x")

    def test_all_else_is_as_printed(self) -> None:
        for page, screen in (
            ("received 6 bytes", "sent 6 bytes"),
            ("one", "one two"),
            ("a.b", "a-b"),
            ("6 bytes", "six bytes"),
        ):
            self.assertIsNone(pattern(page).fullmatch(screen))
