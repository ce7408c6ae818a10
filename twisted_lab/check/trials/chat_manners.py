"""How a chat server wants to be talked to, as the checker has learned it."""

from __future__ import annotations

from dataclasses import dataclass
from socket import SocketKind

from twisted_lab.check.trials.server_manners import Manners

# With both, a chat has TCP for something else, such as its control.
KINDS = (SocketKind.SOCK_DGRAM, SocketKind.SOCK_STREAM)


@dataclass(frozen=True, slots=True)
class ChatManners(Manners):
    """How a chat server wants to be started and talked to.

    Attributes:
        kind: Whether it was reached by TCP or by UDP.
        opening: What a client says first, with ``{name}`` for its name; "" if nothing. The server's
            questions are answered, whatever this is.
        is_chat: Whether texts of two clients reached each other.
        passes_on: Whether texts of one client reached the other.
    """

    kinds: tuple[SocketKind, ...] = KINDS
    kind: SocketKind = SocketKind.SOCK_DGRAM
    opening: str = "{name}"
    is_chat: bool = False
    passes_on: bool = False
