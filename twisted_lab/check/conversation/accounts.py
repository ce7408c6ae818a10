"""Names and passwords that stand in the data files of a server's folder. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

_MOST_CHARACTERS = 30  # a longer word is a hash, or no password at all
_SEPARATORS = re.compile(r"[\s:;,=|]+")
_NAME = re.compile(r"user|login|name|nick|логин|имя", re.IGNORECASE)
_PASSWORD = re.compile(r"pass|pwd|пароль", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class StoredAccount:
    """A pair of words that may be a name and its password.

    Attributes:
        path: The file.
        name: The name.
        password: The password.
    """

    path: str
    name: str
    password: str


def accounts_in(files: Mapping[str, str]) -> Iterator[StoredAccount]:
    """Yield pairs of words, one in each line or in JSON, that may be a name and its password.

    Args:
        files: The texts by their paths.
    """
    for path, text in files.items():
        for name, password in _pairs(text):
            if all(0 < len(each) <= _MOST_CHARACTERS for each in (name, password)):
                yield StoredAccount(path, name, password)


def _pairs(text: str) -> Iterator[tuple[str, str]]:
    try:
        todo: list[Any] = [json.loads(text)]
    except (ValueError, RecursionError):
        for line in text.splitlines():
            words = _SEPARATORS.split(line.strip())
            if len(words) == 2:
                yield words[0], words[1]
        return
    while todo:
        value = todo.pop()
        if isinstance(value, list):
            todo += value
        elif isinstance(value, dict):
            todo += value.values()
            texts = {key: each for key, each in value.items() if isinstance(each, str)}
            names = [each for key, each in texts.items() if _NAME.search(key)]
            passwords = [each for key, each in texts.items() if _PASSWORD.search(key)]
            if names and passwords:
                yield names[0], passwords[0]
            else:
                yield from texts.items()
