"""Entries of the catalogue: a script, and the bounds of its costs.

A script prepares, yields, and sends the measured input. It raises AssertionError if it sees
that the target no longer serves other peers.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from tests.hostile.attacker import Attacker
from tests.hostile.target import Cost, Size

Script = Callable[[Attacker], Iterator[None]]

LINE = 60_000  # bytes of a long line, which also fits into a datagram


@dataclass(frozen=True)
class Attack:
    """An entry of the catalogue.

    Attributes:
        name: Its name.
        script: Its steps.
        bounds: Returns the bounds of its costs for a target of a size.
    """

    name: str
    script: Script
    bounds: Callable[[Size], Cost]


ATTACKS: list[Attack] = []


# The bounds of an attack unless it sets others.
LEAST = Cost(
    cpu=0.1,
    delay=0.02,
    lookup=0.1,
    memory=2**22,
    messages=100,
    sent=2**15,
    logged=2**15,
    stored=2**16,
    rows=20,
)


def within(
    *,
    fan_out: float = 0,
    copy_cpu: float = 15e-6,
    copy_sent: float = 100,
    copy_logged: float = 100,
    **given: float,
) -> Callable[[Size], Cost]:
    """Return the bounds of an attack.

    Args:
        fan_out: The number of messages to all, each of which is sent to every member.
        copy_cpu: CPU time of each copy, in seconds.
        copy_sent: Sent bytes of each copy.
        copy_logged: Logged bytes of each copy.
        **given: Bounds of other costs at full size, as attributes of `Cost`.
    """

    def bounds(size: Size) -> Cost:
        most = {
            name: least + (given.get(name, least) - least) * size.part
            for name, least in vars(LEAST).items()
        }
        # A single peer can take as much memory as many.
        most["memory"] = given.get("memory", LEAST.memory)
        copies = fan_out * size.members
        most["cpu"] += copies * copy_cpu
        most["messages"] += copies
        most["sent"] += copies * copy_sent
        most["logged"] += copies * copy_logged
        return Cost(**most)

    return bounds


def attack(**bounds: float) -> Callable[[Script], Script]:
    """Add a script to the catalogue; see `Attack` and `within`."""

    def add(script: Script) -> Script:
        name = script.__name__.replace("_", " ")
        ATTACKS.append(Attack(name, script, within(**bounds)))
        return script

    return add
