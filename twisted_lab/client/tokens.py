"""Stored tokens, one per server, in a file that only its owner can read."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

from platformdirs import user_state_path

from twisted_lab.text.language import _
from twisted_lab.text.private_files import read_private, write_private
from twisted_lab.text.system_errors import reason_of
from twisted_lab.text.token_form import TOKEN


def default_path() -> Path:
    """Return the default path of the file on this platform."""
    return user_state_path("twisted_lab") / "tokens.json"


class Tokens:
    """The tokens of one user.

    A file that cannot be read is reported once, and then neither read nor written.

    Args:
        path: The file; it is created when the first token is stored.
        tell: Shows a line to the user.
    """

    def __init__(self, path: Path, tell: Callable[[str], object]) -> None:
        self.path = path
        self._tell = tell
        self._is_unusable = False

    def find(self, server: str) -> str | None:
        """Return the token for `server`; None if there is none."""
        return self._read().get(server)

    def keep(self, server: str, token: str) -> bool:
        """Store a token for the next login, and return whether that succeeded."""
        return self._write(self._read() | {server: token})

    def forget(self, server: str) -> None:
        """Delete the token for `server`, if there is one."""
        tokens = self._read()
        if tokens.pop(server, None) is not None:
            self._write(tokens)

    def _read(self) -> dict[str, str]:
        if self._is_unusable:
            return {}
        try:
            tokens = json.loads(read_private(self.path))
            # An entry that is not a token must not be sent to a server.
            return {
                server: token
                for server, token in tokens.items()
                if isinstance(token, str) and TOKEN.fullmatch(token)
            }
        except FileNotFoundError:
            pass
        except OSError as error:
            self._is_unusable = True
            self._tell(
                _(
                    "cannot read the tokens in {path}: {reason}",
                    path=self.path,
                    reason=reason_of(error),
                )
            )
        except (AttributeError, RecursionError, ValueError):
            self._tell(_("{path} is not a token file; it is treated as empty", path=self.path))
        return {}

    def _write(self, tokens: dict[str, str]) -> bool:
        if self._is_unusable:
            return False
        try:
            write_private(self.path, json.dumps(tokens, indent=1).encode())
        except OSError as error:
            self._tell(
                _("cannot keep tokens in {path}: {reason}", path=self.path, reason=reason_of(error))
            )
            return False
        return True
