"""The documentation site: it can be built, its links lead somewhere, and it asks no other site."""

from __future__ import annotations

import re
import subprocess
import sys
from html import unescape
from pathlib import Path
from urllib.parse import unquote, urldefrag, urljoin, urlsplit

import pytest

from tests.processes import ENVIRONMENT, ROOT


def whole(target: str) -> set[str]:
    """Return the anchors of a file that is no page: none, if there is one."""
    return {""} if Path(unquote(urlsplit(target).path)).is_file() else set()


@pytest.mark.long
def test_the_site_is_complete_and_needs_no_other(tmp_path: Path) -> None:
    site = tmp_path / "site"
    built = subprocess.run(
        [sys.executable, "-m", "sphinx", "--quiet", "-W", "--keep-going", "-c", "docs", ".", site],
        cwd=ROOT,
        env=ENVIRONMENT,
        capture_output=True,
        text=True,
    )
    assert (built.stderr, built.returncode) == ("", 0)
    pages = {page.as_uri(): page.read_text() for page in site.rglob("*.html")}
    anchors = {page: {"", *re.findall(r' id="([^"]+)"', text)} for page, text in pages.items()}
    dead, foreign = [], []
    for page, text in pages.items():
        for tag, link in re.findall(r'<(\w+)\b[^>]*?(?: href="| src="|; url=)([^"]*)"', text):
            target, anchor = urldefrag(urljoin(page, unescape(link)))
            if not target.startswith("file:"):
                foreign += [(page, link)] if tag != "a" else []
            elif unquote(anchor) not in anchors.get(target, whole(target)):
                dead.append((page, link))
    assert len(pages) > 30
    assert dead == []
    assert foreign == []
    search = (site / "search.html").read_text()
    assert search.index("reader.js") < search.index("search.js") < search.index("searchtools.js")
    assert '"LN-4": "' in (site / "_static/sections.js").read_text()
    russian = (site / "docs/lab.ru.html").read_text()
    assert not re.search(r'<section id="id\d', russian)
    assert 'href="../examples/lecture/echo_twisted.py.html"' in (site / "docs/lab.html").read_text()
    assert "Protocol" in (site / "examples/lecture/echo_twisted.py.html").read_text()
    assert 'href="../examples/lecture/echo_twisted.py.ru.html"' in russian
    assert (
        '<html class="no-js" lang="ru"'
        in (site / "examples/lecture/echo_twisted.py.ru.html").read_text()
    )
    styles = "".join(path.read_text() for path in site.rglob("*.css"))
    assert not re.search(r"""url\(["']?(?:https?:)?//|@import""", styles)
