"""Attacks on stream services."""

from __future__ import annotations

from collections.abc import Iterator

from tests.hostile.attacker import Attacker
from tests.hostile.attacks.catalogue import LINE, attack
from tests.hostile.process import MOST_PER_PEER

# Connections


# Twisted accepts up to 100 connections per turn of the reactor.
@attack(cpu=0.5, delay=0.05, logged=2**19, messages=1500, sent=2**17, memory=2**23)
def silent_connections(attacker: Attacker) -> Iterator[None]:
    """Many silent connections to each stream service."""
    yield
    for service in ("echo", "messages", "ident", "auth", "broadcast", "chat-tcp"):
        for _ in range(attacker.target.size.some(200)):
            attacker.stream(service)


@attack(cpu=0.5, logged=2**18)
def short_connections(attacker: Attacker) -> Iterator[None]:
    """Connections that close immediately, at full speed."""
    yield
    for _ in range(attacker.target.size.some(500)):
        attacker.stream("echo")
        attacker.leave()


# The broadcast


@attack(
    fan_out=2100,
    copy_cpu=1e-6,
    copy_logged=0,
    logged=2**20,
    memory=2**24,
)
def empty_lines_to_the_broadcast(attacker: Attacker) -> Iterator[None]:
    """2,048 bytes, each of which is a message to all."""
    peer = attacker.stream("broadcast").hear(b"CONNECT")
    yield
    peer.send(b"\n" * attacker.target.size.some(2048))


@attack(
    fan_out=3,
    copy_sent=LINE / 2,
    memory=2**23,
)
def a_long_line_to_the_broadcast(attacker: Attacker) -> Iterator[None]:
    """60 KB to all."""
    peer = attacker.stream("broadcast").hear(b"CONNECT")
    yield
    peer.send(b"x" * LINE + b"\n")


@attack(
    fan_out=530,
    copy_cpu=1e-6,
    copy_logged=0,
    logged=2**20,
    memory=2**24,
)
def listeners_that_never_read(attacker: Attacker) -> Iterator[None]:
    """The maximum of connections of a host, one of which sends messages."""
    for _ in range(MOST_PER_PEER - 1):
        slow = attacker.stream("broadcast")
        slow.send(b"no newline")
    attacker.wait(0.5)  # From here on the server delays its messages to them.
    peer = attacker.stream("broadcast").hear(b"CONNECT")
    yield
    peer.send(b"\n" * attacker.target.size.some(500))


# Other services


@attack(cpu=0.5, messages=2500, sent=2**17, logged=2**19)
def empty_lines_to_each_service(attacker: Attacker) -> Iterator[None]:
    """2,048 bytes to each service that asks a question."""
    peers = [attacker.stream(service) for service in ("ident", "auth", "chat-tcp")]
    yield
    for peer in peers:
        peer.send(b"\n" * attacker.target.size.some(2048))


@attack(cpu=0.5, messages=2500, sent=2**17, logged=300_000)
def empty_frames(attacker: Attacker) -> Iterator[None]:
    """Frames of four bytes, each of which gets an answer."""
    peer = attacker.stream("messages")
    yield
    peer.send(b"\0\0\0\0" * attacker.target.size.some(1000))


@attack(cpu=1.5, sent=2**17, logged=2**20, messages=2000)
def one_byte_at_a_time(attacker: Attacker) -> Iterator[None]:
    """A segment for each byte to the echo."""
    peer = attacker.character("echo")
    yield
    for _ in range(attacker.target.size.some(4000)):
        peer.send(b"x")
        attacker.wait(0.001)
        peer.pending()


@attack(cpu=1.5)
def a_line_one_byte_at_a_time(attacker: Attacker) -> Iterator[None]:
    """A segment for each byte of a growing line."""
    peer = attacker.character("auth")
    yield
    for _ in range(attacker.target.size.some(4000)):
        peer.send(b"x")


@attack(cpu=0.5)
def endless_telnet_negotiation(attacker: Attacker) -> Iterator[None]:
    """Unfinished negotiations: one in small pieces, and many at once."""
    slow, fast = attacker.character("auth"), attacker.stream("auth")
    yield
    fast.send(b"\xff\xfax" * 20_000 + b"\xff" * 20_000)
    slow.send(b"\xff\xfa")
    for _ in range(attacker.target.size.some(2000)):
        slow.send(b"\xef\xff")
