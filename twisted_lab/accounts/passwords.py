"""Passwords: the rules for them, and their hashes.

Argon2id (RFC 9106), by default with the least parameters that OWASP's Password Storage Cheat Sheet
recommends: 19 MiB of memory, 2 passes, 1 lane.
"""

from __future__ import annotations

import secrets
import unicodedata
from dataclasses import dataclass, field

from argon2 import PasswordHasher, Type
from argon2.exceptions import (
    HashingError,
    InvalidHashError,
    VerificationError,
    VerifyMismatchError,
)

MEMORY_MIB = 19
PASSES = 2
LANES = 1
# Argon2's error when it gets too little memory.
LACKING = ("Memory allocation error", "Threading failure")
SHORTEST_PASSWORD = 8  # characters
# Unicode's normal forms cost the square of the length, with the interpreter locked: 2 ms for 1,024
# characters chosen to be costly, 440 ms for 16,000.
LONGEST_PASSWORD = 1024  # characters


class BadPassword(ValueError):
    """It cannot be a password; the text says why."""


def check_password(password: str, shortest: int = SHORTEST_PASSWORD) -> None:
    """See whether `password` may be chosen.

    Raises:
        BadPassword: It is too short or too long, or could not be sent as UTF-8.
    """
    try:
        password.encode()
    except UnicodeEncodeError:
        raise BadPassword("a password is text in UTF-8") from None
    if len(password) > LONGEST_PASSWORD:
        raise BadPassword(f"a password has at most {LONGEST_PASSWORD} characters")
    # The shorter form counts: some characters are longer in the one form, others in the other.
    if min(len(password), len(_normal(password))) < shortest:
        raise BadPassword(f"a password has at least {shortest} characters")


def _normal(password: str) -> str:
    # The same password typed on two keyboards may come as different code points.
    return unicodedata.normalize("NFKC", password)


@dataclass
class Passwords:
    """Makes and checks the hashes of passwords; each call takes tens of milliseconds.

    It may be called from several threads at once. Each method that makes a hash raises MemoryError
    if there is no memory for it.

    Args:
        memory_mib: The memory of each hash, in MiB.
        passes: The number of passes over that memory.
        lanes: The number of its parts.

    Attributes:
        decoy: A hash that no password matches: to check it costs as much as a wrong password.
    """

    memory_mib: float = MEMORY_MIB
    passes: int = PASSES
    lanes: int = LANES
    decoy: str = field(init=False)

    def __post_init__(self) -> None:
        self._hasher = PasswordHasher(
            self.passes, int(self.memory_mib * 1024), self.lanes, type=Type.ID
        )
        self.decoy = self.hash(secrets.token_urlsafe())

    def hash(self, password: str) -> str:
        """Return a salted hash with its parameters, as PHC string."""
        try:
            return self._hasher.hash(_normal(password).encode("utf-8", "surrogatepass"))
        except HashingError as error:
            raise MemoryError(self._problem(error)) from None

    def matches(self, hashed: str, password: str) -> bool:
        """Tell whether `hashed` was made of `password`, with whatever parameters."""
        fits = len(password) <= LONGEST_PASSWORD
        typed = _normal(password) if fits else ""
        try:
            self._hasher.verify(hashed, typed.encode("utf-8", "surrogatepass"))
        except (VerifyMismatchError, InvalidHashError):
            return False
        except VerificationError as error:
            if str(error) not in LACKING:
                return False
            # A password that could not be checked is not a wrong one.
            raise MemoryError(self._problem(error)) from None
        return fits

    def _problem(self, error: Exception) -> str:
        return f"a hash takes {self.memory_mib:g} MiB: {str(error).lower()}"

    def is_outdated(self, hashed: str) -> bool:
        """Tell whether `hashed` was made with other parameters than these."""
        return self._hasher.check_needs_rehash(hashed)
