"""Attacks on the proxies of netlab-faults."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress

from tests.hostile.attacker import Attacker, Peer
from tests.hostile.attacks.catalogue import LINE, attack
from tests.hostile.crowd import NEIGHBOUR, plain_socket
from tests.hostile.process import IDLE_SECONDS, MOST_PER_PEER
from tests.processes import receive
from twisted_lab.faults.engine.framing import MOST_UNIT


def fill(attacker: Attacker, peers: list[Peer], data: bytes) -> None:
    """Send as much of `data` as the peers' connections take, without reading."""
    for peer in peers:
        peer.socket.setblocking(False)
    rest = dict.fromkeys(peers, data)
    for _ in range(20):
        for peer, piece in rest.items():
            with suppress(OSError):
                sent = peer.socket.send(piece)
                attacker.sent += sent
                rest[peer] = piece[sent:]
        attacker.wait(0.02)


# Links


@attack(cpu=1.0, logged=2**18)
def short_links(attacker: Attacker) -> Iterator[None]:
    """Links that close immediately; each connects to the server behind the proxy."""
    yield
    for _ in range(attacker.target.size.some(500)):
        attacker.stream("proxy")
        attacker.leave()


@attack(cpu=0.5, logged=2**18)
def silent_links(attacker: Attacker) -> Iterator[None]:
    """Silent links, most of them above the limit of an address."""
    yield
    for _ in range(attacker.target.size.some(500)):
        attacker.stream("proxy")


@attack(cpu=1.0, logged=2**17)
def datagrams_from_many_ports(attacker: Attacker) -> Iterator[None]:
    """A datagram from each of 2,000 ports of an address."""
    port = attacker.target.ports["datagrams"]
    yield
    for _ in range(attacker.target.size.some(2000)):
        with plain_socket(port, attacker.host) as own:
            own.send(b"x")
            attacker.sent += 1


@attack(cpu=2.0, logged=2**19, messages=6000)
def datagrams_from_many_addresses(attacker: Attacker) -> Iterator[None]:
    """A datagram from each of 2,000 addresses, as with forged senders."""
    port = attacker.target.ports["datagrams"]
    prefix = ".".join(attacker.host.split(".")[2:])
    yield
    for number in range(attacker.target.size.some(2000)):
        with plain_socket(port, f"127.{10 + number % 200}.{prefix}") as own:
            own.send(b"x")
            attacker.sent += 1


# Memory


# The kernel's buffers take up to 6 MB of each link in each direction.
@attack(cpu=3.0, sent=2**30, messages=30_000, memory=2**24)
def clients_that_never_read(attacker: Attacker) -> Iterator[None]:
    """The most links of an address, each with megabytes on the way there and back."""
    count = attacker.target.size.some(MOST_PER_PEER)
    peers = [attacker.stream("proxy") for _ in range(count)]
    yield
    fill(attacker, peers, b"x" * 10**7)


@attack(cpu=0.5, memory=2**24)
def held_bytes(attacker: Attacker) -> Iterator[None]:
    """The most links of an address, each with as many bytes on hold as are taken."""
    peers = [attacker.stream("held") for _ in range(MOST_PER_PEER)]
    yield
    fill(attacker, peers, b"x" * 10**6)


@attack(cpu=1.0, memory=2**24)
def held_datagrams(attacker: Attacker) -> Iterator[None]:
    """60 MB of large datagrams on hold, and 20,000 empty ones."""
    with plain_socket(attacker.target.ports["held-datagrams"], attacker.host) as own:
        peer = Peer(attacker, own)
        yield
        for size, count in ((LINE, 1000), (0, 20_000)):
            for _ in range(attacker.target.size.some(count)):
                peer.send(b"x" * size)


@attack(cpu=0.5, memory=2**24)
def large_frames_without_an_end(attacker: Attacker) -> Iterator[None]:
    """The most links of an address, each with all of a large frame but its last byte.

    A link of another address is still served.
    """
    peers = [attacker.stream("frames") for _ in range(MOST_PER_PEER)]
    yield
    size = MOST_UNIT - 4
    fill(attacker, peers, size.to_bytes(4) + b"x" * (size - 1))
    other = attacker.stream("frames", NEIGHBOUR)
    other.socket.settimeout(IDLE_SECONDS / 2)  # before the others end
    other.send(bytes(4))
    assert receive(other.socket, 4) == bytes(4)


# Processor


@attack(cpu=1.0, sent=2**18, messages=40_000)
def empty_frames_to_a_proxy(attacker: Attacker) -> Iterator[None]:
    """16,000 frames of four bytes, each of which comes back."""
    peer = attacker.stream("frames")
    frames = bytes(4 * attacker.target.size.some(16_000))
    yield
    peer.send(frames)
    assert receive(peer.socket, len(frames)) == frames


@attack(cpu=1.5, sent=2**17, messages=10_000)
def a_frame_one_byte_at_a_time(attacker: Attacker) -> Iterator[None]:
    """A segment for each byte of a frame."""
    peer = attacker.character("frames")
    yield
    peer.send(b"\0\0\xff\xff")
    for _ in range(attacker.target.size.some(4000)):
        peer.send(b"x")
