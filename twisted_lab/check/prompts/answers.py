"""Answers that suit a program's questions.

No way to answer suits every program, so there are styles, to be tried in turn in fresh starts.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum, auto

from twisted_lab.check.prompts.deciding import choose, says_yes
from twisted_lab.check.prompts.question import PAIRS, Kind, Question
from twisted_lab.check.prompts.words import latin


class Form(Enum):
    """How to answer a question for a host or a port."""

    VALUE = auto()  # the address, the number
    LOCALHOST = auto()  # the name localhost; only for hosts
    DEFAULT = auto()  # Enter, or the word that the question names


@dataclass(frozen=True, slots=True)
class Style:
    """A way to answer the questions of one start of a program.

    Attributes:
        host: How to answer questions for a host.
        port: How to answer questions for a port.
        order: What questions without words ask for, one after the other.
        separator: What stands between two answers in one line if the question does not tell.
        is_server: Whether the program shall be a server if it can be both.
    """

    host: Form = Form.VALUE
    port: Form = Form.VALUE
    order: tuple[Kind, ...] = (Kind.HOST, Kind.PORT)
    separator: str = " "
    is_server: bool = False


# The most likely first.
CLIENT_STYLES = (
    Style(),
    Style(Form.LOCALHOST),
    Style(Form.DEFAULT),
    Style(order=(Kind.PORT, Kind.HOST)),
    Style(order=(Kind.HOST_AND_PORT,)),
    Style(order=(Kind.HOST_AND_PORT,), separator=":"),
    Style(order=(Kind.HOST_AND_PORT,), separator=","),
    Style(Form.DEFAULT, Form.DEFAULT),
)
SERVER_STYLES = (
    Style(order=(Kind.PORT, Kind.HOST), is_server=True),
    Style(Form.LOCALHOST, order=(Kind.PORT, Kind.HOST), is_server=True),
    Style(Form.DEFAULT, order=(Kind.PORT, Kind.HOST), is_server=True),
    Style(is_server=True),
    Style(separator=":", is_server=True),
    Style(separator=",", is_server=True),
    Style(Form.DEFAULT, Form.DEFAULT, order=(Kind.PORT, Kind.HOST), is_server=True),
)
MESSAGE = "hello"

# A question that comes again wants another answer, but a port that was not taken at first may be
# asked for twice, and a default would hide the number.
_HOST_FORMS = {
    form: (form, *(other for other in (Form.VALUE, Form.LOCALHOST, Form.DEFAULT) if other != form))
    for form in Form
}
_PORT_FORMS = {
    Form.VALUE: (Form.VALUE, Form.VALUE, Form.DEFAULT),
    Form.DEFAULT: (Form.DEFAULT, Form.VALUE),
}
_MOST_FORMS = {Kind.HOST: 3, Kind.PORT: 3}
_SEPARATORS = (" ", ":", ",")
_REFUSES = re.compile(
    r"\b(?:again|invalid|wrong|error|must|esche raz|snova|povtor|zanovo|never|nekorr|oshib|dolzh)"
)
_IS_TAKEN = re.compile(r"\b(?:zanyat|suschestv|uzhe|taken|exists|already|in use)")


def answer(
    question: Question,
    style: Style,
    *,
    host: str,
    port: int,
    name: str,
    password: str,
    asked: Sequence[Question],
    words: Sequence[str] = (),
) -> str:
    """Return what to type, without the line break.

    Args:
        question: The question.
        style: How to answer it.
        host: The address to give, such as ``127.0.0.1``.
        port: The port to give.
        name: The name of the user.
        password: The password of the user.
        asked: The questions that were answered since the program started, in order.
        words: What else to answer, if the program does not take a host or a port.

    Returns:
        The answer; to a question for a message, MESSAGE, unless the caller has one of its own.
    """
    kinds = _kinds([*asked, question], style)
    kind, before = kinds[-1], kinds[:-1]
    count = before.count(kind)
    if words and kind in _MOST_FORMS and count >= _MOST_FORMS[kind]:
        return words[(count - _MOST_FORMS[kind]) % len(words)]
    if kind == Kind.HOST:
        return _host(question, _HOST_FORMS[style.host][count % 3], host)
    if kind == Kind.PORT:
        forms = _PORT_FORMS[style.port]
        is_default = forms[count % len(forms)] == Form.DEFAULT
        return question.default_word if is_default else str(port)
    if kind in (Kind.HOST_AND_PORT, Kind.PORT_AND_HOST):
        if (style.host, style.port) == (Form.DEFAULT, Form.DEFAULT) and not count:
            return question.default_word
        form = Form.VALUE if style.host == Form.DEFAULT else style.host
        pair = [_host(question, form, host), str(port)]
        return _separator(question, style, count).join(
            pair if kind == Kind.HOST_AND_PORT else reversed(pair)
        )
    if kind in (Kind.NAME, Kind.NAME_AND_PASSWORD):
        if count and _IS_TAKEN.search(latin(question.text)):
            name += str(count)
        if kind == Kind.NAME:
            return name
        return _separator(question, style, count).join((name, password))
    if kind == Kind.PASSWORD:
        return password
    if kind == Kind.CONTINUE:
        return ""
    if kind == Kind.KEY:
        return "0"  # which leaves the text as it is, where it is added or combined by XOR
    if kind == Kind.YES_NO:
        is_yes = says_yes(question, style.host == Form.DEFAULT, style.port == Form.DEFAULT)
        return question.choices[0 if is_yes else 1]
    if kind == Kind.MENU:
        repeated = next(
            (number for number, other in enumerate(reversed(asked)) if other != question),
            len(asked),
        )
        return choose(
            question,
            is_server=style.is_server,
            takes_default=style.port == Form.DEFAULT,
            is_first=Kind.MENU not in before,
            repeated=repeated,
        )
    return MESSAGE


def _kinds(questions: Sequence[Question], style: Style) -> list[Kind]:
    """Return what each of the questions asks for, also those without words."""
    kinds: list[Kind] = []
    pending = list(style.order)
    for question in questions:
        kind = question.kind
        if kind == Kind.UNKNOWN:
            if kinds and _REFUSES.search(latin(question.text)):
                kind = kinds[-1]
            else:
                kind = pending[0] if pending else Kind.MESSAGE
        pending = [other for other in pending if other not in PAIRS.get(kind, (kind,))]
        kinds.append(kind)
    return kinds


def _host(question: Question, form: Form, host: str) -> str:
    if form == Form.DEFAULT:
        return question.default_word
    return "localhost" if form == Form.LOCALHOST else host


def _separator(question: Question, style: Style, count: int) -> str:
    """Return the separator that the question names, else one for each time that it is asked."""
    first = _SEPARATORS.index(style.separator)
    return question.separator or _SEPARATORS[(first + count) % len(_SEPARATORS)]
