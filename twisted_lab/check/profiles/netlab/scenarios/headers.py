"""Lengths before messages, and limits, with netlab-messages."""

from __future__ import annotations

from twisted_lab.check.outcomes import Failed
from twisted_lab.check.profiles.netlab.scenarios.messages import expect_answers, meet
from twisted_lab.check.profiles.netlab.talk.lab import Lab
from twisted_lab.check.profiles.netlab.talk.wire import CHARACTERS, DECIMAL, HEX, INT32, TEXT
from twisted_lab.text.language import _

_LIMIT = 65_536
_APART_SECONDS = 0.005  # between two bytes, so that each is a segment of its own
_MOST_GROWN = 64 << 20  # bytes: memory that a length alone may not cost

_LIMITS = ("--max-message", "100", "--idle-timeout", "2")  # one start for both
_OVER = f"is over the limit of {_LIMIT}"
_TRY_TEXT = "; this looks like text: try --framing text"


async def takes_bytes_one_by_one(lab: Lab) -> None:
    """NX-12."""
    peer = await meet(lab, INT32)
    await peer.send_bytes(INT32.encode("жук") + INT32.encode("b"), _APART_SECONDS)
    await expect_answers(peer, "ЖУК", "B")


async def takes_empty_messages(lab: Lab) -> None:
    """NX-13."""
    peer = await meet(lab, INT32)
    peer.say("", "", "a")
    await expect_answers(peer, "", "", "A")


async def drops_a_cut_frame(lab: Lab) -> None:
    """NX-14."""
    peer = await meet(lab, INT32)
    peer.send(INT32.encode("whole") + INT32.encode("cut short")[:-1])
    peer.finish()
    await expect_answers(peer, "WHOLE")
    await peer.expect_end()


async def takes_any_padding(lab: Lab) -> None:
    """NX-15."""
    peer = await meet(lab, DECIMAL)
    peer.send(b"0002ab" + b"3   abc" + b"   4abcd" + b" 5  abcde")
    await expect_answers(peer, "AB", "ABC", "ABCD", "ABCDE")
    peer = await meet(lab, HEX)
    peer.send(b"0000000a" + b"x" * 10 + b"A       " + b"y" * 10)
    await expect_answers(peer, "X" * 10, "Y" * 10)


async def quotes_a_bad_header(lab: Lab) -> None:
    """NX-16."""
    peer = await meet(lab, DECIMAL)
    peer.send(b"GET / HTTP/1.1\r\n")
    await peer.expect(f"error: header 'GET ' is no decimal length{_TRY_TEXT}")
    await peer.expect_end()
    peer = await meet(lab, DECIMAL)
    peer.send(b"G")
    await peer.expect_start("error: header 'G")
    await peer.expect_end()


async def takes_digits_alone(lab: Lab) -> None:
    """NX-17."""
    for framing, header in ((DECIMAL, b"+002"), (DECIMAL, b"000a"), (HEX, b"0x000002")):
        peer = await meet(lab, framing)
        peer.send(header + b"ab")
        await peer.expect_start("error: header '")
        await peer.expect_end()


async def suggests_characters(lab: Lab) -> None:
    """NX-18."""
    peer = await meet(lab, DECIMAL)
    peer.send("0004жжжж".encode())
    await expect_answers(peer, "ЖЖ")
    await peer.expect(
        r"error: header '\xd0\xb6\xd0\xb6' is no decimal length; if the lengths count characters, "
        "try --count characters"
    )
    await peer.expect_end()


async def limits_its_own_messages(lab: Lab) -> None:
    """NX-19."""
    peer = await meet(lab, DECIMAL)
    text = "x" * 9_990
    peer.say(text)
    size = len(f"Your message: {text}")
    await peer.expect(
        f"error: message of {size} bytes is over the limit of 9999 of the header decimal:4"
    )
    await peer.expect_end()


async def takes_characters_one_by_one(lab: Lab) -> None:
    """NX-20."""
    peer = await meet(lab, CHARACTERS)
    await peer.send_bytes(CHARACTERS.encode("жук") + CHARACTERS.encode("b"), _APART_SECONDS)
    await expect_answers(peer, "ЖУК", "B")


async def takes_the_longest(lab: Lab) -> None:
    """NX-21."""
    peer = await meet(lab, INT32)
    peer.say("x" * _LIMIT)
    await expect_answers(peer, "X" * _LIMIT)


async def refuses_longer_ones(lab: Lab) -> None:
    """NX-22."""
    server = await lab.server("messages", framing=INT32)
    before = _memory(server.program.child.pid)
    for size in (70_000, 2**32 - 1):
        peer = await lab.join(server, INT32)
        await peer.expect("Message 1:")
        peer.send(INT32.encode("one") + size.to_bytes(4, "big") + INT32.encode("two"))
        await expect_answers(peer, "ONE")
        await peer.expect_start(f"error: message of {size} bytes {_OVER}")
        await peer.expect_end()
    if _memory(server.program.child.pid) > before + _MOST_GROWN:
        raise Failed(_("A length alone cost the server memory."))


def _memory(pid: int) -> int:
    """Return the memory that a process uses, in bytes."""
    with open(f"/proc/{pid}/statm") as file:  # noqa: PTH123
        return int(file.read().split()[1]) * 4096


async def hints_at_other_formats(lab: Lab) -> None:
    """NX-23."""
    peer = await meet(lab, INT32)
    peer.send(b"test one\n")
    size = int.from_bytes(b"test", "big")
    await peer.expect(f"error: message of {size} bytes {_OVER}{_TRY_TEXT}")
    await peer.expect_end()
    for data in (b"0005hello", b"\x05\0\0\0hello", b"\x16\x03\x01\0\x05\x01"):
        peer = await meet(lab, INT32)
        peer.send(data)
        size = int.from_bytes(data[:4], "big")
        await peer.expect_start(f"error: message of {size} bytes {_OVER}; ")
        await peer.expect_end()


async def limits_lines(lab: Lab) -> None:
    """NX-24."""
    peer = await meet(lab, TEXT)
    peer.send(b"one\n" + b"x" * 70_000)
    await expect_answers(peer, "ONE")
    await peer.expect(f"error: message of more than {_LIMIT} bytes {_OVER}")
    await peer.expect_end()


async def refuses_other_encodings(lab: Lab) -> None:
    """NX-25."""
    peer = await meet(lab, INT32)
    bad = b"x" * 17 + b"\xff" + b"y" * 10
    peer.send(INT32.encode("one") + len(bad).to_bytes(4, "big") + bad + INT32.encode("two"))
    await expect_answers(peer, "ONE")
    await peer.expect("error: not UTF-8 at byte 17")
    await peer.expect_end()


async def takes_the_limit_from_options(lab: Lab) -> None:
    """NX-26."""
    peer = await meet(lab, INT32, *_LIMITS)
    peer.say("x" * 100)
    await expect_answers(peer, "X" * 100)
    peer.say("x" * 101)
    await peer.expect("error: message of 101 bytes is over the limit of 100")
    await peer.expect_end()


async def tells_the_silent(lab: Lab) -> None:
    """NX-27."""
    peer = await meet(lab, INT32, *_LIMITS)
    await peer.expect("error: nothing heard for 2 s", within=5.0)
    await peer.expect_end()


SCENARIOS = {
    "NX-12": takes_bytes_one_by_one,
    "NX-13": takes_empty_messages,
    "NX-14": drops_a_cut_frame,
    "NX-15": takes_any_padding,
    "NX-16": quotes_a_bad_header,
    "NX-17": takes_digits_alone,
    "NX-18": suggests_characters,
    "NX-19": limits_its_own_messages,
    "NX-20": takes_characters_one_by_one,
    "NX-21": takes_the_longest,
    "NX-22": refuses_longer_ones,
    "NX-23": hints_at_other_formats,
    "NX-24": limits_lines,
    "NX-25": refuses_other_encodings,
    "NX-26": takes_the_limit_from_options,
    "NX-27": tells_the_silent,
}
