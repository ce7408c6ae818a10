"""The catalogue of attacks; those that keep other peers out for a while come last."""

from tests.hostile.attacks import accounts, chat, names, operations, proxies, services
from tests.hostile.attacks.catalogue import ATTACKS, Attack, within

__all__ = ["CATALOGUE", "Attack", "within"]

CATALOGUE = [
    attack
    for module in (services, proxies, accounts, names, chat, operations)
    for attack in ATTACKS
    if attack.script.__module__ == module.__name__
]
