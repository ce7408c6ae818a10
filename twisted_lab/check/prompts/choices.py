"""Questions that offer choices: yes or no, and menus."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from twisted_lab.check.prompts.words import is_cyrillic, latin

_YES = r"y|yes|д|да|da|ok"
_NO = r"n|no|н|нет|net"
_OR = r"\W{0,3}(?:[/\\|,]|\bили\b|\bor\b|\bili\b)\W{0,3}"
_YES_NO = re.compile(
    rf"(?<!\w)(?:(?P<yes>{_YES}){_OR}(?P<no>{_NO})|(?P<no_>{_NO}){_OR}(?P<yes_>{_YES}))(?!\w)"
    r"|(?<![\w.])(?P<yes__>1)/(?P<no__>0)(?![\w.])|(?P<yes___>\+)/(?P<no___>-)",
    re.IGNORECASE,
)
_SAY_YES = re.compile(
    rf"(?:введите|нажмите|напишите|enter|type|press|vvedite)\s+[\"'«(]?(?P<yes>{_YES}|\+)[\"'»)]?\s*,?\s*"
    r"(?:если|чтобы|для|if|to|for)\b",
    re.IGNORECASE,
)
_ASKS_YES = re.compile(
    r"(?:vy |pozhaluysta,? )?(?:ispolzovat|hotite|zhelaete|prodolzhit|vyyti|esche|povtorit"
    r"|izmenit|smenit|ostavit|vvesti|ukazat|do you|would you|use|continue|exit|quit|again|want"
    r"|another|keep|change)\b[^?]*\?"
)

_SIGN = r"(?:\s?[-–—=:]|[.)\]])"
_ITEM_LINE = re.compile(rf"[\[(]?(\d{{1,2}}){_SIGN}+\s*(\S.*)")
_ITEM = re.compile(rf"(?<![\w.,:])[\[(\"']?(\d)[\"']?{_SIGN}+\s*([^\W\d][^\d]*)")
_WORDS = re.compile(r"[(\[]\s*([^\W\d]\w{1,15}(?:\s*[/|,]\s*[^\W\d]\w{1,15})+)\s*[)\]]")


def yes_and_no(text: str) -> tuple[str, str] | None:
    """Return the words for yes and for no, or None if the text is not a question of that kind.

    Args:
        text: One line.
    """
    match = _YES_NO.search(text)
    if match:
        words = {name.rstrip("_"): word for name, word in match.groupdict().items() if word}
        return words["yes"], words["no"]
    said = _SAY_YES.search(text)
    if said:
        return said["yes"], "нет" if is_cyrillic(said["yes"]) else "n"
    if _ASKS_YES.match(re.split(r"[.!]\s", latin(text))[-1].lstrip()):
        return ("да", "нет") if is_cyrillic(text) else ("y", "n")
    return None


def numbered_yes_and_no(items: Mapping[str, str]) -> tuple[str, str] | None:
    """Return the numbers for yes and for no if the items of a menu mean that."""
    numbers = {latin(label).strip(" ,;.:)>/"): number for number, label in items.items()}
    yes = numbers.get("da") or numbers.get("yes")
    no = numbers.get("net") or numbers.get("no")
    return (yes, no) if yes and no else None


def menu_in_line(line: str) -> dict[str, str]:
    """Return the labels of a menu in one line, such as ``1 - log in, 2 - register``, by number."""
    return _numbered(_ITEM.findall(line))


def menu_of_words(line: str) -> tuple[str, ...]:
    """Return the words that a line offers in brackets, such as ``(server/client)``."""
    match = _WORDS.search(line)
    return tuple(re.split(r"\s*[/|,]\s*", match[1])) if match else ()


def menu_in_lines(lines: Sequence[str]) -> tuple[int, dict[str, str]]:
    """Return the last numbered lines, two or more, and how many lines follow them.

    Args:
        lines: Lines without white space at their ends.

    Returns:
        The number of lines behind, and the labels by number; they are empty if there is no menu.
    """
    for behind in range(min(3, len(lines))):
        items: list[tuple[str, str]] = []
        for line in reversed(lines[: len(lines) - behind]):
            match = _ITEM_LINE.fullmatch(line)
            if not match:
                break
            items.insert(0, (match[1], match[2]))
        if _numbered(items):
            return behind, _numbered(items)
    return 0, {}


def _numbered(items: Sequence[tuple[str, str]]) -> dict[str, str]:
    """Return the items by number, or none if these do not count from 0 or 1, or are too few."""
    numbers = [int(number) for number, _ in items]
    ascends = numbers in (list(range(len(items))), list(range(1, len(items) + 1)))
    # The way out is often number 0, at the end.
    ascends = ascends or (numbers[-1:] == [0] and numbers[:-1] == list(range(1, len(items))))
    return dict(items) if len(items) > 1 and (ascends or sorted(numbers) == [0, 1]) else {}
