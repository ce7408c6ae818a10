"""Reading of a question from what a program has printed."""

from __future__ import annotations

import re

from twisted_lab.check.prompts.choices import (
    menu_in_line,
    menu_in_lines,
    menu_of_words,
    numbered_yes_and_no,
    yes_and_no,
)
from twisted_lab.check.prompts.defaults import (
    NAMES_DEFAULT,
    names_enter,
    offers_default,
    read_default,
    read_default_word,
)
from twisted_lab.check.prompts.question import PAIRS, Kind, Question
from twisted_lab.check.prompts.screen import shown_lines
from twisted_lab.check.prompts.words import (
    BRACKETS,
    CHOOSES,
    has_topic,
    latin,
    separator,
    topic,
    without_values,
)

LINES_SEEN = 6  # A question stands in these last lines that are not empty.

_ASKS = re.compile(
    r"\b(?:v+[ev]*di(?:te)?\b|vvest|vved[ie]te|uka[zj]h?i|ukazat|zada[yjt]|napish|naber|v[yi]b[eo]r"
    r"|pozhal|kako[yeg]|hotite|poprobuy|povtori|na[zj]h?m)"
    r"|\b(?:enter|type|input|specify|provide|give|choose|select|set|please|what|which|try|press)\b"
)
# Lines of a log name hosts and ports, too.
_TELLS = re.compile(
    r"zapuschen|zapuskae|slusha|listening|podkly?uchen(?!i)|podkly?uchils|connected|connecting|started"
    r"|running|zanyat|\bbusy|in use|oshibk|error|invalid|nevern|wrong|otpravlen(?!i)|prinyat"
    r"|poluchen(?!i)|received|\bsent\b|zakryt|closed|sozdan|ispolzuetsya|using|ozhida|waiting|otkryt|opened"
    r"|ustanovlen|rabotaet"
)
_ANY_KEY = re.compile(r"\blyubuyu (?:klavish|knopk)|\bany key")
_PRESSES = re.compile(r"\bna[zj]h?m|\b[zj]hmi|\bpress\b|\bhit\b|\benter\b")
_ONLY_ENTER = re.compile(r"\W*(?:press |hit )?enter\W*(?:to\b|key|$)")
_ANSWERS = re.compile(
    r"\b(?:vvedi|vvesti|ukazhi|zada[yj]|napishi|naberi|type\b|specify"
    r"|enter (?!to\b|for\b|key\b|if\b|chtoby|dlya))"
)


def read_question(text: str) -> Question:
    """Return what a program asks for that waits for input on its terminal.

    Args:
        text: What it has printed since the last answer was typed, with colours and carriage
            returns; "" if nothing. The echo of that answer may stand before it. Only the last
            2,000 characters count.
    """
    lines = [line.strip() for line in shown_lines(text)]
    is_open = bool(lines[-1])  # input("Port: ") leaves the line open, print("Port") ends it
    lines = [line for line in lines if line]
    if not lines:
        return Question(Kind.UNKNOWN, "")
    menu = _read_menu(lines)
    if menu:
        return menu
    lines = lines[-LINES_SEEN:]
    for number in reversed(range(len(lines))):
        is_prompt = is_open and number == len(lines) - 1
        if is_prompt or _asks(lines[number]):
            question = _read_line(lines, number)
            if question:
                return question
    is_message = re.fullmatch(r"\W*[>»]\W*", lines[-1])
    return Question(Kind.MESSAGE if is_message else Kind.UNKNOWN, lines[-1])


def _read_menu(lines: list[str]) -> Question | None:
    """Return the choice among numbered lines, above or below the line that asks for it."""
    behind, items = menu_in_lines(lines)
    prompt = " ".join(lines[len(lines) - behind :])
    chooses = topic(prompt) == Kind.MENU or re.search(CHOOSES, latin(prompt))
    if not items or (has_topic(prompt) and not chooses):
        return None
    text = "\n".join(lines[max(0, len(lines) - behind - len(items) - 1) :])
    return _choice(text, items)


def _choice(text: str, items: dict[str, str]) -> Question:
    answers = numbered_yes_and_no(items)
    if answers:
        return Question(Kind.YES_NO, text, choices=answers)
    return Question(Kind.MENU, text, choices=tuple(items))


def _read_line(lines: list[str], number: int) -> Question | None:
    """Return the question that stands in a line; others around it may add the default."""
    line, text = lines[number], "\n".join(lines[number:])
    items = menu_in_line(line)
    if items:
        return _choice(text, items)
    answers = yes_and_no(line)
    if answers:
        return _yes_or_no(text, *answers)
    if _is_continue(line):
        return Question(Kind.CONTINUE, text)
    kind = _topic_of_line(line)
    words = menu_of_words(line)
    if words and not has_topic(line) and kind not in PAIRS:
        return Question(Kind.MENU, text, choices=words)
    if kind is None:
        return None
    default = read_default(line, kind)
    for other in lines[max(0, number - 2) :]:
        found = read_default(other, kind) if topic(other) in (None, kind) else None
        if not default and found is not None and offers_default(other):
            default = found
    return Question(
        kind,
        text,
        default,
        separator=separator(text) if kind in PAIRS else "",
        default_word=read_default_word(text, default),
    )


def _yes_or_no(text: str, yes: str, no: str) -> Question:
    """Return a question whose default has the capital letter in ``[Y/n]``, not in ``[Y/N]``."""
    if yes[0].isupper() == no[0].isupper():
        return Question(Kind.YES_NO, text, choices=(yes, no))
    default = yes if yes[0].isupper() else no
    return Question(Kind.YES_NO, text, default.lower(), (yes.lower(), no.lower()))


def _is_continue(line: str) -> bool:
    """Tell whether a line only wants the Enter key, as in ``Press Enter to exit``."""
    words = latin(BRACKETS.sub(" ", line) if has_topic(line) else line)
    if _ANY_KEY.search(words):
        return True
    presses = _PRESSES.search(words)
    if not presses or not (names_enter(line) or _ONLY_ENTER.match(words)):
        return False
    is_answer = has_topic(words[: presses.start()]) or _ANSWERS.search(words)
    return not is_answer and not NAMES_DEFAULT.search(words)


def _topic_of_line(line: str) -> Kind | None:
    """Return what the last sentence that asks is about."""
    clauses = re.split(r"(?<=[.!?;])\s+", line)
    asking = [clause for clause in clauses if _ASKS.search(latin(clause))] or clauses[-1:]
    strong = [clause for clause in asking if has_topic(clause)]
    for clause in reversed([*clauses, *asking, *strong]):
        kind = topic(clause)
        if kind:
            return kind
    return None


def _asks(line: str) -> bool:
    """Tell whether a line that was ended may be a question, and not one of a log."""
    words = latin(line)
    if _ASKS.search(words) or line.endswith("?"):
        return True
    if _TELLS.search(words):
        return False
    if line[-1] in ":>-" or yes_and_no(line) or menu_in_line(line) or offers_default(line):
        return True
    words = without_values(words)
    return len(words.split()) <= 4 and (not re.search("[@#]", words) or words[-1] in ")]")
