"""Chat servers: clients that come, leave, vanish and return."""

from __future__ import annotations

from twisted_lab.check.outcomes import Failed, Info
from twisted_lab.check.requirements.udp_chat import EXIT_ENDS_CHAT
from twisted_lab.check.trials.chat import Chat, open_chat, own_name
from twisted_lab.check.trials.chat_manners import ChatManners
from twisted_lab.check.trials.start_server import connect_client
from twisted_lab.check.trials.trial import Trial
from twisted_lab.text.escaping import escape_bytes
from twisted_lab.text.language import N_, _

_SHOWN = 60  # bytes
# Whether the others hear a client that has not joined, and whether it hears them.
_STRANGERS = {
    (True, True): N_("A client that has not joined is heard, and hears the others."),
    (True, False): N_("A client that has not joined is heard, and hears nobody."),
    (False, True): N_("A client that has not joined is not heard, and hears the others."),
    (False, False): N_("A client that has not joined is not heard, and hears nobody."),
}


async def survives_a_client_that_vanished(trial: Trial, manners: ChatManners) -> None:
    """UC-9."""
    chat = await open_chat(trial, manners)
    first, second, third = [await chat.join(number) for number in (1, 2, 3)]
    await chat.expect_talk(first, third)
    trial.step(_("client 2 vanishes without a word"))
    second.peer.reset()
    await first.settle()
    # The first text meets the closed port, and the second one what the system says about it.
    await chat.expect_heard(first, third)
    await chat.expect_talk(first, third)


async def lets_a_client_return(trial: Trial, manners: ChatManners) -> str | None:
    """UC-10."""
    chat = await open_chat(trial, manners)
    first, second = await chat.join(1), await chat.join(2)
    await chat.expect_talk(first, second)
    await chat.leave(second)
    program = chat.server.program
    trial.step(_("client 2 returns"))
    try:
        await chat.expect_talk(first, await chat.join(2))
    except Failed as failure:
        if program.has_ended and not program.traceback and not failure.mistake:
            note = _("The server ended with {end} after client 2 said exit.", end=program.end)
            raise Failed(note, EXIT_ENDS_CHAT) from None
        if program.has_ended:
            raise
        trial.step(_("client 2 returns with another name"))
        await chat.expect_talk(first, await chat.join(2, own_name(4)))
        return _("It returned with another name.")
    return None


async def tells_who_comes_and_leaves(trial: Trial, manners: ChatManners) -> None:
    """UC-14."""
    chat = await open_chat(trial, manners)
    first, second = await chat.join(1), await chat.join(2)
    await chat.expect_talk(first, second)
    await first.settle()
    heard = [len(first.heard)]
    third = await chat.join(3)
    await first.settle()
    heard.append(len(first.heard))
    await chat.leave(third)
    await first.settle()
    _expect_running(chat)
    came, left = first.heard[heard[0] : heard[1]], first.heard[heard[1] :]
    raise Info(f"{_told_of_joining(came)} {_told_of_leaving(left)}")


def _told_of_joining(words: bytes) -> str:
    if not words:
        return _("When a client joins, the others receive nothing.")
    shown = escape_bytes(words[:_SHOWN])
    return _('When a client joins, the others receive "{words}".', words=shown)


def _told_of_leaving(words: bytes) -> str:
    if not words:
        return _("When a client leaves, the others receive nothing.")
    shown = escape_bytes(words[:_SHOWN])
    return _('When a client leaves, the others receive "{words}".', words=shown)


async def has_two_of_one_name(trial: Trial, manners: ChatManners) -> None:
    """UC-15."""
    chat = await open_chat(trial, manners)
    first, second = await chat.join(1), await chat.join(2, own_name(1))
    said = second.heard[:_SHOWN]
    try:
        await chat.expect_talk(first, second)
    except Failed as failure:
        _expect_running(chat)
        if not said:
            raise Info(_("Two clients of one name cannot talk.")) from failure
        words = escape_bytes(said)
        note = _('Two clients of one name cannot talk; the second is told "{words}".', words=words)
        raise Info(note) from failure
    raise Info(_("Two clients of one name can talk."))


async def hears_a_stranger(trial: Trial, manners: ChatManners) -> None:
    """UC-16."""
    chat = await open_chat(trial, manners)
    first, second = await chat.join(1), await chat.join(2)
    await chat.expect_talk(first, second)
    stranger = await connect_client(trial, chat.server, manners, 3)
    text, answer = trial.text(12), trial.text(12)
    stranger.say(text)
    is_heard = await second.hears(text)
    _expect_running(chat)
    first.say(answer)
    hears = await stranger.hears(answer)
    _expect_running(chat)
    raise Info(_(_STRANGERS[is_heard, hears]))


def _expect_running(chat: Chat) -> None:
    """See that the server has not ended: then it hears no client at all.

    Raises:
        Info: If it has.
    """
    program = chat.server.program
    if program.has_ended:
        raise Info(_("The server ended with {end}.", end=program.end))


async def survives_a_stranger(trial: Trial, manners: ChatManners) -> None:
    """UC-19."""
    chat = await open_chat(trial, manners)
    first, second = await chat.join(1), await chat.join(2)
    await chat.expect_talk(first, second)
    stranger = await connect_client(trial, chat.server, manners, 3)
    await stranger.talk(trial.text(12))
    await chat.expect_talk(first, second)
