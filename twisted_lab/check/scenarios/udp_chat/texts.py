"""Chat servers: what reaches the others."""

from __future__ import annotations

from math import inf
from typing import NoReturn

from twisted_lab.check.conversation.causes import is_own_error, likely_cause
from twisted_lab.check.conversation.echoes import carries
from twisted_lab.check.conversation.encodings import other_form
from twisted_lab.check.conversation.openings import USUAL
from twisted_lab.check.outcomes import Failed, Info, NotChecked, NotOffered, Weak
from twisted_lab.check.requirements.udp_chat import (
    KEPT_TWICE,
    MIXED_ADDRESS,
    NOT_PASSED_ON,
    OWN_MISTAKE,
    WRONG_SPEAKER,
)
from twisted_lab.check.subjects.server import StartedServer
from twisted_lab.check.subjects.undelivered import Undelivered
from twisted_lab.check.trials.chat import Chat, open_chat, own_name
from twisted_lab.check.trials.chat_manners import ChatManners
from twisted_lab.check.trials.client import Client
from twisted_lab.check.trials.start_server import start_server
from twisted_lab.check.trials.trial import Trial
from twisted_lab.text.escaping import escape_bytes
from twisted_lab.text.language import _

_SHOWN = 60  # bytes


async def listens(trial: Trial, manners: ChatManners) -> None:
    """UC-1."""
    if trial.bench.address is None:
        await start_server(trial, manners)
    elif not manners.passes_on:
        host, port = trial.bench.address
        raise NotChecked(_("No chat answers at {host}:{port}.", host=host, port=port))


async def passes_texts_on(trial: Trial, manners: ChatManners) -> None:
    """UC-2."""
    chat = await open_chat(trial, manners)
    first, second = await chat.join(1), await chat.join(2)
    try:
        await chat.expect_talk(first, second)
    except Failed as failure:
        traceback = chat.server.program.traceback
        if manners.passes_on or failure.mistake:
            raise
        # One that wants clients to join in words of its own may have no entry for them.
        if is_own_error(traceback) and not traceback.startswith("KeyError"):
            raise Failed(failure.note, likely_cause(traceback) or OWN_MISTAKE) from None
        await _expect_own_addresses(trial, chat, (first, second))
        raise NotOffered(await _what_happens(trial, chat, first), NOT_PASSED_ON) from None


async def _expect_own_addresses(trial: Trial, chat: Chat, members: tuple[Client, Client]) -> None:
    """See that a server that passes no text on sends none to ports on which nobody listens.

    Raises:
        Failed: If an address has the host of one client and the port of another.
        NotOffered: If it sends texts elsewhere: its own clients may listen there.
    """
    server = chat.server
    if not isinstance(server, StartedServer) or server.sandbox.lacks:
        return
    if not all(each.peer.port for each in members):
        return  # one has received too much, and is closed
    (host, port), (other_host, other_port) = (each.peer.address for each in members)
    undelivered = Undelivered(server.sandbox)
    trial.on_close(undelivered.close)
    trial.steps.pop()  # that the text arrives: what follows is done before
    elsewhere: tuple[str, int] | None = None
    ways = (*members, (other_host, port)), (*members[::-1], (host, other_port))
    for speaker, listener, mixed in ways * 2:  # the first text of each may be its name
        text = trial.text(12)
        await speaker.talk(text)
        sent = [each.address for each in undelivered.read() if carries(each.data, text)]
        if mixed in sent:
            trial.expect(_("{client} receives it", client=listener.name))
            raise Failed(
                _(
                    "The server sent the text to {host}:{port}, where nobody listens: the host is "
                    "that of client {listener}, and the port that of client {speaker}.",
                    host=mixed[0],
                    port=mixed[1],
                    listener=listener.number,
                    speaker=speaker.number,
                ),
                MIXED_ADDRESS,
            )
        elsewhere = next(iter(sent), elsewhere)
    if elsewhere:
        raise NotOffered(
            _(
                "Texts of one client do not reach the other: the server sends them to "
                "{host}:{port}, where nobody listens.",
                host=elsewhere[0],
                port=elsewhere[1],
            ),
            MIXED_ADDRESS,
        )


async def _what_happens(trial: Trial, chat: Chat, speaker: Client) -> str:
    """Return what a server does with a text, if it passes none on."""
    text, program = trial.text(12), chat.server.program
    speaker.say(text)
    await program.settle(trial.bench.patience)
    if program.look().wants_only_terminal:
        return _(
            "Texts of one client do not reach the other. Once a client has spoken, the server "
            "waits for input on its terminal, and reads no other text meanwhile."
        )
    if await speaker.hears(text):
        return _(
            "Texts of one client do not reach the other: the server returns them to the client "
            "that sent them."
        )
    return _("Texts of one client do not reach the other: it is no chat, or has its own format.")


async def reaches_all(trial: Trial, manners: ChatManners) -> None:
    """UC-3."""
    chat = await open_chat(trial, manners)
    members = [await chat.join(number) for number in (1, 2, 3)]
    for speaker in members:
        await chat.expect_heard(speaker, *(each for each in members if each is not speaker))
    await _expect_once(trial, chat, members[1], members[0])


async def _expect_once(trial: Trial, chat: Chat, speaker: Client, listener: Client) -> None:
    """See that a listener does not receive more copies the more it has said itself.

    A server may send each text several times, as UDP may lose it, and again after a while: those
    copies do not grow with what the listener says, or come while the server waits for a time.

    Raises:
        Weak: If it does.
    """
    counts = []
    for _round in range(2):
        text = trial.text(12)
        speaker.say(text)
        if not await listener.hears(text):
            return  # it may limit how much a client says
        await listener.settle()
        counts.append(bytes(listener.peer.received).lower().count(text))
        if counts[-1] == 1:
            return
        await listener.talk(trial.text(12))
    threads = chat.server.program.look().threads
    if threads and counts[1] > counts[0] > 1 and all(each.state.timeout == inf for each in threads):
        note = _(
            "Client {number} receives a text {n} times, and more often the more it says itself.",
            number=listener.number,
            n=counts[1],
        )
        raise Weak(note, KEPT_TWICE)


async def passes_russian_on(trial: Trial, manners: ChatManners) -> None:
    """UC-4."""
    chat = await open_chat(trial, manners)
    first, second = await chat.join(1), await chat.join(2)
    text = "привет ".encode() + trial.text(6)
    try:
        await chat.expect_heard(first, second, text=text)
    except Failed:
        if form := other_form(text.decode(), second.heard):
            raise Failed(*form) from None
        raise
    await chat.expect_heard(second, first)


async def passes_1200_bytes_on(trial: Trial, manners: ChatManners) -> None:
    """UC-5: a server that takes 1,024 bytes loses less than one that takes fewer than 1,000."""
    chat = await open_chat(trial, manners)
    first, second = await chat.join(1), await chat.join(2)
    await chat.expect_heard(first, second, text=trial.text(1000))
    try:
        await chat.expect_heard(first, second, text=trial.text(1200))
    except Failed as failure:
        if chat.server.program.has_ended:
            raise
        note = _("A text of 1,000 bytes arrives whole, and one of 1,200 bytes does not.")
        raise Weak(note, failure.mistake, failure.difference) from None


async def names_the_speaker(trial: Trial, manners: ChatManners) -> str | None:
    """UC-6."""
    chat = await open_chat(trial, manners)
    listener = await chat.join(3)  # first: a server that takes the last name is wrong for it, too
    speakers = [await chat.join(1), await chat.join(2)]
    text, heard = trial.text(12), []
    for speaker in speakers:
        before = len(listener.heard)
        await chat.expect_heard(speaker, listener, text=text)
        await listener.settle()
        heard.append(listener.heard[before:])
    if heard[0].lower() == heard[1].lower():
        _blame_only_for_names(chat, heard[0], manners.opening)
    names = [own_name(number).encode() for number in (1, 2)]
    if all(name in words.lower() for name, words in zip(names, heard, strict=True)):
        return None
    return _("The texts differ, but not by the names that the clients gave.")


def _blame_only_for_names(chat: Chat, words: bytes, opening: str) -> NoReturn:
    """Judge a server whose words do not tell the speaker: its own clients may add their names.

    Args:
        chat: The chat.
        words: What client 3 received of clients 1 and 2 alike, except for upper and lower case.
        opening: What a client says first.

    Raises:
        Failed: If the words name one of the two.
        Weak: If the server was told the names as names.
        Info: If all that it was sent are texts.
    """
    named = [number for number in (1, 2, 3) if own_name(number).encode() in words.lower()]
    if named or chat.has_asked or opening not in USUAL:
        note = _(
            "Clients 1 and 2 have told the server their names, and client 3 receives the same from "
            'both: "{words}".',
            words=escape_bytes(words[:_SHOWN]),
        )
        outcome = Failed if named in ([1], [2]) else Weak
        raise outcome(note, WRONG_SPEAKER if named else None)
    raise Info(
        _(
            "What clients 1 and 2 say looks the same to client 3: the server adds no name to the "
            "texts, and the checker's clients add none either. One side must add it: your server, "
            'or your client, which then sends "Anna: hello" and not "hello". Not both.'
        )
    )
