"""Identification: the file of names."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace

from twisted_lab.check.conversation.causes import likely_cause
from twisted_lab.check.conversation.framings import RAW
from twisted_lab.check.conversation.stored_passwords import holds_text, is_log
from twisted_lab.check.outcomes import Failed, NotChecked, NotOffered, Weak
from twisted_lab.check.requirements import identity_mistakes as mistakes
from twisted_lab.check.scenarios.identification.visitors import (
    expect_known,
    house_of_one,
    unless_killed,
)
from twisted_lab.check.trials.learn_identity import IdentityManners
from twisted_lab.check.trials.trial import Trial
from twisted_lab.check.trials.visits import House, new_person
from twisted_lab.text.language import _


async def keeps_names_over_a_restart(trial: Trial, manners: IdentityManners) -> None:
    """ID-6."""
    house, person = await house_of_one(trial, manners)
    await house.restart()
    try:
        await expect_known(trial, house, 1, person)
    except Failed:
        unless_killed(house)
        raise
    if manners.server.framing is RAW:
        await _expect_start_after_a_newline(trial, manners)


async def _expect_start_after_a_newline(trial: Trial, manners: IdentityManners) -> None:
    """See that a name with a newline, as nc sends it, does not keep a server from starting.

    Raises:
        Weak: If it does: the server has not said that a newline ends a name.
    """
    person = new_person(trial)
    house, _person = await house_of_one(trial, manners, replace(person, name=f"{person.name}\n"))
    try:
        with suppress(NotChecked):  # the port, which another task judges
            await house.restart()
    except Failed as failure:
        note = _("The name ended in a newline, as nc sends it. {note}", note=failure.note)
        raise Weak(note, mistakes.NEWLINE_IN_NAME) from None


async def starts_without_its_file(trial: Trial, manners: IdentityManners) -> None:
    """ID-13."""
    house, names = await _stopped(trial, manners)
    for name in names:
        trial.step(_('the file "{name}" is removed', name=name))
        await house.run("rm", "-f", f"./{name}")
    await _serves(trial, house)


async def starts_with_a_damaged_file(trial: Trial, manners: IdentityManners) -> None:
    """ID-14."""
    house, names = await _stopped(trial, manners)
    for name, half in names.items():
        trial.step(_('the file "{name}" is cut off after {half} bytes', name=name, half=half))
        await house.run("truncate", "-s", str(half), f"./{name}")
    await _serves(trial, house)


async def _stopped(trial: Trial, manners: IdentityManners) -> tuple[House, dict[str, int]]:
    """Return a house that is closed, and where to cut each file that holds the name of a visitor.

    Raises:
        NotOffered: If no file holds it.
    """
    house, person = await house_of_one(trial, manners)
    await house.stop()
    found = {
        name: _inside_an_entry(data, person.name)
        for name, data in house.files().items()
        if holds_text(data, person.name) and not is_log(name, data, [])
    }
    if not found:
        raise NotOffered(_("No file in the server's folder holds the name."))
    return house, found


def _inside_an_entry(data: bytes, name: str) -> int:
    """Return how much of a file remains if it ends inside the first part of its last entry.

    A longer rest would look whole to a program that finds the separator of the two parts there.

    Args:
        data: What the file holds.
        name: The name of the only visitor, whose address is 127.0.7.1.
    """
    parts = [data.rfind(b"127.0.7.1"), data.rfind(name.encode())]
    return min(parts) + 4 if min(parts) >= 0 else len(data) * 2 // 3


async def _serves(trial: Trial, house: House) -> None:
    try:
        await house.open()
        client = await house.connect(3)
    except Failed as failure:
        failure.mistake = None
        raise
    trial.step(_("the server asks client 3 for its name"))
    if not client.heard:
        program = house.server.program
        if program.has_ended:
            raise Failed(_("The server ended with {end}.", end=program.end))
        raise NotChecked(_("The server says nothing to client 3."), likely_cause(program.traceback))
    await client.talk(new_person(trial).name.encode())
    if house.server.program.has_ended and house.server.program.traceback:
        raise Failed(_("The server ended with {end}.", end=house.server.program.end))
