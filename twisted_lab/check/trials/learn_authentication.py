"""Learning how a server registers people, and how it lets them in."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum, auto
from itertools import islice

from twisted_lab.check.bench import Bench
from twisted_lab.check.conversation.accounts import accounts_in
from twisted_lab.check.conversation.data_files import read_files, secrets_in
from twisted_lab.check.conversation.login import (
    Person,
    asks_for_login,
    names_password,
    refuses,
    welcomes,
)
from twisted_lab.check.conversation.stored_passwords import holds_text, is_log
from twisted_lab.check.outcomes import Outcome
from twisted_lab.check.prompts.question import Kind
from twisted_lab.check.trials.learn_visits import learn_visits
from twisted_lab.check.trials.server_manners import Manners
from twisted_lab.check.trials.trial import Trial
from twisted_lab.check.trials.visits import House, Visit, new_person, opened
from twisted_lab.text.language import _

NAMES = {Kind.NAME, Kind.NAME_AND_PASSWORD}
_MOST_TRIED = 3  # pairs of words that may be a name and its password
WRONG = "Wr0ng-guess8"  # a good password, but nobody's


class Entry(Enum):
    """Whether a visitor was let in, as far as words and service show it."""

    ADMITTED = auto()
    REFUSED = auto()
    UNCLEAR = auto()


@dataclass(frozen=True, slots=True)
class AuthenticationManners:
    """How a server registers people, and how it lets them in.

    Attributes:
        server: How it is started, and how messages are put on the wire.
        asks: Whether it asks for a password.
        asks_name: Whether it asks those for a name whom it knows.
        gives_password: See `Person.gives_password`; about people whom it knows.
        registers: Whether it stores people who are new.
        serves_one: Whether it had to be started again for the next client.
        behaviour: The same, one line each, for people.
        crashed: See `learn_visits`.
        known: A user whose name and password were found in a file, if it registers no one.
        accounts: The file; "" if there is none.
    """

    server: Manners
    asks: bool = False
    asks_name: bool = False
    gives_password: bool = False
    registers: bool = False
    serves_one: bool = False
    behaviour: tuple[str, ...] = ()
    crashed: Manners | None = None
    known: Person | None = None
    accounts: str = ""

    @property
    def is_understood(self) -> bool:
        """Whether it registers people."""
        return self.registers


def entry(right: Visit, other: Visit) -> Entry:
    """Return whether a visitor was let in, by comparison.

    Args:
        right: The visit of somebody with the right password.
        other: The visit.
    """
    if right.service:
        if other.service != right.service:
            return Entry.REFUSED
        is_same = other.is_echo or other.words == right.words
        return Entry.ADMITTED if is_same else Entry.UNCLEAR
    if other.words != right.words:
        return Entry.REFUSED
    return Entry.ADMITTED if welcomes(other.after_password) else Entry.UNCLEAR


def is_accepted(right: Visit, wrong: Visit) -> bool:
    """Return whether somebody with the right password was let in.

    Args:
        right: The visit.
        wrong: The visit of somebody with a wrong password.
    """
    if right.service and right.is_echo:
        return True
    return not (refuses(right.after_password) and right.words == wrong.words)


def is_let_in(right: Visit, other: Visit) -> bool:
    """Return whether a visitor with a right password may have been let in.

    Args:
        right: The visit of another one, who was let in.
        other: The visit.
    """
    if right.is_echo:
        return other.is_echo
    return entry(right, other) is not Entry.REFUSED or not refuses(other.after_password)


async def learn_authentication(bench: Bench) -> AuthenticationManners:
    """Return the manners of a server that may ask for passwords."""
    manners, crashed = await learn_visits(bench, AuthenticationManners, _visit)
    if manners.asks and not manners.registers and not bench.address:
        manners = await _with_a_known_user(bench, manners)
    return replace(manners, crashed=crashed)


async def _with_a_known_user(bench: Bench, manners: AuthenticationManners) -> AuthenticationManners:
    """Return manners with a user of a file in the folder whom the server lets in, if it does."""
    files = read_files(bench.folder)
    secrets = secrets_in(files)  # reports do not show them
    found = (each for each in accounts_in(files) if each.password in secrets)
    for each in islice(found, _MOST_TRIED):
        trial = Trial(bench, "known user")
        person = Person(each.name, each.password, is_new=False)
        try:
            house = await opened(trial, manners.server)
            right = await house.call(1, person, says=True)
            wrong = await log_in_wrongly(house, 1, person, WRONG, right)
        except Outcome:
            continue
        finally:
            trial.close()
        if entry(right, wrong) is Entry.REFUSED and not refuses(right.after_password):
            line = _(
                'It registered no one: the checker logs in as a user of "{file}".', file=each.path
            )
            return replace(
                manners,
                known=person,
                accounts=each.path,
                asks_name=bool(NAMES & {*right.given}),
                behaviour=(*manners.behaviour, line),
            )
    return manners


async def _visit(house: House, server: Manners) -> AuthenticationManners:
    person = new_person(house.trial)
    first = await house.call(1, person, says=True)
    known = replace(person, is_new=False)
    right = await house.call(1, known, says=True)
    asked = asks_for_login(right.heard[0])
    if right.given[:1] == [Kind.NAME] and not asked and refuses(right.all_heard):
        known = replace(known, gives_password=True)
        right = await house.call(1, known, says=True)
    wrong = await log_in_wrongly(house, 1, known, WRONG, right)
    serves_one = bool(house.restarted)
    await house.server.program.settle(house.trial.bench.patience)
    lines = _endings(house)
    if not serves_one:
        await house.stop()
    is_stored = any(
        holds_text(data, person.name) and not is_log(name, data, [first.said, right.said])
        for name, data in house.files().items()
    )
    asks = any(names_password(each.all_heard) for each in (first, right))
    if is_accepted(right, wrong):
        registers = is_stored or entry(right, wrong) is not Entry.UNCLEAR
    else:
        registers = is_stored and not refuses(first.after_password)
    asks_name = bool(NAMES & {*right.given})
    if asks:
        lines.append(
            _("It asks people whom it knows for name and password.")
            if asks_name
            else _("It knows people by their addresses, and asks them for the password.")
        )
    return AuthenticationManners(
        replace(server, spins=house.spins),
        asks,
        asks_name,
        known.gives_password,
        asks and registers,
        serves_one,
        tuple(lines),
    )


def _endings(house: House) -> list[str]:
    """Return how a server ended after a client, or at a wrong password, which came last."""
    if house.ends:
        end = house.ends[0]
        return [_("It ended after a client: {end}. The checker starts it again.", end=end)]
    program = house.server.program
    if program.has_ended:
        end = program.end
        return [_("It ended at a wrong password: {end}. The checker starts it again.", end=end)]
    return []


async def log_in_wrongly(
    house: House, number: int, person: Person, password: str, right: Visit
) -> Visit:
    """Have a person log in with another password, and leave.

    Args:
        house: The house.
        number: The number of the address.
        person: The person.
        password: The other password.
        right: The visit with the right one: it needed so many answers.
    """
    visit = await house.visit(
        number, replace(person, password=password), most=len(right.given), says=True
    )
    await house.leave(visit)
    return visit
