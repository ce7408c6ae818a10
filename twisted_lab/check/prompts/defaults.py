"""The default that a question offers."""

from __future__ import annotations

import re

from twisted_lab.check.prompts.question import Kind
from twisted_lab.check.prompts.words import BRACKETS, is_cyrillic, latin, topic

_DOMAIN = r"[a-zA-Z][\w-]{0,20}(?:\.[\w-]{1,20}){0,3}\.(?:com|ru|org|net|local)\b"
_HOST = rf"localhost|\d{{1,3}}(?:\.\d{{1,3}}){{3}}|::1|{_DOMAIN}"
_PORT = r"(?<![\d.])\d{2,5}(?![\d.]\d|\d)"
_PAIR = rf"(?:{_HOST})\s?[:,; ]\s?\d{{2,5}}"
_VALUES = {
    Kind.HOST: _HOST,
    Kind.PORT: _PORT,
    Kind.HOST_AND_PORT: _PAIR,
    Kind.PORT_AND_HOST: rf"\d{{2,5}}\s?[:,; ]\s?(?:{_HOST})",
    Kind.NAME: r"\w+",
}
# Limits, such as 1024-65535 and "from 1024 to 65535", and addresses in a question for a port.
_RANGE = re.compile(r"\b\d{1,5}\s*(?:-|–|—|\.\.+|до|to|do|по)\s*\d+|[<>]=?\s*\d+(?!\d|\s*>)")
NAMES_DEFAULT = re.compile(r"umolch|default|defolt|\bstandar(?!d out)")
_EMPTY = re.compile(r"\bpust(?!it)|\bblank\b|\bempty\b|\bnichego\b|\bnothing\b|\bpropus|\bskip")
_ENTER_KEY = re.compile(
    r"\b(?:na[zj]h?m|[zj]hmi|klavish|knopk|press|hit|push)\w*\W+"
    r"(?:(?:na|the|klavishu|knopku|prosto|just|key)\W+)*(?:enter|vvod|return)\b"
    r"|[(\[,;/-]\s*[\"'<]?enter\b[\"'>\]]?\s*(?:[-–—=:)\],]|dlya|chtoby|esli|for|to|if)"
    r"|\benter\s*[-=–—]"
)
# The same in the text as it is, because the value follows.
_MARK = re.compile(
    r"умолч\w*|дефолт\w*|default\w*|umolch\w*|стандарт\w*|standar\w*|пуст\w*|blank|empty",
    re.IGNORECASE,
)
_LEAVES = re.compile(
    r"\b(?:vy[yj]?[tjh]|exit|quit|zaversh|zakonch|stop|otprav|send\b|prodolzh|continue|finish)"
)
_WORD = re.compile(
    r"(?:[\"'«](?P<quoted>[^\"'»]{1,10})[\"'»]|\b(?P<bare>default|def|std|[0d]|0\s?[,: ]\s?0)\b)"
    r"\W{0,3}\s*(?:для|чтобы|если|dlya|chtoby|esli|to|for|if|[=–—-])\s*(?P<why>.{0,50})",
    re.IGNORECASE,
)


def names_enter(text: str) -> bool:
    """Tell whether a text speaks of the Enter key; "Enter port" does not."""
    return bool(_ENTER_KEY.search(latin(text))) or bool(
        is_cyrillic(text) and re.search(r"\benter\b|\bэнтер\b", text, re.IGNORECASE)
    )


def offers_default(text: str) -> bool:
    """Tell whether a text says that there is a default."""
    words = latin(text)
    return bool(NAMES_DEFAULT.search(words)) or (
        (names_enter(text) or bool(_EMPTY.search(words))) and not _LEAVES.search(words)
    )


def read_default(text: str, kind: Kind) -> str | None:
    """Return the default that a text offers: its value, "" if it is not named, or None.

    Args:
        text: A question.
        kind: What it asks for.
    """
    pattern = _VALUES.get(kind)
    if pattern is None:
        return None
    text = _RANGE.sub(" ", text)
    if kind in (Kind.HOST, Kind.PORT):
        text = _without_others(text, kind)
    if kind == Kind.PORT:
        text = re.sub(r"\d+(?:\.\d+){3}", " ", text)
    bracketed = re.search(rf"[(\[<]\s*[\"']?({pattern})[\"']?\s*[\])>]", text)
    if bracketed and (kind != Kind.NAME or bracketed[0].startswith("[")):
        return bracketed[1]
    if not offers_default(text):
        return None
    if kind == Kind.NAME:
        return ""
    # "default 9090" and "Enter = 9090", or "9090 by default".
    mark = _MARK.search(text)
    value = (mark and re.search(pattern, text[mark.end() :])) or re.search(pattern, text)
    return value[0] if value else ""


def read_default_word(text: str, default: str | None) -> str:
    """Return the word that a text wants for the default, such as ``0``; "" is Enter.

    Args:
        text: A question.
        default: The default's value.
    """
    for match in _WORD.finditer(text):
        word = match["quoted"] or match["bare"]
        if word != default and latin(word) != "enter" and NAMES_DEFAULT.search(latin(match["why"])):
            return word
    return ""


def _without_others(text: str, kind: Kind) -> str:
    """Return a question for a host without what it says about a port, or the other way round."""

    def is_other(part: str) -> bool:
        about = topic(part)
        return (
            about in (Kind.HOST, Kind.PORT) and about != kind and not re.search(_VALUES[kind], part)
        )

    text = BRACKETS.sub(lambda match: " " if is_other(match[0]) else match[0], text)
    return " ".join(part for part in re.split(r"(?<=[.!?;])\s+", text) if not is_other(part))
