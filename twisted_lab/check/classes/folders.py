"""Reading the folder of a submission, whatever is in it."""

from __future__ import annotations

import os
import stat
from hashlib import blake2b
from itertools import islice
from pathlib import Path

from twisted_lab.check.classes.sources import Source
from twisted_lab.check.plain_files import plain_files

_MOST_FILES = 1_000  # as in the copies that programs run in; a larger folder is refused there
_MOST_OF_EACH, _MOST_TEXT = 1 << 18, 1 << 24  # bytes that are looked at
_PIECE, _MOST_PIECES = 1 << 20, 64  # for the hash; a folder with more cannot be checked
_ARCHIVES = (".zip", ".rar", ".7z", ".tar", ".tgz", ".gz", ".bz2", ".xz")
_READ = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY


def is_archive(name: str) -> bool:
    """Return whether a file has other files in it, by its name."""
    return name.lower().endswith(_ARCHIVES)


def read(folder: Path) -> tuple[list[Source], str]:
    """Return the files of a folder, and a hash that changes whenever one of them does.

    Symbolic links are not followed, and what cannot be read is left out.
    """
    sources = []
    digest = blake2b(digest_size=16)
    left, pieces = _MOST_TEXT, _MOST_PIECES
    for path in islice(plain_files(folder), _MOST_FILES):
        name = path.relative_to(folder).as_posix()
        try:
            descriptor = os.open(path, _READ)
        except OSError:
            continue
        with os.fdopen(descriptor, "rb") as file:
            mode = os.fstat(descriptor).st_mode
            if not stat.S_ISREG(mode):
                continue
            digest.update(f"{name!r} {mode:o} {os.fstat(descriptor).st_size}\n".encode())
            start = file.read(min(_MOST_OF_EACH, left))
            digest.update(start)
            while pieces and (piece := file.read(_PIECE)):
                digest.update(piece)
                pieces -= 1
        left -= len(start)
        is_binary = start.startswith(b"\x7fELF")
        text = start.decode("latin-1" if is_binary else "utf-8", errors="replace")
        sources.append(Source(name, text, bool(mode & 0o111)))
    return sources, digest.hexdigest()
