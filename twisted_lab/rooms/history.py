"""History of a room, for members that join later or come back."""

from __future__ import annotations

import sys
from bisect import bisect_right
from collections import OrderedDict, deque
from dataclasses import dataclass, replace
from itertools import islice
from typing import Protocol

from twisted_lab.rooms.member import CannotSay

KEPT = 1000  # messages in memory
OVERHEAD = 250  # bytes of a row in the file in addition to its texts: numbers, ids, index entries
DAY_SECONDS = 86_400
# At most this many clients' highest counts are kept; the client that spoke longest ago goes first.
CLIENTS = 100_000
# A page ends with the message that reaches one of these limits. So a client that catches up takes
# the memory of two large messages, not of a hundred.
PAGE_MESSAGES = 100
PAGE_CHARACTERS = 65_536


class HistoryBusy(CannotSay):
    """The history rejects the request, because too many others are waiting."""

    def __init__(self) -> None:
        super().__init__("the history is busy; try again")


@dataclass(frozen=True)
class Retention:
    """Limits of a history; the newest message is always kept.

    Attributes:
        most_bytes: A message is removed once the messages after it take `most_bytes` bytes.
        days: A message is removed after `days` days.
    """

    most_bytes: int = 16 * 2**20
    days: int = 30

    def oldest(self, now: float) -> float:
        """Return the time up to which messages are too old, in seconds of Unix time."""
        return now - self.days * DAY_SECONDS


KEPT_FOR_A_MONTH = Retention()


@dataclass(frozen=True)
class Said:
    """A message of a room.

    Attributes:
        place: The position, a number above those of all earlier messages.
        name: The name of the speaker.
        text: The text.
        to: The name of the addressee; empty for a message to all.
        speaker: The id of the speaker's client; empty if it has none.
        count: The client's number for the message.
        listener: The id of the addressee's client; empty if it has none.
        time: The time of the message, in seconds of Unix time.
    """

    place: int
    name: str
    text: str
    to: str = ""
    speaker: str = ""
    count: int = 0
    listener: str = ""
    time: float = 0.0

    @property
    def size(self) -> int:
        """The approximate size in the database file, in bytes."""
        return OVERHEAD + sum(len(text.encode()) for text in (self.text, self.name, self.to))

    def is_for(self, client: str) -> bool:
        """Tell whether `client` may read it: a message to all, by `client` or to `client`."""
        return not self.to or (client != "" and client in (self.speaker, self.listener))


class History(Protocol):
    """A store for the messages of a room."""

    async def add(self, said: Said) -> int | None:
        """Keep `said`, at its place or the next free one.

        The client's count must be above all its earlier counts, including those of messages that
        were removed long ago.

        Returns:
            The place, once the message is kept; None if the count is too low.
        """
        ...

    async def newest(self) -> int:
        """Return the place of the newest message; 0 if there is none."""
        ...

    async def last(self, most: int) -> tuple[int, int]:
        """Return the place before the last `most` messages to all, and that of the last one.

        Raises:
            HistoryBusy: Too many requests for pages are waiting.
        """
        ...

    async def since(self, place: int, client: str) -> list[Said]:
        """Return a page of the messages after `place` for `client`; empty at the end.

        A page has only messages for which `add` has returned. A client gets each message once if it
        reads pages until one is empty, and awaits nothing else before it joins.
        """
        ...

    async def knows(self, client: str) -> bool:
        """Tell whether the highest count of `client` is kept."""
        ...


class Page:
    """The messages that are read at a time.

    Attributes:
        said: The messages, oldest first.
    """

    def __init__(self) -> None:
        self.said: list[Said] = []
        self._characters = 0

    def add(self, said: Said) -> bool:
        """Add a message; tell whether there is room for more."""
        self.said.append(said)
        self._characters += len(said.text)
        return len(self.said) < PAGE_MESSAGES and self._characters < PAGE_CHARACTERS


class MemoryHistory:
    """A history in memory, of at most 1,000 messages.

    Args:
        retention: Further limits. A message counts as the memory of its text, which takes up to
            four bytes per character.
    """

    def __init__(self, retention: Retention = KEPT_FOR_A_MONTH) -> None:
        self._retention = retention
        self._said: deque[Said] = deque()
        self._bytes = 0
        self._counts: OrderedDict[str, int] = OrderedDict()  # the latest speaker is last

    async def add(self, said: Said) -> int | None:
        """See `History`."""
        if said.speaker:
            if said.count <= self._counts.get(said.speaker, 0):
                return None
            self._counts[said.speaker] = said.count
            self._counts.move_to_end(said.speaker)
            if len(self._counts) > CLIENTS:
                self._counts.popitem(last=False)
        place = max(said.place, await self.newest() + 1)
        self._said.append(said if place == said.place else replace(said, place=place))
        self._bytes += sys.getsizeof(said.text)
        while self._is_over(said.time):
            self._bytes -= sys.getsizeof(self._said.popleft().text)
        return place

    def _is_over(self, now: float) -> bool:
        oldest = self._said[0]
        is_full = self._bytes - sys.getsizeof(oldest.text) >= self._retention.most_bytes
        is_old = oldest.time <= self._retention.oldest(now)
        return len(self._said) > KEPT or (len(self._said) > 1 and (is_full or is_old))

    async def newest(self) -> int:
        """See `History`."""
        return self._said[-1].place if self._said else 0

    async def last(self, most: int) -> tuple[int, int]:
        """See `History`."""
        last = islice((said.place for said in reversed(self._said) if not said.to), most)
        places = list(last) or [0]
        return places[-1] - 1, places[0]

    async def since(self, place: int, client: str) -> list[Said]:
        """See `History`."""
        page = Page()
        start = bisect_right(self._said, place, key=lambda said: said.place)
        for said in islice(self._said, start, None):
            if said.is_for(client) and not page.add(said):
                break
        return page.said

    async def knows(self, client: str) -> bool:
        """See `History`."""
        return client in self._counts
