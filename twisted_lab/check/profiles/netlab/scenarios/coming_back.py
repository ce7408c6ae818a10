"""Clients of netlab-chat that number their messages, and come back."""

from __future__ import annotations

from twisted_lab.check.outcomes import Failed
from twisted_lab.check.profiles.netlab.scenarios.room import ChatRoom
from twisted_lab.check.profiles.netlab.talk.party import Party
from twisted_lab.text.language import _


async def _join_numbered(party: Party, join: str) -> list[str]:
    """Join with a secret; return the texts before the welcome, and the highest place."""
    party.say(join)
    texts: list[str] = []
    place = "0"
    while not texts or not texts[-1].startswith("* welcome, "):
        place, _time, text = (await party.hear()).split(" ", 2)
        texts.append(text)
    return [*texts[:-1], place]


async def _expect_numbered(party: Party, *texts: str) -> str:
    """See that texts come, each with a place and a time; return the last place."""
    place = "0"
    for text in texts:
        message = await party.hear()
        place, _time, found = message.split(" ", 2) if message[:1].isdigit() else ("", "", message)
        if found != text:
            raise Failed(_('Instead of "{text}" came "{found}".', text=text, found=found))
    return place


async def counts_messages(room: ChatRoom) -> None:
    """NC-24."""
    anna, secret = await room.connect(), room.lab.trial.random.randbytes(8).hex()
    await _join_numbered(anna, f"/join Anna {secret}")
    await _expect_numbered(anna, "* here: Anna")
    anna.say("1 hello", "2 /nonsense", "1 hello")
    await _expect_numbered(anna, "Anna: hello", "/done 1")
    await anna.expect_start("")  # the error
    await _expect_numbered(anna, "/done 2", "/done 1")


async def comes_back(room: ChatRoom) -> None:
    """NC-25."""
    boris = await room.join("Boris")
    anna, secret = await room.connect(), room.lab.trial.random.randbytes(8).hex()
    await _join_numbered(anna, f"/join Anna {secret}")
    await anna.expect_start("")  # who is here
    anna.say("1 hello")
    place = await _expect_numbered(anna, "Anna: hello", "/done 1")
    await boris.expect("* Anna has joined", "Anna: hello")
    anna.peer.reset()
    await boris.expect("* Anna has left")
    boris.say("missed")
    await boris.expect("Boris: missed")
    again = await room.connect()
    *missed, _place = await _join_numbered(again, f"/join Anna {secret} {place}")
    if missed != ["Boris: missed"]:
        raise Failed(_("It got: {texts}", texts="; ".join(missed)))
    again.say("1 hello", "2 there")
    await again.expect_start("")  # who is here
    await _expect_numbered(again, "/done 1", "Anna: there", "/done 2")


SCENARIOS = {
    "NC-24": counts_messages,
    "NC-25": comes_back,
}
