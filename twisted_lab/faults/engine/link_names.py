"""Names of links, which decide with the seed about their faults."""

from __future__ import annotations

from collections import OrderedDict
from hashlib import blake2b

LINK_BY = ("arrival", "first-message", "address")
MOST_NAMES = 10_000  # remembered, to number links that would have the same name


class LinkNames:
    """Gives names to the links of one proxy.

    Args:
        by: One of LINK_BY: the order of arrival; the client's first message; or its IP address.
            Several links with the same message or address are numbered: ``127.0.0.1#2``.
    """

    def __init__(self, by: str = "arrival") -> None:
        assert by in LINK_BY
        self._by = by
        self._arrived = 0
        self._counts: OrderedDict[str, int] = OrderedDict()

    @property
    def needs_message(self) -> bool:
        """Whether the name depends on the client's first message."""
        return self._by == "first-message"

    def name(self, host: str, message: bytes) -> str:
        """Return the name of a new link.

        Args:
            host: The client's IP address; "" for a unix socket.
            message: Its first message, if `needs_message`.
        """
        self._arrived += 1
        if self._by == "arrival":
            return str(self._arrived)
        key = blake2b(message, digest_size=8).hexdigest() if self.needs_message else host or "unix"
        count = self._counts[key] = self._counts.pop(key, 0) + 1
        if len(self._counts) > MOST_NAMES:
            self._counts.popitem(last=False)
        return key if count == 1 else f"{key}#{count}"
