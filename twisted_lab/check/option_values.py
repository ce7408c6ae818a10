"""Readers of the values of options."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from pathlib import Path

from twisted.python.usage import UsageError

from twisted_lab.check.catalogue import Catalogue
from twisted_lab.check.near_folders import folders_in
from twisted_lab.ports.addresses import host_and_port
from twisted_lab.text.language import _
from twisted_lab.text.nearest import did_you_mean, nearest, with_nearest

_LOOK_ALIKE = str.maketrans("АВЕКМНОРСТУХ\N{EN DASH}\N{EM DASH}", "ABEKMHOPCTYX--")  # noqa: RUF001
_PLACES = ("host", "port")
_BROKEN_PLACE = re.compile(r"\{(host|port)(?![\w}])|(?<![\w{])(host|port)\}")
_PLACE = re.compile(r"\{(\w+)\}")
_RANGE = re.compile(r"([A-Z]{2,4}-)([0-9]{1,3})(?:\.\.|-)(?:\1)?([0-9]{1,3})")


def server(text: str) -> tuple[str, int]:
    """Return the host and the port of a server.

    Raises:
        UsageError: It is not HOST:PORT.
    """
    host, port = host_and_port(text)
    if not port:
        raise UsageError(
            _("a server is HOST:PORT, such as localhost:9090, not {text!r}", text=text)
        )
    return host, port


def existing_folder(text: str) -> Path:
    """Return a folder.

    Raises:
        UsageError: It does not exist.
    """
    folder = Path(text)
    if not folder.is_dir():
        problem = _("expected a folder that exists, not {text!r}", text=text)
        near = (str(each) for each in folders_in(folder.parent))
        raise UsageError(with_nearest(problem, str(folder), near))
    return folder


def existing_file(text: str) -> Path:
    """Return a file.

    Raises:
        UsageError: It does not exist.
    """
    if not Path(text).is_file():
        raise UsageError(_("expected a file that exists, not {text!r}", text=text))
    return Path(text)


def answer(text: str) -> tuple[str, str]:
    """Return words of a question, and what to answer.

    Raises:
        UsageError: It is not WORDS=ANSWER.
    """
    words, sign, line = text.partition("=")
    if not words or not sign:
        raise UsageError(
            _("an answer is WORDS=ANSWER, such as port={{port}}, not {text!r}", text=text)
        )
    return words, line


def ids(text: str) -> tuple[str, ...]:
    """Return ids in capitals, and all of a range such as ES-1..10; they may not exist.

    Letters of a Russian keyboard that look like Latin ones are taken for them.
    """
    words = text.upper().translate(_LOOK_ALIKE).split(",")
    return tuple(each for word in words for each in _range(word.strip()))


def _range(word: str) -> Iterable[str]:
    found = _RANGE.fullmatch(word)
    if not found:
        return (word,)
    prefix, first, last = found.groups()
    # A range that is the wrong way round stays one word, which no requirement has as its id.
    return [f"{prefix}{n}" for n in range(int(first), int(last) + 1)] or (word,)


def require_whole_places(command: Sequence[str]) -> None:
    """See that ``{host}`` and ``{port}`` in a command have both of their braces, and their names.

    Raises:
        UsageError: A brace is missing, or a whole word in braces is nearly one of the names.
    """
    for word in command:
        meant = _PLACE.fullmatch(word)
        if meant and meant[1] not in _PLACES and (near := nearest(meant[1].lower(), _PLACES)):
            raise UsageError(
                _(
                    "{word} is no place for a value; did you mean {{{place}}}?",
                    word=word,
                    place=near,
                )
            )
        found = _BROKEN_PLACE.search(word)
        # Code in an argument may have other words in braces.
        if found and word.count("{") != word.count("}"):
            place = found[1] or found[2]
            raise UsageError(_("{word!r} lacks a brace of {{{place}}}", word=word, place=place))


def require_known(option: str, names: Iterable[str], catalogue: Catalogue) -> None:
    """See that all ids are those of requirements.

    Args:
        option: The option that names them.
        names: The ids.
        catalogue: All requirements.

    Raises:
        UsageError: One does not exist.
    """
    for each in names:
        if each not in catalogue.requirements:
            raise UsageError(
                _(
                    "{option}: no requirement has the id {id!r}; {advice}",
                    option=option,
                    id=each,
                    advice=did_you_mean(each, catalogue.requirements) or _("--list shows all"),
                )
            )
