"""Links of streams: a client's connection, and one to the upstream."""

from __future__ import annotations

from typing import cast

from twisted.internet.interfaces import IAddress, IProtocol
from twisted.python.failure import Failure

from twisted_lab.disconnects import Disconnect, Reason, end_reason
from twisted_lab.eventlog.counters import Traffic
from twisted_lab.faults.engine.actions import End
from twisted_lab.faults.engine.link import Lane
from twisted_lab.faults.engine.pipe import Output
from twisted_lab.faults.proxies.proxy import Proxy
from twisted_lab.faults.proxies.runner import Runner
from twisted_lab.faults.proxies.side import Side
from twisted_lab.faults.proxies.upstream import Dialer, Upstream
from twisted_lab.peers import address_text, host_of


class StreamLink(Runner):
    """The runner of a link of streams.

    Args:
        proxy: The link's proxy.
        upstream: The server behind it.
        address: The client's address.

    Attributes:
        client: The client's connection.
        server: The connection to the upstream.
        is_closing: Whether both are being closed, and what they send is dropped.
    """

    __slots__ = (
        "_cause",
        "_dialer",
        "_first_to_end",
        "_open",
        "_reason",
        "_upstream",
        "client",
        "is_closing",
        "server",
    )

    def __init__(self, proxy: Proxy, upstream: Upstream, address: IAddress) -> None:
        super().__init__(proxy, host_of(address), address_text(address))
        self.client = Side(self, self.link.upstream)
        self.server = Side(self, self.link.downstream)
        self.client.other, self.server.other = self.server, self.client
        self.is_closing = False
        self._open = 0  # connections
        self._upstream = upstream
        self._dialer: Dialer | None = None
        self._first_to_end: Side | None = None
        self._reason: Reason | None = None
        self._cause: Reason | None = None  # why the proxy itself ends the link

    # Begin

    def connected(self, side: Side) -> None:
        """Handle that one of the connections is made."""
        self._open += 1
        if side is self.client:
            self._begin()
        else:
            self._dialer = None
            self.control()

    def _begin(self) -> None:
        proxy, common = self.proxy, self.proxy.common
        proxy.began(self)
        refusal = common.connections.add(self, self.link.host)
        common.events.connected(self.label)
        if not proxy.is_enabled:
            refusal = Disconnect.DISABLED.reason(proxy=proxy.place.name)
        if refusal:
            self._hang_up(refusal)
            return
        self.control()
        self.link.open(self.clock.seconds())
        self.pump()  # A toxic may refuse the client.
        if not self.is_closing:
            self._dialer = self._upstream.connect(cast(IProtocol, self.server), self._unreachable)

    def _unreachable(self, why: str) -> None:
        self._dialer = None
        self._hang_up(Disconnect.NO_UPSTREAM.reason(upstream=self._upstream.target, why=why))

    # Bytes in

    def received(self, side: Side, data: bytes) -> None:
        """Handle input that cannot bypass the lanes."""
        if not self.is_closing:
            side.lane.send(data, self.clock.seconds())
            self.pump()

    def ended(self, side: Side) -> None:
        """Handle that a peer sends no more."""
        if self.is_closing:
            return
        if self._first_to_end is None:
            self._first_to_end = side
        side.lane.close(self.clock.seconds())
        self.pump()

    def pump(self) -> None:
        """See `Runner.pump`."""
        if not self.is_closing:
            super().pump()
            self.control()

    def control(self) -> None:
        """Read from the sides whose input there is room for."""
        if self.is_closing:
            return
        waits = self._open < 2 or self._is_finishing
        waits |= not self.is_direct and not self.has_room
        has_resumed = False
        for side in (self.client, self.server):
            has_resumed |= side.read(not (waits or side.is_ahead or side.lane.is_full))
        if has_resumed:
            self._schedule(self.link.deadline(), self.clock.seconds())

    # Bytes out

    def deliver(self, lane: Lane, output: Output) -> None:
        """See `Runner.deliver`."""
        source = self.client if lane is self.client.lane else self.server
        if output.end is None:
            source.other.send(output.number, output.data)
            return
        self._flush()
        if output.end in (End.CLOSE, End.RESET):
            self._cause = Disconnect.ENDED_BY_TOXIC.reason(toxic=output.toxic)
        if output.end is End.CLOSE:
            self._close()
        elif output.end is End.RESET or (output.end is End.EOF and source.was_reset):
            self._reset()
        else:
            source.other.half_close()

    def _flush(self) -> None:
        self.client.flush()
        self.server.flush()

    @property
    def held(self) -> int:
        """See `Runner.held`; what slow readers have not taken is also held."""
        return super().held + self.client.untaken + self.server.untaken

    def settle(self, now: float) -> None:
        """See `Runner.settle`; this also closes the link once nothing more will pass."""
        if self.is_closing:
            return
        self._flush()
        super().settle(now)
        have_ended = self.client.has_sent_end and self.server.has_sent_end
        # During the drain, what is on hold is not waited for.
        if have_ended or (self._is_finishing and self.link.deadline() is None):
            self._close()

    # The end

    @property
    def moved(self) -> int:
        """See `Runner.moved`."""
        sides = self.client, self.server
        return sum(side.bytes_in + side.bytes_out for side in sides)

    def give_up(self) -> None:
        """See `Runner.give_up`."""
        if self.is_closing:
            self.abort()  # a peer does not take its last bytes
        else:
            seconds = self.proxy.common.patience
            self._hang_up(Disconnect.NOTHING_HEARD.reason(seconds=seconds))

    def _hang_up(self, reason: Reason) -> None:
        self.proxy.common.events.hung_up(self.label, reason)
        self._cause = reason
        self._reset()

    def abort(self) -> None:
        """See `twisted_lab.channels.Connection`."""
        self._cause = self._cause or Disconnect.CUT_OFF_BY_PROXY.reason()
        self._reset()

    def _reset(self) -> None:
        self._stop()
        self.client.abort()
        self.server.abort()

    def _close(self) -> None:
        self._stop()
        self.client.close()
        self.server.close()

    def _stop(self) -> None:
        """Drop what is held, and from here on what the peers send."""
        self.is_closing = True
        self.is_direct = False
        if self._dialer is not None:
            self._dialer.stop()
            self._dialer = None
        self.drop(*self.link.lanes)
        if not self._open:
            self._gone()

    def lost(self, side: Side, reason: Failure) -> None:
        """Handle the end of one of the connections."""
        self._open -= 1
        if side is self.client:
            self._reason = self._cause or end_reason(reason, self._first_to_end is side)
        if self.is_closing:
            if not self._open:
                self._gone()
            return
        side.has_sent_end = True
        self.drop(side.other.lane)
        if side.has_ended:
            self.pump()
        else:
            side.has_ended = True
            self.ended(side)

    def _gone(self) -> None:
        client, common = self.client, self.proxy.common
        if self.is_over or self._reason is None:
            return
        self.end()
        common.events.disconnected(
            self.label,
            client.bytes_in,
            client.bytes_out,
            self.clock.seconds() - self.since,
            self._reason,
        )
        common.connections.remove(self)

    def traffic(self) -> Traffic:
        """See `twisted_lab.channels.Connection`; units are messages."""
        client, link = self.client, self.link
        return Traffic(
            client.bytes_in, client.bytes_out, link.upstream.units, link.downstream.units
        )
