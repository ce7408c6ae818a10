"""The default port and framing of each service in this package."""

from __future__ import annotations

from typing import NamedTuple


class Defaults(NamedTuple):
    """The defaults of a service and its client; options override them.

    Attributes:
        port: The TCP port, or the UDP port of the chat.
        framing: The framing of messages; empty for none: the echo sends back bytes, and the chat
            client uses UDP.
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
