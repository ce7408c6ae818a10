"""Files that are their owner's alone, and are whole at each moment."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path


def write_private(path: Path, data: bytes) -> None:
    """Write `data` to a file of its own, which takes the place of the old one when it is whole.

    A symbolic link stays one. What is no file, such as ``/dev/null``, is written to as it is: were
    it replaced, the whole machine would miss it.

    Raises:
        OSError: It cannot be written; the old one stays.
    """
    path = Path(os.path.realpath(path))
    if path.exists() and not path.is_file():
        path.write_bytes(data)
        return
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=path.name)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
