"""Text framing, with netlab-messages."""

from __future__ import annotations

from twisted_lab.check.outcomes import Failed
from twisted_lab.check.profiles.netlab.scenarios.messages import expect_answers, meet
from twisted_lab.check.profiles.netlab.talk.lab import Lab
from twisted_lab.check.profiles.netlab.talk.wire import TEXT
from twisted_lab.text.language import _

_KEY_SECONDS = 0.1  # between two keys
_AFTER_KEYS_SECONDS = 0.5  # more than the 200 ms that end a message elsewhere
_SHORT_SECONDS = 0.06  # more than 30 ms, and less than 200
_PACE_SECONDS = 1.0
_CRLF = ("--newline", "crlf", "--idle-flush", "0")  # one start for both

_LOOKS_LIKE = "error: no text: this looks like "
_NO_TEXT = (
    (
        b"\0\0\0\x05hello",
        "a 4-byte length; send lines, or start the server with --framing int32",
    ),
    (b"\x05\0\0\0hello", "a little-endian length; send lines"),
    (b"h\0\0\0hello", "a little-endian length; send lines"),
    (
        b"\x16\x03\x01\0\x05\x01",
        "TLS; connect without it, or start the server with --tls",
    ),
    (b"\0h\0i", "UTF-16; send UTF-8"),
    (b"h\0i\0", "UTF-16; send UTF-8"),
)


async def knows_all_ends(lab: Lab) -> None:
    """NX-1."""
    peer = await meet(lab, TEXT)
    peer.send(b"a\nb\r\nc\rd\r\0e\n")
    await expect_answers(peer, *"ABCDE")
    peer = await meet(lab, TEXT)
    peer.send(b"hello\0world\0")
    await expect_answers(peer, "HELLO", "WORLD")


async def understands_peers_without_newlines(lab: Lab) -> None:
    """NX-2."""
    peer = await meet(lab, TEXT)
    for number, text in enumerate(("one", "two", "three"), 1):
        peer.send(text.encode())
        await expect_answers(peer, text.upper(), first=number)
    peer.send(b"four")
    peer.finish()
    await expect_answers(peer, "FOUR", first=4)
    await peer.expect_end()


async def knows_character_mode(lab: Lab) -> None:
    """NX-3."""
    peer = await meet(lab, TEXT)
    await peer.send_bytes(b"keys", _KEY_SECONDS)
    await lab.trial.activity.pause(_AFTER_KEYS_SECONDS)
    await peer.send_bytes(b"\r\n", _KEY_SECONDS)
    await expect_answers(peer, "KEYS")


async def drops_padding(lab: Lab) -> None:
    """NX-4."""
    peer = await meet(lab, TEXT)
    peer.send(b"hello\0\0\0\0world\0\n")
    await expect_answers(peer, "HELLO", "WORLD")
    peer = await meet(lab, TEXT)
    peer.send(b"line\n\0\0\0\0next\n")
    await expect_answers(peer, "LINE", "NEXT")


async def refuses_leftovers(lab: Lab) -> None:
    """NX-5."""
    peer = await meet(lab, TEXT)
    peer.send(b"hi\0password\0\0\0")
    await expect_answers(peer, "HI")
    await peer.expect("error: no text: NUL at byte 2")
    await peer.expect_end()


async def drops_marks_and_commands(lab: Lab) -> None:
    """NX-6."""
    peer = await meet(lab, TEXT)
    peer.send(b"\xef\xbb\xbfmark\n")
    await expect_answers(peer, "MARK")
    peer.send(b"\xff\xfb\x01tel\xff\xf1net\n")
    await expect_answers(peer, "TELNET", first=2)


async def tells_what_it_looks_like(lab: Lab) -> None:
    """NX-7."""
    for data, guess in _NO_TEXT:
        peer = await meet(lab, TEXT)
        peer.send(data)
        await peer.expect(_LOOKS_LIKE + guess)
        await peer.expect_end()


async def ends_lines_as_told(lab: Lab) -> None:
    """NX-8."""
    peer = await lab.connect("messages", *_CRLF, framing=TEXT)
    await peer.expect_bytes(b"Message 1:\r\n")
    peer.say("one")
    await peer.expect_bytes(b"Your message: ONE\r\nMessage 2:\r\n")
    peer = await lab.connect("messages", "--newline", "none", framing=TEXT)
    await peer.expect_bytes(b"Message 1:")
    peer.say("one")
    await peer.expect_bytes(b"Your message: ONE\nMessage 2:")
    await peer.expect_silence()


async def waits_for_newlines(lab: Lab) -> None:
    """NX-9."""
    peer = await lab.connect("messages", *_CRLF, framing=TEXT)
    await peer.expect_bytes(b"Message 1:\r\n")
    peer.send(b"hello,")
    await peer.expect_silence()
    peer.send(b" world\n")
    await peer.expect_bytes(b"Your message: HELLO, WORLD\r\nMessage 2:\r\n")


async def paces_messages(lab: Lab) -> None:
    """NX-10."""
    clock = lab.trial.activity.clock
    peer = await meet(lab, TEXT, "--pace", f"{_PACE_SECONDS * 1000:.0f}")
    peer.send(b"hello")
    await peer.expect("Your message: HELLO")
    began = clock.seconds()
    await peer.expect("Message 2:", within=2 * _PACE_SECONDS)
    if (waited := clock.seconds() - began) < _PACE_SECONDS / 2:
        raise Failed(_("The next message came after {seconds:.3f} s.", seconds=waited))


async def joins_two_pieces(lab: Lab) -> None:
    """NX-11."""
    peer = await meet(lab, TEXT)
    peer.send(b"hello,")
    await lab.trial.activity.pause(_SHORT_SECONDS)
    peer.send(b" world\n")
    await expect_answers(peer, "HELLO, WORLD")
    peer.send(b"once ")
    await lab.trial.activity.pause(_SHORT_SECONDS)
    peer.send(b"more\n")
    await expect_answers(peer, "ONCE MORE", first=2)


SCENARIOS = {
    "NX-1": knows_all_ends,
    "NX-2": understands_peers_without_newlines,
    "NX-3": knows_character_mode,
    "NX-4": drops_padding,
    "NX-5": refuses_leftovers,
    "NX-6": drops_marks_and_commands,
    "NX-7": tells_what_it_looks_like,
    "NX-8": ends_lines_as_told,
    "NX-9": waits_for_newlines,
    "NX-10": paces_messages,
    "NX-11": joins_two_pieces,
}
