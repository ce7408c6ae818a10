"""Conversations with netlab-echo."""

from __future__ import annotations

from twisted_lab.check.outcomes import Failed
from twisted_lab.check.profiles.netlab.talk.lab import Lab
from twisted_lab.text.language import _

_EVERY_BYTE = bytes(range(256))
_FLOOD_BYTES = 20_000_000  # more than the buffers of both ends hold
_SMALL_BUFFERS = 16_384  # bytes
_FULL_LOOKS = 5  # this often in a row the server waits, and does not read what has come
_ONCE = ("--once", "--idle-timeout", "2")  # one start for both
_ONCE_SECONDS = 0.2
_STOP_SECONDS = 5.0


async def returns_all_bytes(lab: Lab) -> None:
    """NE-1."""
    peer = await lab.connect("echo")
    for data in (_EVERY_BYTE, lab.trial.text(100_000)):
        peer.send(data)
        await peer.expect_bytes(data)


async def answers_after_half_close(lab: Lab) -> None:
    """NE-2."""
    peer = await lab.connect("echo")
    text = lab.trial.text(100_000)
    peer.send(text)
    await lab.trial.activity.until(lambda: not peer.peer.unwritten, lab.trial.bench.patience)
    peer.finish()
    await peer.expect_bytes(text)
    await peer.expect_end()


async def stops_reading(lab: Lab) -> None:
    """NE-3."""
    server = await lab.server("echo")
    peer = await lab.join(server, buffers=_SMALL_BUFFERS)
    peer.peer.pause()
    lab.trial.step(_("it sends {size:,} bytes, and reads nothing", size=_FLOOD_BYTES))
    peer.peer.write(b"x" * _FLOOD_BYTES)
    looks = 0

    def is_full() -> bool:
        nonlocal looks
        looks = looks + 1 if server.program.look().is_stuck else 0
        return looks >= _FULL_LOOKS or not peer.peer.unwritten

    await lab.trial.activity.until(is_full, lab.trial.bench.patience)
    if not peer.peer.unwritten:
        size = _FLOOD_BYTES
        raise Failed(
            _("The server took all {size:,} bytes of a peer that read nothing.", size=size)
        )
    peer.peer.reset()


async def answers_in_upper_case(lab: Lab) -> None:
    """NE-4."""
    peer = await lab.connect("echo", "--upper")
    peer.send("straße, привет!\n".encode())
    await peer.expect_bytes("STRASSE, ПРИВЕТ!\n".encode())


async def waits_for_whole_characters(lab: Lab) -> None:
    """NE-5."""
    peer = await lab.connect("echo", "--upper")
    first, second = "ж".encode()[:1], "ж".encode()[1:]
    peer.send(b"a" + first)
    await peer.expect_bytes(b"A")
    await peer.expect_silence()
    peer.send(second)
    await peer.expect_bytes("Ж".encode())


async def leaves_other_bytes(lab: Lab) -> None:
    """NE-6."""
    peer = await lab.connect("echo", "--upper")
    peer.send(b"a\xff\xfeb\xc3(c\xd0")
    peer.finish()
    await peer.expect_bytes(b"A\xff\xfeB\xc3(C\xd0")
    await peer.expect_end()


async def ends_once(lab: Lab) -> None:
    """NE-7."""
    peer = await lab.connect("echo", *_ONCE)
    text = lab.trial.text(5_000)
    peer.send(text)
    await peer.expect_bytes(text)
    await peer.expect_end(within=1.0)


async def waits_for_more_once(lab: Lab) -> None:
    """NE-8."""
    peer = await lab.connect("echo", *_ONCE)
    clock = lab.trial.activity.clock
    for text in (b"one", b"two", b"three"):
        sent = clock.seconds()
        peer.send(text)
        await peer.expect_bytes(text)
        await lab.trial.activity.pause(_ONCE_SECONDS / 2)
    await peer.expect_end(within=1.0)
    # The server's clock may round, but not by half of it.
    if (waited := clock.seconds() - sent) < _ONCE_SECONDS / 2:
        raise Failed(_("The server closed after {seconds:.3f} s.", seconds=waited))


async def disconnects_the_silent(lab: Lab) -> None:
    """NE-9."""
    peer = await lab.connect("echo", *_ONCE)
    await peer.expect_end(within=5.0)


async def drains_at_the_end(lab: Lab) -> None:
    """NE-10."""
    server = await lab.fresh_server("echo")
    peer = await lab.join(server)
    text = lab.trial.text(50_000)
    peer.peer.pause()
    peer.send(text)
    await server.program.settle(lab.trial.bench.patience)
    lab.trial.step(_("Ctrl-C is pressed"))
    stopping = server.program.stop(_STOP_SECONDS)
    peer.peer.resume()
    if not await stopping:
        raise Failed(_("The server did not stop within {seconds:.0f} s.", seconds=_STOP_SECONDS))
    await lab.trial.activity.until(lambda: peer.peer.has_ended, lab.trial.bench.patience)
    await peer.expect_bytes(text)
    await peer.expect_end()


SCENARIOS = {
    "NE-1": returns_all_bytes,
    "NE-2": answers_after_half_close,
    "NE-3": stops_reading,
    "NE-4": answers_in_upper_case,
    "NE-5": waits_for_whole_characters,
    "NE-6": leaves_other_bytes,
    "NE-7": ends_once,
    "NE-8": waits_for_more_once,
    "NE-9": disconnects_the_silent,
    "NE-10": drains_at_the_end,
}
