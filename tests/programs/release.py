"""``make release VERSION=1.2.3``: the version's number, and its section in the change log."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys

from tests.programs.translations import ROOT, outdated
from twisted_lab import __version__

NUMBER = "(0|[1-9][0-9]*)"
FILE = ROOT / "twisted_lab" / "__init__.py"


class Refused(Exception):
    """There can be no such release; the text says why."""


def check(new: str, old: str, tags: list[str]) -> None:
    """See that a version may follow the old one.

    Args:
        new: The version to release.
        old: The version of the checkout, such as ``0.2.0.dev0``.
        tags: The tags of the repository.

    Raises:
        Refused: It may not.
    """
    if not re.fullmatch(rf"{NUMBER}\.{NUMBER}\.{NUMBER}", new):
        raise Refused(f"a version is written like 1.2.3, not {new!r}")
    if _order(new) <= _order(old):
        raise Refused(f"{new} does not come after {old}")
    if f"v{new}" in tags:
        raise Refused(f"there is a tag v{new}")


def _order(version: str) -> tuple[list[int], bool]:
    numbers = version.removesuffix(".dev0")
    return [int(number) for number in numbers.split(".")], numbers == version


def git(*arguments: str) -> list[str]:
    """Return the lines that git prints."""
    command = [shutil.which("git") or "git", *arguments]
    return subprocess.check_output(command, cwd=ROOT, text=True).splitlines()


def main() -> None:
    """Check everything before a file changes."""
    new = sys.argv[1]
    try:
        check(new, __version__, git("tag"))
        if changed := git("status", "--porcelain"):
            raise Refused(f"{len(changed)} files are not committed")
        if pages := [page.name for page in outdated()]:
            raise Refused(f"translate again: {', '.join(pages)}")
    except Refused as error:
        sys.exit(str(error))
    FILE.write_text(re.sub('__version__ = ".*"', f'__version__ = "{new}"', FILE.read_text()))
    towncrier = [sys.executable, "-m", "towncrier", "build", "--yes", "--version", new]
    subprocess.run(towncrier, cwd=ROOT, check=True)


if __name__ == "__main__":
    main()
