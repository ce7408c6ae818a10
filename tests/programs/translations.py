"""Hashes of the pages that translated ones were made from: ``make translated`` writes them.

Without ``--update`` it lists the translations that are out of date; ``make release`` refuses these.
"""

from __future__ import annotations

import hashlib
import re
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
_FIRST_LINE = re.compile(r"<!-- translation of (\S+), sha256 (\w*) -->\n")


def translations() -> Iterator[Path]:
    """Find the pages that are translations, such as docs/lab.ru.md."""
    for folder in (ROOT, ROOT / "docs"):
        yield from sorted(folder.glob("*.ru.md"))


def first_line(page: Path) -> str:
    """Return the first line of a translation that is up to date."""
    original = page.with_name(page.name.replace(".ru.md", ".md"))
    digest = hashlib.sha256(original.read_bytes()).hexdigest()[:16]
    return f"<!-- translation of {original.name}, sha256 {digest} -->\n"


def outdated() -> Iterator[Path]:
    """Find the translations whose original has changed."""
    return (page for page in translations() if not page.read_text().startswith(first_line(page)))


def update(page: Path) -> None:
    """Write into a translation that it is up to date."""
    page.write_text(first_line(page) + _FIRST_LINE.sub("", page.read_text(), count=1))


def main() -> None:
    """Write all hashes, or list what is out of date."""
    found = [*outdated()]
    for page in found:
        if "--update" in sys.argv:
            update(page)
        print(page.relative_to(ROOT))
    if found and "--update" not in sys.argv:
        sys.exit("the originals of these pages have changed; translate again, then make translated")


if __name__ == "__main__":
    main()
