"""Consistency of docs/architecture.md with the code."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/architecture.md").read_text()


class ArchitectureTests(SynchronousTestCase):
    def test_the_page_shows_the_enforced_layers(self) -> None:
        contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]
        [layers] = [each["layers"] for each in contracts["contracts"] if "layers" in each]
        picture = PAGE.partition("## Layers")[2].split("```")[1]
        drawn = [re.split(r"  +", line)[0] for line in picture.strip().splitlines()]
        self.assertEqual(drawn, layers)

    def test_each_layer_is_a_package_or_module(self) -> None:
        picture = PAGE.partition("## Layers")[2].split("```")[1]
        for line in picture.strip().splitlines():
            for name in re.split(r"  +", line)[0].split(" | "):
                package = ROOT / "twisted_lab" / name
                self.assertTrue(package.is_dir() or package.with_suffix(".py").is_file(), name)

    def test_the_named_files_exist(self) -> None:
        for name in re.findall(r"`((?:\w+/)*\w+\.py)`", PAGE):
            found = [
                path
                for path in (ROOT / "twisted_lab").rglob("*.py")
                if str(path).endswith(f"/{name}")
            ]
            self.assertTrue(found or "NAME" in name, name)
