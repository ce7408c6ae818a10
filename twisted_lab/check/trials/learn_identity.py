"""Learning how a server asks its clients who they are."""

from __future__ import annotations

from dataclasses import dataclass, replace

from twisted_lab.check.bench import Bench
from twisted_lab.check.conversation.login import names_password
from twisted_lab.check.conversation.stored_passwords import is_log
from twisted_lab.check.prompts.question import Kind
from twisted_lab.check.prompts.reading import read_question
from twisted_lab.check.trials.learn_visits import learn_visits
from twisted_lab.check.trials.server_manners import Manners
from twisted_lab.check.trials.visits import House, Visit, new_person
from twisted_lab.text.language import _


@dataclass(frozen=True, slots=True)
class IdentityManners:
    """How a server asks its clients who they are.

    Attributes:
        server: How it is started, and how messages are put on the wire.
        asks: Whether it asks a client for a name.
        recognises: Whether it treats a client differently that comes again from its address.
        answers: Whether it answers a name at once: one that waits for the end of a line does not.
        serves_one: Whether it had to be started again for the second client.
        behaviour: The same, one line each, for people.
        crashed: See `learn_visits`.
    """

    server: Manners
    asks: bool = False
    recognises: bool = False
    answers: bool = False
    serves_one: bool = False
    behaviour: tuple[str, ...] = ()
    crashed: Manners | None = None

    @property
    def is_understood(self) -> bool:
        """Whether it recognises clients, and their names end as it expects."""
        return self.recognises and self.answers


async def learn_identity(bench: Bench) -> IdentityManners:
    """Return the manners of a server that may know its clients by their addresses."""
    manners, crashed = await learn_visits(bench, IdentityManners, _visit)
    return replace(manners, crashed=crashed)


async def _visit(house: House, server: Manners) -> IdentityManners:
    person = new_person(house.trial)
    first = await house.call(1, person, says=True)
    again = await house.call(1, replace(new_person(house.trial), password=person.password))
    serves_one = bool(house.restarted)
    if not serves_one:
        await house.stop()
    knows = again.hears(person.name)
    asks = knows or asks_name(first.heard[0])
    stored = [
        data
        for name, data in house.files().items()
        if person.name.encode() in data and not is_log(name, data, [first.said])
    ]
    # A name alone may belong to a password that the server has not asked for in words.
    is_stored = any(b"127.0.7.1" in data or Kind.PASSWORD not in first.given for data in stored)
    is_other = bool(again.heard[0]) and not asks_name(again.heard[0])
    # A server that waits without a question may have been given a password, too.
    has_password = any(names_password(each.all_heard) for each in (first, again))
    asks_both_again = has_password and Kind.NAME in again.given
    recognises = asks and (knows or ((is_other or is_stored) and not asks_both_again))
    lines = []
    if asks:
        lines.append(_("It asks an unknown client for a name."))
    if has_password:
        lines.append(_("It asks for a password, too."))
    if recognises and is_stored and not (knows or is_other):
        lines.append(_("It stores names, and asks again a client that it should know."))
    elif recognises:
        lines.append(_("It treats a client that comes again from the same address differently."))
    server = replace(server, spins=house.spins)
    answers = any(first.heard[1:]) or bool(first.reply)
    return IdentityManners(server, asks, recognises, answers, serves_one, tuple(lines))


def is_asked(visit: Visit) -> bool:
    """Return whether the server spoke first, and a visitor answered with a name."""
    return bool(visit.heard[0].strip()) and Kind.NAME in visit.given


def asks_name(heard: bytes) -> bool:
    """Return whether words ask for a name."""
    return read_question(heard.decode(errors="replace")).kind is Kind.NAME
