"""How a password is stored in a file, as far as the bytes of the file show it. Pure."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator

from twisted_lab.check.conversation.echoes import COLOURS

_FAST = ("md5", "sha1", "sha224", "sha256", "sha384", "sha512", "sha3_256", "blake2b")
_SLOW = re.compile(
    rb"\$2[abxy]?\$\d\d\$|argon2|scrypt|pbkdf2|bcrypt|\$(?:5|6|7|y)\$|\$s0\$", re.IGNORECASE
)
_LONG = re.compile(rb"[0-9A-Za-z+/]{24,}={0,2}")
_BETWEEN = " \t\r,;:|=\"'{}[]()"
LONG_TOKEN = 12  # characters: a shorter word is a token only if it is called so
_TOKEN = re.compile(
    rb"(?<![^\s\"'(<\[{:=`|,;\x80-\xff])[0-9A-Za-z_\-+/.]{12,512}={0,2}"
    rb"(?![^\s\"')>\]}.,;!`|<\x80-\xff])"
)
_NAMED_TOKEN = re.compile(
    r"(?:token|токен)\w{0,3}[\"'»]?\s{0,3}(?:[:=—\u2013-]|is\b|это\b)\s{0,3}[\"'«<(\[]?"
    rf"([0-9A-Za-z_]{{1,{LONG_TOKEN - 1}}})(?![^\s\"'»)>\]}}.,;!`|<])",
    re.IGNORECASE,
)
_LOG_NAME = re.compile(r"log(?!in|on)|journal|history|лог(?!ин)|журнал|истори", re.IGNORECASE)


def is_log(name: str, data: bytes, said: Iterable[bytes]) -> bool:
    """Return whether a file is a log: its name says so, or it holds what clients have said."""
    return bool(_LOG_NAME.search(name)) or any(text and text in data for text in said)


def holds_text(data: bytes, text: str) -> bool:
    """Return whether a text stands in a file as it is, in UTF-8 or UTF-16."""
    return any(text.encode(each) in data for each in ("utf-8", "utf-16-le", "utf-16-be"))


def reversible_form(data: bytes, text: str) -> str:
    """Return the name of a reversible form in which a file has a text; "" if there is none."""
    raw, folded = text.encode(), data.lower()
    forms = {
        "base64": base64.b64encode(raw).rstrip(b"=") in data,
        "hexadecimal": raw.hex().encode() in folded,
        "reversed": raw[::-1] in data,
    }
    return next((name for name, is_there in forms.items() if is_there), "")


def bare_hash(data: bytes, text: str) -> str:
    """Return the name of a fast hash, without a salt, that a file has of a text; "" for none."""
    folded = data.lower()
    for name in _FAST:
        for raw in _with_ends(text):
            digest = hashlib.new(name, raw).digest()
            if (
                digest in data
                or digest.hex().encode() in folded
                or base64.b64encode(digest).rstrip(b"=") in data
            ):
                return name.upper().replace("SHA", "SHA-").replace("SHA-3_", "SHA3-")
    return ""


def _with_ends(text: str) -> Iterator[bytes]:
    for end in ("", "\n", "\r\n"):
        yield (text + end).encode()


def names_a_slow_hash(data: bytes) -> bool:
    """Return whether a file has values in the form of bcrypt, scrypt, Argon2, PBKDF2 or crypt."""
    return _SLOW.search(data) is not None


def repeated_values(data: bytes) -> set[bytes]:
    """Return the long values, such as hashes, that a file has more than once."""
    return {value for value, number in Counter(_LONG.findall(data)).items() if number > 1}


def record(data: bytes, name: str, others: Iterable[str]) -> str:
    """Return what a file holds of a person: the JSON value at the name, or the text behind it.

    Args:
        data: What the file holds.
        name: The person's name.
        others: The names of others: the text ends there, or with its line.

    Returns:
        It, without the name and what separates it; "" if nothing is found.
    """
    text = data.decode(errors="replace")
    try:
        content = json.loads(text)
    except (ValueError, RecursionError):
        ends = "|".join(map(re.escape, others))
        found = re.search(rf"{re.escape(name)}([^\n]*?)(?:{ends}|\n|$)", text)
        return found[1].strip(_BETWEEN) if found else ""
    todo = [content]
    while todo:
        value = todo.pop()
        if isinstance(value, dict):
            if name in value:
                return json.dumps(value[name])
            if name in value.values():
                return json.dumps({key: each for key, each in value.items() if each != name})
            todo += value.values()
        elif isinstance(value, list):
            if name in value:
                return json.dumps([each for each in value if each != name])
            todo += value
    return ""


def random_words(heard: bytes) -> tuple[bytes, ...]:
    """Return the words that look like tokens: 12 or more characters, with digits and letters.

    A part of a longer word is none: a server that refused it would be right.
    """
    found = _TOKEN.findall(COLOURS.sub(b"", heard[-20_000:]))
    return tuple(
        word.strip(b".")
        for word in found
        if re.search(rb"\d", word) and (re.search(rb"[A-Za-z]", word) or len(word) >= 16)
    )[:4]


def named_tokens(heard: bytes) -> tuple[str, ...]:
    """Return the short words with a digit that are called tokens, as in ``Your token: 1``."""
    text = COLOURS.sub(b"", heard[-20_000:]).decode(errors="replace")
    return tuple(word for word in _NAMED_TOKEN.findall(text) if re.search(r"\d", word))[:4]
