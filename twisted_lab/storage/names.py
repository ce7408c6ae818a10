"""Names of databases: files, and those on servers."""

from __future__ import annotations

import os.path
import re
from pathlib import Path

SERVER = ("postgresql://", "postgres://")
# Up to the last @, although libpq stops at the first: a password with @ or / in it is a mistake,
# but must not be shown.
_PASSWORD = re.compile(r"(?<=//)([^/@:?]*):.*(?=@)|(?<=[?&])((?:ssl)?password=)[^&]*")


def is_server(name: str) -> bool:
    """Tell whether a database is on a server: its name is a URL."""
    return name.startswith(SERVER)


def shown(name: str) -> str:
    """Return the name of a database without a password, for people and logs."""
    return _PASSWORD.sub(lambda found: found[1] or (found[2] or "") + "...", name)


def whole(name: str) -> str:
    """Return the name of a database by which it can be compared: a path is absolute.

    Raises:
        FileNotFoundError: The path is relative, and the current directory was removed.
    """
    return name if is_server(name) else os.path.normpath(Path(name).absolute())
