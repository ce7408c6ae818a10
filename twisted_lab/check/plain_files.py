"""The files of a submission, in whatever folders they are."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

# As in the copies that programs run in, see `sandbox.agent.folder`.
SKIPPED = frozenset((".git", ".venv", "node_modules", "__pycache__"))
DEEPEST = 16


def plain_files(folder: Path) -> Iterator[Path]:
    """Yield all that is no folder, in the order of the names; symbolic links are not followed."""
    for parent, folders, files in os.walk(folder):
        depth = len(Path(parent).relative_to(folder).parts)
        folders[:] = sorted(set(folders) - SKIPPED) if depth < DEEPEST else []
        for name in sorted(files):
            yield Path(parent, name)
