"""Conversations with netlab-broadcast."""

from __future__ import annotations

from twisted_lab.check.outcomes import Failed
from twisted_lab.check.profiles.netlab.talk.lab import Lab
from twisted_lab.check.profiles.netlab.talk.party import Party
from twisted_lab.check.profiles.netlab.talk.wire import FRAMINGS, TEXT, Framing
from twisted_lab.check.subjects.server import StartedServer
from twisted_lab.text.language import _

_FLOOD_TEXTS = 20  # of 60,000 bytes: more than the buffers of a peer and 256 KiB hold
_FLOOD_BYTES = 60_000
_SMALL_BUFFERS = 16_384  # bytes
_LISTEN_SECONDS = 3.0  # more than twice the idle timeout


def relayed(sender: Party, text: str) -> str:
    """Return what all peers get of a message, which is in upper case."""
    return f"Message from client {sender.address}: {text}"


async def _join(lab: Lab, server: StartedServer, framing: Framing = TEXT) -> Party:
    peer = await lab.join(server, framing)
    await peer.expect("CONNECT")
    return peer


async def _returns(lab: Lab, framing: Framing) -> None:
    peer = await _join(lab, await lab.server("broadcast", framing=framing), framing)
    for text in ("hello", "straße, привет"):
        peer.say(text)
        await peer.expect(relayed(peer, text.upper()))


async def returns_a_text(lab: Lab) -> None:
    """NB-1."""
    await _returns(lab, TEXT)


async def returns_in_every_framing(lab: Lab) -> None:
    """NB-2."""
    for framing in FRAMINGS[1:]:
        await _returns(lab, framing)


async def relays_in_one_order(lab: Lab) -> None:
    """NB-3."""
    server = await lab.server("broadcast", framing=TEXT)
    peers = [await _join(lab, server) for _number in range(3)]
    sent = []
    for number in range(5):
        for peer in peers:
            peer.say(f"text {number}")
            sent.append(relayed(peer, f"TEXT {number}"))
    heard = [[await peer.hear() for _text in sent] for peer in peers]
    if sorted(heard[0]) != sorted(sent):
        raise Failed(_("A peer did not get each message once."))
    if heard != [heard[0]] * len(peers):
        raise Failed(_("Two peers got the messages in different orders."))


async def survives_those_that_leave(lab: Lab) -> None:
    """NB-4."""
    server = await lab.server("broadcast", framing=TEXT)
    stays, leaves, resets = [await _join(lab, server) for _number in range(3)]
    leaves.say("last words")
    leaves.finish()
    for peer in (stays, leaves, resets):
        await peer.expect(relayed(leaves, "LAST WORDS"))
    await leaves.expect_end()
    resets.peer.reset()
    stays.say("still here")
    await stays.expect(relayed(stays, "STILL HERE"))


async def waits_for_nobody(lab: Lab) -> None:
    """NB-5."""
    server = await lab.server("broadcast", framing=TEXT)
    slow = await lab.join(server, TEXT, buffers=_SMALL_BUFFERS)
    slow.peer.pause()
    fast, other = [await _join(lab, server) for _number in range(2)]
    text = "x" * _FLOOD_BYTES
    for number in range(_FLOOD_TEXTS):
        sender, hearer = (fast, other) if number % 2 else (other, fast)
        sender.say(text)
        for peer in (sender, hearer):
            await peer.expect(relayed(sender, text.upper()))
            peer.forget()


async def lets_peers_listen(lab: Lab) -> None:
    """NB-6."""
    server = await lab.server("broadcast", "--idle-timeout", "1", framing=TEXT)
    listens = await _join(lab, server)
    lab.trial.step(_("it listens for {seconds:.0f} s", seconds=_LISTEN_SECONDS))
    await lab.trial.activity.pause(_LISTEN_SECONDS)
    speaks = await _join(lab, server)
    speaks.say("hello")
    await listens.expect(relayed(speaks, "HELLO"))


SCENARIOS = {
    "NB-1": returns_a_text,
    "NB-2": returns_in_every_framing,
    "NB-3": relays_in_one_order,
    "NB-4": survives_those_that_leave,
    "NB-5": waits_for_nobody,
    "NB-6": lets_peers_listen,
}
