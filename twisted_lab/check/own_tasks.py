"""Tasks of one's own, from a Python file."""

from __future__ import annotations

import runpy
from pathlib import Path
from traceback import extract_tb

from twisted_lab.check.api import VERSION
from twisted_lab.check.catalogue import Catalogue
from twisted_lab.text.language import _


def add_own_tasks(path: Path, catalogue: Catalogue) -> None:
    """Run a file, and have it add its tasks.

    The file has the rights of the user: it is a part of the checker, and no program to be checked.

    Args:
        path: The file. It sets `API` to the version that it is written for, and defines `add_to`.
        catalogue: Is given to `add_to`.

    Raises:
        ValueError: The file cannot be read, or has a mistake; one line says which, and where.
    """
    try:
        content = runpy.run_path(str(path))
        version, add_to = content.get("API"), content.get("add_to")
        if version != VERSION:
            raise ValueError(
                _("it must say API = {version}, not {found!r}", version=VERSION, found=version)
            )
        if not callable(add_to):
            raise ValueError(_("it must define add_to(catalogue)"))
        add_to(catalogue)
    except OSError as error:
        raise ValueError(f"{path}: {error.strerror}") from None
    except SyntaxError as error:
        raise ValueError(f"{path}:{error.lineno}: {error.msg}") from None
    except (Exception, SystemExit) as error:
        lines = [
            frame.lineno for frame in extract_tb(error.__traceback__) if frame.filename == str(path)
        ]
        where = f"{path}:{lines[-1]}" if lines else str(path)
        name = "" if isinstance(error, ValueError) else f"{type(error).__name__}: "
        raise ValueError(f"{where}: {name}{error}") from None
