"""The tables of toxics and conditions in docs/faults.md, which this test can print anew."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import Field, fields
from pathlib import Path
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from twisted_lab.faults.engine.profiles import PROFILES
from twisted_lab.faults.engine.toxic import Toxic
from twisted_lab.faults.engine.toxics import TOXICS
from twisted_lab.faults.engine.values import SHOWN

PAGE = Path(__file__).parents[2] / "docs" / "faults.md"
CONDITIONS = {each.name for each in fields(Toxic)}


def default(attribute: Field[Any]) -> str:
    if attribute.default in (None, ""):
        return ""
    return f"`{SHOWN.get(attribute.metadata['read'], str)(attribute.default)}`"


def conditions() -> Iterable[str]:
    yield "| attribute | meaning | default |\n|---|---|---|"
    for each in fields(Toxic):
        yield f"| `{each.name}` | {each.metadata['doc']} | {default(each)} |"


def toxics() -> Iterable[str]:
    yield "| toxic | effect | attributes, with defaults | acts on |\n|---|---|---|---|"
    for kind, toxic in TOXICS.items():
        own = [each for each in fields(toxic) if each.name not in CONDITIONS]
        own.sort(key=lambda each: each.name != toxic.main)
        attributes = "; ".join(
            f"`{each.name}` ({default(each) or 'empty'}): {each.metadata['doc']}" for each in own
        )
        main = "" if own and own[0].name == toxic.main else f"`{kind}=` sets `{toxic.main}`"
        text = (toxic.__doc__ or "").partition("\n")[0].removesuffix(".").replace("``", "`")
        on = toxic.only or ("datagrams, messages" if toxic.needs_units else "all")
        yield f"| `{kind}` | {text} | {'; '.join(filter(None, (attributes, main)))} | {on} |"


def profiles() -> Iterable[str]:
    for name, texts in PROFILES.items():
        figures = (text.split(",")[0].partition("=")[2] for text in texts)
        yield f"\n| `{name}` | {' | '.join(figures)} | "


class PageTests(SynchronousTestCase):
    def test_the_tables_are_those_of_the_code(self) -> None:
        for table in (toxics(), conditions()):
            self.assertIn("\n".join(table), PAGE.read_text())

    def test_the_figures_of_profiles_are_those_of_the_code(self) -> None:
        for row in profiles():
            self.assertIn(row, PAGE.read_text())
