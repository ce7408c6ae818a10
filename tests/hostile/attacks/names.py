"""Attacks by names."""

from __future__ import annotations

from collections.abc import Iterator

from tests.hostile.attacker import Attacker
from tests.hostile.attacks.catalogue import attack

# 18 characters in a key or a skeleton. A nickname has at most 32 characters, other names 64.
COSTLY = "\ufdfa"
# Lookalikes from another script, which count as the same name.
ALIKE = str.maketrans("aeo", "аео")


@attack(cpu=1.0, messages=1050, sent=2**17, logged=2**19, stored=2**18, rows=520)
def names_of_many_hosts(attacker: Attacker) -> Iterator[None]:
    """A host for each name, since a network may have only few."""
    last = attacker.host.rpartition(".")[2]
    yield
    for number in range(attacker.target.size.some(500)):
        host = f"127.{10 + number // 250}.{number % 250}.{last}"
        attacker.stream("ident", host).send(b"\xd0\xb6" * 64 + b"\n").end()


@attack(cpu=0.3, messages=350, logged=2**17, sent=2**15)
def lookalike_names(attacker: Attacker) -> Iterator[None]:
    """A connection for each name that looks like an account's."""
    name = attacker.name
    password = b"correct horse\n"
    attacker.stream("auth").send(f"{name}\n".encode() + password * 2).hear(b"Token")
    yield
    for _ in range(attacker.target.size.some(100)):
        attacker.stream("auth").send(f"{name.translate(ALIKE)}\n".encode()).end()


# The member changes its name ten times at once, then four times a second.
@attack(cpu=0.3, messages=350, logged=2**17, fan_out=15, copy_sent=200)
def names_that_expand(attacker: Attacker) -> Iterator[None]:
    """Names that expand to 1,152 characters for comparisons."""
    member = attacker.plain_member()
    yield
    for number in range(attacker.target.size.some(100)):
        attacker.stream("auth").send(f"{COSTLY * 61}{number:03}\n".encode()).end()
        member.send(f"/nick {COSTLY * 29}{number:03}".encode())
