"""Authentication: what the files of a server tell about passwords."""

from __future__ import annotations

import re
from dataclasses import replace

from twisted_lab.check.conversation.causes import is_own_error, likely_cause
from twisted_lab.check.conversation.login import Person
from twisted_lab.check.conversation.stored_passwords import (
    bare_hash,
    holds_text,
    is_log,
    names_a_slow_hash,
    record,
    repeated_values,
    reversible_form,
)
from twisted_lab.check.kernel.processor import processor_seconds
from twisted_lab.check.outcomes import Failed, Info, NotChecked, Weak
from twisted_lab.check.requirements import identity_mistakes as mistakes
from twisted_lab.check.requirements.mistakes import OWN_ERROR
from twisted_lab.check.requirements.requirement import Mistake
from twisted_lab.check.scenarios.authentication.logins import (
    FROM_A_FILE,
    Account,
    account,
    expect_refused,
)
from twisted_lab.check.trials.learn_authentication import WRONG, AuthenticationManners, is_let_in
from twisted_lab.check.trials.trial import Trial
from twisted_lab.check.trials.visits import SECRETS, House, new_person, opened
from twisted_lab.text.language import _

_SLOW_SECONDS = (
    0.012  # of processor time for one login; 100,000 rounds of SHA-256 take twice as long
)
_HASHES = re.compile(rb"(?<![\w.])-?\d{16,19}(?![\w.])")  # as Python's hash() returns them


async def keeps_users_over_a_restart(trial: Trial, manners: AuthenticationManners) -> None:
    """AU-6."""
    known = await account(trial, manners)
    await known.house.stop()
    try:
        await known.house.open()
    except Failed:
        _expect_orderly_end(known.house)
        raise
    if known.house.was_killed:
        raise NotChecked(_("Ctrl-C does not stop the server, so it was ended by force."))
    trial.step(_("the user comes again, and gives a wrong password"))
    found = await known.try_password(WRONG)
    trial.step(_("the server refuses it"))
    expect_refused(found, _("After the restart, the server accepts a wrong password."))
    trial.step(_("the user gives the right password"))
    visit = await known.log_in()
    trial.step(_("the server lets the user in"))
    if not is_let_in(known.right, visit):
        _expect_orderly_end(known.house)
        note = _("After the restart, the server refuses the right password.")
        raise Failed(note, await _likely_loss(known))


def _expect_orderly_end(house: House) -> None:
    """See that no exception kept a server from storing what it knows when Ctrl-C stopped it.

    Raises:
        Failed: If one has, other than that of Ctrl-C itself.
    """
    program = house.stopped
    error = program.traceback if program else ""
    if program and is_own_error(error):
        house.trial.show(program)
        note = _('An exception ended the server while Ctrl-C stopped it: "{error}"', error=error)
        raise Failed(note, likely_cause(error, program.raised_by) or OWN_ERROR)


async def _likely_loss(known: Account) -> Mistake | None:
    """Return why a password is not known any more, if the files show that it was not lost."""
    with known.house.trial.aside():
        files = await _stored(known)
    for data in files.values():
        if holds_text(data, known.person.name) or b"127.0.7.1" in data:
            return mistakes.HASH_CHANGES if _HASHES.search(data) else mistakes.STORED_NOT_FOUND
    return None


async def _stored(known: Account) -> dict[str, bytes]:
    """Return the files that a server has written, without its logs, once it has stopped."""
    await known.house.stop()
    files = known.house.files()
    return {
        name: data for name, data in files.items() if not is_log(name, data, [known.right.said])
    }


async def stores_no_plain_text(trial: Trial, manners: AuthenticationManners) -> None:
    """AU-7."""
    known = await account(trial, manners)
    files = await _stored(known)
    if manners.accounts:
        await _expect_no_need(trial, manners, known)
    trial.step(_("the files of the server do not hold the password"))
    for name, data in files.items():
        if holds_text(data, known.person.password):
            raise Failed(_('The file "{name}" holds the password as plain text.', name=name))
    for name, data in files.items():
        if form := reversible_form(data, known.person.password):
            note = _(
                'The file "{name}" holds the password in a reversible form: {form}.',
                name=name,
                form=form,
            )
            raise Weak(note)
    marks = (known.person.name, known.person.password, "127.0.7.1")
    if not any(
        holds_text(data, mark) or bare_hash(data, mark) for data in files.values() for mark in marks
    ):
        raise NotChecked(
            _("No file in the server's folder names the user, so nothing shows what is stored.")
        )


async def _expect_no_need(trial: Trial, manners: AuthenticationManners, known: Account) -> None:
    """See that a server lets a user in without the file from which the checker took the password.

    Raises:
        Failed: If it does not: so it compares passwords that stand there as plain text.
    """
    house = House(trial, manners.server)
    trial.step(_('the file "{name}" is removed', name=manners.accounts))
    await house.run("rm", "-f", f"./{manners.accounts}")
    try:
        await house.open()
        is_needed = not is_let_in(known.right, await house.call(1, known.person, says=True))
    except Failed:
        is_needed = True
    if is_needed:
        note = _(
            'The file "{name}" holds the password as plain text, and without this file the server '
            "does not let the user in.",
            name=manners.accounts,
        )
        raise Failed(note)


async def salts_each_password(trial: Trial, manners: AuthenticationManners) -> None:
    """AU-8."""
    known = await account(trial, manners)
    same = replace(new_person(trial), password=known.person.password)
    await account(trial, manners, same, known.house, 2)
    trial.step(_("the stored values of two users with one password are compared"))
    repeated: set[bytes] = set()
    is_same = False
    for name, data in (await _stored(known)).items():
        if algorithm := bare_hash(data, same.password):
            note = _(
                'The file "{name}" holds {algorithm} of the password, without a salt.',
                name=name,
                algorithm=algorithm,
            )
            raise Weak(note)
        repeated |= repeated_values(data)
        is_same |= _have_one_value(data, known.person, same)
    if (repeated and not await _repeats_itself(trial, manners)) or (
        is_same and await _tells_passwords_apart(trial, manners)
    ):
        raise Weak(_("Two users with the same password have the same stored value."))


def _have_one_value(data: bytes, one: Person, other: Person) -> bool:
    names = (one.name, other.name)
    first, second = (record(data, name, names) for name in names)
    return bool(first) and first == second


async def _tells_passwords_apart(trial: Trial, manners: AuthenticationManners) -> bool:
    """Return whether a file holds one value of two users with one password, and another of a third.

    The third one registers between them: so a date or a time does not look like such a value.
    """
    first = await account(trial, manners, house=await opened(trial, manners.server))
    other = new_person(trial)
    other = replace(other, password=f"{other.password}-longer")
    await account(trial, manners, other, first.house, 2)
    same = replace(new_person(trial), password=first.person.password)
    await account(trial, manners, same, first.house, 3)
    return any(
        _have_one_value(data, first.person, same) and not _have_one_value(data, same, other)
        for data in (await _stored(first)).values()
    )


async def _repeats_itself(trial: Trial, manners: AuthenticationManners) -> bool:
    """Return whether files hold values twice also if the passwords of two users differ."""
    first = await account(trial, manners, house=await opened(trial, manners.server))
    await account(trial, manners, house=first.house, number=2)
    return any(repeated_values(data) for data in (await _stored(first)).values())


async def tells_its_hash(trial: Trial, manners: AuthenticationManners) -> None:
    """AU-9."""
    known = await account(trial, manners)
    program = known.house.server.program
    seconds = []
    for _number in range(2):
        before = processor_seconds(program.child.pid)
        visit = await known.house.visit(known.number, known.person, says=True)
        # Before the client leaves: the time of a thread that has ended is not counted.
        seconds.append(processor_seconds(program.child.pid) - before)
        await known.house.leave(visit)
    files = await _stored(known)
    if any(names_a_slow_hash(data) for data in files.values()):
        raise Info(_("The stored values have the form of a slow hash."))
    if min(seconds) > _SLOW_SECONDS:
        raise Info(
            _(
                "A login takes {ms:.0f} ms of processor time, as with a slow hash.",
                ms=min(seconds) * 1000,
            )
        )
    raise Info(_("No slow hash is seen."))


async def logs_no_password(trial: Trial, manners: AuthenticationManners) -> None:
    """AU-10."""
    if manners.known:
        raise NotChecked(_(FROM_A_FILE))
    known = await account(trial, manners)
    if sum(kind in SECRETS for kind in known.right.given) > 1:
        raise NotChecked(
            _("What follows the password may be a message, and was the password again.")
        )
    await known.house.stop()
    trial.step(_("neither the console nor a log has the password"))
    if known.person.password in known.house.server.program.terminal.text:
        raise Failed(_("The server prints the password on its console."))
    for name, data in known.house.files().items():
        if is_log(name, data, [known.right.said]) and holds_text(data, known.person.password):
            raise Failed(_('The log "{name}" holds the password.', name=name))
