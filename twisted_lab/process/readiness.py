"""Tells systemd that a process serves."""

from __future__ import annotations

import socket
from collections.abc import Mapping
from contextlib import suppress


def tell_readiness(environment: Mapping[str, str]) -> None:
    """Tell the manager that started this process with ``Type=notify`` that it serves now.

    Without such a manager nothing happens: see sd_notify(3).

    Args:
        environment: The environment; ``NOTIFY_SOCKET`` names the manager's socket.
    """
    if manager := environment.get("NOTIFY_SOCKET"):
        # An @ stands for the zero byte of a socket that is no file: unix(7).
        address = manager.replace("@", "\0", 1) if manager.startswith("@") else manager
        with suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as notifier:
            notifier.sendto(b"READY=1", address)
