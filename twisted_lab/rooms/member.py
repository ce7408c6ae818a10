"""Members of a room, and the interfaces through which the room sends to them."""

from __future__ import annotations

import hashlib
from contextlib import AbstractAsyncContextManager
from typing import Protocol

from twisted_lab.rooms.rate_limits import Limits
from twisted_lab.text.user_names import name_key


class MemberGone(Exception):
    """The client has gone before it became a member."""


class CannotSay(Exception):
    """A member's request fails without any change; the text tells it why."""


class MemberChannel(Protocol):
    """The part of a channel that a room uses."""

    @property
    def is_gone(self) -> bool:
        """Tell whether nothing more can be said to the peer."""
        ...

    def say(self, text: str) -> None:
        """Send `text` to the peer."""
        ...

    def hang_up(self) -> None:
        """Send the pending output, and close."""
        ...

    async def taken(self) -> None:
        """Wait until the peer has accepted most of the pending output."""
        ...


class Speaker(Protocol):
    """The part of `twisted_lab.channels.FanOut` that a room uses, to send to all in one order."""

    def add(self, channel: MemberChannel, group: int) -> None:
        """Send all further texts of `group` to `channel`."""
        ...

    def remove(self, channel: MemberChannel) -> None:
        """Send no further messages to `channel`."""
        ...

    def say(self, *texts: str) -> None:
        """Send a message to all members, as one text for each group."""
        ...

    def tell(self, channel: MemberChannel, text: str) -> None:
        """Send `text` to one channel, after all earlier messages."""
        ...

    async def sent(self) -> None:
        """Wait until all earlier messages are sent."""
        ...

    def heard_out(self) -> AbstractAsyncContextManager[None]:
        """Wait at the end of the block until all messages are sent."""
        ...

    async def has_room(self) -> None:
        """Wait while much output is pending."""
        ...


class Member:
    """A member of a room.

    Attributes:
        name: The name.
        key: The key of the name; names that count as equal have the same key.
        channel: The channel to its peer.
        client: The id of a client that can come back without losing messages: it numbers its
            messages, and gets the places of those that it receives. Empty for other clients. The id
            is the hash of a secret, which only the client knows.
        limits: The rate limits.
        seat: In a room on several nodes, a number for its stay on this channel.
    """

    def __init__(
        self, name: str, channel: MemberChannel, client: str, limits: Limits, seat: str = ""
    ) -> None:
        self.name = name
        self.key = name_key(name)
        self.channel = channel
        self.client = client
        self.limits = limits
        self.seat = seat


def client_id(secret: str) -> str:
    """Return the id of the client with `secret`; empty if `secret` is empty."""
    return hashlib.sha256(secret.encode()).hexdigest()[:32] if secret else ""
