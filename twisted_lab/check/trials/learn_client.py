"""Learning how a client wants to be started and used, before it is judged."""

from __future__ import annotations

from dataclasses import replace
from enum import IntEnum
from socket import SocketKind

from twisted_lab.check.bench import Bench
from twisted_lab.check.conversation.compared_words import compared_words
from twisted_lab.check.outcomes import NotChecked
from twisted_lab.check.prompts.answers import CLIENT_STYLES
from twisted_lab.check.prompts.question import Kind
from twisted_lab.check.trials.client_manners import ClientManners
from twisted_lab.check.trials.missing_file import expect_file
from twisted_lab.check.trials.source import source_of
from twisted_lab.check.trials.start_client import start_client
from twisted_lab.check.trials.trial import Trial
from twisted_lab.check.trials.user import EXIT, NEXT, User
from twisted_lab.text.language import _, ngettext


class _Success(IntEnum):
    """How far the checker got with a client."""

    NOTHING = 0
    IS_ASKED = 1  # another style may suit the client
    IS_MISTAKEN = 2  # it connects, but took an answer for something else
    IS_GREETED = 3  # it waited for the server, and other words may suit it
    SENDS = 4
    ALL = 5


async def learn_client(bench: Bench, kind: SocketKind = SocketKind.SOCK_STREAM) -> ClientManners:
    """Return the manners of a client that talks by TCP or by UDP."""
    words = compared_words(source_of(bench))
    success, manners = _Success.NOTHING, ClientManners(kind=kind)
    for style in CLIENT_STYLES:
        tried = await _try(bench, ClientManners(style, words, kind=kind))
        if tried[0] > success:
            success, manners = tried
        if success not in (_Success.IS_ASKED, _Success.IS_MISTAKEN):
            break
    if success < _Success.IS_GREETED:
        return manners
    for greeting in words:
        if success is _Success.ALL:
            break
        tried = await _try(bench, replace(manners, greeting=greeting.encode()))
        if tried[0] > success:
            success, manners = tried
    return manners


async def _try(bench: Bench, manners: ClientManners) -> tuple[_Success, ClientManners]:
    trial = Trial(bench, "start")
    try:
        user = start_client(trial, manners)
        is_ready = await user.ready()
        expect_file(trial, user.program)
        questions = tuple(user.operator.questions)
        behaviour = tuple(
            _('It asks "{question}".', question=question.text)
            if question.text
            else _("It waits for a line without a question.")
            for question in questions
        )
        manners = replace(manners, questions=questions, behaviour=behaviour)
        if not is_ready and not user.server.listener.peers:
            return (_Success.IS_ASKED if questions else _Success.NOTHING), manners
        manners = replace(manners, connects=True)
        if is_ready:
            manners = await _use(trial, user, manners)
        kinds = {question.kind for question in questions}
        ports = [dialled[1] for dialled in user.server.listener.dialled]
        if Kind.UNKNOWN in kinds and trial.address[1] not in ports:
            return _Success.IS_MISTAKEN, manners
        return await _success(user), manners
    except NotChecked:  # it takes too long
        return _Success.NOTHING, manners
    finally:
        trial.close()


async def _use(trial: Trial, user: User, manners: ClientManners) -> ClientManners:
    line, before = trial.line(12), len(user.server.unanswered)
    reply = line.swapcase().encode()
    began = trial.activity.clock.seconds()
    has_met = user.server.is_reached() and not user.server.has_greeted
    user.type_line(line)
    if not await user.receives(line.encode()):
        manners = await _use_if_asked_again(user, manners, line)
        # It did not wait for exit, but for the server, and not before the line was typed.
        waited = has_met and user.server.has_greeted
        return replace(manners, sends_late=manners.sends_late and not waited)
    on_the_wire = _on_the_wire(user.server.unanswered[before:], line.encode())
    manners = replace(manners, behaviour=(*manners.behaviour, on_the_wire))
    user.server.echo()
    if await user.shows(reply):
        trial.bench.warm(trial.activity.clock.seconds() - began)
        return manners
    for late in (NEXT, EXIT):
        if await user.ready():
            user.type_line(late)
            if late == EXIT:
                await user.leave()
        if await user.shows(reply):
            return replace(manners, shows_after=late)
    return manners


async def _use_if_asked_again(user: User, manners: ClientManners, line: str) -> ClientManners:
    """Find what the client waits for: it has not sent the line that was typed."""
    for word in manners.words:
        if not _asks(user):
            return manners
        user.type_line(word)
        if await user.receives(word.encode()):
            return replace(manners, opening=word)
    if await _exits(user) and line.encode() in user.server.listener.received():
        return replace(manners, sends_late=True)
    return manners


def _asks(user: User) -> bool:
    return not user.program.has_ended and user.program.look().wants_terminal


async def _exits(user: User) -> bool:
    """Type exit, if the client takes a line; return whether it ends with status 0."""
    if await user.ready():
        user.type_line(EXIT)
        await user.leave()
    return user.program.status == 0


async def _success(user: User) -> _Success:
    if not user.server.has_greeted:
        return _Success.ALL
    if not user.server.listener.received():
        return _Success.IS_GREETED
    return _Success.ALL if await _exits(user) else _Success.SENDS


def _on_the_wire(received: bytes, line: bytes) -> str:
    before, _line, after = received.partition(line)
    if before:
        return ngettext(
            "It sends {n} byte before each line.",
            "It sends {n} bytes before each line.",
            len(before),
        )
    if not after:
        return _("It sends lines without a newline.")
    if after == b"\n":
        return _("It sends a newline after each line.")
    return _("It sends {text!r} after each line.", text=after)
