"""Tokens in a file that only their owner can read, one for each server."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

from platformdirs import user_state_path

from twisted_lab.text.private_files import read_private, write_private
from twisted_lab.text.token_form import TOKEN


def default_path() -> Path:
    """Return where this platform keeps such files."""
    return user_state_path("twisted_lab") / "tokens.json"


class Tokens:
    """The tokens of one person. A file that cannot be used is reported once, and nothing more.

    Args:
        path: The file; it is made when there is something to keep.
        tell: Shows a line to the person.
    """

    def __init__(self, path: Path, tell: Callable[[str], object]) -> None:
        self.path = path
        self._tell = tell
        self._is_unusable = False

    def find(self, server: str) -> str | None:
        """Return the token for `server`, if there is one."""
        return self._read().get(server)

    def keep(self, server: str, token: str) -> bool:
        """Keep a token for the next time, and return whether it is kept."""
        return self._write(self._read() | {server: token})

    def forget(self, server: str) -> None:
        """Keep it no more."""
        tokens = self._read()
        if tokens.pop(server, None) is not None:
            self._write(tokens)

    def _read(self) -> dict[str, str]:
        if self._is_unusable:
            return {}
        try:
            tokens = json.loads(read_private(self.path))
            # An entry that is no token is not sent to any server.
            return {
                server: token
                for server, token in tokens.items()
                if isinstance(token, str) and TOKEN.fullmatch(token)
            }
        except FileNotFoundError:
            pass
        except OSError as error:
            self._is_unusable = True
            self._tell(f"cannot read the tokens in {self.path}: {error.strerror}")
        except (AttributeError, RecursionError, ValueError):
            self._tell(f"{self.path} is not a token file; it is treated as empty")
        return {}

    def _write(self, tokens: dict[str, str]) -> bool:
        if self._is_unusable:
            return False
        try:
            write_private(self.path, json.dumps(tokens, indent=1).encode())
        except OSError as error:
            self._tell(f"cannot keep tokens in {self.path}: {error.strerror}")
            return False
        return True
