"""Resources, such as databases, that a process opens before it serves and closes at the end."""

from __future__ import annotations

from collections.abc import Coroutine, Iterable
from typing import Any, NamedTuple, Protocol

from twisted.internet.defer import Deferred

from twisted_lab.text.language import N_, message_of


class NotReady(Exception):
    """A resource cannot be opened; the text says why."""


class Unable(Exception):
    """The server cannot handle a request, through no fault of the peer.

    A conversation need not catch it: the server then sends the text and closes the connection.

    Args:
        text: The message to the peer.
        reason: An explanation for the log.
        is_known: Whether the log has the reason already.
    """

    def __init__(self, text: str, reason: str, is_known: bool = False) -> None:
        super().__init__(text)
        self.reason = reason
        self.is_known = is_known


class Outage(NamedTuple):
    """An outage of a resource, such as a database, as long as it lasts.

    Attributes:
        name: The name of the resource.
        reason: Why it cannot be used.
        seconds: The time since its first failure.
    """

    name: str
    reason: str
    seconds: float


class Resource(Protocol):
    """A resource that services need while they run, such as a database."""

    def open(self) -> None:
        """Open the resource; the process has dropped its privileges by now.

        Raises:
            NotReady: The resource cannot be opened.
        """
        ...

    def close(self) -> Coroutine[Deferred[Any], Any, None]:
        """Finish the work in progress, and release the resource."""
        ...

    def discard(self) -> None:
        """Release the resource without a reactor, after a failed start; it may not be open."""
        ...


def open_all(resources: Iterable[Resource]) -> None:
    """Open `resources`.

    Raises:
        NotReady: A resource cannot be opened, perhaps for lack of memory.
    """
    try:
        for resource in resources:
            resource.open()
    except (MemoryError, RuntimeError) as error:
        # Python raises RuntimeError if it cannot start a thread.
        if isinstance(error, RuntimeError) and "thread" not in str(error):
            raise
        reason = message_of(error) or N_("none is left")
        raise NotReady(N_("too little memory: {reason}", reason=reason)) from None
