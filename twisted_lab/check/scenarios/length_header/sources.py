"""Length headers: functions or a subclass, as the sources show it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from twisted_lab.check.conversation.subclasses import socket_subclasses
from twisted_lab.check.language import _
from twisted_lab.check.outcomes import Failed, NotOffered
from twisted_lab.check.trials.server_manners import Manners
from twisted_lab.check.trials.trial import Trial

_MOST_FILES = 1000
_MOST_SOURCE = 400_000  # characters of all sources together


def python_sources(folder: Path) -> Iterator[str]:
    """Yield the Python sources of a folder, at most 1,000 files with 400,000 characters."""
    left, seen = _MOST_SOURCE, 0
    for parent, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(names):
            seen += 1
            path = Path(parent, name)
            if seen > _MOST_FILES or left <= 0:
                return
            if name.endswith(".py") and path.is_file() and not path.is_symlink():
                with path.open(encoding="utf-8", errors="replace") as file:
                    source = file.read(left)
                left -= len(source)
                yield source


async def extends_socket(trial: Trial, manners: Manners) -> str:
    """LN-16."""
    found = socket_subclasses(python_sources(trial.bench.folder))
    used = [name for name, is_used in found.items() if is_used]
    if used:
        return _("The class {name} extends socket.socket.", name=used[0])
    if found and manners.framing.size:
        name = next(iter(found))
        raise Failed(_("The class {name} extends socket.socket, and nothing uses it.", name=name))
    raise NotOffered(_("No class of the Python sources extends socket.socket."))
