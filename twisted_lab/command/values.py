"""Values and descriptions of words and options, as completion in any shell offers them."""

from __future__ import annotations

from typing import Any

from twisted_lab.check.catalogue import Catalogue
from twisted_lab.faults.engine.toxics import TOXICS
from twisted_lab.text.language import _
from twisted_lab.text.option import Option

PATHS = ("FILE", "FOLDER")
HOST = "HOST"  # the shell knows some


def short_doc(doc: str) -> str:
    """Return the first sentence of a description, without its full stop, in the language."""
    return _(doc).partition(_(" [default:"))[0].partition(". ")[0].rstrip(".")


def values(each: Option[Any]) -> list[str]:
    """Return what can be the value of an option: words, or FILE, FOLDER or HOST; else nothing."""
    if each.metavar in (*PATHS, HOST):
        return [each.metavar]
    if each.metavar == "TOXIC":
        return list(TOXICS)
    if each.metavar == "IDS":
        return list(Catalogue().requirements)
    return [word for word in each.metavar.split("|") if word == word.lower()]
