"""Completion script for fish."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from twisted_lab.command.tree import Place
from twisted_lab.command.values import HOST, PATHS, short_doc, values
from twisted_lab.text.option import Option

_SCRIPT = """# Completion of netlab for fish, made by `netlab completion fish`.
function __netlab_at
    set -l place
    for word in (commandline -opc)[2..]
        test "$word" = --; and return 1
        set -l next (string trim -- "$place $word")
        contains -- "$next" %s; and set place $next
    end
    test "$place" = "$argv[1]"
end
complete -c netlab -f
complete -c netlab -n 'contains -- -- (commandline -opc)' -F
"""


def script(places: Mapping[str, Place]) -> str:
    """Return the script that completes what is in `places`."""
    lines = []
    for name, place in places.items():
        at = f"complete -c netlab -n {_quoted(f'__netlab_at {_quoted(name)}')}"
        lines += [
            f"{at} -F" if word in PATHS else f"{at} -a {word} -d {_quoted(short_doc(doc))}"
            for word, doc in place.words.items()
        ]
        lines += [f"{at} {_option(each)}" for each in place.options]
    return _SCRIPT % " ".join(_quoted(name) for name in places if name) + "\n".join(lines)


def _option(each: Option[Any]) -> str:
    return " ".join(
        [
            f"-l {each.name}",
            *([f"-s {each.short}"] if each.short else []),
            *([] if each.read is None else _value(values(each))),
            f"-d {_quoted(short_doc(each.doc))}",
        ]
    )


def _value(found: list[str]) -> Iterable[str]:
    if found and found[0] in PATHS:
        return ["-r -F"]
    if found == [HOST]:
        return ["-x -a 'localhost (__fish_print_hostnames)'"]
    return ["-x", *([f"-a {_quoted(' '.join(found))}"] if found else [])]


def _quoted(text: str) -> str:
    return "'" + text.replace("\\", r"\\").replace("'", r"\'") + "'"
