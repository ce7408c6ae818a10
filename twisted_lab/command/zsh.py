"""Completion script for zsh."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from twisted_lab.command.tree import Place
from twisted_lab.command.values import short_doc, values
from twisted_lab.text.option import Option

_SCRIPT = """#compdef netlab
# Completion of netlab for zsh, made by `netlab completion zsh`.
_netlab_words() {
    _describe -t words word offered
}

_netlab() {
    local place='' word offered
    local -a places offered
    local -i i at=1
    places=(%s)
    for ((i = 2; i < CURRENT; i++)); do
        word=$words[i]
        if [[ $word == -- ]]; then
            _files
            return
        fi
        if ((${places[(Ie)${place:+$place }$word]})); then
            place=${place:+$place }$word
            at=$i
        fi
    done
    # For _arguments the last word of `place` is the command.
    words=("${(@)words[at, -1]}")
    ((CURRENT -= at - 1))
    case $place in
%s
    esac
}

if [[ $funcstack[1] == _netlab ]]; then
    _netlab "$@"
else
    compdef _netlab netlab
fi"""
_ACTIONS = {"FILE": "_files", "FOLDER": "_files -/", "HOST": "_hosts"}


def script(places: Mapping[str, Place]) -> str:
    """Return the script that completes what is in `places`."""
    cases = []
    for name, place in places.items():
        offered = " ".join(_quoted(f"{word}:{short_doc(doc)}") for word, doc in place.words.items())
        first = {"": "", "FOLDER": "'1: :_files -/'"}.get(
            "".join(place.words), "'1: :_netlab_words'"
        )
        specs = [*([first] if first else []), *_specs(place.options)]
        cases.append(
            f"    '{name}')\n        offered=({offered})\n        _arguments -s -S "
            + " \\\n            ".join(specs)
            + "\n        ;;"
        )
    return _SCRIPT % (" ".join(f"'{name}'" for name in places if name), "\n".join(cases))


def _specs(options: Iterable[Option[Any]]) -> Iterable[str]:
    for each in options:
        doc = re.sub(r"([\[\]\\:])", r"\\\1", short_doc(each.doc))
        action = ""
        if each.read is not None:
            found = " ".join(values(each))
            action = f": :{_ACTIONS.get(found, f'({found})')}"
        often = "*" * each.repeats
        yield _quoted(f"{often}--{each.name}{'=' if action else ''}[{doc}]{action}")
        if each.short:
            yield _quoted(f"{often}-{each.short}{'+' if action else ''}[{doc}]{action}")


def _quoted(text: str) -> str:
    return "'" + text.replace("'", r"'\''") + "'"
