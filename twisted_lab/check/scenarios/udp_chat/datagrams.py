"""Chat servers: unusual messages."""

from __future__ import annotations

from socket import SocketKind

from twisted_lab.check.conversation.echoes import carries
from twisted_lab.check.outcomes import Failed, Info, NotOffered
from twisted_lab.check.trials.chat import open_chat
from twisted_lab.check.trials.chat_manners import ChatManners
from twisted_lab.check.trials.trial import Trial
from twisted_lab.text.language import _, ngettext

_BURST = 20  # texts; they fit into the smallest usual receive buffer many times
_NO_TEXT = b"\xff\xfe\xd0\n"


async def survives_an_empty_datagram(trial: Trial, manners: ChatManners) -> None:
    """UC-7."""
    if manners.kind is not SocketKind.SOCK_DGRAM:
        raise Info(_("The chat uses TCP, which has no empty messages."))
    await _survives(trial, manners, b"")


async def survives_bytes_that_are_no_text(trial: Trial, manners: ChatManners) -> None:
    """UC-8."""
    await _survives(trial, manners, _NO_TEXT)


async def _survives(trial: Trial, manners: ChatManners, data: bytes) -> None:
    """See that two clients can still talk after a third one has sent something."""
    chat = await open_chat(trial, manners)
    first, second, third = [await chat.join(number) for number in (1, 2, 3)]
    third.say(data)
    await third.settle()
    await chat.expect_talk(first, second)


async def passes_a_burst_on(trial: Trial, manners: ChatManners) -> None:
    """UC-11."""
    chat = await open_chat(trial, manners)
    first, second = await chat.join(1), await chat.join(2)
    await chat.expect_talk(first, second)
    texts = [trial.text(12) for _number in range(_BURST)]
    for text in texts:
        first.say(text)
    trial.expect(_("{client} receives them", client=second.name))
    if await second.hears(*texts):
        return
    if first.heard and not any(carries(first.heard, text) for text in texts):
        raise NotOffered(_("The server answers client 1, and may limit how much it says."))
    missing = sum(not carries(second.heard, text) for text in texts)
    raise Failed(
        ngettext(
            "Of {texts} texts that were sent at once, {n} did not arrive.",
            "Of {texts} texts that were sent at once, {n} did not arrive.",
            missing,
            texts=_BURST,
        )
    )
