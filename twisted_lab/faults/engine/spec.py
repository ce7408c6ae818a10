r"""Toxics as people write them: ``latency=50ms,jitter=10ms,direction=upstream``.

The value after the kind is that of its main attribute. In values ``\,`` is a comma and ``\\`` a
backslash.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import fields, replace
from typing import Any, NamedTuple

from twisted_lab.faults.engine.framing import NO_FRAMING, Framing
from twisted_lab.faults.engine.toxic import Toxic, Toxics
from twisted_lab.faults.engine.toxics import TOXICS
from twisted_lab.faults.engine.values import SHOWN
from twisted_lab.text.language import N_, Message
from twisted_lab.text.nearest import nearest

_PIECE = re.compile(r"\\[\\,]|.", re.DOTALL)


class Place(NamedTuple):
    """A proxy, as far as its toxics depend on it.

    Attributes:
        name: The proxy's name.
        is_stream: Whether it carries streams.
        framing: The framing of its units; datagrams have none.
    """

    name: str
    is_stream: bool
    framing: Framing = NO_FRAMING


def read_toxic(text: str) -> Toxic:
    """Return the toxic that `text` describes; its name is "" unless given.

    Raises:
        ValueError: It describes none.
    """
    parts = _split(text)
    kind, has_main, main = parts[0].partition("=")
    if kind not in TOXICS:
        if meant := nearest(kind, TOXICS):
            raise ValueError(
                N_("there is no toxic {kind!r}; did you mean {meant}?", kind=kind, meant=meant)
            )
        raise ValueError(
            N_("expected a toxic, one of {known}, not {kind!r}", known=", ".join(TOXICS), kind=kind)
        )
    attributes = {each.name: each.metadata["read"] for each in fields(TOXICS[kind])}
    given: dict[str, Any] = {}
    for part in [f"{TOXICS[kind].main}={main}"] * bool(has_main) + parts[1:]:
        name, equals, value = part.partition("=")
        if name not in attributes and (meant := nearest(name, attributes)):
            raise ValueError(
                N_(
                    "toxic {kind}: there is no attribute {name!r}; did you mean {meant}?",
                    kind=kind,
                    name=name,
                    meant=meant,
                )
            )
        if name not in attributes or not equals:
            raise ValueError(
                N_(
                    "toxic {kind}: expected ATTRIBUTE=VALUE with one of {known}, not {part!r}",
                    kind=kind,
                    known=", ".join(attributes),
                    part=part,
                )
            )
        if name in given:
            raise ValueError(N_("toxic {kind}: {name} is given twice", kind=kind, name=name))
        try:
            given[name] = attributes[name](value)
        except ValueError as error:
            raise ValueError(
                N_("toxic {kind}: {error}", kind=kind, error=error)
                if name == kind
                else N_("toxic {kind}, {name}: {error}", kind=kind, name=name, error=error)
            ) from None
    return TOXICS[kind](**given)


def _split(text: str) -> list[str]:
    parts = [""]
    for piece in _PIECE.findall(text):
        if piece == ",":
            parts.append("")
        else:
            parts[-1] += piece[-1]
    return parts


def spec(toxic: Toxic) -> str:
    """Return the text from which `read_toxic` makes the same toxic."""
    parts = [toxic.kind]
    for each in fields(toxic):
        value = getattr(toxic, each.name)
        if value != each.default:
            text = SHOWN.get(each.metadata["read"], str)(value)
            text = text.replace("\\", "\\\\").replace(",", "\\,")
            if each.name == toxic.main:
                parts[0] += f"={text}"
            else:
                parts.append(f"{each.name}={text}")
    return ",".join(parts)


def named(toxics: Iterable[Toxic]) -> Toxics:
    """Return toxics that all have names: ``loss`` and ``loss-2`` if none were given.

    Raises:
        ValueError: Two have the same name.
    """
    toxics = tuple(toxics)
    taken: set[str] = set()
    for toxic in toxics:
        if toxic.name in taken:
            raise ValueError(
                N_("two toxics have the name {name!r}; names must differ", name=toxic.name)
            )
        taken |= {toxic.name} - {""}
    result = []
    for toxic in toxics:
        name, number = toxic.name or toxic.kind, 1
        while not toxic.name and name in taken:
            number += 1
            name = f"{toxic.kind}-{number}"
        taken.add(name)
        result.append(replace(toxic, name=name))
    return tuple(result)


def toxics_at(toxics: Iterable[Toxic], place: Place) -> Toxics:
    """Return the toxics that act at a proxy."""
    return tuple(
        toxic for toxic in toxics if toxic.proxy in ("", place.name) and not _misfit(toxic, place)
    )


def check(toxics: Iterable[Toxic], places: Sequence[Place]) -> None:
    """Check that each toxic can act at the proxy that it names, or else at one of them.

    Raises:
        ValueError: One cannot.
    """
    for toxic in toxics:
        at = [place for place in places if toxic.proxy in ("", place.name)]
        if not at:
            names = ", ".join(place.name for place in places)
            raise ValueError(
                N_(
                    "toxic {kind}: there is no proxy {proxy!r}; there is {names}",
                    kind=toxic.kind,
                    proxy=toxic.proxy,
                    names=names,
                )
            )
        misfits = [_misfit(toxic, place) for place in at]
        if all(misfits):
            raise ValueError(misfits[0])


def _misfit(toxic: Toxic, place: Place) -> Message | None:
    """Return why a toxic cannot act at a proxy; None if it can."""
    if toxic.only == ("datagrams" if place.is_stream else "streams"):
        return N_(
            "toxic {kind} acts only on {only}, which {proxy} does not carry",
            kind=toxic.kind,
            only=toxic.only,
            proxy=place.name,
        )
    if toxic.needs_units and place.is_stream and place.framing is NO_FRAMING:
        return N_(
            "toxic {kind} acts on messages, and {proxy} is a stream: tell where its messages end, "
            "with --framing text, int32, decimal:N or hex:N",
            kind=toxic.kind,
            proxy=place.name,
        )
    return None
