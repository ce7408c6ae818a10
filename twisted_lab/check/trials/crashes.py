"""Visits to a server that an exception ended while the checker learned how to talk to it."""

from __future__ import annotations

from dataclasses import replace

from twisted_lab.check.conversation.causes import is_own_error, likely_cause
from twisted_lab.check.conversation.login import Person
from twisted_lab.check.outcomes import Failed, unless_crashed
from twisted_lab.check.requirements import mistakes
from twisted_lab.check.trials.learn_authentication import WRONG
from twisted_lab.check.trials.server_manners import Manners
from twisted_lab.check.trials.trial import Trial
from twisted_lab.check.trials.visits import House, Visit, new_person, opened
from twisted_lab.text.language import _


async def unless_crashes_again(trial: Trial, crashed: Manners | None) -> None:
    """Visit a server again that an exception ended, as one was visited to learn how it talks.

    Args:
        trial: The trial.
        crashed: How it was talked to when an exception ended it; None if none did.

    Raises:
        Failed: If an exception ends it that is a mistake of its own.
        NotChecked: If another one did. It is no failure: perhaps it expected something else.
    """
    if crashed is None:
        return
    house = await opened(trial, crashed)
    program = house.server.program
    person = new_person(trial)
    known = replace(person, is_new=False)
    for each in (person, known, replace(known, password=WRONG)):
        if program.has_ended:
            break
        try:
            visit = Visit(await house.connect(1), each)
        except Failed:
            break
        await house.answer(visit)
        await house.say(visit)
        if not program.has_ended:
            await house.leave(visit)
            await program.settle(trial.bench.patience)
    expect_no_crash(house, person)
    unless_crashed(program.traceback or crashed.crash)


def expect_no_crash(house: House, person: Person) -> None:
    """See that no exception of its own has ended a server while a person talked to it.

    Raises:
        Failed: If one has.
    """
    program = house.server.program
    error = program.traceback if program.status else ""
    # ValueError and IndexError may come from an answer that is not what the server asked for.
    if is_own_error(error, person.name, person.password):
        note = _('The server ended while a client talked to it: "{error}"', error=error)
        raise Failed(note, likely_cause(error, program.raised_by) or mistakes.OWN_ERROR)
