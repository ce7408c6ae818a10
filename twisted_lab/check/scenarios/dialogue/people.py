"""Dialogues: the operator at the server, and one client after or beside the other."""

from __future__ import annotations

from collections.abc import Sequence

from twisted_lab.check.conversation.causes import LOST_CLIENT, likely_cause
from twisted_lab.check.conversation.echoes import came_back
from twisted_lab.check.outcomes import Failed, Info, NotChecked, NotOffered, Weak
from twisted_lab.check.prompts.answers import MESSAGE
from twisted_lab.check.prompts.question import Question
from twisted_lab.check.requirements import mistakes
from twisted_lab.check.scenarios.dialogue.exchanges import exchange, one_client
from twisted_lab.check.subjects.server import Server
from twisted_lab.check.trials.client import APART_SECONDS, Client, expect_any_segments
from twisted_lab.check.trials.server_manners import Manners
from twisted_lab.check.trials.start_server import (
    PORT,
    connect_client,
    open_connection,
    start_server,
    usual_answer,
)
from twisted_lab.check.trials.trial import Trial
from twisted_lab.text.language import _

_EXCHANGES = 5


async def passes_on_what_is_typed(trial: Trial, manners: Manners) -> None:
    """DG-7."""
    usual = usual_answer(manners, PORT, trial.bench.answers)

    def answered(question: Question, asked: Sequence[Question]) -> str | None:
        line = usual(question, asked)
        return None if line == MESSAGE else line  # messages are typed below

    server = await start_server(trial, manners, answers=answered)
    client = await connect_client(trial, server, manners)
    for number in range(_EXCHANGES):
        await client.talk(trial.text(12))
        if not server.program.look().wants_terminal:
            break
        line = trial.line(8) + (" привет " + trial.line(4)) * (number > 0)
        trial.step(_('the operator types "{line}", and client 1 receives it', line=line))
        server.program.type_line(line)
        if not await client.hears_back(line.encode()):
            if number:
                raise Failed(client.story(line.encode()))
            break
    else:
        return
    if number:
        raise Failed(_("The server asks its operator for {number} answers only.", number=number))
    raise NotOffered(_("What is typed at the server's console does not reach the client."))


async def _expect_next(trial: Trial, server: Server, manners: Manners) -> None:
    try:
        client = await connect_client(trial, server, manners, 2)
        await exchange(trial, server, client, manners)
    except Failed:
        if not server.program.has_ended:
            raise
        note = _(
            "The server did not serve client {number}: it had ended with {end}.",
            number=2,
            end=server.program.end,
        )
        raise Failed(note, likely_cause(server.program.traceback)) from None


async def serves_the_next(trial: Trial, manners: Manners) -> None:
    """DG-8."""
    server, client = await one_client(trial, manners)
    await exchange(trial, server, client, manners)
    before = len(client.peer.received)
    await client.leave()
    answered_the_end = len(client.peer.received) > before
    try:
        await _expect_next(trial, server, manners)
    except Failed as failure:
        # A server may say goodbye; one that serves the client on has not seen that it left.
        if answered_the_end and (client.is_accepted or failure.mistake in LOST_CLIENT):
            note = _(
                "Client 1 had left, and the server went on to answer it. {note}", note=failure.note
            )
            raise Failed(note, mistakes.END_NOT_TESTED, failure.difference) from None
        raise


async def outlives_exit(trial: Trial, manners: Manners) -> None:
    """DG-9."""
    server, client = await one_client(trial, manners)
    await exchange(trial, server, client, manners)
    await client.talk(b"exit")
    if not client.peer.has_ended:
        raise NotOffered(_("The message exit does not end the conversation."))
    client.peer.close()
    try:
        await _expect_next(trial, server, manners)
    except Failed as failure:
        if server.program.has_ended and not server.program.traceback:
            note = _("The message exit of one client stops the server for all.")
            raise Weak(note, failure.mistake) from None
        raise


async def survives_a_reset(trial: Trial, manners: Manners) -> None:
    """DG-11."""
    server, client = await one_client(trial, manners)
    await exchange(trial, server, client, manners)
    await client.abort()
    try:
        await _expect_next(trial, server, manners)
    except Failed as failure:
        if server.program.has_ended:
            raise
        raise NotChecked(failure.note) from None


async def takes_lines(trial: Trial, manners: Manners) -> None:
    """DG-12."""
    expect_any_segments(manners)
    seen = []
    server, client = await one_client(trial, manners)
    await exchange(trial, server, client, manners)
    texts = trial.text(12), trial.text(12)
    trial.step(_("client 1 sends two lines in one segment, as nc does with what a pipe holds"))
    await client.talk(b"%b\n%b\n" % texts)
    heard = client.heard.lower()
    if heard.strip() != b"\n".join(texts) and all(text in heard for text in texts):
        seen.append(
            _("Two lines that arrive in one segment are answered together.")
            if b"\n".join(texts) in heard.replace(b"\r", b"")
            else _("Two lines that arrive in one segment are answered one by one.")
        )
    if not client.peer.has_ended:
        await client.talk(b"exit\n")
        seen.append(
            _("After the line exit with a newline, as nc sends it, the server closes.")
            if client.peer.has_ended
            else _("After the line exit with a newline, as nc sends it, the server goes on.")
        )
    raise Info(" ".join(seen)) if seen else NotOffered(_("The server closed the connection."))


async def keeps_two_apart(trial: Trial, manners: Manners) -> None:
    """DG-10."""
    if not manners.is_echo:
        raise NotOffered(_("The server returns no text, so nothing shows whose answer it is."))
    server, first = await one_client(trial, manners)
    await exchange(trial, server, first, manners)
    trial.step(_("client 2 connects, while client 1 stays connected"))
    peer = await open_connection(trial, server, manners, 2)
    if peer is None:
        raise NotOffered(_("The server accepts one client at a time."))
    second = Client(trial, server, peer, manners, 2)
    await second.enter()
    await second.settle()  # it is accepted by now, if it is at all
    texts = [trial.text(12), trial.text(12)]
    for client, text in zip((first, second), texts, strict=True):
        client.say(text)
        await trial.activity.pause(APART_SECONDS)
    await first.settle()
    await second.settle()
    received = [bytes(client.peer.received) for client in (first, second)]
    own = [came_back(each, text) for each, text in zip(received, texts, strict=True)]
    other = [text in each.lower() for each, text in zip(received, reversed(texts), strict=True)]
    if any(other) and not all(own):
        raise Failed(_("A client received the answer to the other one's message."))
    if any(other):
        raise NotOffered(_("The server passes on to all what one client says: it is a chat."))
    if not all(own):
        raise NotOffered(_("The server does not hold two dialogues at once."))
