"""Passwords in the data files of a submission, as far as words there look like them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from twisted_lab.check.plain_files import plain_files

_LEAST = 3  # characters: shorter ones would stand everywhere
_MOST_FILES, _MOST_BYTES, _MOST_TOTAL = 1000, 200_000, 5_000_000  # bytes of one and of all
_MOST_SECRETS = 1000
_IS_SECRET = re.compile(r"pass|pwd|pswd|парол|secret|token|hash|salt", re.IGNORECASE)
_NAMED = re.compile(
    rf"""(?:{_IS_SECRET.pattern})\w{{0,30}}\s*[:=]\s*(\S{{1,200}})""", re.IGNORECASE
)
_ACCOUNTS = re.compile(r"pass|парол|auth|user|login|account|client|base|db|data", re.IGNORECASE)
_ADDRESS = re.compile(r"\d+\.\d+\.\d+\.\d+")
_SOURCES = {".py", ".js", ".c", ".h", ".cpp", ".go", ".sh", ".rs", ".java", ".md", ".html"}


def secrets_in(files: Mapping[str, str]) -> set[str]:
    """Return what looks like a password in the files of a submission.

    A value too many does little harm: a report shows one word less.

    Args:
        files: The texts by their paths.
    """
    secrets: set[str] = set()
    for path, text in files.items():
        for found in _values(path, text):
            if len(found) >= _LEAST and not _ADDRESS.fullmatch(found):
                secrets.add(found)
            if len(secrets) == _MOST_SECRETS:
                return secrets
    return secrets


def read_files(folder: Path) -> dict[str, str]:
    """Return the data files of a folder that are text, as far as there is room; no links."""
    files: dict[str, str] = {}
    total = 0
    for number, path in enumerate(plain_files(folder)):
        if number == _MOST_FILES or total > _MOST_TOTAL:
            break
        try:
            if path.suffix.lower() in _SOURCES or path.is_symlink() or not path.is_file():
                continue
            with path.open("rb") as file:
                data = file.read(_MOST_BYTES)
        except OSError:
            continue  # the program cannot quote what its folder's copy lacks
        total += len(data)
        if b"\0" not in data:
            files[str(path.relative_to(folder))] = data.decode(errors="replace")
    return files


def _values(path: str, text: str) -> Iterator[str]:
    is_accounts = bool(_ACCOUNTS.search(Path(path).name))
    try:
        content = json.loads(text)
    except (ValueError, RecursionError):
        yield from (match[1].strip("\"',;") for match in _NAMED.finditer(text))
        yield from _last_fields(text, is_accounts)
    else:
        yield from _leaves(content, is_accounts)


def _leaves(content: Any, is_secret: bool) -> Iterator[str]:
    """Return the values below keys that look like passwords or addresses.

    Args:
        content: What the JSON says.
        is_secret: Whether all texts that are no list's or other key's are secrets.
    """
    todo = [(content, is_secret)]
    while todo:
        value, is_secret = todo.pop()
        if isinstance(value, dict):
            # Beside a key that is one for sure, such as "password", the others are none.
            named = {key for key in value if _IS_SECRET.search(key)}
            todo += [
                (each, key in named or (not named and (is_secret or _is_address(key))))
                for key, each in value.items()
            ]
        elif isinstance(value, list):
            todo += [(each, is_secret) for each in value]
        elif is_secret and isinstance(value, str | int):
            yield str(value)


def _is_address(text: str) -> bool:
    return bool(_ADDRESS.fullmatch(text))


def _last_fields(text: str, is_accounts: bool) -> Iterator[str]:
    """Return the last field of each line, in files of accounts and on lines with an address."""
    for line in text.splitlines():
        fields = [field.strip(" \"'") for field in re.split(r"[;,:|\t]", line)]
        fields = [field for field in fields if field]
        is_wanted = is_accounts or any(map(_is_address, fields))
        if len(fields) > 1 and is_wanted and " " not in fields[-1]:
            yield fields[-1]
