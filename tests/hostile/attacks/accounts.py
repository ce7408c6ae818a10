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


# Two hashes run at a time, in 19 MiB each.
@attack(cpu=6.0, messages=2000, sent=2**17, logged=2**18, stored=2**19, rows=450, memory=48 * 2**20)
def registering(attacker: Attacker) -> Iterator[None]:
    """A new account on each connection."""
    yield
    for number in range(attacker.target.size.some(100)):
        lines = (f"{attacker.name}-{number}", *["correct horse"] * 2, "exit", "")
        attacker.stream("auth").send("\n".join(lines).encode()).end()


@attack(cpu=1.0, messages=2000, sent=2**17, logged=2**18, rows=30, memory=48 * 2**20)
def guessing_passwords(attacker: Attacker) -> Iterator[None]:
    """A wrong password for the attacker's own account, on each connection."""
    name = attacker.name.encode()
    attacker.stream("auth").send(name + b"\n" + b"correct horse\n" * 2).hear(b"Token")
    yield
    for number in range(attacker.target.size.some(100)):
        attacker.stream("auth").send(b"%s\nwrong horse %d\n" % (name, number))


# Each address can guess once before its first delay: 100 hashes in total. The attack opens 200
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
    """A wrong password from each of many addresses; the owner can still log in."""
    name = owner(attacker)
    yield
    first = IPv4Address("127.200.0.0")
    for number in range(attacker.target.size.some(200)):
        attacker.stream("auth", str(first + number)).send(name + b"\nwrong horse\n")
    attacker.stream("auth").send(name + b"\n" + PASSWORD + b"\n").hear(b"Token")


# As claimed: 120 logins of at most two hashes, 25 ms each. It was 4 s, which a slow hour exceeds.
@attack(cpu=6.0, messages=2000, sent=2**17, logged=2**18, stored=2**18, rows=210, memory=48 * 2**20)
def repeated_logins(attacker: Attacker) -> Iterator[None]:
    """Many logins of the same account."""
    name = owner(attacker)
    yield
    for _ in range(attacker.target.size.some(120)):
        attacker.stream("auth").send(name + b"\n" + PASSWORD + b"\nexit\n").hear(b"Token").end()


@attack(cpu=0.5, messages=1500, sent=2**17, logged=2**18)
def listing_sessions(attacker: Attacker) -> Iterator[None]:
    """A command of nine bytes, repeated."""
    name = owner(attacker)
    for _ in range(attacker.target.size.some(30)):
        peer = attacker.stream("auth").send(name + b"\n" + PASSWORD + b"\n").hear(b"Token")
    yield
    peer.send(b"sessions\n" * 50 + b"exit\n").end()


# Each hash takes about 25 ms on another thread.
@attack(cpu=6.0, messages=2000, sent=2**17, logged=2**18, memory=48 * 2**20)
def changing_the_password(attacker: Attacker) -> Iterator[None]:
    """Two hashes for each change, in many sessions."""
    name = owner(attacker)
    peers = [
        attacker.stream("auth").send(name + b"\n" + PASSWORD + b"\n").hear(b"Token")
        for _ in range(attacker.target.size.some(20))
    ]
    yield
    for peer in peers:
        peer.send((b"passwd\n" + (PASSWORD + b"\n") * 3) * 5)
