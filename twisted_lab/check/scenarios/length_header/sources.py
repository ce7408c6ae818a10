"""Length headers: functions or a subclass, as the sources show it."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from contextlib import suppress
from itertools import islice
from pathlib import Path

from twisted_lab.check.conversation.subclasses import parsed, socket_subclasses
from twisted_lab.check.outcomes import Failed, NotOffered
from twisted_lab.check.trials.server_manners import Manners
from twisted_lab.check.trials.trial import Trial
from twisted_lab.text.language import _

_MOST_MODULES, _MOST_IMPORTS = 50, 20
# Characters of all modules together: Python parses f-strings in quadratic time, so these take 5 s.
_MOST_SOURCE = 100_000


def own_modules(folder: Path, command: Sequence[str]) -> Iterator[ast.Module]:
    """Yield the Python modules of a program: its own file, and what it imports from its folder.

    Args:
        folder: The folder; files outside are not read.
        command: The command that starts the program, from this folder.
    """
    folder = folder.resolve()
    pending = [folder / word for word in command if word.endswith(".py")]
    left, found = _MOST_SOURCE, 0
    for path in pending:
        source = _source(path, folder, left)
        left -= len(source)
        if source and (module := parsed(source)):
            yield module
            found += 1
            names = [name.replace(".", "/") for name in islice(_imported(module), _MOST_IMPORTS)]
            new = [
                path.parent / f"{name}{end}" for name in names for end in (".py", "/__init__.py")
            ]
            pending += [each for each in new if each not in pending and found < _MOST_MODULES]


def _source(path: Path, folder: Path, size: int) -> str:
    with suppress(OSError, ValueError):
        path = path.resolve()
        if path.is_relative_to(folder) and path.is_file():
            with path.open(encoding="utf-8", errors="replace") as file:
                return file.read(size)
    return ""


def _imported(module: ast.Module) -> Iterator[str]:
    for node in ast.walk(module):
        if isinstance(node, ast.Import):
            yield from (each.name for each in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module or ""
            yield from (f"{node.module or '.'}.{each.name}" for each in node.names)


async def extends_socket(trial: Trial, manners: Manners) -> str:
    """LN-16."""
    found = socket_subclasses(list(own_modules(trial.bench.folder, trial.bench.command)))
    used = [name for name, is_used in found.items() if is_used]
    if used:
        return _("The class {name} extends socket.socket.", name=used[0])
    if found and manners.framing.size:
        name = next(iter(found))
        raise Failed(_("The class {name} extends socket.socket, and nothing uses it.", name=name))
    raise NotOffered(_("The Python sources have no class that extends socket.socket."))
