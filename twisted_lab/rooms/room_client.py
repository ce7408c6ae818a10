"""The client's side of a room: it counts its messages, and comes back without losing any."""

from __future__ import annotations

import re
import secrets
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from twisted_lab.rooms.rate_limits import BURST, PER_SECOND
from twisted_lab.text.chat_messages import NICK, Join, counted, read_confirmation, read_placed

_LATER = re.compile(r"error: (.*); try again in ([0-9]{1,4}) s", re.DOTALL)
# A little slower than the server allows: the clocks of two machines do not run alike.
SAFETY = 0.95


@dataclass(frozen=True)
class Line:
    """A line to be shown.

    Attributes:
        text: What the room says.
        when: When it was said, in seconds of Unix time, as the server says: it can be any number,
            or None if the server does not say.
        is_own: Whether it is one's own, and so has been said.
    """

    text: str
    when: float | None
    is_own: bool = False


class RoomClient:
    """A client that wants to be in a room, whatever happens to the connection.

    A message waits until the rate limit of the server allows it. It is kept until the server
    confirms that it is done, and sent again to a server that may not have received it.

    Args:
        name: The name.
        send: Sends a message to the server, or drops it if there is no connection.
        random: Makes random bytes.

    Attributes:
        name: The name.
        is_in: Whether the server has let it in.
        has_been_in: Whether it has ever done so.
        refused: How many of its messages the server has refused.
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
        self._asked: str | None = None  # the name that is asked for, until there is an answer
        self._join_at: float | None = None  # when to ask again, as the server has said
        self._place: int | None = None
        self._count = 0
        self._waiting: deque[tuple[int, str]] = deque()
        self._sent: dict[int, str] = {}
        self._level = 0.0  # how much of the burst the messages have taken that are done
        self._counted = 0.0

    @property
    def pending(self) -> int:
        """Tell how many messages are not confirmed yet."""
        return len(self._waiting) + len(self._sent)

    @property
    def is_deferred(self) -> bool:
        """Tell whether the server has said when to ask again."""
        return self._join_at is not None

    def join(self) -> None:
        """Ask to be let in, or in again: the server does not know this connection."""
        self.is_in = False
        self._join_at = None
        self._asked = self.name
        self._send(str(Join(self.name, self._client, self._place)))

    def rename(self, name: str) -> None:
        """Ask for another name, because the room would not have the one before.

        A member cannot join twice: while an answer is due, the new name waits for it.
        """
        self.name = name
        if self._asked is None:
            self.join()

    def say(self, text: str, now: float) -> None:
        """Send a message, as soon as the rate limit of the server allows it."""
        self._count += 1
        self._waiting.append((self._count, text))
        self.pump(now)

    def hear(self, message: str, now: float) -> Line | None:
        """Take a message of the server, and return what to show of it."""
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
            case ["*", name, "has", "joined"]:
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
        # The server may have received them, but it has not said so.
        self._waiting.extendleft(reversed(self._sent.items()))
        self._sent.clear()
        self._level = 0.0
        self.pump(now)

    def _leak(self, now: float) -> None:
        passed = max(now - self._counted, 0.0)
        self._level = max(self._level - passed * PER_SECOND * SAFETY, 0.0)
        self._counted = now

    def pump(self, now: float) -> None:
        """Send the messages that the server takes now.

        It counts confirmed messages, because the network may deliver in one moment messages that
        were sent over several seconds.
        """
        self._leak(now)
        if self._join_at is not None and now >= self._join_at:
            self.join()
        while self.is_in and self._waiting and self._over() <= 0:
            count, text = self._waiting.popleft()
            self._sent[count] = text
            self._send(counted(count, text))

    def _over(self) -> float:
        """Return by how much the next message is more than the server takes now."""
        return len(self._sent) + self._level + 1 - BURST

    def deadline(self, now: float) -> float | None:
        """Return when `pump` can do more, if nothing is received before; None for never."""
        if not (self.is_in and self._waiting):
            return self._join_at
        over = self._over()
        return None if over > self._level else now + over / (PER_SECOND * SAFETY) + 0.001
