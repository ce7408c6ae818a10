"""Support for tests of your own conversations: a channel that plays a script, with no reactor."""

from __future__ import annotations

import random
from collections import deque
from collections.abc import Callable

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IReactorTime

from twisted_lab.channels import Conversation, PeerGone
from twisted_lab.peers import Peer


class ScriptedChannel:
    """A `twisted_lab.channels.Channel` whose peer sends the messages of a script, and then goes.

    Args:
        *script: The input, in order: messages, and exceptions such as PeerSilent, which `hear`
            raises.
        host: The peer's address.
        port: The peer's port.

    Attributes:
        said: The messages that were sent to the peer so far.
        patience: The idle timeout that the conversation has set; 600 s at first.
        hung_up: Whether it was hung up on.
    """

    def __init__(
        self, *script: str | Exception, host: str = "127.0.0.1", port: int = 50412
    ) -> None:
        self.peer = Peer(host, port, f"{host}:{port}")
        self.said: list[str] = []
        self.patience = 600.0
        self.hung_up = False
        self._script = deque(script)

    @property
    def is_gone(self) -> bool:
        """Tell whether it was hung up on."""
        return self.hung_up

    async def hear(self) -> str:
        """Return or raise the next entry of the script; PeerGone at its end."""
        if self.hung_up or not self._script:
            raise PeerGone("the script is at its end")
        line = self._script.popleft()
        if isinstance(line, Exception):
            raise line
        return line

    def say(self, text: str) -> None:
        """Keep `text`, unless the peer was hung up on."""
        if not self.hung_up:
            self.said.append(text)

    async def taken(self) -> None:
        """The peer takes everything at once."""
        if self.hung_up:
            raise PeerGone("hung up on")

    def hang_up(self) -> None:
        """Remember it."""
        self.hung_up = True


def play(conversation: Conversation, *script: str | Exception) -> list[str]:
    """Have a conversation with a peer that sends the messages of `script`, and then goes.

    Returns:
        The messages that were sent to the peer.

    Raises:
        Exception: The conversation raised it; but PeerGone is an ordinary end.
        AssertionError: It waits for something other than the peer; drive it yourself, on a
            `ScriptedChannel`, with `Deferred.fromCoroutine`.
    """
    channel = ScriptedChannel(*script)
    ended: list[object] = []
    Deferred.fromCoroutine(conversation(channel)).addErrback(
        lambda failure: failure.trap(PeerGone)
    ).addBoth(ended.append)
    if not ended:
        raise AssertionError("the conversation waits for something other than the peer")
    raising = getattr(ended[0], "raiseException", None)
    if raising is not None:
        raising()
    return channel.said


class LossyWire:
    """Carries datagrams one way, with the faults of networks; the seed decides which.

    Args:
        clock: Carries them for a while.
        seed: Makes the same choices again.
        deliver: Called with each datagram that arrives.
        drop: The share of datagrams that are lost.
        duplicate: The share that arrive twice.
        reorder: The share that are overtaken by others.
        corrupt: The share of which a bit is changed.
        delay: The seconds that all of them take.
    """

    def __init__(
        self,
        clock: IReactorTime,
        seed: int,
        deliver: Callable[[bytes], object],
        *,
        drop: float = 0.0,
        duplicate: float = 0.0,
        reorder: float = 0.0,
        corrupt: float = 0.0,
        delay: float = 0.02,
    ) -> None:
        self._clock = clock
        self._chance = random.Random(seed)  # noqa: S311 (the same again)
        self._deliver = deliver
        self._drop = drop
        self._duplicate = duplicate
        self._reorder = reorder
        self._corrupt = corrupt
        self._delay = delay

    def send(self, datagram: bytes) -> None:
        """Send a datagram, which may be lost or changed."""
        chance = self._chance.random
        for _ in range(2 if chance() < self._duplicate else 1):
            if chance() < self._drop:
                continue
            if chance() < self._corrupt and datagram:
                changed = bytearray(datagram)
                changed[self._chance.randrange(len(changed))] ^= 1 << self._chance.randrange(8)
                datagram = bytes(changed)
            seconds = self._delay
            if chance() < self._reorder:
                seconds += chance() * 5 * self._delay
            self._clock.callLater(seconds, self._deliver, datagram)
