"""Echo servers: what comes back."""

from __future__ import annotations

from collections.abc import Coroutine
from typing import Any

from twisted_lab.check.conversation.causes import likely_cause
from twisted_lab.check.conversation.echoes import carries
from twisted_lab.check.outcomes import Failed, Info, NotChecked, NotOffered, Outcome, Weak
from twisted_lab.check.requirements import message_mistakes, mistakes
from twisted_lab.check.scenarios.echo_server.clients import serves_the_next
from twisted_lab.check.subjects.server import Server, StartedServer
from twisted_lab.check.trials.client import (
    APART_SECONDS,
    Client,
    expect_any_segments,
    expect_many_messages,
)
from twisted_lab.check.trials.server_manners import Manners
from twisted_lab.check.trials.source import never_sends, source_of
from twisted_lab.check.trials.start_server import connect_client, reach_server, with_ending
from twisted_lab.check.trials.trial import Trial
from twisted_lab.text.language import _

_SLOW_SECONDS = 1.0
_SLOW_BUFFERS = 4096  # bytes
# A byte that arrives alone may be a word for the server: q quits, and 0 is a choice of a menu.
_NO_WORDS = b"bdfghjkmprtvwz"
_SPLIT = "ж".encode()  # two bytes in UTF-8


async def _one_client(trial: Trial, manners: Manners) -> tuple[Server, Client]:
    server = await reach_server(trial, manners)
    return server, await connect_client(trial, server, manners)


async def returns_a_text(trial: Trial, manners: Manners) -> None:
    """ES-2."""
    server, client = await _one_client(trial, manners)
    if not manners.is_echo and await _speaks_and_closes(server, client):
        raise NotOffered(_("The server speaks, and closes the connection: it is no echo."))
    text = trial.text(12)
    client.say(text)
    if await client.hears_back(text):
        if not manners.is_echo and not await _returns_another(trial, client):
            raise NotOffered(_("The server returns a first text, and no other: it is no echo."))
        if repr(text).encode() in client.heard:
            note = _("The text comes back as Python shows bytes: {text}.", text=repr(text))
            raise Weak(note, mistakes.RETURNS_REPR)
        return
    if client.heard and not client.peer.was_reset:
        raise NotOffered(_("The server answers, but it does not return the text: it is no echo."))
    failure = client.failure(text)
    if server.program.has_ended:
        if never_sends(source_of(trial.bench)):
            raise NotOffered(_("The program has nothing that sends: it is no echo."))
        raise failure
    _expect_not_shown(server, text)
    await _expect_no_dialogue(trial, server, client, manners, text)
    raise failure


def _expect_not_shown(server: Server, text: bytes) -> None:
    if isinstance(server, StartedServer) and text.decode() in server.program.unanswered:
        raise NotOffered(_("The server shows the text, and returns nothing: it is no echo."))


async def _speaks_and_closes(server: Server, client: Client) -> bool:
    await client.settle()
    program = server.program
    has_crashed = program.has_ended or program.traceback
    return bool(client.peer.received and client.peer.has_ended and not has_crashed)


async def _expect_no_dialogue(
    trial: Trial, server: Server, first: Client, manners: Manners, text: bytes
) -> None:
    said = [text]
    try:
        second = await connect_client(trial, server, manners, 2)
    except Failed:
        return
    await second.settle()
    for _number in range(3):  # the first messages may be taken for a login
        text = trial.text(12)
        said.append(text)
        first.say(text)
        await second.settle()
        if text in second.peer.received:
            note = _("The server passes texts on to other clients: it is a chat, no echo.")
            raise NotOffered(note)
        if first.heard and not any(carries(first.heard, each) for each in said):
            raise NotOffered(
                _("The server answers, but it does not return the text: it is no echo.")
            )
        _expect_not_shown(server, text)
        await second.talk(b"ready")


async def _returns_another(trial: Trial, client: Client) -> bool:
    """Return whether a second text comes back; the first one may have been taken for a name."""
    text = trial.text(12)
    client.say(text)
    return await client.hears_back(text)


async def returns_many(trial: Trial, manners: Manners) -> None:
    """ES-3."""
    expect_many_messages(manners)
    client = (await _one_client(trial, manners))[1]
    for number in range(5):
        await client.expect_back(trial.text(10 + number))


async def returns_5000_bytes(trial: Trial, manners: Manners) -> None:
    """ES-4."""
    client = (await _one_client(trial, manners))[1]
    await client.expect_back(trial.text(5000))
    _expect_no_reset(client)


async def returns_100000_bytes_to_a_slow_reader(trial: Trial, manners: Manners) -> None:
    """ES-5."""
    if manners.ends_each:
        raise NotOffered(_("The server answers what arrives first, and closes."))
    server = await reach_server(trial, manners)
    client = await connect_client(trial, server, manners, buffers=_SLOW_BUFFERS)
    client.peer.pause()
    text = trial.text(100_000)
    client.say(text)
    trial.step(_("client 1 does not read until the server has taken all it can"))
    await trial.activity.until(
        lambda: client.peer.has_ended or server.program.look().is_still, _SLOW_SECONDS
    )
    client.peer.resume()
    trial.step(_("client 1 reads, and receives all of it back"))
    if not await client.hears_back(text):
        raise client.failure(text)


async def returns_all_bytes(trial: Trial, manners: Manners) -> None:
    """ES-6."""
    server, client = await _one_client(trial, manners)
    data = bytes(range(256))
    client.say(data)
    trial.step(_("client 1 receives it back unchanged"))
    await client.settle()
    heard = client.heard
    if data in heard or data.upper() in heard:
        return
    difference = client.difference(data)
    cause = mistakes.RETURNS_REPR if client.shows_bytes(data) else None
    if manners.framing.size and not server.program.has_ended:
        raise Weak(client.story(data), cause, difference)  # such messages may be text alone
    if len(heard) < len(data) or client.peer.has_ended or manners.is_exact:
        raise Failed(client.story(data), cause, difference)
    raise Weak(_("The server goes on, but other bytes come back."), cause, difference)


async def returns_single_bytes(trial: Trial, manners: Manners) -> None:
    """ES-7."""
    if manners.ends_each:
        raise NotOffered(_("The server answers what arrives first, and closes."))
    expect_any_segments(manners)
    client = (await _one_client(trial, manners))[1]
    text = bytes(trial.random.choices(_NO_WORDS, k=8))
    trial.step(_('client 1 sends "{text}" byte by byte', text=text.decode()))
    for byte in manners.framing.encode(text):
        client.send(bytes([byte]))
        await trial.activity.pause(APART_SECONDS / 2)
    if manners.needs_end:
        client.peer.finish()
    trial.step(_("client 1 receives it back"))
    if not await client.hears_back(text):
        raise client.failure(text)


async def returns_a_split_letter(trial: Trial, manners: Manners) -> None:
    """ES-8."""
    if manners.ends_each:
        raise NotOffered(_("The server answers what arrives first, and closes."))
    expect_any_segments(manners)
    client = (await _one_client(trial, manners))[1]
    wire = manners.framing.encode(_SPLIT)
    border = wire.index(_SPLIT) + 1
    trial.step(_("client 1 sends a letter of two bytes in two segments"))
    client.send(wire[:border])
    await trial.activity.pause(APART_SECONDS)
    client.send(wire[border:])
    if manners.needs_end:
        client.peer.finish()
    trial.step(_("client 1 receives it back"))
    if not await client.hears_back(_SPLIT):
        raise client.failure(_SPLIT)


async def returns_cyrillic_letters(trial: Trial, manners: Manners) -> None:
    """ES-9."""
    server, client = await _one_client(trial, manners)
    text = b"a" + _SPLIT * 1000
    await client.expect_back(text)
    if manners.framing.is_apart and (count := _counted_characters(client.heard, text)):
        note = _(
            "The header says {length:,}, and {size:,} bytes follow: it counts characters.",
            length=count,
            size=len(text),
        )
        raise Failed(note, message_mistakes.COUNTS_CHARACTERS)
    waits = await client.leave()
    await server.program.settle(trial.bench.patience)
    if server.program.has_ended:
        if likely_cause(server.program.traceback) is mistakes.DECODED_PORTIONS:
            raise Failed(with_ending(_("The letters came back; then the server ended"), server))
        if not server.program.traceback:
            raise NotChecked(
                _("It depends on ES-11: the letters came back; then the server ended in order.")
            )
        note = _("The letters came back; then the server ended with its client.")
        raise Weak(note, likely_cause(server.program.traceback) or mistakes.ONE_CLIENT_ONLY)
    try:
        second = await connect_client(trial, server, manners, 2)
        await second.expect_back(trial.text(12))
    except Failed as failure:  # the letters came back, so decode() is not the cause
        with trial.aside():
            serves_one = await _fails(serves_the_next(trial, manners))
        if serves_one:
            note = _("It depends on ES-11: the letters came back; no other client was served.")
            raise NotChecked(note) from None
        failure.mistake = likely_cause(server.program.traceback) or (
            mistakes.ONE_CLIENT_ONLY if waits else mistakes.SPINS
        )
        raise


async def _fails(scenario: Coroutine[Any, Any, None]) -> bool:
    try:
        await scenario
    except Outcome as outcome:
        return isinstance(outcome, Failed)
    return False


def _counted_characters(heard: bytes, text: bytes) -> int:
    """Return the length before an answer if it counts characters; otherwise 0."""
    header, found, _rest = heard.partition(text)
    count = len(text.decode())
    return count if found and header == str(count).encode() else 0


async def answers_after_half_close(trial: Trial, manners: Manners) -> None:
    """ES-10."""
    expect_any_segments(manners)
    client = (await _one_client(trial, manners))[1]
    text = trial.text(12)
    client.say(text)
    trial.step(_("client 1 ends its direction at once (FIN), and receives the text back"))
    client.peer.finish()
    if not await client.hears_back(text):
        raise client.failure(text)
    _expect_no_reset(client)


def _expect_no_reset(client: Client) -> None:
    if client.peer.was_reset:
        raise Weak(_("All of the text came back; then the server reset the connection."))


async def tells_its_manners(_trial: Trial, manners: Manners) -> None:
    """ES-28."""
    raise Info(" ".join(manners.behaviour) or _("It returns no text."))
