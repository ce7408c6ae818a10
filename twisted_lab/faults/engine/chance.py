"""Random numbers that depend only on what they decide.

No generator is shared: the numbers for one unit are a hash of the seed, the proxy, the link, the
direction, the toxic and the unit's number. So one link's numbers do not depend on another's timing,
and a further toxic does not change those of the others.
"""

from __future__ import annotations

from hashlib import blake2b
from struct import Struct

_NUMBERS = Struct("<2Q")
_UNIT = Struct("<Q")
_SCALE = 2.0**-53
_UNUSED_BITS = 11  # A float has 53 bits; more could round up to 1.


class Chance:
    """The source of the numbers for all units of one subject.

    Args:
        *subject: What the numbers decide about, such as the seed, the proxy and the link.
    """

    __slots__ = ("_begun",)

    def __init__(self, *subject: object) -> None:
        # The length before each part, so that ("a", "bc") and ("ab", "c") differ.
        parts = [str(part).encode() for part in subject]
        text = b"".join(len(part).to_bytes(4) + part for part in parts)
        self._begun = blake2b(text, digest_size=_NUMBERS.size)

    def draw(self, unit: int, which: int = 0) -> float:
        """Return one of two independent numbers for a unit, from 0 to below 1."""
        begun = self._begun.copy()
        begun.update(_UNIT.pack(unit))
        number: int = _NUMBERS.unpack(begun.digest())[which]
        return (number >> _UNUSED_BITS) * _SCALE
