"""Words by which programs report events, in English, Russian and Russian in Latin letters. Pure."""

from __future__ import annotations

import re

_WORDS = re.compile(
    r"start|listen|connect|client|server|receiv|recv|sent|send|clos|stop|port|accept|"
    r"запу|старт|слуша|прослуш|подключ|соедин|клиент|сервер|получ|принят|отправ|отключ|закры|"
    r"останов|порт|сообщени|данны|zapu|slush|podklu|soedin|klient|poluch|otprav|otklu|ostanov",
    re.IGNORECASE,
)
_MESSAGES = re.compile(
    r"receiv|recv|sent|send|получ|принят|отправ|poluch|prinyat|otprav", re.IGNORECASE
)
# Numbers that are no part of a time, a date or an address.
_COUNTS = re.compile(r"(?<![\d:./-])\d+(?![\d:./-])")
_LINE_END = 2  # bytes at most, which may be counted, too


def tells_events(text: str) -> bool:
    """Return whether a text reports what a server or client does."""
    return _WORDS.search(text) is not None


def forms(text: str, *own: str) -> list[str]:
    """Return the lines of a text that are not blank, without some words; all numbers are the same.

    Args:
        text: What a program printed.
        own: The words, such as those that were typed.
    """
    for each in own:
        text = text.replace(each, "")
    return [form for line in text.splitlines() if (form := _form(line))]


def empty_report(talked: str, left: str, text: str) -> str:
    """Return a line that reports a message, although nothing was sent; "" if there is none.

    It is the same line as for a text, with nothing in its place; the numbers may differ. With the
    size of the text it is perhaps about all that its client sent.

    Args:
        talked: What was printed after a text came.
        left: What was printed after its client left.
        text: The text.
    """
    told = [line.replace(text, "") for line in talked.splitlines() if text in line]
    reports = {_form(line) for line in told if _MESSAGES.search(line)}
    sizes = {str(len(text) + more) for more in range(_LINE_END + 1)}
    found = (line for line in left.splitlines() if _form(line) in reports)
    return next((line for line in found if not sizes & {*_COUNTS.findall(line)}), "").strip()


def _form(line: str) -> str:
    return re.sub(r"\d+", "0", line).strip()
