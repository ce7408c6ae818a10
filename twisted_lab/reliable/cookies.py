"""Cookies, with which clients prove that they receive at their address."""

from __future__ import annotations

import base64
import hmac
import secrets
from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

# A cookie of one server is valid while its secret is the newest one or the one before it.
ROTATION = 30.0  # seconds
COOKIE_BYTES = 9  # 12 characters as text
SECRET_BYTES = 32


class CookieSecrets(Protocol):
    """The secrets that cookies are made with."""

    def valid(self, now: float) -> Sequence[bytes]:
        """Return the secrets of valid cookies; new cookies are made with the first one.

        Args:
            now: The time, in seconds.
        """
        ...


class OwnSecrets:
    """Random secrets of one server. A cookie is valid for 30 to 60 seconds.

    Args:
        random: Returns random bytes.
    """

    def __init__(self, random: Callable[[int], bytes] = secrets.token_bytes) -> None:
        self._random = random
        self._period: float | None = None
        self._newest = self._older = b""

    def valid(self, now: float) -> Sequence[bytes]:
        """See `CookieSecrets`."""
        period = now // ROTATION
        if period != self._period:
            # After a pause or a jump of the clock, the newest secret is too old to be the older
            # one.
            is_next = self._period is not None and period == self._period + 1
            self._older = self._newest if is_next else self._random(SECRET_BYTES)
            self._newest = self._random(SECRET_BYTES)
            self._period = period
        return self._newest, self._older


class SharedSecrets:
    """Secrets that several servers share, so that a cookie of one is valid on all.

    Whoever reads them, from a database for example, passes them to `use` once in a while. A cookie
    is valid until the period after the next one begins. As long as nothing is passed, the last ones
    stay valid; before the first time, cookies are valid on this server alone.

    Args:
        random: Returns random bytes.
    """

    def __init__(self, random: Callable[[int], bytes] = secrets.token_bytes) -> None:
        self._valid: Sequence[bytes] = (random(SECRET_BYTES),)

    def use(self, period: int, shared: Mapping[int, bytes]) -> None:
        """Use other secrets from now on.

        Args:
            period: The number of the current period.
            shared: The secrets by the numbers of their periods, the current one at least. Those of
                the previous and the next period count as well: servers learn of a new period
                at different times.
        """
        numbers = (period, period - 1, period + 1)
        self._valid = [shared[number] for number in numbers if number in shared]

    def valid(self, now: float) -> Sequence[bytes]:
        """See `CookieSecrets`."""
        return self._valid


class Cookies:
    """Creates and verifies cookies for addresses, without storing them.

    A cookie is valid only for its address and port.

    Args:
        source: The secrets.
    """

    def __init__(self, source: CookieSecrets) -> None:
        self._source = source

    def make(self, host: str, port: int, now: float) -> str:
        """Return a cookie for an address: 12 characters."""
        return _cookie(self._source.valid(now)[0], host, port)

    def is_good(self, cookie: str, host: str, port: int, now: float) -> bool:
        """Tell whether `cookie` is valid for an address."""
        given = cookie.encode(errors="replace")
        known = [_cookie(secret, host, port) for secret in self._source.valid(now)]
        return any(hmac.compare_digest(given, one.encode()) for one in known)


def _cookie(secret: bytes, host: str, port: int) -> str:
    mac = hmac.digest(secret, f"{host} {port}".encode(), "sha256")[:COOKIE_BYTES]
    return base64.urlsafe_b64encode(mac).decode()
