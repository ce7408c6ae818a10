"""Conversations in the room of netlab-chat."""

from __future__ import annotations

from twisted_lab.check.outcomes import Failed
from twisted_lab.check.profiles.netlab.scenarios.room import SHORT_OR_BY_NAME, ChatRoom
from twisted_lab.check.profiles.netlab.talk.wire import FRAMINGS
from twisted_lab.text.language import _

_COMMANDS = ("/msg", "/who", "/nick", "/history", "/help", "/leave")
_AT_ONCE = 10
_PAUSE_SECONDS, _MOST_PAUSES = 0.5, 20


async def _welcomes(room: ChatRoom) -> None:
    peer = await room.connect()
    peer.say("/join Anna")
    await peer.expect("* welcome, Anna; /help lists what you can do", "* here: Anna")
    peer.say("привет")
    await peer.expect("Anna: привет")
    peer.say("/join Boris")
    await peer.expect("* you are here already, as Anna")


async def welcomes(room: ChatRoom) -> None:
    """NC-1."""
    await _welcomes(room)


async def welcomes_in_every_framing(room: ChatRoom) -> None:
    """NC-2."""
    for framing in FRAMINGS[1:]:
        room.framing = framing
        await _welcomes(room)


async def sends_to_all(room: ChatRoom) -> None:
    """NC-3."""
    anna, boris = await room.join("Anna"), await room.join("Boris")
    await anna.expect("* Boris has joined")
    sent = []
    for number in range(4):
        for name, peer in (("Anna", anna), ("Boris", boris)):
            peer.say(f"text {number}")
            sent.append(f"{name}: text {number}")
    heard = [[await peer.hear() for _text in sent] for peer in (anna, boris)]
    if sorted(heard[0]) != sorted(sent) or heard[0] != heard[1]:
        raise Failed(_("The members did not get each text once, in one order."))


async def tells_of_others(room: ChatRoom) -> None:
    """NC-4."""
    anna, boris = await room.join("Anna"), await room.join("Boris")
    await anna.expect("* Boris has joined")
    boris.finish()
    await boris.expect_end()
    await anna.expect("* Boris has left")


async def tells_how_to_join(room: ChatRoom) -> None:
    """NC-5."""
    peer = await room.connect()
    for text in ("hello", "/who"):
        peer.say(text)
        await peer.expect("error: /join NAME")
    peer.say("exit")
    await peer.expect_end()


async def refuses_names(room: ChatRoom) -> None:
    """NC-6."""
    await room.join("Anna")
    peer = await room.connect()
    for name in ("x" * 33, "two words", "a\u200bb", "error", "*", "anna", "Аnnа"):  # noqa: RUF001
        peer.say(f"/join {name}")
        await peer.expect_start("error: ")
    peer.say("/join Boris")
    await peer.expect("* welcome, Boris; /help lists what you can do")


async def whispers(room: ChatRoom) -> None:
    """NC-7."""
    anna, boris, clara = [await room.join(name) for name in ("Anna", "Boris", "Clara")]
    await anna.expect("* Boris has joined", "* Clara has joined")
    await boris.expect("* Clara has joined")
    anna.say("/msg Boris a secret", "to all")
    await anna.expect("Anna (to Boris): a secret", "Anna: to all")
    await boris.expect("Anna (to you): a secret", "Anna: to all")
    await clara.expect("Anna: to all")


async def lists_and_renames(room: ChatRoom) -> None:
    """NC-8."""
    anna, boris = await room.join("Anna"), await room.join("Boris")
    await anna.expect("* Boris has joined")
    boris.say("/nick Bob")
    for peer in (anna, boris):
        await peer.expect("* Boris is now called Bob")
    anna.say("/who")
    names = (await anna.expect_start("* here: ")).removeprefix("* here: ").split(", ")
    if sorted(names) != ["Anna", "Bob"]:
        raise Failed(_("/who names others: {all}", all=", ".join(names)))


async def repeats_history(room: ChatRoom) -> None:
    """NC-9."""
    anna, boris = await room.join("Anna"), await room.join("Boris")
    await anna.expect("* Boris has joined")
    anna.say("one", "two", "three")
    texts = ("Anna: one", "Anna: two", "Anna: three")
    await anna.expect(*texts)
    await boris.expect(*texts)
    boris.say("/history 2")
    await boris.expect(*texts[1:])


async def helps(room: ChatRoom) -> None:
    """NC-10."""
    peer = await room.join("Anna")
    peer.say("/nonsense")
    await peer.expect_start("error: ")
    peer.say("/help", "end")
    lines = [await peer.hear()]
    while lines[-1] != "Anna: end":
        lines.append(await peer.hear())
    for command in _COMMANDS:
        if not any(command in line for line in lines):
            raise Failed(_("/help does not explain {command}.", command=command))


async def lets_members_leave(room: ChatRoom) -> None:
    """NC-11."""
    anna = await room.join("Anna")
    for word in ("/leave", "exit"):
        boris = await room.join("Boris")
        await anna.expect("* Boris has joined")
        boris.say(word)
        await boris.expect_end()
        await anna.expect("* Boris has left")


async def cleans_texts(room: ChatRoom) -> None:
    """NC-12."""
    peer = await room.join("Anna")
    peer.say("  a\x1b[31mred\x07 b  ")
    await peer.expect("Anna: ared b")


async def mutes(room: ChatRoom) -> None:
    """NC-13."""
    peer = await room.join("Anna")
    peer.say(*["text"] * (_AT_ONCE + 5))
    said = 0
    while (text := await peer.hear()) == "Anna: text":
        said += 1
    if text != "error: too fast; you are muted for 10 s" or said < _AT_ONCE:
        raise Failed(_("After {number} texts came: {text}", number=said, text=text))


async def removes_the_silent(room: ChatRoom) -> None:
    """NC-14."""
    room.options = SHORT_OR_BY_NAME
    anna = await room.join("Anna")
    boris = await room.join("Boris")
    await anna.expect("* Boris has joined")
    for _number in range(_MOST_PAUSES):
        if boris.peer.has_ended:
            break
        await room.lab.trial.activity.pause(_PAUSE_SECONDS)
        anna.say("")  # it sends nothing to others, but keeps her here
    await boris.expect("error: nothing heard for 2 s")
    await boris.expect_end()
    await anna.expect("* Boris has gone silent")


SCENARIOS = {
    "NC-1": welcomes,
    "NC-2": welcomes_in_every_framing,
    "NC-3": sends_to_all,
    "NC-4": tells_of_others,
    "NC-5": tells_how_to_join,
    "NC-6": refuses_names,
    "NC-7": whispers,
    "NC-8": lists_and_renames,
    "NC-9": repeats_history,
    "NC-10": helps,
    "NC-11": lets_members_leave,
    "NC-12": cleans_texts,
    "NC-13": mutes,
    "NC-14": removes_the_silent,
}
