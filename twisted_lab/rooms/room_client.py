"""Client's side of a room, which counts its messages and reconnects without losing any."""

from __future__ import annotations

import re
import secrets
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from twisted_lab.rooms.rate_limits import BURST, PER_SECOND
from twisted_lab.text.chat_messages import NICK, Join, counted, read_confirmation, read_placed

_LATER = re.compile(r"error: (.*); try again in ([0-9]{1,4}) s", re.DOTALL)
# A little slower than the server allows, because the clocks of two machines differ in speed.
SAFETY = 0.95


@dataclass(frozen=True)
class Line:
    """A line to show.

    Attributes:
        text: The text.
        when: The time of the message, in seconds of Unix time. The server may send any number; None
            if it sends none.
        is_own: Whether it is the user's own message, which the server has thus accepted.
    """

    text: str
    when: float | None
    is_own: bool = False


class RoomClient:
    """A client that stays in a room across connections.

    A message waits until the server's rate limit allows it. The client keeps it until the server
    confirms it, and sends it again to a server that may not have received it.

    Args:
        name: The user name.
        send: Sends a message to the server, or drops it if there is no connection.
        random: Returns random bytes.

    Attributes:
        name: The user name.
        is_in: Whether the server has admitted it.
        has_been_in: Whether the server has ever admitted it.
        refused: The number of its messages that the server has refused.
        others: The names of the other members, as far as they are known.
    """

    def __init__(
        self,
        name: str,
        send: Callable[[str], object],
        random: Callable[[int], bytes] = secrets.token_bytes,
    ) -> None:
        self.name = name
        self.is_in = self.has_been_in = False
        self.refused = 0
        self.others: set[str] = set()
        self._send = send
        self._client = random(8).hex()
        self._asked: str | None = None  # the requested name, until there is an answer
        self._join_at: float | None = None  # when to ask again, if the server gave a time
        self._place: int | None = None
        self._count = 0
        self._waiting: deque[tuple[int, str]] = deque()
        self._sent: dict[int, str] = {}
        self._level = 0.0  # the part of the burst that confirmed messages have used
        self._counted = 0.0

    @property
    def pending(self) -> int:
        """The number of messages that are not confirmed yet."""
        return len(self._waiting) + len(self._sent)

    @property
    def is_deferred(self) -> bool:
        """Tell whether to ask again at the time that the server gave."""
        return self._join_at is not None

    def join(self) -> None:
        """Ask to join, or to rejoin over a new connection."""
        self.is_in = False
        self._join_at = None
        self._asked = self.name
        self._send(str(Join(self.name, self._client, self._place)))

    def rename(self, name: str) -> None:
        """Ask for another name, because the room has refused the previous one.

        A member cannot join twice, so the new name waits for a pending answer.
        """
        self.name = name
        if self._asked is None:
            self.join()

    def say(self, text: str, now: float) -> None:
        """Send a message as soon as the server's rate limit allows it."""
        self._count += 1
        self._waiting.append((self._count, text))
        self.pump(now)

    def hear(self, message: str, now: float) -> Line | None:
        """Handle a message from the server; return the line to show, if any."""
        text, is_new = message, False
        when: float | None = None
        if placed := read_placed(message):
            place, when, text = placed
            is_new = place > (self._place or 0)
            self._place = max(place, self._place or 0)
        if confirmation := read_confirmation(text):
            return self._confirmed(*confirmation, when, now)
        if self._asked is not None and text.startswith("error: "):
            asked, self._asked = self._asked, None
            if asked != self.name:
                self.join()
                return None
            if later := _LATER.fullmatch(text):
                self._join_at = now + int(later[2])
                return Line(f"* {later[1]}; joining in {later[2]} s", when)
        self._learn(text, now)
        is_own = is_new and text.startswith((f"{self.name}: ", f"{self.name} (to "))
        return Line(text, when, is_own)

    def _confirmed(
        self, count: int, why: str | None, when: float | None, now: float
    ) -> Line | None:
        text = self._sent.pop(count, None)
        if text is None:
            return None
        self._leak(now)
        self._level += 1
        self.pump(now)
        if why is None:
            return None
        self.refused += 1
        return Line(f"error: not said: {text} ({why})", when)

    def _learn(self, text: str, now: float) -> None:
        words = text.split(" ")
        match words:
            case ["*", "welcome,", name, *_] if not self.is_in:
                self.is_in = self.has_been_in = True
                wanted, asked = self.name, self._asked
                self.name, self._asked = name.removesuffix(";"), None
                self._again(now)
                if asked not in (None, wanted):
                    self.say(f"{NICK} {wanted}", now)
            case ["*", name, "has", "joined"] if name != self.name:
                self.others.add(name)
            case ["*", name, "has", "left"] | ["*", name, "has", "gone", "silent"]:
                self.others.discard(name)
            case ["*", old, "is", "now", "called", new]:
                self.others.discard(old)
                if old == self.name:
                    self.name = new
                else:
                    self.others.add(new)
            case ["*", "here:", *names]:
                if names[-3:-2] == ["and"] and names[-1] == "more":
                    del names[-3:]
                self.others = {name.removesuffix(",") for name in names} - {self.name}

    def _again(self, now: float) -> None:
        # The server may have received these messages, but has not confirmed them.
        self._waiting.extendleft(reversed(self._sent.items()))
        self._sent.clear()
        self._level = 0.0
        self.pump(now)

    def _leak(self, now: float) -> None:
        passed = max(now - self._counted, 0.0)
        self._level = max(self._level - passed * PER_SECOND * SAFETY, 0.0)
        self._counted = now

    def pump(self, now: float) -> None:
        """Send the messages that the rate limit allows now.

        The limit counts confirmed messages, because the network may deliver in one moment messages
        that were sent over several seconds.
        """
        self._leak(now)
        if self._join_at is not None and now >= self._join_at:
            self.join()
        while self.is_in and self._waiting and self._over() <= 0:
            count, text = self._waiting.popleft()
            self._sent[count] = text
            self._send(counted(count, text))

    def _over(self) -> float:
        """Return by how much the next message exceeds the rate limit now."""
        return len(self._sent) + self._level + 1 - BURST

    def deadline(self, now: float) -> float | None:
        """Return when `pump` can do more if nothing is received before; None for never."""
        if not (self.is_in and self._waiting):
            return self._join_at
        over = self._over()
        return None if over > self._level else now + over / (PER_SECOND * SAFETY) + 0.001
