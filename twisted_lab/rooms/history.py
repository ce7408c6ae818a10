"""The history of a room, for members that join later or come back."""

from __future__ import annotations

import sys
from bisect import bisect_right
from collections import OrderedDict, deque
from dataclasses import dataclass, replace
from itertools import islice
from typing import Protocol

KEPT = 1000  # in memory
OVERHEAD = 250  # bytes of a row in the file, with its numbers, its ids and its places in indexes
DAY_SECONDS = 86_400
# At most 100,000 clients' highest counts are kept; the client that spoke longest ago goes first.
CLIENTS = 100_000
# A page of the history ends with the message that fills it in either way, so that a client that
# catches up costs the memory of two large messages, and not of a hundred.
PAGE_MESSAGES = 100
PAGE_CHARACTERS = 65_536


class HistoryBusy(Exception):
    """The history does not take this request now, because too many others wait."""

    def __init__(self) -> None:
        super().__init__("the history is busy; try again")


@dataclass(frozen=True)
class Retention:
    """How long messages are kept; the newest one always is.

    Attributes:
        most_bytes: A message is removed when the messages after it fill `most_bytes` bytes.
        days: A message is removed after `days` days.
    """

    most_bytes: int = 16 * 2**20
    days: int = 30

    def oldest(self, now: float) -> float:
        """Return the time up to which messages are removed, in seconds of Unix time."""
        return now - self.days * DAY_SECONDS


KEPT_FOR_A_MONTH = Retention()


@dataclass(frozen=True)
class Said:
    """A message of a room.

    Attributes:
        place: Its position: a number above those of all earlier messages.
        name: The name of the speaker.
        text: The text.
        to: The name of the addressee; empty for all.
        speaker: The id of the speaker's client, if it has one.
        count: The client's number for it.
        listener: The id of the addressee's client, if it has one.
        time: When it was said, in seconds of Unix time.
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
        """Tell about how many bytes it takes in a file."""
        return OVERHEAD + sum(len(text.encode()) for text in (self.text, self.name, self.to))

    def is_for(self, client: str) -> bool:
        """Tell whether it was said to all, by `client` or to `client`."""
        return not self.to or (client != "" and client in (self.speaker, self.listener))


class History(Protocol):
    """A store of the messages of a room."""

    async def add(self, said: Said) -> int | None:
        """Keep `said`, with its place or the next one that is free.

        The client's count must be above all that it had before, however long ago that was, and
        whether those messages are still kept or not.

        Returns:
            Its place, once it is kept; None if the count is not above them.
        """
        ...

    async def newest(self) -> int:
        """Return the place of the newest message; 0 if there is none."""
        ...

    async def last(self, most: int) -> tuple[int, int]:
        """Return the places before the last `most` messages to all, and of the last one.

        Raises:
            HistoryBusy: Too many others wait for a page.
        """
        ...

    async def since(self, place: int, client: str) -> list[Said]:
        """Return a page of the messages after `place` for `client`; empty at the end.

        A page has no message that `add` has not returned yet. A client that has read pages until
        one was empty, and joins before anything else is awaited, gets each message once.
        """
        ...

    async def knows(self, client: str) -> bool:
        """Return whether the highest count of `client` is kept."""
        ...


class Page:
    """As many messages as are read at a time.

    Attributes:
        said: The messages, oldest first.
    """

    def __init__(self) -> None:
        self.said: list[Said] = []
        self._characters = 0

    def add(self, said: Said) -> bool:
        """Add a message, and tell whether there is room for more."""
        self.said.append(said)
        self._characters += len(said.text)
        return len(self.said) < PAGE_MESSAGES and self._characters < PAGE_CHARACTERS


class MemoryHistory:
    """Keeps the last 1,000 messages, or fewer, for as long as the process runs.

    Args:
        retention: How many fewer. A message counts as the memory of its text, which is up to four
            bytes for a character.
    """

    def __init__(self, retention: Retention = KEPT_FOR_A_MONTH) -> None:
        self._retention = retention
        self._said: deque[Said] = deque()
        self._bytes = 0
        self._counts: OrderedDict[str, int] = OrderedDict()  # the latest speaker stands last

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
