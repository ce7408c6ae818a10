"""Runs attacks, and compares their costs with the bounds."""

from __future__ import annotations

from dataclasses import dataclass

from tests.hostile.attacker import Attacker
from tests.hostile.attacks import Attack
from tests.hostile.target import Cost, Target

# The machine's own delays add to the costs of an attack. So does a full garbage collection (0.15 s
# with 2,000 peers), which comes once in many attacks. So does a member of an earlier attack that
# times out, of which the chat tells 1,000 others. The least of all tries counts.
TRIES = 5


@dataclass
class Result:
    """The outcome of an attack.

    Attributes:
        attack: The attack.
        received: The bytes that the attacker has sent.
        cost: Its costs.
        bounds: The bounds of its costs.
        failure: Another error; "" if there was none.
    """

    attack: Attack
    received: int
    cost: Cost
    bounds: Cost
    failure: str

    @property
    def exceeded(self) -> list[str]:
        """The names of exceeded bounds."""
        return [name for name, most in vars(self.bounds).items() if vars(self.cost)[name] > most]

    @property
    def exceeds(self) -> bool:
        """Whether the attack exceeds a bound, or caused another error."""
        return bool(self.exceeded or self.failure)


_hosts = iter(f"127.0.{100 + number // 250}.{1 + number % 250}" for number in range(10_000))


def once(target: Target, attack: Attack) -> Result:
    """Run an attack from a new address."""
    connections = target.connections()
    attacker = Attacker(target, next(_hosts))
    script = attack.script(attacker)
    failure = ""
    cost = Cost()
    try:
        next(script)
        attacker.sent = 0
        target.begin()
        try:
            next(script, None)
        finally:
            cost = target.end()
    except (AssertionError, OSError) as error:
        failure = str(error) or type(error).__name__
    finally:
        attacker.leave()
        target.wait_for_departures(connections)
    return Result(attack, attacker.sent, cost, attack.bounds(target.size), failure)


def measure(target: Target, attack: Attack) -> Result:
    """Run an attack; repeat it if it exceeds a bound."""
    result = once(target, attack)
    for _ in range(TRIES - 1):
        if result.failure or not result.exceeded:
            break
        again = once(target, attack)
        for name, value in vars(result.cost).items():
            setattr(again.cost, name, min(getattr(again.cost, name), value))
        result = again
    return result
