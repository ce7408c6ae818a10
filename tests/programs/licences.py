"""Licences of all packages in constraints.txt, for docs/dependencies.md: `make licences`."""

from __future__ import annotations

import re
import tomllib
from collections import defaultdict
from importlib.metadata import metadata, requires

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.processes import ROOT

PAGE = ROOT / "docs" / "dependencies.md"
TABLES = re.compile(r"(?<=<!-- made by `make licences` -->\n\n).*?(?=\n\n<!-- end -->)", re.S)
# Older packages have no SPDX expression, and name their licence in their own way.
SPDX = {
    "Apache Software License": "Apache-2.0",
    "BSD License": "BSD",
    "GNU General Public License (GPL)": "GPL",
    "GNU Lesser General Public License v3 (LGPLv3)": "LGPL-3.0",
    "ISC License (ISCL)": "ISC",
    "MIT License": "MIT",
    "Mozilla Public License 2.0 (MPL 2.0)": "MPL-2.0",
    "Python Software Foundation License": "PSF-2.0",
}


def licence(package: str) -> str:
    """Return the licence of an installed package, as its metadata state it."""
    about = metadata(package)
    for field, form in {"License-Expression": ".+", "License": r"(?!UNKNOWN)[\w.-]+"}.items():
        for stated in about.get_all(field, []):
            if re.fullmatch(form, stated):
                return str(stated)
    named = [
        each.rpartition(" :: ")[2]
        for each in about.get_all("Classifier", [])
        if each.startswith("License ::")
    ]
    return " or ".join(SPDX.get(each, each) for each in named) or "see its licence file"


def pinned() -> list[str]:
    """Return the names of all packages in constraints.txt."""
    return re.findall(r"^(.+)==", (ROOT / "constraints.txt").read_text(), re.M)


def needed_to_run() -> set[str]:
    """Return the canonical names of the packages that the services can need, directly or not."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    optional = project["optional-dependencies"]["postgres"]
    needed = [Requirement(each) for each in (*project["dependencies"], *optional)]
    for one in needed:  # it grows
        for other in map(Requirement, requires(one.name) or ()):
            extras = [{"extra": extra} for extra in one.extras or {""}]
            known = other.name in (each.name for each in needed)
            if not known and (not other.marker or any(map(other.marker.evaluate, extras))):
                needed.append(other)
    return {canonicalize_name(each.name) for each in needed}


def tables(licences: dict[str, str]) -> str:
    """Return two tables, of the packages needed to run and of the others, in the page's form."""
    first = needed_to_run()
    titles = {
        True: "licences of all packages at run time",
        False: "licences of those for development",
    }
    made = []
    for runs, title in titles.items():
        by_licence = defaultdict(list)
        for package in licences:
            if (canonicalize_name(package) in first) is runs:
                by_licence[licences[package]].append(package)
        rows = [
            f"| {stated} | {', '.join(names)} |" for stated, names in sorted(by_licence.items())
        ]
        made.append("\n".join([f"| {title} | packages |", "|---|---|", *rows]))
    return "\n\n".join(made)


def stated_in(page: str) -> dict[str, str]:
    """Return the licence of each package in the tables of the page."""
    [found] = TABLES.findall(page)
    rows = re.findall(r"^\| ([^|]+) \| ([^|]+) \|$", found, re.M)
    return {
        package: stated
        for stated, names in rows
        for package in names.split(", ")
        if names != "packages"  # a table's head
    }


def main() -> None:
    """Write the tables; needs all packages."""
    found = tables({package: licence(package) for package in pinned()})
    PAGE.write_text(TABLES.sub(lambda _: found, PAGE.read_text()))


if __name__ == "__main__":
    main()
