"""Visits to a server that an exception ended while the checker learned how to talk to it."""

from __future__ import annotations

import re
from dataclasses import replace

from twisted_lab.check.conversation.causes import is_own_error, likely_cause
from twisted_lab.check.outcomes import Failed, unless_crashed
from twisted_lab.check.prompts.reading import read_question
from twisted_lab.check.requirements import identity_mistakes, mistakes
from twisted_lab.check.subjects.program import Program
from twisted_lab.check.trials.learn_authentication import NAMES, WRONG
from twisted_lab.check.trials.server_manners import Manners
from twisted_lab.check.trials.trial import Trial
from twisted_lab.check.trials.visits import House, Visit, new_person, opened
from twisted_lab.text.language import _

_BAD_DESCRIPTOR = "OSError: [Errno 9]"  # it used a socket that it had closed itself


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
        expect_no_lookup(house, visit)
    expect_no_crash(house, person.name, person.password)
    unless_crashed(program.traceback or crashed.crash)


def expect_no_lookup(house: House, visit: Visit) -> None:
    """See that no name that a server asked for, and does not know, has ended it by KeyError.

    Raises:
        Failed: If one has.
    """
    program, error = _crash(house)
    name = visit.person.name
    asked = {read_question(each.decode(errors="replace")).kind for each in visit.heard}
    if NAMES & asked and re.match(rf"KeyError: b?'{re.escape(name)}(\\r)?(\\n)?'$", error):
        house.trial.show(program)
        note = _('The server ended at the name "{name}": "{error}"', name=name, error=error)
        raise Failed(note, identity_mistakes.UNKNOWN_KEY)


def expect_no_crash(house: House, *said: str) -> None:
    """See that no exception of its own has ended a server while a person talked to it.

    Args:
        house: The house; the server may have been started again since.
        said: What the person has said: an exception that names it may be due to it.

    Raises:
        Failed: If one has.
    """
    program, error = _crash(house)
    # ValueError and IndexError may come from an answer that is not what the server asked for.
    if is_own_error(error, *said) or _BAD_DESCRIPTOR in error:
        house.trial.show(program)
        note = _('The server ended while a client talked to it: "{error}"', error=error)
        raise Failed(note, likely_cause(error, program.raised_by) or mistakes.OWN_ERROR)


def _crash(house: House) -> tuple[Program, str]:
    """Return the program that crashed, or the last one, and its exception; "" for none."""
    program = house.crashed or house.server.program
    return program, program.traceback if program.status else ""
