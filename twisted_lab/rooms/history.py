"""What was said in a room, for those who come later or come back."""

from __future__ import annotations

from collections import OrderedDict, deque
from dataclasses import dataclass, replace
from itertools import islice
from typing import Protocol

KEPT = 1000
# At most 100,000 clients' highest counts are kept; the client that spoke longest ago goes first.
CLIENTS = 100_000
# A page of the history ends with the message that fills it in either way, so that a client that
# catches up costs the memory of two large messages, and not of a hundred.
PAGE_MESSAGES = 100
PAGE_CHARACTERS = 65_536


@dataclass(frozen=True)
class Said:
    """Something that was said.

    Attributes:
        place: Where it stands among all that was said: a number above that of all before it.
        name: Who said it.
        text: What.
        to: The name of the one that it was said to; empty for all.
        speaker: The id of the client that said it, if it has one.
        count: The client's number for it.
        listener: The id of the client that it was said to, if it has one.
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

    def is_for(self, client: str) -> bool:
        """Tell whether it was said to all, by `client` or to `client`."""
        return not self.to or (client != "" and client in (self.speaker, self.listener))


class History(Protocol):
    """Where it is kept."""

    async def add(self, said: Said) -> int | None:
        """Keep `said`, with its place or the next one that is free.

        The client's count must be above all that it had before, however long ago that was, and
        whether what it said then is still kept or not.

        Returns:
            Its place, once it is kept; None if the count is not above them.
        """
        ...

    async def knows(self, client: str) -> bool:
        """Tell whether the client has said something before."""
        ...

    async def newest(self) -> int:
        """Return the place of what was said last; 0 if nothing was."""
        ...

    async def last(self, most: int) -> tuple[int, int]:
        """Return the places before the last `most` messages to all, and of the last one."""
        ...

    async def since(self, place: int, client: str) -> list[Said]:
        """Return a page of what stands after `place` and is for `client`; empty at the end."""
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
    """Keeps the last 1,000, for as long as the process runs."""

    def __init__(self) -> None:
        self._said: deque[Said] = deque()
        self._counts: OrderedDict[str, int] = OrderedDict()  # who spoke last stands last

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
        if len(self._said) > KEPT:
            self._said.popleft()
        return place

    async def knows(self, client: str) -> bool:
        """See `History`."""
        return client in self._counts

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
        for said in self._said:
            if said.place > place and said.is_for(client) and not page.add(said):
                break
        return page.said
