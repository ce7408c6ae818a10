"""Dialogues: messages that are answered, one after the other."""

from __future__ import annotations

from twisted_lab.check.conversation.causes import likely_cause
from twisted_lab.check.outcomes import Failed, NotOffered, Weak
from twisted_lab.check.requirements import mistakes
from twisted_lab.check.subjects.server import Server
from twisted_lab.check.trials.client import APART_SECONDS, Client, expect_any_segments
from twisted_lab.check.trials.server_manners import Manners
from twisted_lab.check.trials.start_server import connect_client, reach_server
from twisted_lab.check.trials.trial import Trial
from twisted_lab.text.language import _

_EXCHANGES = 5
_SPLIT = "жж".encode()  # four bytes in UTF-8


async def one_client(trial: Trial, manners: Manners) -> tuple[Server, Client]:
    """Have a server with one client."""
    server = await reach_server(trial, manners)
    return server, await connect_client(trial, server, manners)


async def exchange(trial: Trial, server: Server, client: Client, manners: Manners) -> None:
    """Send a message, and see that it is answered; by an echo, with this text.

    Raises:
        Failed: If it is not.
    """
    text = trial.text(12)
    client.say(text)
    trial.step(_("{client} receives an answer", client=client.name))
    if manners.is_echo:
        is_answered = await client.hears_back(text)
    else:
        await client.settle()
        is_answered = bool(client.heard)
    if not is_answered:
        difference = client.difference(text) if manners.is_echo else None
        cause = likely_cause(server.program.traceback)
        raise Failed(client.story(text), cause, difference)


async def answers(trial: Trial, manners: Manners) -> None:
    """DG-2."""
    server, client = await one_client(trial, manners)
    try:
        await exchange(trial, server, client, manners)
    except Failed as failure:
        if failure.mistake is mistakes.NONSENSE_ENDS:  # it may want a header that nobody knows
            raise NotOffered(_("The server wants a number first, and not a message.")) from None
        if server.program.traceback or manners.is_echo:
            raise
        raise NotOffered(_("The server answers no message of one client alone.")) from None


async def answers_another(trial: Trial, manners: Manners) -> None:
    """DG-3."""
    if manners.ends_each or manners.needs_end:
        raise NotOffered(_("The server serves one message for each connection."))
    server, client = await one_client(trial, manners)
    await exchange(trial, server, client, manners)
    if client.peer.has_ended:
        raise NotOffered(_("The server ends the connection after its first answer."))
    try:
        await exchange(trial, server, client, manners)
    except Failed:
        if server.program.traceback:
            raise
        if not manners.is_echo:  # the first message may have been taken for a name
            raise NotOffered(_("The server answers a first message, and no other.")) from None
        if client.leaves_unread:
            note = _("The server does not read a second message on one connection.")
            raise NotOffered(note) from None
        raise


async def goes_on(trial: Trial, manners: Manners) -> None:
    """DG-4."""
    server, client = await one_client(trial, manners)
    for number in range(_EXCHANGES):
        try:
            await exchange(trial, server, client, manners)
        except Failed as failure:
            if manners.is_echo or server.program.traceback:
                raise
            note = _("The dialogue ends after {number} exchanges.", number=number)
            raise Weak(note, failure.mistake) from None


async def takes_a_cut_letter(trial: Trial, manners: Manners) -> None:
    """DG-5."""
    expect_any_segments(manners)
    server, client = await one_client(trial, manners)
    wire = manners.framing.encode(trial.text(4) + _SPLIT)
    border = wire.index(_SPLIT) + 3
    trial.step(_("client 1 sends a message in two segments, cut inside a letter"))
    client.send(wire[:border])
    await trial.activity.pause(APART_SECONDS)
    client.send(wire[border:])
    await client.settle()
    await exchange(trial, server, client, manners)


async def takes_two_without_waiting(trial: Trial, manners: Manners) -> None:
    """DG-6."""
    expect_any_segments(manners)
    server, client = await one_client(trial, manners)
    first, second = trial.text(12), trial.text(12)
    client.say(first)
    trial.step(_("client 1 sends another one, and has not waited for the answer"))
    await trial.activity.pause(APART_SECONDS)
    client.send(manners.framing.encode(second))
    if manners.is_echo and not await client.hears_back(first + second):
        difference = client.difference(first + second)
        cause = likely_cause(server.program.traceback)
        raise Failed(client.story(first + second), cause, difference)
    await client.settle()
    await exchange(trial, server, client, manners)
