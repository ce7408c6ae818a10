"""What a conversation talks to, whatever carries its messages."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any, Protocol

from twisted.internet.defer import Deferred

from twisted_lab.peers import Peer


class PeerGone(Exception):
    """The peer has closed, or is hung up on: nothing more will be heard. The text says how.

    A conversation need not catch it; to end by it is an ordinary end.
    """


class PeerSilent(Exception):
    """Nothing was heard for as long as the channel waits.

    A conversation may catch it and hear again; if it does not, the peer is told and hung up on.
    """


class Refused(Exception):
    """The peer is not served; the text, which it is told, says why.

    A conversation may raise it.
    """


TOO_LITTLE_MEMORY = "the server has too little memory for that now; try again later"


class Unable(Exception):
    """The server cannot do what was asked, through no fault of the peer's, which is told the text.

    A conversation need not catch it: then the peer is hung up on.

    Args:
        text: What the peer is told.
        reason: What the log says in addition.
    """

    def __init__(self, text: str, reason: str) -> None:
        super().__init__(text)
        self.reason = reason


class Channel(Protocol):
    """One peer's messages, in and out.

    Attributes:
        peer: Who is at the other end.
        patience: After so many seconds of silence `hear` raises PeerSilent. A conversation may
            change it.
    """

    peer: Peer
    patience: float

    @property
    def is_gone(self) -> bool:
        """Tell whether the peer takes nothing more: it has gone, or was hung up on."""
        ...

    async def hear(self) -> str:
        """Return the peer's next message.

        It waits for it, and also until the peer has taken most of what was said to it: so a
        conversation that says something for each message that it hears never runs ahead of a peer.

        Raises:
            PeerGone: No message will come any more. Those that came before were heard.
            PeerSilent: None has come for too long.
            twisted_lab.codecs.MessageError: What came is no message: it is too long, or not UTF-8.
                Let it pass: the peer is told and hung up on.
        """
        ...

    def say(self, text: str) -> None:
        """Send a message. It never waits and never fails; a lone surrogate is sent as ``?``.

        No other conversation runs before it returns. To a peer that has gone it does nothing. A
        peer that is 256 KiB behind, beside what the kernel holds for it, is cut off, and its own
        conversation learns of that in a later turn of the reactor: so a conversation with more to
        say than that hears, or waits until it is `taken`, in between.
        """
        ...

    async def taken(self) -> None:
        """Wait until at most about 64 KiB of what was said still wait for the peer.

        A conversation that says more than that without hearing anything awaits it after each
        message. It costs nothing if there is nothing to wait for. Over plain UDP, where nothing
        tells what the peer has taken, it keeps to a rate instead.

        Raises:
            PeerGone: The peer will take nothing more, because it has gone.
            PeerSilent: The peer has taken nothing for too long.
        """
        ...

    def hang_up(self) -> None:
        """Send what was said, and close; nothing more is heard.

        If that is another conversation's channel, its conversation learns of it in a later turn.
        The end of a conversation does the same.
        """
        ...


Conversation = Callable[[Channel], Coroutine[Deferred[object], Any, object]]
"""A conversation is any coroutine function that takes a channel."""
