"""The default port and framing of each service in this package."""

from __future__ import annotations

from typing import NamedTuple


class Defaults(NamedTuple):
    """What a service and its client use unless an option says otherwise.

    Attributes:
        port: The port.
        framing: How messages travel; empty if the client has no choice of framings: echo repeats
            bytes, and the chat's client uses UDP.
    """

    port: int
    framing: str = ""


DEFAULTS = {
    "echo": Defaults(9090),
    "messages": Defaults(9091, "int32"),
    "ident": Defaults(9092, "text"),
    "auth": Defaults(9093, "text"),
    "broadcast": Defaults(9094, "text"),
    "chat": Defaults(9095),
}
