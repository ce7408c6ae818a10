"""Conversations with netlab-messages."""

from __future__ import annotations

from twisted_lab.check.profiles.netlab.talk.lab import Lab, LabScenario
from twisted_lab.check.profiles.netlab.talk.party import Party
from twisted_lab.check.profiles.netlab.talk.wire import (
    CHARACTERS,
    DECIMAL,
    HEX,
    INT32,
    TEXT,
    Framing,
)

_TEXTS = {"hello": "HELLO", "straße, привет": "STRASSE, ПРИВЕТ", "": "", " a\tb ": " A\tB "}


async def meet(lab: Lab, framing: Framing, *options: str) -> Party:
    """Return a peer that the server has asked for its first message."""
    peer = await lab.connect("messages", *options, framing=framing)
    await peer.expect("Message 1:")
    return peer


async def expect_answers(peer: Party, *texts: str, first: int = 1) -> None:
    """See that messages are answered.

    Args:
        peer: The peer.
        texts: What it sent, in upper case.
        first: The number of the first of them.
    """
    for number, text in enumerate(texts, first):
        await peer.expect(f"Your message: {text}", f"Message {number + 1}:")


def answers_in(framing: Framing) -> LabScenario:
    """Return the scenario of NM-1 to NM-5."""

    async def answers(lab: Lab) -> None:
        peer = await meet(lab, framing)
        for number, (text, upper) in enumerate(_TEXTS.items(), 1):
            peer.say(text)
            await expect_answers(peer, upper, first=number)

    return answers


async def ends_at_exit(lab: Lab) -> None:
    """NM-6."""
    peer = await meet(lab, INT32)
    peer.say("exit now")
    await expect_answers(peer, "EXIT NOW")
    peer.say("exit", "more")
    await peer.expect_end()


async def answers_all_at_once(lab: Lab) -> None:
    """NM-7."""
    peer = await meet(lab, INT32)
    texts = [f"text {number}" for number in range(200)]
    peer.say(*texts)
    await expect_answers(peer, *map(str.upper, texts))


async def answers_before_the_end(lab: Lab) -> None:
    """NM-8."""
    peer = await meet(lab, INT32)
    peer.say("one", "two")
    peer.finish()
    await expect_answers(peer, "ONE", "TWO")
    await peer.expect_end()


SCENARIOS = {
    "NM-1": answers_in(INT32),
    "NM-2": answers_in(TEXT),
    "NM-3": answers_in(DECIMAL),
    "NM-4": answers_in(HEX),
    "NM-5": answers_in(CHARACTERS),
    "NM-6": ends_at_exit,
    "NM-7": answers_all_at_once,
    "NM-8": answers_before_the_end,
}
