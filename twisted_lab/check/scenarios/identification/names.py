"""Identification: names of all kinds."""

from __future__ import annotations

from dataclasses import replace

from twisted_lab.check.conversation.framings import LINES, RAW
from twisted_lab.check.outcomes import Failed, Info, NotOffered
from twisted_lab.check.prompts.question import Kind
from twisted_lab.check.scenarios.identification.visitors import (
    again,
    expect_known,
    house_of_one,
    unless_killed,
)
from twisted_lab.check.trials.client import APART_SECONDS, expect_any_segments
from twisted_lab.check.trials.learn_identity import IdentityManners, is_asked
from twisted_lab.check.trials.trial import Trial
from twisted_lab.check.trials.visits import Visit, new_person, opened
from twisted_lab.text.language import _, ngettext

_LONG = 10_000  # characters
_FORGED = 9  # the number of the address that a hostile name tries to register


async def keeps_cyrillic_letters(trial: Trial, manners: IdentityManners) -> None:
    """ID-8."""
    latin = new_person(trial)
    person = replace(latin, name=f"Аня{latin.name[4:].translate(_CYRILLIC)}")
    house, person = await house_of_one(trial, manners, person)
    await expect_known(trial, house, 1, person)
    await house.restart()
    try:
        await expect_known(trial, house, 1, person)
    except Failed:
        unless_killed(house)
        raise


_CYRILLIC = str.maketrans("abcdefghijkmnprstuvwxyz", "абцдефгхийкмнпрстувыжщз")


async def takes_a_name_in_two_segments(trial: Trial, manners: IdentityManners) -> None:
    """ID-9."""
    if manners.server.framing is RAW:
        raise Info(_("Nothing marks the end of a name, so the server takes what arrives first."))
    expect_any_segments(manners.server)
    house = await opened(trial, manners.server)
    person = new_person(trial)
    client = await house.connect(1)
    wire = manners.server.framing.encode(person.name.encode())
    border = len(wire) - 4
    trial.step(_('client 1 sends "{name}" in two segments', name=person.name))
    client.send(wire[:border])
    await trial.activity.pause(APART_SECONDS)
    client.send(wire[border:])
    await client.settle()
    visit = Visit(client, person, [Kind.NAME])
    await house.answer(visit)
    await house.leave(visit)
    await expect_known(trial, house, 1, person)


async def keeps_separators_apart(trial: Trial, manners: IdentityManners) -> None:
    """ID-10."""
    house, person = await house_of_one(trial, manners)
    forged = new_person(trial).name
    address = f"127.0.7.{_FORGED}"
    parts = (f"{address}{sign}{forged}" for sign in (",", ";", ":", " ", "\t", "|", "="))
    newline = " " if manners.server.framing is LINES else "\n"
    name = newline.join(("Eve'\",;:|", *parts, ""))
    await house.call(2, replace(new_person(trial), name=name))
    await house.restart()
    visit = await expect_known(trial, house, 1, person)
    if visit.hears(forged):
        raise Failed(_("The server greets client 1 by a name that client 2 made up."))
    stranger = await house.call(_FORGED, new_person(trial))
    trial.step(_("the server does not know client {number} yet", number=_FORGED))
    if stranger.hears(forged):
        raise Failed(_("Client 2 has registered another address, by a name with line ends."))


async def survives_an_empty_name(trial: Trial, manners: IdentityManners) -> None:
    """ID-11."""
    house, person = await house_of_one(trial, manners)
    client = await house.come(2)
    trial.step(_("client 2 sends an empty name"))
    client.send(manners.server.framing.encode(b"") or b"\n")
    await client.settle()
    await house.leave(Visit(client, person))
    program = house.server.program
    if program.has_ended and program.traceback and not manners.serves_one:
        raise Failed(_("The server ended with {end}.", end=program.end))
    await house.restart()
    await expect_known(trial, house, 1, person)
    if not is_asked(await house.call(3, new_person(trial))):
        raise Failed(_("The server does not ask client 3 for its name."))


async def tells_the_longest_name(trial: Trial, manners: IdentityManners) -> None:
    """ID-15."""
    if manners.server.framing.longest < _LONG:
        raise NotOffered(_("The header cannot hold a longer name."))
    person = new_person(trial)
    name = person.name + "x" * (_LONG - len(person.name))
    house = await opened(trial, manners.server)
    await house.call(1, replace(person, name=name))
    heard = (await again(trial, house, 1, person)).all_heard.decode(errors="replace").casefold()
    if person.name.casefold() not in heard:
        raise Info(
            ngettext(
                "It does not take a name of {n:,} character.",
                "It does not take a name of {n:,} characters.",
                _LONG,
            )
        )
    known = heard.count("x")
    raise Info(
        ngettext(
            "It keeps {n:,} character of a name.",
            "It keeps {n:,} characters of a name.",
            min(known, _LONG),
        )
    )
