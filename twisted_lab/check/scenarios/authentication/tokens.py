"""Authentication: tokens in place of passwords."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import Enum, auto

from twisted_lab.check.conversation.login import refuses
from twisted_lab.check.conversation.stored_passwords import LONG_TOKEN, named_tokens, random_words
from twisted_lab.check.outcomes import Failed, Info, NotChecked, NotOffered, Weak
from twisted_lab.check.prompts.question import Kind
from twisted_lab.check.requirements.identity_mistakes import TOKEN_UNUSED
from twisted_lab.check.scenarios.authentication.logins import (
    Account,
    account,
    expect_refused,
    names_people,
)
from twisted_lab.check.trials.learn_authentication import AuthenticationManners, Entry, entry
from twisted_lab.check.trials.trial import Trial
from twisted_lab.check.trials.visits import Visit
from twisted_lab.text.language import _


class Way(Enum):
    """How a client presents its token."""

    WHERE_ASKED = auto()
    AS_PASSWORD = auto()
    FIRST = auto()
    AFTER_WORD = auto()


@dataclass(frozen=True, slots=True)
class Ticket:
    """A token that works, and how.

    Attributes:
        known: Whose it is.
        token: The token.
        way: How the server takes it.
        visit: The visit in which it worked.
    """

    known: Account
    token: str
    way: Way
    visit: Visit


async def _present(known: Account, way: Way, token: str) -> Visit:
    house, person = known.house, replace(known.person, password=token)
    if way is Way.WHERE_ASKED:
        person = replace(known.person, token=token)
    if way in {Way.WHERE_ASKED, Way.AS_PASSWORD}:
        visit = await house.visit(known.number, person, most=len(known.right.given) + 1, says=True)
    else:
        visit = Visit(await house.come(known.number), person, [Kind.PASSWORD], [b""])
        words = f"token {token}" if way is Way.AFTER_WORD else token
        await visit.client.talk(words.encode())
        visit.heard.append(visit.client.heard)
        await house.say(visit)
    await house.leave(visit)
    return visit


def _tokens(visit: Visit, known: Iterable[Account]) -> list[str]:
    """Return the words that may be tokens, among those that were heard after the password."""
    own = [text for each in known for text in (each.person.name, each.person.password)]
    if visit.said:  # nothing, if the server closed the connection first
        own.append(visit.said.decode())
    heard = visit.after_password
    words = [*(word.decode() for word in random_words(heard)), *named_tokens(heard)]
    return [word for word in words if not any(text in word for text in own)]


async def _ticket(trial: Trial, manners: AuthenticationManners) -> Ticket:
    """Have a token that works.

    Raises:
        NotOffered: If the server gives none.
        NotChecked: If the checker finds no way to use it.
        Failed: If it asks for the token, and then refuses it.
    """
    known = await account(trial, manners)
    candidates = _tokens(known.right, [known])
    if not candidates:
        raise NotOffered(_("The server gives out no token."))
    asks = False
    for token in candidates:
        is_long = len(token) >= LONG_TOKEN
        junk = "".join(trial.random.sample(token, len(token))) if is_long else _changed(token)
        for way in Way:
            trial.step(_('the token "{token}" is sent in place of the password', token=token))
            visit = await _present(known, way, token)
            if way is Way.WHERE_ASKED and Kind.KEY not in visit.given:
                continue
            if way is Way.WHERE_ASKED:
                asks = bool(known.right.service) or refuses(visit.after_password)
            if _works(known, visit) and not _works(known, await _present(known, way, junk)):
                return Ticket(known, token, way, visit)
    if asks:
        raise Failed(_("The server asks for the token that it has given out, and refuses it."))
    raise NotChecked(
        _(
            "The server gives out a token, and the checker found no way to use it. It sent the "
            "token where the server asks for the password, and as the first message: alone, and "
            'after the word "token".'
        ),
        TOKEN_UNUSED,
    )


def _changed(token: str) -> str:
    """Return a token in which one character is another, and which the server has not given out."""
    if len(token) < LONG_TOKEN:  # perhaps a number in a series: another last digit may be in it
        return re.sub(r"\d", lambda digit: str((int(digit[0]) + 5) % 10), token, count=1)
    return token[:-1] + ("1" if token[-1] != "1" else "2")


def _works(known: Account, visit: Visit) -> bool:
    if entry(known.right, visit) is Entry.ADMITTED:
        return True
    # A login without a password may have other words. Without a service, the name must do.
    return not known.right.service and visit.hears(known.person.name)


async def accepts_its_token(trial: Trial, manners: AuthenticationManners) -> None:
    """AU-14."""
    await _ticket(trial, manners)


async def gives_each_its_own(trial: Trial, manners: AuthenticationManners) -> None:
    """AU-15."""
    ticket = await _ticket(trial, manners)
    other = await account(trial, manners, house=ticket.known.house, number=2)
    trial.step(_("the tokens of two users and of two logins are compared"))
    if ticket.token in _tokens(other.right, [other]):
        raise Failed(_("Two users have the same token."))
    if ticket.token in _tokens(await ticket.known.log_in(), [ticket.known]):
        raise Weak(_("A user gets the same token at each login."))
    if len(ticket.token) < LONG_TOKEN:
        raise Weak(_('The token "{token}" is short, so it can be guessed.', token=ticket.token))


async def refuses_the_token_of_another(trial: Trial, manners: AuthenticationManners) -> None:
    """AU-16."""
    ticket = await _ticket(trial, manners)
    if not names_people(ticket.visit):
        raise NotOffered(_("The token alone tells who the client is."))
    other = await account(trial, manners, house=ticket.known.house, number=2)
    trial.step(_("the token of the first user is sent with the name of the second"))
    visit = await _present(other, ticket.way, ticket.token)
    expect_refused(
        entry(ticket.known.right, visit), _("The server accepts the token of another user.")
    )


async def refuses_a_changed_token(trial: Trial, manners: AuthenticationManners) -> None:
    """AU-17."""
    ticket = await _ticket(trial, manners)
    changed = _changed(ticket.token)
    trial.step(_('the token "{token}", of which one character was changed, is sent', token=changed))
    visit = await _present(ticket.known, ticket.way, changed)
    expect_refused(entry(ticket.known.right, visit), _("The server accepts a changed token."))


async def tells_how_long_it_is_valid(trial: Trial, manners: AuthenticationManners) -> None:
    """AU-18."""
    ticket = await _ticket(trial, manners)
    await ticket.known.house.restart()
    if _works(ticket.known, await _present(ticket.known, ticket.way, ticket.token)):
        raise Info(_("The token is valid after a restart of the server, too."))
    raise Info(_("After a restart of the server, the token is not valid any more."))
