"""Runs attacks, and compares the costs of each with its bounds."""

from __future__ import annotations

from dataclasses import dataclass

from tests.hostile.attacker import Attacker
from tests.hostile.attacks import Attack
from tests.hostile.lab import Cost, Lab

# The machine's own delays add to those that an attack makes: the least of three tries counts.
TRIES = 3


@dataclass
class Result:
    """The outcome of an attack.

    Attributes:
        attack: The attack.
        received: How many bytes it has sent.
        cost: Its costs.
        bounds: The bounds of its costs.
        failure: Any other error; "" for none.
    """

    attack: Attack
    received: int
    cost: Cost
    bounds: Cost
    failure: str

    @property
    def exceeded(self) -> list[str]:
        """Names of the bounds that are broken."""
        return [name for name, most in vars(self.bounds).items() if vars(self.cost)[name] > most]

    @property
    def is_broken(self) -> bool:
        """Whether a bound is broken, or there is another error."""
        return bool(self.exceeded or self.failure)


_hosts = iter(f"127.0.{100 + number // 250}.{1 + number % 250}" for number in range(10_000))


def once(lab: Lab, attack: Attack) -> Result:
    """Run an attack from an address that was not used before."""
    attacker = Attacker(lab, next(_hosts))
    script = attack.script(attacker)
    failure = ""
    cost = Cost()
    try:
        next(script)
        attacker.sent = 0
        lab.begin()
        try:
            next(script, None)
        finally:
            cost = lab.end()
    except (AssertionError, OSError) as error:
        failure = str(error) or type(error).__name__
    finally:
        attacker.leave()
    return Result(attack, attacker.sent, cost, attack.bounds(lab.size), failure)


def measure(lab: Lab, attack: Attack) -> Result:
    """Run an attack, and again if nothing but a delay is too long."""
    result = once(lab, attack)
    for _ in range(TRIES - 1):
        if result.failure or not result.exceeded or not {"delay", "lookup"} >= {*result.exceeded}:
            break
        again = once(lab, attack)
        again.cost.delay = min(again.cost.delay, result.cost.delay)
        again.cost.lookup = min(again.cost.lookup, result.cost.lookup)
        result = again
    return result
