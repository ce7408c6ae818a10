"""Open connections of a service: limits, counts, drain."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol, runtime_checkable

from twisted.internet.defer import Deferred, succeed
from twisted.internet.interfaces import IReactorTime

from twisted_lab.channels.countdown import Countdown
from twisted_lab.disconnects import Disconnect, Reason
from twisted_lab.eventlog.counters import Traffic
from twisted_lab.peers import network

MOST = 10_000
MOST_PER_PEER = 1_000
# At most this many refused connections of one network, and of all, get an error message at once;
# further ones are aborted silently.
MOST_REFUSED_PER_PEER = 10
MOST_REFUSED = 100


class Connection(Protocol):
    """The interface of a connection in `Connections`."""

    @property
    def label(self) -> str:
        """The peer's address, as in the log."""
        ...

    @property
    def since(self) -> float:
        """The time at which the connection began, on the service's clock."""
        ...

    def traffic(self) -> Traffic:
        """Return the bytes and messages in and out so far."""
        ...

    def finish(self) -> None:
        """Accept no more input, send the pending output, and close."""
        ...

    def abort(self) -> None:
        """Close immediately, without the pending output."""
        ...


@runtime_checkable
class CanContinueElsewhere(Protocol):
    """A connection whose peer can continue with another server, or later with this one."""

    def send_away(self) -> None:
        """Send the pending output, and tell the peer that the server stops."""
        ...


class Connections:
    """The open connections of one service.

    A protocol adds itself when its connection is made, and removes itself when it has closed.

    Args:
        most: The most connections served at once.
        most_per_peer: The most connections served at once from one IPv4 address or one IPv6 /64
            network.

    Attributes:
        most: See above.
        most_per_peer: See above.
        draining: Whether to serve no new peers, because the service is shutting down.
        pausing: Whether to serve no new peers for now.
        leaving: Whether to serve no new peers, because the service will stop once they have gone.
        served: The number of served connections.
        refused: The number of refused connections so far.
    """

    def __init__(self, most: int = MOST, most_per_peer: int = MOST_PER_PEER) -> None:
        self.draining = False
        self.pausing = False
        self.leaving = False
        self.served = 0
        self.refused = 0
        self.most = most
        self.most_per_peer = most_per_peer
        # The network that each connection counts for; None for refused ones.
        self._open: dict[Connection, str | None] = {}
        self._of_peer: dict[str, int] = {}
        self._told: dict[Connection, str] = {}  # refused connections that get the reason
        self._gone = Traffic()
        self._all_closed: Deferred[None] | None = None

    def __len__(self) -> int:
        return len(self._open)

    def __iter__(self) -> Iterator[Connection]:
        return iter(list(self._open))

    def is_told(self, connection: Connection) -> bool:
        """Tell whether a refused connection gets the reason; otherwise it is aborted."""
        return connection in self._told

    def refusal(self, host: str) -> Reason | None:
        """Return why the service would refuse one more peer from `host`; None to serve it."""
        if self.draining or self.pausing or self.leaving:
            return Disconnect.NOT_NOW.reason()
        if self.served >= self.most:
            return Disconnect.TOO_MANY.reason(most=self.most)
        if host and self._of_peer.get(network(host), 0) >= self.most_per_peer:
            return Disconnect.TOO_MANY_OF_PEER.reason(most=self.most_per_peer)
        return None

    def add(self, connection: Connection, host: str = "") -> Reason | None:
        """Count `connection` as open.

        Args:
            connection: The connection.
            host: The IP address of its peer; empty for a unix socket.

        Returns:
            Why the service refuses the connection; None to serve it.
        """
        refusal = self.refusal(host)
        if refusal:
            self.refused += 1
            self._open[connection] = None
            told = list(self._told.values())
            if len(told) < MOST_REFUSED and told.count(network(host)) < MOST_REFUSED_PER_PEER:
                self._told[connection] = network(host)
        else:
            self.served += 1
            self._open[connection] = peer = network(host)
            self._of_peer[peer] = self._of_peer.get(peer, 0) + 1
        return refusal

    def remove(self, connection: Connection) -> None:
        """Remove `connection`, which has closed."""
        if connection not in self._open:
            return
        peer = self._open.pop(connection)
        self._told.pop(connection, None)
        if peer is not None:
            self.served -= 1
            if (others := self._of_peer[peer] - 1) > 0:
                self._of_peer[peer] = others
            else:
                del self._of_peer[peer]
        self._gone = self._gone.plus(connection.traffic())
        if not self._open and self._all_closed is not None:
            self._all_closed.callback(None)
            self._all_closed = None

    def traffic(self) -> Traffic:
        """Return the bytes and messages in and out so far, closed connections included."""
        total = self._gone
        for connection in self._open:
            total = total.plus(connection.traffic())
        return total

    @property
    def is_stopping(self) -> bool:
        """Whether a connection that closes now does so because the service stops."""
        return self.draining or self.leaving

    def leave(self) -> None:
        """Serve no new peers, and send those away that can continue elsewhere."""
        self.leaving = True
        for connection in self:
            if isinstance(connection, CanContinueElsewhere):
                connection.send_away()

    def drain(self, clock: IReactorTime, seconds: float) -> Deferred[None]:
        """Finish all connections; abort those that have not closed after `seconds`.

        Call it after the service has stopped listening.

        Returns:
            A Deferred that fires when no connection is open.
        """
        self.draining = True
        if not self._open:
            return succeed(None)
        self._all_closed = all_closed = Deferred[None]()
        for connection in self:
            connection.finish()
        countdowns = [
            Countdown(clock, seconds, self.abort),
            # A service must be able to stop even if a connection never closes.
            Countdown(clock, seconds + 1, self._give_up),
        ]

        def stop_waiting(_: None) -> None:
            for countdown in countdowns:
                countdown.cancel()

        return all_closed.addCallback(stop_waiting)

    def abort(self) -> None:
        """Close all connections immediately, without the pending output."""
        for connection in self:
            connection.abort()

    def _give_up(self) -> None:
        for connection in self:
            self.remove(connection)
