"""Writes `twisted_lab/text/confusables.txt`: which characters look like which others (UTS 39).

    python packaging/unicode/confusables.py > twisted_lab/text/confusables.txt

It takes them from ICU, with PyICU, and so needs neither the services nor a network. It also writes,
on standard error, the characters that `twisted_lab.text.user_names` counts as invisible by their
property.
"""

from __future__ import annotations

import sys
from collections import defaultdict

import icu

HEADER = """\
# Characters that look alike: prototype, colon, what looks like it (hex).
# Made by packaging/unicode/confusables.py from confusables.txt of Unicode {unicode} (ICU {icu}),
# without what NFKD changes. Copyright (c) 1991-2025 Unicode, Inc.; https://www.unicode.org/license.txt
"""


def _hex(text: str) -> str:
    return " ".join(f"{ord(char):X}" for char in text)


def main() -> None:
    """Write the table."""
    checker = icu.SpoofChecker()
    compatible = icu.Normalizer2.getNFKDInstance()
    ignorable = icu.UProperty.DEFAULT_IGNORABLE_CODE_POINT
    alike: dict[str, list[str]] = defaultdict(list)
    invisible: list[tuple[int, int]] = []
    for code in range(0x110000):
        char = chr(code)
        if icu.Char.hasBinaryProperty(code, ignorable):
            first = invisible.pop()[0] if invisible and invisible[-1][1] == code - 1 else code
            invisible.append((first, code))
        elif not 0xD800 <= code < 0xE000 and compatible.normalize(char) == char:
            prototype, before = str(checker.getSkeleton(0, char)), ""
            while prototype != before:
                before = prototype
                prototype = str(checker.getSkeleton(0, compatible.normalize(prototype)))
            if prototype != char:
                alike[prototype].append(char)
    sys.stdout.write(HEADER.format(unicode=icu.UNICODE_VERSION, icu=icu.ICU_VERSION))
    for prototype, chars in sorted(alike.items()):
        sys.stdout.write(f"{_hex(prototype)}: {_hex(''.join(chars))}\n")
    ranges = " ".join(f"{first:X}..{last:X}" for first, last in invisible)
    sys.stderr.write(f"Default_Ignorable_Code_Point: {ranges}\n")


main()
