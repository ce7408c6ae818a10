"""The catalogue of attacks; those that keep other peers out for a while come last."""

# The order of these imports is that of the catalogue.
from tests.hostile.attacks import services, accounts, names, chat, operations  # noqa: F401, I001
from tests.hostile.attacks.catalogue import CATALOGUE, Attack, within

__all__ = ["CATALOGUE", "Attack", "within"]
