"""The words that a program compares its input with, as its source text shows them. Pure.

Some clients go on only after a word that neither their questions nor their servers tell.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

MOST_WORDS = 8
MOST_SOURCE = 200_000  # characters
_TEXT = r"""b?(?:"([^"\\\n]{1,60})"|'([^'\\\n]{1,60})')"""
_COMPARED = re.compile(
    rf"(?:[=!]==? {{0,4}}|(?:startswith|includes|indexOf|equals|find)\( ?){_TEXT}"
    rf"|{_TEXT} {{0,4}}(?:[=!]=|(?:not )?in\b)"
)
_KNOWN = {"exit", "__main__", "localhost"}


def compared_words(source: str) -> Sequence[str]:
    """Return the words, in their order, at most MOST_WORDS.

    Args:
        source: The source text; only the first MOST_SOURCE characters count.
    """
    found: dict[str, None] = {}
    for match in _COMPARED.finditer(source[:MOST_SOURCE]):
        word = next(text for text in match.groups() if text is not None)
        if len(word) > 1 and word not in _KNOWN:
            found[word] = None
    return tuple(found)[:MOST_WORDS]
