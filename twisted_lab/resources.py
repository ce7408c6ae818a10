"""Resources: what a process opens before it serves, and closes at the end."""

from __future__ import annotations

from collections.abc import Coroutine, Iterable
from typing import Any, Protocol

from twisted.internet.defer import Deferred


class NotReady(Exception):
    """A service cannot get a resource that it needs; the text says why."""


class Unable(Exception):
    """The server cannot do what was asked, through no fault of the peer, which gets the text.

    A conversation need not catch it: then the server hangs up.

    Args:
        text: The message to the peer.
        reason: Further text for the log.
    """

    def __init__(self, text: str, reason: str) -> None:
        super().__init__(text)
        self.reason = reason


class Resource(Protocol):
    """A resource that services need for as long as they run, such as a database."""

    def open(self) -> None:
        """Get it ready, as the user that the process runs as.

        Raises:
            NotReady: That cannot be done.
        """
        ...

    def close(self) -> Coroutine[Deferred[Any], Any, None]:
        """Finish the work that has begun, and release it."""
        ...

    def discard(self) -> None:
        """Release it, without a reactor: the start has failed, perhaps before it was opened."""
        ...


def open_all(resources: Iterable[Resource]) -> None:
    """Open `resources`.

    Raises:
        NotReady: One of them cannot be opened, or there is too little memory for it.
    """
    try:
        for resource in resources:
            resource.open()
    except (MemoryError, RuntimeError) as error:
        # A thread that cannot be started is a RuntimeError.
        if isinstance(error, RuntimeError) and "thread" not in str(error):
            raise
        raise NotReady(f"too little memory: {str(error) or 'none is left'}") from None
