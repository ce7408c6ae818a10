"""Questions and answers of netlab-ident and netlab-auth that the client depends on.

``docs/protocols.md`` explains their meaning.
"""

from __future__ import annotations

from enum import StrEnum

ASK_NAME = "Name or token?"
HELLO = "Hello, "
WELCOME_BACK = "Welcome back, "
GOODBYE = "Goodbye, "
WRONG = "Wrong name, password or token."


class AskPassword(StrEnum):
    """The questions whose answer is a password."""

    CURRENT = "Password?"
    FIRST = "New name. Choose a password:"
    NEW = "New password:"
    REPEATED = "Repeat the password:"
