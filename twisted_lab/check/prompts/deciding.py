"""Decisions between yes and no, and among the items of a menu."""

from __future__ import annotations

import re

from twisted_lab.check.prompts.choices import menu_in_line, menu_in_lines
from twisted_lab.check.prompts.defaults import NAMES_DEFAULT
from twisted_lab.check.prompts.question import Question
from twisted_lab.check.prompts.words import latin

_LEAVES = re.compile(
    r"\b(?:vy[yj]?[tjh]|exit|quit|zaversh|zakonch|ostanov|stop|otklyuch|razorv|disconnect|zakry|close"
    r"|udal|delete|otmen|cancel)"
)
_GOES_ON = re.compile(r"\b(?:prodolzh|continue|esche|again|another|povtor)")
_CHANGES = re.compile(
    r"\b(?:izmen|smen|chang|vruchn|manual|drug(?:oy|ie)|svoy|custom|other|own\b|nastroit)"
)
_KEEPS = re.compile(r"\b(?:ispolz|ostav|use\b|keep\b|prinyat|accept)")
_ENTERS = re.compile(r"\b(?:vvesti|vvod|ukaz|zada[tj]|enter|specify|set\b)")
_HAS_ACCOUNT = re.compile(r"\b(?:zaregistrirovan|registered|akkaunt|account|already|uzhe)")
_REGISTERS = re.compile(r"\b(?:zareg|registr|register|sign up|sozdat|create|new\b|nov)")
_WORKS = re.compile(
    r"\b(?:otprav|send|soob|messag|echo|eho|podkly?uch|connect|zapust|start|voyti"
    r"|vhod|log ?in|sign in)"
)


def says_yes(question: Question, takes_default_host: bool, takes_default_port: bool) -> bool:
    """Tell whether yes is the answer that goes on, with the defaults or with values of one's own.

    Args:
        question: A question of yes or no.
        takes_default_host: Whether the program shall use its own host.
        takes_default_port: Whether the program shall use its own port.
    """
    text = latin(question.text)
    only_host = (
        re.search(r"\b(?:host|hast|adres|ip\b|localhost|server)", text) and "port" not in text
    )
    takes_default = takes_default_host if only_host else takes_default_port
    if _GOES_ON.search(text):
        return True
    if _CHANGES.search(text):
        return not takes_default
    if NAMES_DEFAULT.search(text) or _KEEPS.search(text):
        return takes_default
    if _ENTERS.search(text) and re.search(r"\b(?:port|host|hast|adres|ip\b)", text):
        return not takes_default
    return not (_LEAVES.search(text) or _HAS_ACCOUNT.search(text))


def choose(
    question: Question, *, is_server: bool, takes_default: bool, is_first: bool, repeated: int
) -> str:
    """Return the choice of a menu that goes on.

    Args:
        question: A menu.
        is_server: Whether the program shall be a server if it can be both.
        takes_default: Whether the program shall use its own port.
        is_first: Whether no menu was answered before: one registers before one logs in.
        repeated: How often the same menu was answered just before, in vain.
    """

    def rank(choice: str) -> int:
        label = latin(labels.get(choice, choice))
        if _LEAVES.search(label):
            return 5
        if re.search(r"\b(?:server|klient|client)", label):
            return 0 if bool(re.search(r"\bserver", label)) == is_server else 4
        if NAMES_DEFAULT.search(label):
            return 0 if takes_default else 4
        if _REGISTERS.search(label):
            return 1 if is_first else 3
        return 2 if _WORKS.search(label) else 3

    labels = _labels(question)
    choices = sorted(question.choices, key=rank)
    going_on = [choice for choice in choices if rank(choice) < 5] or choices
    return going_on[repeated % len(going_on)] if going_on else "1"


def _labels(question: Question) -> dict[str, str]:
    """Return the labels of numbered choices."""
    lines = question.text.split("\n")
    in_line = (menu_in_line(line) for line in lines)
    return menu_in_lines(lines)[1] or next((items for items in in_line if items), {})
