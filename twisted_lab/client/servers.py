"""Servers of one room, of which a chat client uses one, and the times at which it moves."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from random import random as random_number
from typing import NamedTuple

# Seconds: the first move is spread over this time, because all clients of a server may move at the
# same moment.
SPREAD = 1.0
# Least seconds from one attempt to the next: at first, and after several rounds without success. A
# silent server gets twice as long.
SHORTEST_WAIT = 1.0
LONGEST_WAIT = 4.0
# A client that has been served for this many seconds begins with the shortest wait again.
STEADY = 10.0


class Server(NamedTuple):
    """A server.

    Attributes:
        host: Its IP address.
        port: Its UDP port.
        name: What the user calls the host.
    """

    host: str
    port: int
    name: str = ""

    def __str__(self) -> str:
        name = self.name or self.host
        return f"[{name}]:{self.port}" if ":" in name else f"{name}:{self.port}"


class Servers:
    """The server that a client uses or tries, and the next ones.

    Args:
        servers: All servers, in the order in which the client tries them.
        random: Returns a random number from 0 to 1.

    Attributes:
        current: The server that the client uses or tries.
    """

    def __init__(
        self, servers: Sequence[Server], random: Callable[[], float] = random_number
    ) -> None:
        self.current = servers[0]
        self._servers = servers
        self._random = random
        self._moves = 0
        self._wait = SHORTEST_WAIT
        self._pause = self._jittered()
        self._tried = float("-inf")
        self._silent_until: float | None = None
        self._turned_away: set[Server] = set()
        self._defer: set[Server] = set()

    def __len__(self) -> int:
        return len(self._servers)

    def _jittered(self) -> float:
        return self._wait * (0.75 + self._random() / 2)

    def move(self, now: float, at_once: bool = False) -> float:
        """Choose the next server, and return when to try it."""
        earliest = max(now + SPREAD * self._random(), self._tried + self._pause)
        self._tried = now if at_once else earliest
        self._moves += 1
        self.current = self._servers[self._moves % len(self._servers)]
        if self._moves % len(self._servers) == 0:
            self._wait = min(2 * self._wait, LONGEST_WAIT)
        self._pause = self._jittered()
        self._silent_until = self._tried + 2 * self._pause
        return self._tried

    def answers(self, now: float) -> None:
        """Note that the current server serves the client."""
        self._silent_until = None
        if now >= self._tried + STEADY:
            self._wait = SHORTEST_WAIT
            self._turned_away.clear()
            self._defer.clear()

    def is_silent(self, now: float) -> bool:
        """Tell whether the current server, which does not serve the client, has had its time."""
        if self._silent_until is None:
            self._silent_until = now + 2 * self._pause
        return now >= self._silent_until

    def turns_away(self) -> bool:
        """Note that the current server turns the client away; tell whether all have done so."""
        self._turned_away.add(self.current)
        return len(self._turned_away) == len(self._servers)

    def defers(self) -> bool:
        """Note that the current server admits the client later; tell whether no other is better."""
        self._defer.add(self.current)
        return len(self._defer | self._turned_away) == len(self._servers)

    def extend_timeouts(self, seconds: float) -> None:
        """Exclude `seconds`, in which the process was paused, from the timeouts."""
        if self._silent_until is not None:
            self._silent_until += seconds
