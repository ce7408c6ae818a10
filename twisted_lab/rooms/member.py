"""A member of a room, and the channels that carry messages to it."""

from __future__ import annotations

import hashlib
from contextlib import AbstractAsyncContextManager
from typing import Protocol

from twisted_lab.rooms.rate_limits import Limits
from twisted_lab.text.user_names import name_key


class MemberChannel(Protocol):
    """A channel, as far as a room uses it."""

    @property
    def is_gone(self) -> bool:
        """Tell whether the peer has gone."""
        ...

    def say(self, text: str) -> None:
        """Send `text` to the peer."""
        ...

    def hang_up(self) -> None:
        """Hang up on the peer."""
        ...

    async def taken(self) -> None:
        """Wait until the peer has taken most of the pending output."""
        ...


class Speaker(Protocol):
    """A `twisted_lab.channels.FanOut`, as far as a room uses it: it sends to all, in one order."""

    def add(self, channel: MemberChannel, group: int) -> None:
        """Send the texts of that group to `channel` from here on."""
        ...

    def remove(self, channel: MemberChannel) -> None:
        """Send it nothing more."""
        ...

    def say(self, *texts: str) -> None:
        """Send a message to all, to each group its own text."""
        ...

    def tell(self, channel: MemberChannel, text: str) -> None:
        """Send `text` to one channel, behind all earlier messages."""
        ...

    async def sent(self) -> None:
        """Wait until all earlier messages are sent."""
        ...

    def heard_out(self) -> AbstractAsyncContextManager[None]:
        """Have a conversation, and wait at its end until all is sent."""
        ...

    async def has_room(self) -> None:
        """Wait while there is much pending output."""
        ...


class Member:
    """A member of a room.

    Attributes:
        name: The name.
        key: The key of the name; equal names have the same.
        channel: The channel to its peer.
        client: The id of a client that numbers its messages, and gets the places of the messages
            that it receives, so that it can come back; empty for the others. The client itself
            knows a secret, and this is a hash of it.
        limits: How fast it may speak.
    """

    def __init__(self, name: str, channel: MemberChannel, client: str, limits: Limits) -> None:
        self.name = name
        self.key = name_key(name)
        self.channel = channel
        self.client = client
        self.limits = limits


def client_id(secret: str) -> str:
    """Return the id of the client that has `secret`; empty if `secret` is empty."""
    return hashlib.sha256(secret.encode()).hexdigest()[:32] if secret else ""
