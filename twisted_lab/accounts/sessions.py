"""Login sessions, whose tokens replace name and password for a limited time."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime

MOST_SESSIONS = 100
# Ended sessions are kept for this time, to tell a client that sends such a token why it ended.
REMEMBERED = 7 * 24 * 60 * 60.0  # seconds


def token_digest(token: str) -> str:
    """Return the digest of a token; the database stores only the digest.

    A token has too many random bits for guessing, so this needs neither a salt nor a slow hash.
    """
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()


def time_text(seconds: float) -> str:
    """Format a Unix time as ISO 8601, in UTC."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


@dataclass(frozen=True)
class Lifetimes:
    """The limits of sessions.

    Attributes:
        idle: The idle timeout, in seconds.
        whole: The maximum duration, in seconds.
        most: The maximum number per account; a further session ends the oldest one.
    """

    idle: float = 30 * 60
    whole: float = 12 * 60 * 60
    most: int = MOST_SESSIONS

    def end(self, since: float, used: float) -> float:
        """Return the end of a session that began at `since` and was last used at `used`."""
        return min(used + self.idle, since + self.whole)


@dataclass(frozen=True)
class Session:
    """A session of an account; times are in seconds of Unix time.

    Attributes:
        digest: The digest of its token.
        account: The account's key.
        origin: The address of the client that opened it.
        since: The time when it was opened.
        used: The time of its last use.
        ends: The time when it ends if it is not used again.
        reason: Why it ended before its time; empty if it did not.
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
        """The short id that the session has in lists and commands."""
        return self.digest[:8]
