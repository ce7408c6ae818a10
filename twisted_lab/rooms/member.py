"""A member of a room, and what a room needs of those that carry its words."""

from __future__ import annotations

import hashlib
from typing import Any, Protocol

from twisted_lab.rooms.limits import Limits
from twisted_lab.text.user_names import name_key


class MemberChannel(Protocol):
    """What a room needs of a channel."""

    @property
    def is_gone(self) -> bool:
        """Tell whether nobody is there any more."""
        ...

    def say(self, text: str) -> None:
        """Say something to whoever is there."""
        ...

    def hang_up(self) -> None:
        """Let go."""
        ...

    async def taken(self) -> None:
        """Wait until most of what was said was taken."""
        ...


class Speaker(Protocol):
    """What a room needs of a `twisted_lab.channels.FanOut`: it speaks to all, in one order."""

    def add(self, channel: Any, group: int) -> None:
        """Tell `channel` the texts of that group from here on."""
        ...

    def remove(self, channel: Any) -> None:
        """Tell it nothing more."""
        ...

    def say(self, *texts: str) -> None:
        """Say a message to all, in the words of each group."""
        ...

    def tell(self, channel: Any, text: str) -> None:
        """Say something to one, behind all that was said before."""
        ...

    async def sent(self) -> None:
        """Wait until all that was said so far is sent."""
        ...

    async def has_room(self) -> None:
        """Wait while much waits to be sent."""
        ...


class Member:
    """Somebody in a room.

    Attributes:
        name: The name.
        key: What is equal for equal names.
        channel: Where to say something.
        client: The id of a client that numbers what it says, and is told the places of what it
            hears, so that it can come back; empty for the others. What the client knows is a
            secret, so this is a hash of it.
        limits: How fast it may speak.
    """

    def __init__(self, name: str, channel: MemberChannel, client: str, limits: Limits) -> None:
        self.name = name
        self.key = name_key(name)
        self.channel = channel
        self.client = client
        self.limits = limits


def client_id(secret: str) -> str:
    """Return under which id a client is known that has `secret`; none if that is empty."""
    return hashlib.sha256(secret.encode()).hexdigest()[:32] if secret else ""
