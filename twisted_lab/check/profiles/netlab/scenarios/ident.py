"""Conversations with netlab-ident."""

from __future__ import annotations

from ipaddress import IPv4Address

from twisted_lab.check.outcomes import Failed
from twisted_lab.check.profiles.netlab.scenarios.broadcast import relayed
from twisted_lab.check.profiles.netlab.talk.lab import Lab
from twisted_lab.check.profiles.netlab.talk.party import Party
from twisted_lab.check.profiles.netlab.talk.wire import FRAMINGS, TEXT, Framing
from twisted_lab.text.language import _

_QUESTION = "What's your name?"
_TRIES = 3
_LONGEST = 64
_STOP_SECONDS = 5.0
_REFUSED_SECONDS = 5.0
_PROXY_2 = b"\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c"  # version 2, PROXY, TCP over IPv4, 12 bytes


async def _introduce(peer: Party, name: str) -> None:
    await peer.expect(_QUESTION)
    peer.say(name)
    await peer.expect(f"Hello, {name}")


async def _knows(lab: Lab, framing: Framing) -> None:
    source = lab.new_source()
    first = await lab.connect("ident", framing=framing, source=source)
    await _introduce(first, "Ёлка 1")
    await first.expect_end()
    second = await lab.connect("ident", framing=framing, source=source)
    await second.expect("Hello, Ёлка 1")
    await second.expect_end()


async def knows_an_address(lab: Lab) -> None:
    """NI-1."""
    await _knows(lab, TEXT)


async def knows_in_every_framing(lab: Lab) -> None:
    """NI-2."""
    for framing in FRAMINGS[1:]:
        await _knows(lab, framing)


async def tells_addresses_apart(lab: Lab) -> None:
    """NI-3."""
    names = {lab.new_source(): name for name in ("Anna", "Boris")}
    for source, name in names.items():
        await _introduce(await lab.connect("ident", framing=TEXT, source=source), name)
    for source, name in names.items():
        peer = await lab.connect("ident", framing=TEXT, source=source)
        await peer.expect(f"Hello, {name}")


async def remembers(lab: Lab) -> None:
    """NI-4."""
    server = await lab.fresh_server("ident", framing=TEXT)
    source = lab.new_source()
    peer = await lab.join(server, TEXT, source)
    await _introduce(peer, "Anna")
    await peer.expect_end()
    lab.trial.step(_("Ctrl-C is pressed"))
    await server.program.stop(_STOP_SECONDS)
    again = await lab.fresh_server("ident", framing=TEXT, sandbox=server.sandbox)
    peer = await lab.join(again, TEXT, source)
    await peer.expect("Hello, Anna")


async def asks_three_times(lab: Lab) -> None:
    """NI-5."""
    peer = await lab.connect("ident", framing=TEXT)
    for name in ("  ", "x" * (_LONGEST + 1), "a\u200bb"):
        await peer.expect(_QUESTION)
        peer.say(name)
        await peer.expect_start("error: ")
    await peer.expect_end()


async def takes_long_names(lab: Lab) -> None:
    """NI-6."""
    peer = await lab.connect("ident", framing=TEXT)
    await peer.expect(_QUESTION)
    name = "ж" * _LONGEST
    peer.say(f"  {name} ")
    await peer.expect(f"Hello, {name}")


async def keeps_one_name(lab: Lab) -> None:
    """NI-7."""
    source = lab.new_source()
    peers = {
        name: await lab.connect("ident", framing=TEXT, source=source) for name in ("Anna", "Boris")
    }
    for peer in peers.values():
        await peer.expect(_QUESTION)
    for name, peer in peers.items():
        peer.say(name)
    greetings = {await peer.hear() for peer in peers.values()}
    if len(greetings) > 1 or not greetings <= {f"Hello, {name}" for name in peers}:
        raise Failed(_("The two were greeted otherwise: {all}.", all=", ".join(sorted(greetings))))


async def echoes_then(lab: Lab) -> None:
    """NI-8."""
    peer = await lab.connect("ident", "--then", "echo", framing=TEXT)
    await _introduce(peer, "Anna")
    for text in ("one", "Straße"):
        peer.say(text)
        await peer.expect(text)
    peer.say("exit")
    await peer.expect_end()


async def numbers_messages_then(lab: Lab) -> None:
    """NI-9."""
    peer = await lab.connect("ident", "--then", "messages", framing=TEXT)
    await _introduce(peer, "Anna")
    await peer.expect("Message 1:")
    peer.say("one")
    await peer.expect("Your message: ONE", "Message 2:")
    peer.say("exit")
    await peer.expect_end()


async def broadcasts_then(lab: Lab) -> None:
    """NI-10."""
    server = await lab.server("ident", "--then", "broadcast", framing=TEXT)
    peers = [await lab.join(server, TEXT) for _number in range(2)]
    for peer in peers:
        await _introduce(peer, "Anna")
        await peer.expect("CONNECT")
    peers[0].say("hello")
    for peer in peers:
        await peer.expect(relayed(peers[0], "HELLO"))


async def believes_the_proxy(lab: Lab) -> None:
    """NI-11."""
    server = await lab.server("ident", "--proxy-protocol", framing=TEXT)
    address = IPv4Address("10.0.0.0") + lab.trial.random.randrange(1 << 24)
    ports = (1234).to_bytes(2, "big") + (9092).to_bytes(2, "big")
    headers = (
        f"PROXY TCP4 {address} 10.1.2.3 1234 9092\r\n".encode(),
        f"PROXY TCP6 ::ffff:{address} ::1 1234 9092\r\n".encode(),
        _PROXY_2 + address.packed + IPv4Address("10.1.2.3").packed + ports,
    )
    for number, header in enumerate(headers):
        peer = await lab.join(server, TEXT)
        await peer.expect_silence()
        peer.send(header)
        if number:
            await peer.expect("Hello, Anna")
        else:
            await _introduce(peer, "Anna")
        await peer.expect_end()


async def refuses_other_proxies(lab: Lab) -> None:
    """NI-12."""
    server = await lab.server("ident", "--proxy-protocol", framing=TEXT)
    for header in (b"Anna\n", b"PROXY TCP4 10.1.2.3 ::1 1234 9092\r\n", b"PROXY TCP4 1.2.3.4\r\n"):
        peer = await lab.join(server, TEXT)
        peer.send(header)
        await peer.expect_end(_REFUSED_SECONDS, may_reset=True)


SCENARIOS = {
    "NI-1": knows_an_address,
    "NI-2": knows_in_every_framing,
    "NI-3": tells_addresses_apart,
    "NI-4": remembers,
    "NI-5": asks_three_times,
    "NI-6": takes_long_names,
    "NI-7": keeps_one_name,
    "NI-8": echoes_then,
    "NI-9": numbers_messages_then,
    "NI-10": broadcasts_then,
    "NI-11": believes_the_proxy,
    "NI-12": refuses_other_proxies,
}
