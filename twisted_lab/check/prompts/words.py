"""The words by which a question tells what it asks for, in English and Russian.

Russian is compared in Latin letters: one pattern fits ``порт``, ``port`` and ``nomer porta``.
"""

from __future__ import annotations

import re

from twisted_lab.check.prompts.question import PAIRS, Kind

_LETTERS = str.maketrans(
    dict(zip("абвгдеёзийклмнопрстуфхцыэі_", "abvgdeeziyklmnoprstufhcyei ", strict=True))
    | {"ж": "zh", "ч": "ch", "ш": "sh", "щ": "sch", "ю": "yu", "я": "ya", "ь": "", "ъ": ""}
)

# A host or a number in a question is no word of it: "localhost" does not ask for a host.
_HOST_VALUE = re.compile(
    r"\blocal\s?host\b|\blokalhost\b|\b(?:\d{1,3}|[nx]{1,3})(?:\.(?:\d{1,3}|[nx]{1,3})){3}\b|::1"
    r"|\b[a-z][a-z0-9-]{0,20}(?:\.[a-z0-9-]{1,20}){0,3}\.(?:com|ru|org|net|local)\b"
)
BRACKETS = re.compile(r"\([^()]*\)|\[[^\[\]]*\]|<[^<>]*>|\{[^{}]*\}")

CHOOSES = r"\b(?:v[yi]b[eio]r|choose|choice|select)"
_WORD_FOR_NAME = r"\b(?:im[yji]a|imeni|name|nazvani[ey]) (?:of )?(?:the )?"
_STRONG = (
    (
        Kind.PORT,
        r"\b(?:(?:nomera?|tcp|udp)[ -])?(?:server|host|tcp|udp)?port(?:a|u|om|e|ov|y|s)?\b",
    ),
    (
        Kind.HOST,
        rf"(?:{_WORD_FOR_NAME}(?:vashego |udalenn?ogo )?|\b)"
        r"(?:(?:server)?(?:k?h|x)[oa]st(?:name|neym|a|u|om|e)?\b|ad{1,2}res|addr"
        r"|(?:server)?ip\b|a[yi]pi|uz(?:el|la)\b|dom(?:en|ain))"
        rf"|{_WORD_FOR_NAME}(?:server|kompyuter|mashin)|\bserver name\b",
    ),
    (
        Kind.NAME,
        r"\b(?:im[yji]a|imeni|(?:(?:user|nick|log|first|full) ?)?name|nik(?:a|om|neym)?|user)\b"
        r"|\b(?:nick|login|polzovatel|zovut|predstavtes|psevdonim|e-?mail)"
        r"|\b(?:who are you|kto (?:vy|ty))",
    ),
    (Kind.PASSWORD, r"\b(?:parol|passw|pass?\b|pwd\b)"),
    (Kind.KEY, r"\b(?:klyuch(?!en)|key\b)"),
    (Kind.MESSAGE, r"\b(?:so+bs?h?c?h|mes{1,2}age|msg\b|te(?:ks|x)t(?!ov))"),
)
# These tell less, and count only if none of the others is there.
_WEAK = (
    (Kind.MENU, rf"{CHOOSES}|\b(?:option|deystvi|punkt|re[zj]h?im|mode\b)"),
    (
        Kind.MESSAGE,
        r"\b(?:dann|data\b|strok|string|line\b|fraz|phrase|slovo|word\b|komand|com{1,2}and|zapros"
        r"|request|chto-?(?:nibud|to)|something|otprav(?!len)|send\b|otvet|reply|say\b)"
        r"|^\W*(?:you|me|vy|ya|client|klient)\W*$",
    ),
    (
        Kind.HOST,
        r"\b(?:server(?:a|u|om)?|kuda|where|podkly?uchit(?:sya|es) k|connect to)\b",
    ),
    (Kind.PORT, r"\b(?:nomer|chislo|number)\b"),
)
_TOPICS = [
    [(kind, re.compile(pattern)) for kind, pattern in patterns] for patterns in (_STRONG, _WEAK)
]

_PAIRS = {kinds: pair for pair, kinds in PAIRS.items()}
# What stands between the two words of a pair. Without "and", the second must not be a genitive.
_JOINED = re.compile(
    r"[^.?!]{0,60}?(?:[,:;/|+&]|\b(?:i|and|plus)\b)\s*(?:(?:the|its|ego|server|servera)\s+)?[<\"'{\[(]?"
)
_SIDE_BY_SIDE = re.compile(r"[\s<>\"'{}\[\]()]*")
_GENITIVE = re.compile(r".*(?:a|u|om)")
_FOLLOWED_BY_VALUE = re.compile(r"\s*[-:=]?\s*[@#]")
# "(ip:port)" and "127.0.0.1:9090" show that both are asked for.
_FORM = re.compile(r"(?:host|ip|adres)[>}\]]?[:, ]{1,2}[<{\[]?port\b")
_VALUES = re.compile(r"@[:, ]\s?#|@ port\b")
_SEPARATORS = (
    (" ", r"\bprobel|\bspace"),
    (":", r"\bdvoetoch|\bcolon"),
    (";", r"\btochk\w* s zap|\bsemicolon"),
    (",", r"\bzapyat|\bcomma\b"),
    # The form itself: host:port, <host> <port>, localhost:9090.
    (":", r"(?:host|ip|@|adres)[>\"'}\]]?:[<\"'{\[]?(?:port|#)|port[>}]?:[<{]?(?:host|ip)"),
    (",", r"(?:host|ip|@|adres)[>\"'}\]]?,[<\"'{\[]?(?:port|#)|port[>}]?,[<{]?(?:host|ip)"),
    (" ", r"(?:host|ip|@|adres)[>\"'}\]]? [<\"'{\[]?(?:port|#)|port[>}]? [<{]?(?:host|ip)"),
)


def latin(text: str) -> str:
    """Return the text in small Latin letters."""
    return text.casefold().translate(_LETTERS)


def is_cyrillic(text: str) -> bool:
    """Tell whether a text has Cyrillic letters."""
    return bool(re.search("[а-яё]", text, re.IGNORECASE))


def without_values(text: str) -> str:
    """Return a Latin text with ``@`` for each address and ``#`` for each number."""
    return re.sub(r"\d+", "#", _HOST_VALUE.sub("@", text))


def topic(clause: str) -> Kind | None:
    """Return what a clause is about; words in brackets count only if there are no others.

    Args:
        clause: A line or a sentence.
    """
    text = without_values(latin(clause))
    outside = BRACKETS.sub(" ", text)
    kind = _head(outside)
    is_host = kind == Kind.HOST
    shows_form = (is_host or not has_topic(clause)) and _FORM.search(text)
    if shows_form or (is_host and _VALUES.search(text)):
        return Kind.HOST_AND_PORT
    return kind or _head(text)


def has_topic(clause: str) -> bool:
    """Tell whether a clause clearly says, outside of brackets, what it asks for."""
    outside = BRACKETS.sub(" ", without_values(latin(clause)))
    return any(pattern.search(outside) for _, pattern in _TOPICS[0])


def separator(clause: str) -> str:
    """Return what shall stand between two answers in one line, or "" if the clause does not tell.

    Args:
        clause: A line or a sentence that asks for two things.
    """
    text = without_values(latin(clause))
    return next((sign for sign, pattern in _SEPARATORS if re.search(pattern, text)), "")


def _head(text: str) -> Kind | None:
    """Return the first topic, or the pair if two are asked for in one line."""
    for patterns in _TOPICS:
        found = [(match, kind) for kind, pattern in patterns if (match := pattern.search(text))]
        found.sort(key=lambda item: item[0].start())
        for second, other in found[1:]:
            first, kind = found[0]
            if (kind, other) in _PAIRS and _are_joined(text, first, second):
                return _PAIRS[kind, other]
        if found:
            return found[0][1]
    return None


def _are_joined(text: str, first: re.Match[str], second: re.Match[str]) -> bool:
    gap = text[first.end() : second.start()]
    side_by_side = _SIDE_BY_SIDE.fullmatch(gap) and not _GENITIVE.fullmatch(second[0])
    is_given = _FOLLOWED_BY_VALUE.match(text, second.end())
    return bool(side_by_side or _JOINED.fullmatch(gap)) and not is_given
