"""Words by which programs report events, in English, Russian and Russian in Latin letters. Pure."""

from __future__ import annotations

import re

_WORDS = re.compile(
    r"start|listen|connect|client|server|receiv|recv|sent|send|clos|stop|port|accept|"
    r"запу|старт|слуша|прослуш|подключ|соедин|клиент|сервер|получ|принят|отправ|отключ|закры|"
    r"останов|порт|сообщени|данны|zapu|slush|podklu|soedin|klient|poluch|otprav|otklu|ostanov",
    re.IGNORECASE,
)


def tells_events(text: str) -> bool:
    """Return whether a text reports what a server or client does."""
    return _WORDS.search(text) is not None
