"""The requirement that each of these services fails, alone."""

from __future__ import annotations

BROKEN = {
    "NE-2": ("netlab-echo", "mutant_echo.py"),
    "NM-6": ("netlab-messages", "mutant_messages.py"),
    "NB-1": ("netlab-broadcast", "mutant_broadcast.py"),
    "NI-3": ("netlab-ident", "mutant_ident.py"),
    "NA-4": ("netlab-auth", "mutant_auth.py"),
    "NC-12": ("netlab-chat", "mutant_chat.py"),
}
"""The task and the file, by the id of the requirement."""
