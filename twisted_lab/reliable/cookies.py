"""Cookies, with which clients prove that they receive at their address."""

from __future__ import annotations

import base64
import hmac
import secrets
from collections.abc import Callable

# A cookie is valid while its secret is the newest one or the one before it.
ROTATION = 30.0  # seconds
COOKIE_BYTES = 9  # 12 characters as text
SECRET_BYTES = 32


class Cookies:
    """Creates and verifies cookies for addresses, without storing them.

    A cookie is valid for 30 to 60 seconds, and only for its address and port.

    Args:
        random: Returns random bytes.
    """

    def __init__(self, random: Callable[[int], bytes] = secrets.token_bytes) -> None:
        self._random = random
        self._period: float | None = None
        self._newest = self._older = b""

    def make(self, host: str, port: int, now: float) -> str:
        """Return a cookie for an address: 12 characters."""
        self._rotate(now)
        return _cookie(self._newest, host, port)

    def is_good(self, cookie: str, host: str, port: int, now: float) -> bool:
        """Tell whether `cookie` is valid for an address."""
        self._rotate(now)
        given = cookie.encode(errors="replace")
        known = [_cookie(secret, host, port) for secret in (self._newest, self._older)]
        return any(hmac.compare_digest(given, one.encode()) for one in known)

    def _rotate(self, now: float) -> None:
        period = now // ROTATION
        if period == self._period:
            return
        # After a pause or a jump of the clock, the newest secret is too old to be the older one.
        is_next = self._period is not None and period == self._period + 1
        self._older = self._newest if is_next else self._random(SECRET_BYTES)
        self._newest = self._random(SECRET_BYTES)
        self._period = period


def _cookie(secret: bytes, host: str, port: int) -> str:
    mac = hmac.digest(secret, f"{host} {port}".encode(), "sha256")[:COOKIE_BYTES]
    return base64.urlsafe_b64encode(mac).decode()
