"""Two protocols with a bad connection between them, on a simulated clock."""

from __future__ import annotations

from collections.abc import Iterable

from twisted.internet.address import IPv4Address
from twisted.internet.interfaces import IProtocol, IReactorTime

from twisted_lab.faults.engine.actions import End
from twisted_lab.faults.engine.framing import read_framing
from twisted_lab.faults.engine.link import Lane, Link
from twisted_lab.faults.engine.link_names import LinkNames
from twisted_lab.faults.engine.spec import Place
from twisted_lab.faults.engine.toxic_set import ToxicSet
from twisted_lab.faults.simulated.faulty_transport import FaultyTransport
from twisted_lab.faults.simulated.simulation import Timer, read_toxics

_CLIENT = IPv4Address("TCP", "192.0.2.1", 50_000)
_SERVER = IPv4Address("TCP", "192.0.2.2", 9000)


class FaultyPair:
    """A connection between two protocols, with faults.

    Both are connected at once. After that, everything happens when the clock advances: bytes that
    no fault delays arrive with ``advance(clock, 0)``. The protocols learn of a close, a half-close
    and a reset as they do from Twisted's TCP transport. Without a framing, each `write` is a unit.
    An abort reaches the other end at once, whatever the toxics.

    Args:
        clock: The clock, such as `twisted.internet.task.Clock`. Let time pass with `advance`.
        client: The client's protocol.
        server: The server's protocol.
        toxics: The faults, in the form of the option ``--toxic`` of ``netlab-faults``.
        seed: The seed of all decisions; the same one causes the same faults.
        framing: The framing that tells where messages end: none, text, int32, decimal:N or hex:N.

    Raises:
        ValueError: There is no such framing; or a text describes no toxic, or one that needs a
            framing, or one for datagrams only.

    Attributes:
        client: The client's transport.
        server: The server's transport.
    """

    def __init__(
        self,
        clock: IReactorTime,
        client: IProtocol,
        server: IProtocol,
        toxics: Iterable[str] = (),
        *,
        seed: int = 0,
        framing: str = "none",
    ) -> None:
        self._clock = clock
        self._place = Place("pair", True, read_framing(framing))
        self._toxics = ToxicSet(seed, self._place.name, read_toxics(toxics, self._place))
        self._link = Link(
            LinkNames(), _CLIENT.host, True, self._toxics, framing=self._place.framing
        )
        up, down = self._link.lanes
        self.client = FaultyTransport(client, up, clock, self._wake, _CLIENT, _SERVER)
        self.server = FaultyTransport(server, down, clock, self._wake, _SERVER, _CLIENT)
        self._timer = Timer(clock, self._deadline, self._turn)
        self._is_woken = False
        self._link.open(clock.seconds())
        server.makeConnection(self.server)
        client.makeConnection(self.client)
        self._wake()

    def change(self, toxics: Iterable[str]) -> None:
        """Replace the toxics; units under way keep what was decided.

        Removed toxics of kind ``hold`` release their units.

        Raises:
            ValueError: See `FaultyPair`.
        """
        new = read_toxics(toxics, self._place)
        self._toxics.change(new, [self._link], self._clock.seconds())
        self._wake()

    def release(self) -> int:
        """Deliver what toxics of kind ``hold`` keep; return the number of units."""
        count = sum(lane.release(self._clock.seconds()) for lane in self._link.lanes)
        self._wake()
        return count

    def _wake(self) -> None:
        self._is_woken = True
        self._timer.update()

    def _deadline(self) -> float | None:
        if self._is_woken:
            return self._clock.seconds()
        times = [
            lane.deadline()
            for lane, end in zip(self._link.lanes, (self.server, self.client), strict=True)
            if end.has_room
        ]
        return min((time for time in times if time is not None), default=None)

    def _turn(self) -> None:
        self._is_woken = False
        self._carry(self._link.upstream, self.server)
        self._carry(self._link.downstream, self.client)
        ends = self.client, self.server
        for end in ends:
            end.read()
        for end in ends:
            end.flush()
        if any(end.is_reset for end in ends):
            for lane in self._link.lanes:
                lane.discard()
            for end in ends:
                end.reset()
        self._timer.update()

    def _carry(self, lane: Lane, end: FaultyTransport) -> None:
        """Move what is due from a lane to its end, as long as that has room."""
        if not end.has_room:
            return
        for output in lane.take(self._clock.seconds()):
            if output.end is None:
                end.arrive(output.data)
            elif output.end is End.RESET:
                end.is_reset = True
            elif output.end is End.CLOSE:
                for each in (self.client, self.server):
                    each.arrive(b"")
                    each.is_cut_off = True
            else:
                end.arrive(b"")
            if not end.has_room:
                return
