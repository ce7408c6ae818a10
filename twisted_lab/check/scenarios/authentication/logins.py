"""Authentication: who is let in."""

from __future__ import annotations

from dataclasses import dataclass, replace

from twisted_lab.check.conversation.framings import RAW
from twisted_lab.check.conversation.login import Person
from twisted_lab.check.outcomes import Failed, Info, NotChecked, NotOffered
from twisted_lab.check.scenarios.echo_server import ports
from twisted_lab.check.trials.crashes import expect_no_crash, expect_no_lookup, unless_crashes_again
from twisted_lab.check.trials.learn_authentication import (
    NAMES,
    WRONG,
    AuthenticationManners,
    Entry,
    entry,
    is_accepted,
    is_let_in,
    log_in_wrongly,
)
from twisted_lab.check.trials.trial import Trial
from twisted_lab.check.trials.visits import SECRETS, House, Visit, new_person, opened
from twisted_lab.text.language import N_, _

_ATTEMPTS = 10
FROM_A_FILE = N_(
    "The password that the checker took from a file may occur elsewhere by chance: a user who "
    "registers would show this."
)


@dataclass(slots=True)
class Account:
    """A person who is registered, and one login with the right password.

    Attributes:
        house: The house.
        person: The person.
        right: The login.
        number: The number of the address from which the person comes.
    """

    house: House
    person: Person
    right: Visit
    number: int

    async def log_in(self, person: Person | None = None) -> Visit:
        """Log in with the right password, or as somebody else from the same address."""
        return await self.house.call(self.number, person or self.person, says=True)

    async def try_password(self, password: str) -> Entry:
        """Log in with another password; return whether the person was let in."""
        visit = await log_in_wrongly(self.house, self.number, self.person, password, self.right)
        return entry(self.right, visit)


async def account(
    trial: Trial,
    manners: AuthenticationManners,
    person: Person | None = None,
    house: House | None = None,
    number: int = 1,
) -> Account:
    """Register a person, who then logs in with the right password.

    If the server registers no one, the first person has an account in a file of the folder.

    Raises:
        NotChecked: If a person that it does not know should register at such a server.
    """
    is_known = manners.known is not None
    if manners.known and (person or house):
        raise NotChecked(_("The checker found no way to register another user."))
    house = house or await opened(trial, manners.server)
    person = manners.known or person or new_person(trial)
    if not is_known:
        trial.step(_('"{name}" registers', name=person.name))
        await house.call(number, person)
    person = replace(person, is_new=False, gives_password=manners.gives_password)
    trial.step(_('"{name}" logs in with the right password', name=person.name))
    right = await house.call(number, person, says=True)
    return Account(house, person, right, number)


def expect_refused(found: Entry, note: str) -> None:
    """See that a visitor was refused.

    Raises:
        Failed: If the visitor was let in; `note` says who it was.
        NotChecked: If neither words nor service tell.
    """
    if found is Entry.ADMITTED:
        raise Failed(note)
    if found is Entry.UNCLEAR:
        raise NotChecked(
            _("Neither the server's words nor its service show whether it let the client in.")
        )


async def _expect_no_crash(known: Account, visit: Visit) -> None:
    """See that no exception of its own ended the server during a visit, or after it."""
    await known.house.server.program.settle(known.house.trial.bench.patience)
    said = (known.person.name, known.person.password, visit.said.decode())
    expect_no_crash(known.house, *filter(None, said))


async def _expect_let_in(first: Account, second: Account) -> None:
    """See that the second of two users was let in.

    Raises:
        Failed: If the server refuses that user as it refuses a wrong password.
        NotChecked: If the user is not served, and nothing tells why.
    """
    if is_let_in(first.right, second.right):
        return
    wrong = await log_in_wrongly(first.house, first.number, first.person, WRONG, first.right)
    if second.right.words == wrong.words:
        raise Failed(_("The server refuses the right password in the same words as a wrong one."))
    raise NotChecked(_("The second user is not served as the first one was."))


async def asks_for_a_password(trial: Trial, manners: AuthenticationManners) -> None:
    """AU-1."""
    if not manners.asks:
        await unless_crashes_again(trial, manners.crashed)
    await ports.listens(trial, manners.server)
    if not manners.asks:
        raise NotOffered(_("The server asks for no password."))


async def accepts_the_right_one(trial: Trial, manners: AuthenticationManners) -> None:
    """AU-2."""
    if not manners.registers and not manners.known:
        await unless_crashes_again(trial, manners.crashed)
        raise NotChecked(
            _(
                "The checker found no way to register a new user. The task expects one: give "
                "new clients a choice to register, or register each name that is new."
            )
        )
    known = await account(trial, manners)
    await _expect_no_crash(known, known.right)
    trial.step(_("the user comes again, and gives a wrong password"))
    wrong = await log_in_wrongly(known.house, 1, known.person, WRONG, known.right)
    trial.step(_("the server let the user in with the right password"))
    if not is_accepted(known.right, wrong):
        raise Failed(_("The server refuses the right password in the same words as a wrong one."))


async def refuses_a_wrong_one(trial: Trial, manners: AuthenticationManners) -> None:
    """AU-3."""
    known = await account(trial, manners)
    trial.step(_("the user comes again, and gives a wrong password"))
    visit = await log_in_wrongly(known.house, known.number, known.person, WRONG, known.right)
    await _expect_no_crash(known, visit)
    found = entry(known.right, visit)
    trial.step(_("the server refuses it"))
    expect_refused(found, _("The server serves a client that gave a wrong password."))


async def refuses_an_unknown_name(trial: Trial, manners: AuthenticationManners) -> None:
    """AU-4."""
    if not manners.asks_name:
        raise Info(_("The server knows people by their addresses."))
    known = await account(trial, manners)
    stranger = replace(new_person(trial, is_new=False), password=known.person.password)
    trial.step(_('"{name}", who is not registered, gives this password', name=stranger.name))
    visit = await known.log_in(stranger)
    expect_no_lookup(known.house, visit)
    found = entry(known.right, visit)
    if found is Entry.ADMITTED:
        second = entry(known.right, await known.log_in(replace(stranger, password=WRONG)))
        if second is Entry.REFUSED:
            raise Info(_("The server registers each new name."))
    trial.step(_("the server refuses this name"))
    expect_refused(found, _("The server serves a client whose name is not registered."))


async def keeps_two_users_apart(trial: Trial, manners: AuthenticationManners) -> None:
    """AU-5."""
    first = await account(trial, manners)
    second = await account(trial, manners, house=first.house, number=2)
    await _expect_let_in(first, second)
    for one, other in ((first, second), (second, first)):
        trial.step(
            _(
                '"{name}" gives the password of "{other}"',
                name=one.person.name,
                other=other.person.name,
            )
        )
        note = _("The server accepts the password of another user.")
        found = await one.try_password(other.person.password)
        trial.step(_("the server refuses it"))
        expect_refused(found, note)


async def sends_no_password_back(trial: Trial, manners: AuthenticationManners) -> None:
    """AU-11."""
    if manners.known:
        raise NotChecked(_(FROM_A_FILE))
    known = await account(trial, manners)
    right = known.right
    first = next((n for n, kind in enumerate(right.given) if kind in SECRETS), -1)
    trial.step(_("the server does not send the password back"))
    # What is answered after that may be a message, and an echo of it.
    if known.person.password.encode() in right.heard[first + 1]:
        raise Failed(_("The server sends the password back to the client."))


async def takes_cyrillic_letters(trial: Trial, manners: AuthenticationManners) -> None:
    """AU-12."""
    known = await account(trial, manners)
    latin = new_person(trial)
    person = replace(latin, password=latin.password.replace("Str0ng", "Жизнь5"))
    other = await account(trial, manners, person, known.house, 2)
    trial.step(_("the server lets the user in"))
    await _expect_let_in(known, other)
    trial.step(_("the user gives a password in other Cyrillic letters"))
    found = await other.try_password(person.password.replace("Жизнь5", "Щипцы5"))
    trial.step(_("the server refuses it"))
    expect_refused(found, _("The server accepts another password in Cyrillic letters."))


async def refuses_an_empty_one(trial: Trial, manners: AuthenticationManners) -> None:
    """AU-13."""
    if manners.known:
        raise NotChecked(_("The checker found no way to register another user."))
    known = await account(trial, manners)
    is_raw = manners.server.framing is RAW
    person = replace(new_person(trial), password="\n" if is_raw else "")
    trial.step(_('"{name}" registers with an empty password', name=person.name))
    await known.house.call(2, person)
    # To a server that takes off white space, both are empty; to another one, they differ.
    person = replace(person, password=person.password * 2, is_new=False)
    visit = await known.house.call(2, person, says=True)
    found = entry(known.right, visit)
    if is_raw and found is not Entry.ADMITTED:
        raise Info(_("Nothing marks the end of a text, so an empty password cannot be sent."))
    trial.step(_("the server does not let this user in with an empty password"))
    # The text that is said may be taken for the password that is still asked for.
    expect_refused(found, _("The server lets in a user whose password is empty."))


async def tells_about_many_attempts(trial: Trial, manners: AuthenticationManners) -> None:
    """AU-19."""
    known = await account(trial, manners)
    clock = trial.activity.clock
    times = []
    restarted = known.house.restarted
    for number in range(_ATTEMPTS):
        before = clock.seconds()
        await known.try_password(f"{WRONG}{number}")
        times.append(clock.seconds() - before)
    is_served = is_let_in(known.right, await known.log_in())
    if known.house.restarted > restarted:
        raise Info(
            _(
                "The checker had to start the server again between the attempts, so nothing shows "
                "how it treats many of them."
            )
        )
    if not is_served:
        raise Info(_("After ten wrong passwords, the right one is refused, too."))
    if max(times[-2:]) > 4 * min(times) and max(times) > 1:
        raise Info(_("The server slows down repeated attempts."))
    raise Info(_("The server takes one attempt after the other, and then the right password."))


def names_people(visit: Visit) -> bool:
    """Return whether a visitor was asked for a name."""
    return bool(NAMES & {*visit.given})
