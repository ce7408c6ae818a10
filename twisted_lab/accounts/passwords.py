"""Password rules and password hashes.

The hashes are Argon2id (RFC 9106). The default parameters are the minimum that OWASP's Password
Storage Cheat Sheet recommends: 19 MiB of memory, 2 passes, 1 lane.
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

from twisted_lab.text.language import N_

MEMORY_MIB = 19
PASSES = 2
LANES = 1
# Argon2's error messages for lack of memory.
MEMORY_ERRORS = ("Memory allocation error", "Threading failure")
SHORTEST_PASSWORD = 8  # characters
# Unicode normalization takes quadratic time and holds the interpreter lock: for costly characters
# 2 ms for 1,024, and 440 ms for 16,000.
LONGEST_PASSWORD = 1024  # characters


class BadPassword(ValueError):
    """A text cannot be a password; the message says why."""


def check_password(password: str, shortest: int = SHORTEST_PASSWORD) -> None:
    """Check that `password` follows the rules for new passwords.

    Raises:
        BadPassword: It is too short or too long, or cannot be encoded as UTF-8.
    """
    try:
        password.encode()
    except UnicodeEncodeError:
        raise BadPassword(N_("a password is text in UTF-8")) from None
    if len(password) > LONGEST_PASSWORD:
        raise BadPassword(N_("a password has at most {most} characters", most=LONGEST_PASSWORD))
    # The shorter form counts: normalization may shorten or lengthen a text.
    if min(len(password), len(_normal(password))) < shortest:
        raise BadPassword(N_("a password has at least {least} characters", least=shortest))


def _normal(password: str) -> str:
    # Different keyboards may send different code points for the same password.
    return unicodedata.normalize("NFKC", password)


@dataclass
class Passwords:
    """Maker and checker of password hashes; each call takes tens of milliseconds.

    It is thread-safe. Methods that compute a hash raise MemoryError if they get no memory for it.

    Args:
        memory_mib: The memory for each hash, in MiB.
        passes: The number of passes over that memory.
        lanes: The number of lanes into which that memory is divided.

    Attributes:
        decoy: A hash that no password matches; checking it takes as long as a wrong password.
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
        """Return a salted hash with its parameters, as a PHC string."""
        try:
            return self._hasher.hash(_normal(password).encode("utf-8", "surrogatepass"))
        except HashingError as error:
            raise MemoryError(self._problem(error)) from None

    def matches(self, hashed: str, password: str) -> bool:
        """Tell whether `hashed` is a hash of `password`, with any parameters."""
        fits = len(password) <= LONGEST_PASSWORD
        typed = _normal(password) if fits else ""
        try:
            self._hasher.verify(hashed, typed.encode("utf-8", "surrogatepass"))
        except (VerifyMismatchError, InvalidHashError):
            return False
        except VerificationError as error:
            if str(error) not in MEMORY_ERRORS:
                return False
            # The password was not checked, so it must not count as wrong.
            raise MemoryError(self._problem(error)) from None
        return fits

    def _problem(self, error: Exception) -> str:
        return f"a hash takes {self.memory_mib:g} MiB: {str(error).lower()}"

    def is_outdated(self, hashed: str) -> bool:
        """Tell whether `hashed` was made with other parameters."""
        return self._hasher.check_needs_rehash(hashed)
