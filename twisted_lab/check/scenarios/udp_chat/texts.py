"""Chat servers: what reaches the others."""

from __future__ import annotations

import re

from twisted_lab.check.conversation.causes import likely_cause
from twisted_lab.check.outcomes import Failed, NotChecked, NotOffered
from twisted_lab.check.trials.chat import Chat, open_chat, own_name
from twisted_lab.check.trials.chat_manners import ChatManners
from twisted_lab.check.trials.client import Client
from twisted_lab.check.trials.start_server import start_server
from twisted_lab.check.trials.trial import Trial
from twisted_lab.text.language import _

# A program that expects other messages may end with other errors, and these are mistakes of Python.
_MISTAKES = re.compile(r"NameError|UnboundLocalError|TypeError: .*(bytes|'str')")


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
        if _MISTAKES.match(traceback):
            raise Failed(failure.note, likely_cause(traceback)) from None
        raise NotOffered(await _what_happens(trial, chat, first)) from None


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


async def passes_russian_on(trial: Trial, manners: ChatManners) -> None:
    """UC-4."""
    chat = await open_chat(trial, manners)
    first, second = await chat.join(1), await chat.join(2)
    await chat.expect_heard(first, second, text="привет ".encode() + trial.text(6))
    await chat.expect_heard(second, first)


async def passes_1000_bytes_on(trial: Trial, manners: ChatManners) -> None:
    """UC-5."""
    chat = await open_chat(trial, manners)
    first, second = await chat.join(1), await chat.join(2)
    await chat.expect_heard(first, second, text=trial.text(1000))


async def names_the_speaker(trial: Trial, manners: ChatManners) -> str | None:
    """UC-6."""
    chat = await open_chat(trial, manners)
    speakers = [await chat.join(1), await chat.join(2)]
    listener = await chat.join(3)
    text, heard = trial.text(12), []
    for speaker in speakers:
        before = len(listener.heard)
        await chat.expect_heard(speaker, listener, text=text)
        await listener.settle()
        heard.append(listener.heard[before:].lower())
    if heard[0] == heard[1]:
        raise Failed(_("What clients 1 and 2 say looks the same to client 3."))
    names = [own_name(number).encode() for number in (1, 2)]
    if all(name in words for name, words in zip(names, heard, strict=True)):
        return None
    return _("The texts differ, but not by the names that the clients gave.")
