"""A line of the catalogue: a script, and the bounds of its costs.

A script prepares, yields, and sends the measured input. It raises AssertionError if it sees
that the lab does not serve others any more.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from tests.hostile.attacker import Attacker
from tests.hostile.lab import Cost, Size

Script = Callable[[Attacker], Iterator[None]]

LINE = 60_000  # bytes of a long line, which fits a datagram, too


@dataclass(frozen=True)
class Attack:
    """One line of the catalogue.

    Attributes:
        name: Its name.
        script: Its steps.
        bounds: The bounds of its costs for a lab of that size.
    """

    name: str
    script: Script
    bounds: Callable[[Size], Cost]


CATALOGUE: list[Attack] = []


# The bounds of an attack that gives no others.
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
        fan_out: How many messages to all may be said; each is one more for every member.
        copy_cpu: CPU time of each of them, in seconds.
        copy_sent: Bytes of each of them.
        copy_logged: Bytes of the log for each of them.
        **given: The bounds of its other costs in the full size, as attributes of `Cost`.
    """

    def bounds(size: Size) -> Cost:
        most = {
            name: least + (given.get(name, least) - least) * size.part
            for name, least in vars(LEAST).items()
        }
        # One peer can take as much memory as many.
        most["memory"] = given.get("memory", LEAST.memory)
        copies = fan_out * size.members
        most["cpu"] += copies * copy_cpu
        most["messages"] += copies
        most["sent"] += copies * copy_sent
        most["logged"] += copies * copy_logged
        return Cost(**most)

    return bounds


def attack(**bounds: float) -> Callable[[Script], Script]:
    """Put a script into the catalogue; see `Attack` and `within`."""

    def add(script: Script) -> Script:
        name = script.__name__.replace("_", " ")
        CATALOGUE.append(Attack(name, script, within(**bounds)))
        return script

    return add
