"""Text form of session tokens: creation, recognition, and the line that sends one to a client."""

from __future__ import annotations

import base64
import re
import secrets
from collections.abc import Callable

TOKEN_PREFIX = "nlt_"  # noqa: S105 (it is not the secret part)
TOKEN_BYTES = 32
TOKEN = re.compile(rf"{TOKEN_PREFIX}[A-Za-z0-9_-]{{43}}")  # 32 bytes in base64, without padding
TOLD_TOKEN = re.compile(rf"Token: ({TOKEN.pattern})  valid until ")


def new_token(random: Callable[[int], bytes] = secrets.token_bytes) -> str:
    """Return a new token of 256 random bits."""
    return TOKEN_PREFIX + base64.urlsafe_b64encode(random(TOKEN_BYTES)).decode().rstrip("=")


def tell_token(token: str, until: str) -> str:
    """Return the line that tells a client its token; `TOLD_TOKEN` matches the line."""
    return f"Token: {token}  valid until {until}"
