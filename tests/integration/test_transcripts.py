"""The documentation's commands do what its pages show."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.processes import ENVIRONMENT, ROOT
from tests.transcripts.__main__ import OWN_NETWORK, original
from tests.transcripts.reader import Reader
from tests.transcripts.terminal import Stuck

FOLDERS = (ROOT, ROOT / "docs", *(ROOT / "examples").glob("**"))
PAGES = [
    str(page.relative_to(ROOT))
    for folder in FOLDERS
    for page in sorted(folder.glob("*.md"))
    if re.search("^```console\\n\\$", page.read_text(), re.MULTILINE)
]
# More than 3 s of CPU time, or 10 s of waiting.
LONG = (
    "README.md",
    *(
        f"docs/{name}.md"
        for name in ("checking", "faults", "howto-add-a-service", "lab", "operations", "teaching")
    ),
)


def has_network() -> bool:
    if not all(map(shutil.which, ("unshare", "ip"))):
        return False
    return subprocess.run([*OWN_NETWORK, "true"], capture_output=True).returncode == 0


def marks(page: str) -> list[pytest.MarkDecorator]:
    return [pytest.mark.long] if original(page) in LONG else []


@pytest.mark.parametrize("page", [pytest.param(page, marks=marks(page)) for page in PAGES])
def test_a_reader_sees_what_the_page_shows(page: str) -> None:
    if not has_network():
        pytest.skip("no network of its own here: unshare or ip is missing, or not allowed")
    followed = subprocess.run(
        [sys.executable, "-m", "tests.transcripts", page],
        cwd=ROOT,
        env=ENVIRONMENT,
        capture_output=True,
        text=True,
    )
    assert followed.returncode == 0, followed.stderr


def read(folder: Path, *lines: str, marks: str = "") -> None:
    page = "\n".join([f"{marks}```console", *lines, "```", ""])
    Reader(folder, {"PATH": "/usr/bin:/bin", "HOME": str(folder)}).read(page)


@pytest.mark.parametrize(
    ("lines", "problem"),
    [
        (("$ echo one; echo two", "one", "three"), "has not shown 'three'"),
        (("$ echo one; echo two", "one"), "does not show"),
        (("$ echo one; echo two", "two"), "has not shown 'two'"),
        (("$ false",), "status is not 0"),
        (("$ cd nowhere", "$ echo one"), "status is not 0"),
    ],
)
def test_a_page_that_is_wrong_is_noticed(
    tmp_path: Path, lines: tuple[str, ...], problem: str
) -> None:
    with pytest.raises(Stuck, match=problem):
        read(tmp_path, *lines)


def test_what_is_typed_and_several_terminals(tmp_path: Path) -> None:
    marks = (
        "first: echo listening on 1; cat",
        *("type: one", "type: the line above", "type: three", "type: an empty line", "type: four"),
        "answer: two",
    )
    read(
        tmp_path,
        "$ head -n 2",
        *("one", "one", "one", "one"),
        "$ head -n 3 | tail -n 2 | cat -E",
        *("three", "four", "$", "four$"),
        "$ read -s -p 'Word: ' word; echo; echo $word",
        *("Word:", "two"),
        marks="".join(f"<!-- {mark} -->\n" for mark in marks),
    )
