"""Support for tests of conversations, channels and stored data, without a reactor."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Generic

from twisted.internet.defer import Deferred, fail, succeed
from twisted.python.failure import Failure

from twisted_lab.channels import Conversation, PeerGone, PeerSilent
from twisted_lab.channels.contract import ChannelContract, LivePeer
from twisted_lab.channels.conversation_contract import ConversationContract
from twisted_lab.disconnects import Disconnect
from twisted_lab.peers import Peer
from twisted_lab.resources import Unable
from twisted_lab.storage import CannotStore, Tables, Work, open_database
from twisted_lab.storage.tables import Q, Result

__all__ = [
    "ChannelContract",
    "ConversationContract",
    "LivePeer",
    "MemoryStorage",
    "ScriptedChannel",
    "play",
]

Step = str | float | Exception


class ScriptedChannel:
    """A `twisted_lab.channels.Channel` whose peer plays a script and then closes.

    Args:
        *script: The input, in order: messages; numbers, which are seconds of silence; and
            exceptions, which `hear` raises.
        host: The peer's address.
        port: The peer's port.

    Attributes:
        said: The messages that were sent to the peer so far.
        patience: The idle timeout, in seconds, which the conversation may change; initially 600.
        hung_up: Whether the conversation has hung up.
    """

    def __init__(self, *script: Step, host: str = "127.0.0.1", port: int = 50412) -> None:
        self.peer = Peer(host, port, f"{host}:{port}")
        self.said: list[str] = []
        self.patience = 600.0
        self.hung_up = False
        self._script = deque(script)

    @property
    def is_gone(self) -> bool:
        """Tell whether the conversation has hung up."""
        return self.hung_up

    async def hear(self) -> str:
        """Return the next message of the script, or raise its next exception.

        Raises:
            PeerGone: The script has ended, or the conversation has hung up.
            PeerSilent: The script has a silence of at least the idle timeout.
        """
        while self._script and not self.hung_up:
            step = self._script.popleft()
            if isinstance(step, Exception):
                raise step
            if isinstance(step, str):
                return step
            if step >= self.patience:
                raise PeerSilent(Disconnect.NOTHING_HEARD.reason(seconds=self.patience))
        end = Disconnect.CLOSED_BY_SERVER if self.hung_up else Disconnect.CLOSED_BY_CLIENT
        raise PeerGone(end.reason())

    def say(self, text: str) -> None:
        """Record `text`, unless the conversation has hung up."""
        if not self.hung_up:
            self.said.append(text.encode(errors="replace").decode())

    async def taken(self) -> None:
        """Return immediately: the peer accepts all output.

        Raises:
            PeerGone: The conversation has hung up.
        """
        if self.hung_up:
            raise PeerGone(Disconnect.CLOSED_BY_SERVER.reason())

    def hang_up(self) -> None:
        """Record the hang-up."""
        self.hung_up = True


def play(conversation: Conversation, *script: Step, host: str = "127.0.0.1") -> list[str]:
    """Run a conversation with a peer that plays `script` (see `ScriptedChannel`) and then closes.

    Returns:
        The messages that were sent to the peer.

    Raises:
        Exception: The conversation raised it; PeerGone is an ordinary end, and is not raised.
        AssertionError: The conversation waits for something other than the peer. Run it with
            `Deferred.fromCoroutine` on a `ScriptedChannel` instead.
    """
    channel = ScriptedChannel(*script, host=host)
    ended: list[object] = []
    Deferred.fromCoroutine(conversation(channel)).addErrback(
        lambda failure: failure.trap(PeerGone)
    ).addBoth(ended.append)
    if not ended:
        raise AssertionError("the conversation waits for something other than the peer")
    if isinstance(ended[0], Failure):
        ended[0].raiseException()
    channel.hang_up()
    return channel.said


class MemoryStorage(Generic[Q]):
    """A `twisted_lab.storage.Store` whose results are there at once.

    Args:
        tables: The tables that it has.
        name: The name of the database; by default it is in memory.

    Attributes:
        database: The `twisted_lab.storage.Database`, to look into and to close.
        full: Whether all work fails with Unable, as on a full disk; False at first.
    """

    def __init__(self, tables: Tables[Q], name: str = ":memory:") -> None:
        self.database = open_database(name, tables)
        self.full = False

    def run(self, work: Work[Q, Result]) -> Deferred[Result]:
        """See `Store`."""
        return self._do(self.database.run, work)

    def keep(self, work: Work[Q, Result]) -> Deferred[Result]:
        """See `Store`."""
        return self.run(work)

    def read(self, work: Work[Q, Result]) -> Deferred[Result]:
        """See `Store`: work that changes something fails."""
        return self._do(self.database.read, work)

    def _do(
        self, run: Callable[[Work[Q, Result]], Result], work: Work[Q, Result]
    ) -> Deferred[Result]:
        try:
            if self.full:
                raise CannotStore("database or disk is full")
            return succeed(run(work))
        except CannotStore as error:
            return fail(Unable("cannot store the data now", str(error)))
        except Exception:
            return fail()
