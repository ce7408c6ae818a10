"""Sessions: tokens that stand for a name and a password, for a while, like cookies."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime

MOST_SESSIONS = 100
# Ended sessions are kept this long: a client that sends such a token has not guessed it.
REMEMBERED = 7 * 24 * 60 * 60.0  # seconds


def token_digest(token: str) -> str:
    """Return the digest of a token, which is stored in its place and cannot be undone.

    A token has too many random bits to be guessed, so that this needs no salt and no slow hash.
    """
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()


def time_text(seconds: float) -> str:
    """Write a time as ISO 8601, in UTC."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


@dataclass(frozen=True)
class Lifetimes:
    """How long a session lasts, and how many an account has.

    Attributes:
        idle: The idle timeout, in seconds.
        whole: The seconds after its beginning at which it ends in any case.
        most: A new session ends the oldest one of an account that has as many as this.
    """

    idle: float = 30 * 60
    whole: float = 12 * 60 * 60
    most: int = MOST_SESSIONS

    def end(self, since: float, used: float) -> float:
        """Return when a session ends that began at `since` and was last used at `used`."""
        return min(used + self.idle, since + self.whole)


@dataclass(frozen=True)
class Session:
    """One session of an account.

    Attributes:
        digest: The digest of its token.
        account: The account's key.
        origin: The address from which it was opened.
        since: When that was, in seconds of Unix time.
        used: When it was last used.
        ends: When it ends, if it is not used again.
        reason: Why it has ended before its time; empty if it has not.
    """

    digest: str
    account: str
    origin: str
    since: float
    used: float
    ends: float
    reason: str = ""

    @property
    def id(self) -> str:
        """The short name that people use for it."""
        return self.digest[:8]
