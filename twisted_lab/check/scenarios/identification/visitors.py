"""Identification: visitors from one address and from several."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace

from twisted_lab.check.conversation.causes import likely_cause
from twisted_lab.check.conversation.login import Person
from twisted_lab.check.outcomes import Failed, NotChecked, NotOffered, Weak
from twisted_lab.check.prompts.question import Kind
from twisted_lab.check.prompts.reading import read_question
from twisted_lab.check.requirements import identity_mistakes as mistakes
from twisted_lab.check.requirements.requirement import Mistake
from twisted_lab.check.scenarios.echo_server import ports
from twisted_lab.check.trials.client import Client
from twisted_lab.check.trials.crashes import unless_crashes_again
from twisted_lab.check.trials.learn_identity import IdentityManners, asks_name, is_asked
from twisted_lab.check.trials.start_server import open_connection
from twisted_lab.check.trials.trial import Trial
from twisted_lab.check.trials.visits import House, Visit, new_person, opened
from twisted_lab.text.escaping import escape_bytes
from twisted_lab.text.language import _

_SHOWN_BYTES, _SHOWN_PARTS = 100, 3


async def house_of_one(
    trial: Trial, manners: IdentityManners, person: Person | None = None
) -> tuple[House, Person]:
    """Return a house that a person has visited from address 1, and the person."""
    person = person or new_person(trial)
    house = await opened(trial, manners.server)
    await house.call(1, person)
    return house, person


async def again(trial: Trial, house: House, number: int, person: Person) -> Visit:
    """Have a person come again from an address, who tells another name if asked for it."""
    stranger = replace(new_person(trial), password=person.password)
    trial.step(_("somebody comes again from the address of client {number}", number=number))
    return await house.call(number, stranger)


async def expect_known(trial: Trial, house: House, number: int, person: Person) -> Visit:
    """See that a person who comes again is greeted by name.

    Raises:
        Failed: If not.
    """
    visit = await again(trial, house, number, person)
    trial.step(_('the server greets client {number} as "{name}"', number=number, name=person.name))
    if not visit.hears(person.name):
        raise Failed(
            _what_came(visit, person.name, number),
            likely_cause(house.server.program.traceback) or _likely_cut(visit, person.name),
        )
    return visit


def _what_came(visit: Visit, name: str, number: int) -> str:
    """Return what a visitor was told instead of a name."""
    parts = [escape_bytes(each[:_SHOWN_BYTES]) for each in visit.heard if each]
    heard = ", ".join(_('"{text}"', text=each) for each in parts[:_SHOWN_PARTS])
    if not heard:
        return _(
            'The server did not greet client {number} as "{name}": nothing came.',
            number=number,
            name=name,
        )
    return _(
        'The server did not greet client {number} as "{name}", but sent: {heard}',
        number=number,
        name=name,
        heard=heard,
    )


def _likely_cut(visit: Visit, name: str) -> Mistake | None:
    """Return the cause if a visitor was greeted by the start of a name."""
    is_cut = Kind.NAME not in visit.given and visit.hears(name[:6])
    return mistakes.NAME_CUT if is_cut else None


async def asks_an_unknown_client(trial: Trial, manners: IdentityManners) -> str | None:
    """ID-1."""
    await unless_crashes_again(trial, manners.crashed)
    await ports.listens(trial, manners.server)
    if not manners.asks:
        raise NotOffered(_("The server does not ask an unknown client for its name."))
    if not manners.recognises:
        raise NotOffered(
            _(
                "The server asks for a name at each visit, also from the same address. If it "
                "stores names: under which key?"
            )
        )
    house = await opened(trial, manners.server)
    visit = await house.visit(1, new_person(trial))
    if not is_asked(visit):
        raise Failed(_("The server did not ask client 1 for its name."))
    return None


async def greets_by_name(trial: Trial, manners: IdentityManners) -> None:
    """ID-2."""
    house, person = await house_of_one(trial, manners)
    await expect_known(trial, house, 1, person)


async def asks_once(trial: Trial, manners: IdentityManners) -> None:
    """ID-3."""
    person = new_person(trial)
    house = await opened(trial, manners.server)
    first = await house.call(1, person)
    question = read_question(first.heard[0].decode(errors="replace")).text.strip()
    visit = await expect_known(trial, house, 1, person)
    trial.step(_("the server does not ask for the name again"))
    heard = [each.decode(errors="replace").rstrip() for each in visit.heard]
    if question and any(each.endswith(question) for each in heard):
        raise Failed(_('The server asks again: "{question}"', question=question))


async def asks_another_address(trial: Trial, manners: IdentityManners) -> None:
    """ID-4."""
    house, person = await house_of_one(trial, manners)
    other = new_person(trial)
    visit = await house.call(2, other)
    if (await again(trial, house, 2, other)).hears(other.name):
        return
    trial.step(_("the server asks client 2 for its name"))
    if visit.hears(person.name):
        raise Failed(_("The server greets client 2 by the name of client 1."))
    if not is_asked(visit):
        raise Failed(_("The server does not ask client 2 for its name."))


async def keeps_two_names(trial: Trial, manners: IdentityManners) -> None:
    """ID-5."""
    house, first = await house_of_one(trial, manners)
    second = new_person(trial)
    await house.call(2, second)
    await expect_known(trial, house, 1, first)
    await expect_known(trial, house, 2, second)
    try:
        with suppress(NotChecked):  # the port, which another task judges
            await house.restart()  # ID-6 sees whether names survive that
    except Failed as failure:
        failure.mistake = failure.mistake or mistakes.ENTRIES_TOGETHER
        raise


async def survives_one_that_leaves(trial: Trial, manners: IdentityManners) -> None:
    """ID-7."""
    _more_than_one(manners)
    house, person = await house_of_one(trial, manners)
    client = await house.connect(2)
    trial.step(_("client 2 leaves without an answer"))
    client.peer.close()
    await house.server.program.settle(trial.bench.patience)
    try:
        newcomer = await house.connect(3)
    except Failed as failure:
        failure.mistake = None
        raise
    trial.step(_("the server asks client 3 for its name"))
    if not newcomer.heard:
        raise Failed(_("The server does not serve client 3."))
    newcomer.peer.close()
    await newcomer.settle()
    visitor = await house.connect(1)
    trial.step(_('the server greets client 1 as "{name}"', name=person.name))
    stranger = Visit(visitor, replace(new_person(trial), password=person.password))
    await house.answer(stranger)
    if not stranger.hears(person.name):
        raise Failed(_("The server does not know client 1 any more."))
    await house.leave(stranger)
    await house.restart()
    late = await house.call(2, new_person(trial))
    if late.heard[0] != newcomer.heard and not asks_name(late.heard[0]):
        raise Weak(_("The server does not ask client 2 for its name any more."))


async def serves_two_at_once(trial: Trial, manners: IdentityManners) -> None:
    """ID-12."""
    _more_than_one(manners)
    house = await opened(trial, manners.server)
    first, second = new_person(trial), new_person(trial)
    client = await house.connect(1)
    trial.step(_("client 2 connects, while client 1 stays connected"))
    peer = await open_connection(trial, house.server, manners.server, 2)
    if peer is None:
        raise NotOffered(_("The server accepts one client at a time."))
    other = Client(trial, house.server, peer, manners.server, 2)
    await other.settle()
    if not other.heard and not house.server.program.has_ended:
        raise NotOffered(_("The server asks one client at a time."))
    visits = [Visit(other, second), Visit(client, first)]
    for visit in visits:
        await house.answer(visit)
    await house.leave(*visits)
    await expect_known(trial, house, 1, first)
    await expect_known(trial, house, 2, second)


def _more_than_one(manners: IdentityManners) -> None:
    if manners.serves_one:
        raise NotOffered(_("The server serves one client, and must then be started again."))


def unless_killed(house: House) -> None:
    """See that the server was stopped in order, so that it could store what it knows.

    Raises:
        NotChecked: If not.
    """
    if house.was_killed:
        raise NotChecked(_("Ctrl-C does not stop the server, so it was ended by force."))
