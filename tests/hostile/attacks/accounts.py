"""Attacks on accounts."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import IPv4Address

from tests.hostile.attacker import Attacker
from tests.hostile.attacks.catalogue import attack

PASSWORD = b"correct horse"


def owner(attacker: Attacker) -> bytes:
    """Open an account, and return its name."""
    name = attacker.name.encode()
    attacker.stream("auth").send(name + b"\n" + (PASSWORD + b"\n") * 2).hear(b"Token").end()
    return name


# Two hashes are made at a time, in 19 MiB each.
@attack(cpu=6.0, messages=2000, sent=2**17, logged=2**18, stored=2**19, rows=450, memory=48 * 2**20)
def registering(attacker: Attacker) -> Iterator[None]:
    """A new account from each connection."""
    yield
    for number in range(attacker.lab.size.some(100)):
        lines = (f"{attacker.name}-{number}", *["correct horse"] * 2, "exit", "")
        attacker.stream("auth").send("\n".join(lines).encode()).end()


@attack(cpu=1.0, messages=2000, sent=2**17, logged=2**18, rows=30, memory=48 * 2**20)
def guessing_passwords(attacker: Attacker) -> Iterator[None]:
    """A wrong password for a name of its own from each connection."""
    name = attacker.name.encode()
    attacker.stream("auth").send(name + b"\n" + b"correct horse\n" * 2).hear(b"Token")
    yield
    for number in range(attacker.lab.size.some(100)):
        attacker.stream("auth").send(b"%s\nwrong horse %d\n" % (name, number))


# Each address guesses once before its first delay: 100 hashes in all, then none. It takes 200
# connections at once.
@attack(
    cpu=6.0,
    delay=0.05,
    messages=2000,
    sent=2**17,
    logged=2**18,
    rows=400,
    memory=48 * 2**20,
)
def guessing_from_everywhere(attacker: Attacker) -> Iterator[None]:
    """A wrong password from each of many addresses; the owner of the account gets in."""
    name = owner(attacker)
    yield
    first = IPv4Address("127.200.0.0")
    for number in range(attacker.lab.size.some(200)):
        attacker.stream("auth", str(first + number)).send(name + b"\nwrong horse\n")
    attacker.stream("auth").send(name + b"\n" + PASSWORD + b"\n").hear(b"Token")


@attack(cpu=4.0, messages=2000, sent=2**17, logged=2**18, stored=2**18, rows=210, memory=48 * 2**20)
def sessions_without_end(attacker: Attacker) -> Iterator[None]:
    """The same account logs in again and again."""
    name = owner(attacker)
    yield
    for _ in range(attacker.lab.size.some(120)):
        attacker.stream("auth").send(name + b"\n" + PASSWORD + b"\nexit\n").hear(b"Token").end()


@attack(cpu=0.5, messages=1500, sent=2**17, logged=2**18)
def listing_sessions(attacker: Attacker) -> Iterator[None]:
    """A command of nine bytes, again and again."""
    name = owner(attacker)
    for _ in range(attacker.lab.size.some(30)):
        peer = attacker.stream("auth").send(name + b"\n" + PASSWORD + b"\n").hear(b"Token")
    yield
    peer.send(b"sessions\n" * 50 + b"exit\n").end()


# Each hash takes some 25 ms on a thread of its own.
@attack(cpu=6.0, messages=2000, sent=2**17, logged=2**18, memory=48 * 2**20)
def changing_the_password(attacker: Attacker) -> Iterator[None]:
    """Two hashes for each change, from many sessions."""
    name = owner(attacker)
    peers = [
        attacker.stream("auth").send(name + b"\n" + PASSWORD + b"\n").hear(b"Token")
        for _ in range(attacker.lab.size.some(20))
    ]
    yield
    for peer in peers:
        peer.send((b"passwd\n" + (PASSWORD + b"\n") * 3) * 5)
