"""Words by which programs report events, in English, Russian and Russian in Latin letters. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence

from twisted_lab.text.language import N_, Message

MESSAGES = N_("messages received and sent")
_WORDS = re.compile(
    r"start|listen|connect|client|server|receiv|recv|sent|send|clos|stop|port|accept|"
    r"запу|старт|слуша|прослуш|подключ|соедин|клиент|сервер|получ|принят|отправ|отключ|закры|"
    r"останов|порт|сообщени|данны|zapu|slush|podklu|soedin|klient|poluch|otprav|otklu|ostanov",
    re.IGNORECASE,
)
_RECEIVED = r"receiv|recv|получ|принят|приняли|poluch|prinyat"
_SENT = r"sent|send|отправ|otprav"
_MESSAGES = re.compile(f"{_RECEIVED}|{_SENT}", re.IGNORECASE)
_LEFT = re.compile(
    r"disconn|clos|left|gone|отключ|закры|отсоед|разорв|уш[ёе]л|otklu|zakry", re.IGNORECASE
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


def tells_a_disconnect(text: str) -> bool:
    """Return whether a text reports that a client has left."""
    return _LEFT.search(text) is not None


def untold_messages(lines: Sequence[str]) -> Message | None:
    """Return which messages a server has not reported after it had received and sent one.

    Args:
        lines: What it has reported meanwhile.
    """
    if len(lines) != 1:
        return None if lines else MESSAGES
    tells_received = re.search(_RECEIVED, lines[0], re.IGNORECASE)
    tells_sent = re.search(_SENT, lines[0], re.IGNORECASE)
    if tells_received:
        return None if tells_sent else N_("messages sent")
    return N_("messages received") if tells_sent else N_("messages received and sent in two lines")


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
