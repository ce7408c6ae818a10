"""Plain datagrams with netlab-chat."""

from __future__ import annotations

from twisted_lab.check.outcomes import Failed
from twisted_lab.check.profiles.netlab.scenarios.room import SHORT_OR_BY_NAME, ChatRoom
from twisted_lab.text.language import _

_TIMES = 3  # as many bytes as a stranger sends
_LONG = 1_024  # bytes of a datagram
_CONTINUED = "… "


async def joins_plainly(room: ChatRoom) -> None:
    """NC-15."""
    anna, boris = await room.join("Anna"), await room.join_plain("Boris")
    await anna.expect("* Boris has joined")
    boris.say("привет")
    await boris.expect("Boris: привет")
    await anna.expect("Boris: привет")
    anna.say("hello")
    await boris.expect("Anna: hello")
    boris.say("exit")
    await anna.expect("Anna: hello", "* Boris has left")


async def answers_strangers_shortly(room: ChatRoom) -> None:
    """NC-16."""
    stranger = await room.datagrams()
    for text in ("x", "hello"):
        stranger.say(text)
        await stranger.expect_silence()
    for text in ("hello!", "/who is there"):
        stranger.say(text)
        await stranger.expect("error: /join NAME")
        await stranger.expect_silence()
    text = "/join Boris"
    stranger.say(text)
    answer = await stranger.expect_start(f"{text} ")
    if len(answer) >= _TIMES * len(text):
        raise Failed(_("The answer has {size} bytes.", size=len(answer)))
    await stranger.expect_silence()
    stranger.say("error: no such thing")
    await stranger.expect_silence()


async def takes_several_lines(room: ChatRoom) -> None:
    """NC-17."""
    boris = await room.join_plain("Boris")
    boris.say("\ufeffone\ntwo\r\nthree")
    await boris.expect("Boris: one", "Boris: two", "Boris: three")


async def splits_long_messages(room: ChatRoom) -> None:
    """NC-18."""
    boris = await room.join_plain("Boris")
    text = "".join(f"{number:08}" for number in range(300))
    boris.say(text)
    found = ""
    while len(found) < len(text):
        data = await boris.hear()
        if data is None or len(data) > _LONG + 100:
            raise Failed(_("The message did not come in parts."))
        part = data.decode().removesuffix("\n")
        start = _CONTINUED if found else "Boris: "
        if not part.startswith(start):
            raise Failed(_('A part begins with "{found}".', found=part[:10]))
        found += part.removeprefix(start)
    if found != text:
        raise Failed(_("The parts are another text."))


async def joins_by_name(room: ChatRoom) -> None:
    """NC-19."""
    room.options = SHORT_OR_BY_NAME
    boris = await room.datagrams()
    boris.say("Boris: hi")
    await boris.expect("Boris: hi")
    boris.say("Boris: once more")
    await boris.expect("Boris: once more")
    boris.say("without a prefix")
    await boris.expect("Boris: without a prefix")


SCENARIOS = {
    "NC-15": joins_plainly,
    "NC-16": answers_strangers_shortly,
    "NC-17": takes_several_lines,
    "NC-18": splits_long_messages,
    "NC-19": joins_by_name,
}
