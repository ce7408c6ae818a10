"""What a client answers to a server that asks before it serves. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from twisted_lab.check.prompts.question import Kind, Question
from twisted_lab.check.prompts.reading import read_question
from twisted_lab.check.prompts.words import latin

PASSWORD = "Str0ng-pass7"  # noqa: S105 (long enough, with a digit and a capital letter)
_FIXED = {Kind.PASSWORD: PASSWORD, Kind.YES_NO: "y", Kind.MENU: "1", Kind.CONTINUE: ""}
_BOTH = Kind.NAME_AND_PASSWORD
_MOST_READ = 2000  # bytes: the text is a stranger's, and some patterns take quadratic time
_SECRETS = {Kind.PASSWORD, _BOTH}

_REGISTERS = re.compile(r"regist|zaregist|sign ?up|\bnew\b|nov[yoau]|\breg\b|sozda|create")
_LOGS_IN = re.compile(r"log ?in|sign ?in|vho[dy]|vo[yi]ti|avtoriz|autentif|auth|\benter\b")
_HAS_ACCOUNT = re.compile(r"already|have an account|\buzhe\b|est (?:li )?(?:u vas )?akk?aunt")
_PASSWORD = re.compile(r"parol|passw|\bpwd\b|\bpass\b")
_TOKEN = re.compile(r"\btoken")
# A second question for the same thing, unlike "Correct password!", asks in words or by its end.
_ASKS_AGAIN = re.compile(
    r"\b(?:enter|type|input|repeat|confirm|again|try|please|set)\b|vvedi|povtor|poprob|podtver"
    r"|esche|snova|[:?>]\W*$"
)
_COMMAND = re.compile(
    r"(/?\w+)[ :]+[<\[{(]?(?:user_?name|user|login|name|imya|nick)\b[^\n]*pas", re.I
)
_TO_REGISTER = re.compile(r"\b(?:register|registration|sign ?up|регистрация)\b", re.I)
_TO_LOG_IN = re.compile(r"\b(?:log ?in|sign ?in|вход|войти|авторизация)\b", re.I)
_TOKEN_COMMAND = re.compile(r"(/?\w+)[ :]+[<\[{(]token\b", re.I)
_REFUSAL = re.compile(
    r"wrong|incorrect|invalid|denied|refus|fail|unknown|not found|no such|bad\b|must log"
    r"|ne ?ve(?:re?)?n|nepravil|oshib|otkaz|ne proshel|ne proshl|ne nayden|ne sovpad|zapresch"
)
_WELCOME = re.compile(
    r"welcome|hello|success|correct|accepted|logged|granted|dobro|privet|zdravst|uspesh|vern"
    r"|vo(?:sh|y)[le]|razresh|proyden"
)


@dataclass(frozen=True, slots=True)
class Person:
    """A user of a server that asks for names and passwords.

    Attributes:
        name: The name.
        password: The password.
        is_new: Whether the person registers, where the server lets people choose.
        token: What the person gives where the server asks for a token; "" for none.
        gives_password: Whether the person gives the password first where the server asks for
            nothing: some know people by their addresses, and say only that they do.
    """

    name: str
    password: str = PASSWORD
    is_new: bool = True
    token: str = ""
    gives_password: bool = False


def asks_for_login(heard: bytes) -> bool:
    """Return whether a server asks for something other than a message."""
    return read_question(heard.decode(errors="replace")).kind in {Kind.NAME, *_FIXED}


def reply_to(heard: bytes, name: str, number: int) -> bytes:
    """Return the answer to what a server says before it echoes.

    Args:
        heard: What the server has said; b"" if it waits without a question.
        name: The client's name.
        number: How many answers it has had from this client.
    """
    question = read_question(heard.decode(errors="replace"))
    if question.kind in _FIXED:
        return (question.choices[0] if question.choices else _FIXED[question.kind]).encode()
    if question.kind is Kind.NAME or number == 0:
        return name.encode()
    return PASSWORD.encode()


def next_answer(heard: bytes, person: Person, given: Sequence[Kind]) -> tuple[Kind, bytes] | None:
    """Return what a person answers, and what that is; None once the server asks no more.

    Args:
        heard: What the server has said since the last answer; b"" if it waits without a question.
        person: The person.
        given: What the person has answered so far.
    """
    text = heard[-_MOST_READ:].decode(errors="replace")
    question = read_question(text)
    kind = question.kind
    if person.token and Kind.KEY not in given and kind is not Kind.MENU:
        asked = latin(question.text)
        if word := _TOKEN_COMMAND.search(text):
            return Kind.KEY, f"{word[1]} {person.token}".encode()
        if _TOKEN.search(asked) and _ASKS_AGAIN.search(asked):
            return Kind.KEY, person.token.encode()
    if command := None if _SECRETS & {*given} else _command(text, person.is_new):
        return _BOTH, f"{command} {person.name} {person.password}".encode()
    offers = "" if given or question.choices else _either(question.text, person.is_new)
    if offers:
        return Kind.MENU, offers.encode()
    if kind in given and not _ASKS_AGAIN.search(latin(question.text)):
        return None
    if kind is Kind.NAME and not (given and person.name.casefold() in text.casefold()):
        return kind, person.name.encode()
    if kind is Kind.PASSWORD:
        return kind, person.password.encode()
    if kind is _BOTH:
        return kind, f"{person.name}{question.separator or ' '}{person.password}".encode()
    if kind in {Kind.MENU, Kind.YES_NO} and not _SECRETS & {*given}:
        return kind, _chosen(question, person).encode()
    if kind is Kind.CONTINUE:
        return kind, b""
    if not given and person.gives_password:
        return Kind.PASSWORD, person.password.encode()
    if not given:
        return Kind.NAME, person.name.encode()
    if not text.strip() and Kind.NAME in given and not _SECRETS & {*given}:
        return Kind.PASSWORD, person.password.encode()  # it waits, and does not say for what
    return None


def _command(text: str, is_new: bool) -> str:
    """Return the word of a line such as ``REGISTER <name> <password>``; "" if there is none."""
    wanted = _REGISTERS if is_new else _LOGS_IN
    words = [match[1] for match in _COMMAND.finditer(text)]
    return next((word for word in words if wanted.search(latin(word))), "")


def _either(text: str, is_new: bool) -> str:
    """Return the word in ``register or log in?`` that is wanted; "" if there are not both."""
    register, log_in = _TO_REGISTER.search(text), _TO_LOG_IN.search(text)
    if not register or not log_in:
        return ""
    return (register if is_new else log_in)[0]


def _chosen(question: Question, person: Person) -> str:
    text, is_new = latin(question.text), person.is_new
    if question.kind is Kind.YES_NO:
        is_yes = not is_new if _HAS_ACCOUNT.search(text) else is_new or not _REGISTERS.search(text)
        return question.choices[0 if is_yes else 1]
    wanted = _TOKEN if person.token else _REGISTERS if is_new else _LOGS_IN
    if not question.choices:
        return "1"
    words = {choice: _words_of(choice, question, text) for choice in question.choices}
    return next((choice for choice in words if wanted.search(words[choice])), question.choices[0])


def _words_of(choice: str, question: Question, text: str) -> str:
    """Return the words of a choice: itself, or those behind its number, or those before it."""
    if not choice.isdecimal():
        return latin(choice)
    numbers = rf"\b(?:{'|'.join(map(re.escape, question.choices))})\b|\n|$"
    first = re.escape(question.choices[0])
    is_behind = re.search(rf"\b{first}\b\s*[-.):=]*\s*[a-z]", text)
    before, _, behind = text.partition(choice)
    return re.split(numbers, behind if is_behind else before)[0 if is_behind else -1]


def welcomes(heard: bytes) -> bool:
    """Return whether the words of a server tell that it lets somebody in."""
    return _WELCOME.search(latin(heard.decode(errors="replace"))) is not None and not refuses(heard)


def names_password(heard: bytes) -> bool:
    """Return whether the words of a server name a password."""
    return _PASSWORD.search(latin(heard.decode(errors="replace"))) is not None


def refuses(heard: bytes) -> bool:
    """Return whether the words of a server tell that it refuses somebody."""
    return _REFUSAL.search(latin(heard.decode(errors="replace"))) is not None


def shape(heard: bytes, values: Sequence[str]) -> str:
    """Return what a server said, without what differs from one conversation to the next.

    Args:
        heard: What it said.
        values: Texts, names and passwords that it may repeat; the place of each is kept.
    """
    text = heard.decode(errors="replace").casefold()
    for number, value in enumerate(values):
        if value:
            text = text.replace(value.casefold(), f"{{{'abcdefgh'[number]}}}")
    return " ".join(re.sub(r"\d+", "#", text).split())
