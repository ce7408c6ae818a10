"""Look-ups of host names that can be interrupted and always end."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Sequence
from typing import Any

from twisted.internet.address import IPv4Address, IPv6Address
from twisted.internet.defer import Deferred
from twisted.internet.error import DNSLookupError
from twisted.internet.interfaces import (
    IAddress,
    IHostnameResolver,
    IHostResolution,
    IReactorFromThreads,
    IResolutionReceiver,
)
from zope.interface import implementer

from twisted_lab.text.language import N_, Message

# An address as `socket.getaddrinfo` returns it: the family first, host and port last.
Found = tuple[Any, ...]
NO_HOST = N_("no host has that name; check how it is written")
NO_THREAD = N_("no thread can be started to look it up; is a limit too low (ulimit -u, ulimit -v)?")


def _in_thread(work: Callable[[], object]) -> None:
    threading.Thread(target=work, daemon=True).start()


def _problem(error: Exception) -> str:
    if isinstance(error, ValueError):  # including UnicodeError
        return N_("no host can have that name; check how it is written")
    code = error.errno if isinstance(error, socket.gaierror) else None
    if code in (socket.EAI_NONAME, socket.EAI_NODATA):
        return NO_HOST
    if code == socket.EAI_AGAIN:
        return N_("no answer from the name service; is there a network?")
    why = " ".join(str(getattr(error, "strerror", None) or error).split())
    return N_("the name service failed: {reason}", reason=Message(why))


@implementer(IHostResolution)
class _Resolution:
    def __init__(self, name: str) -> None:
        self.name = name

    def cancel(self) -> None:
        raise NotImplementedError


@implementer(IHostnameResolver)
class Resolver:
    """Resolver that calls the C library in a new thread per look-up, which may outlast the program.

    Twisted's resolver never ends for a name that Python cannot encode, such as ``192.168..5``. The
    program waits for its threads before it ends, which can take 30 s.

    Args:
        reactor: The reactor in whose thread results are delivered.
        start: Runs a function in a thread.
        getaddrinfo: A function like `socket.getaddrinfo`, which is the default.

    Attributes:
        problem: One line that says why the last look-up found nothing.
    """

    def __init__(
        self,
        reactor: IReactorFromThreads,
        start: Callable[[Callable[[], object]], object] = _in_thread,
        getaddrinfo: Callable[..., list[Found]] | None = None,
    ) -> None:
        self.problem: str = NO_HOST
        self._reactor = reactor
        self._start = start
        self._getaddrinfo = getaddrinfo or socket.getaddrinfo

    def _look_up(self, host: str, port: int, kind: int) -> Deferred[list[Found]]:
        found: Deferred[list[Found]] = Deferred()

        def work() -> None:
            result: list[Found] = []
            problem: str = NO_HOST
            try:
                result = self._getaddrinfo(host, port, type=kind)
            except Exception as error:
                problem = _problem(error)
            self._reactor.callFromThread(deliver, result, problem)

        def deliver(result: list[Found], problem: str) -> None:
            self.problem = problem
            found.callback(result)

        try:
            self._start(work)
        except RuntimeError:
            deliver([], NO_THREAD)
        return found

    async def find(self, host: str) -> list[str]:
        """Return the IP addresses of `host`, link-local ones with their scope.

        Raises:
            DNSLookupError: The look-up found no address; the text says why.
        """
        found = await self._look_up(host, 0, socket.SOCK_DGRAM)
        if not found:
            raise DNSLookupError(self.problem)
        return _hosts(found)

    def resolveHostName(
        self,
        resolutionReceiver: IResolutionReceiver,
        hostName: str,
        portNumber: int = 0,
        addressTypes: Sequence[type[IAddress]] | None = None,
        transportSemantics: str = "TCP",
    ) -> IHostResolution:
        """See `twisted.internet.interfaces.IHostnameResolver`, for TCP."""

        def deliver(found: list[Found]) -> None:
            for family, *_, address in found:
                kind = IPv6Address if family == socket.AF_INET6 else IPv4Address
                resolutionReceiver.addressResolved(kind("TCP", *address))
            resolutionReceiver.resolutionComplete()

        resolution = _Resolution(hostName)
        resolutionReceiver.resolutionBegan(resolution)
        self._look_up(hostName, portNumber, socket.SOCK_STREAM).addCallback(deliver)
        return resolution


def find_now(host: str) -> list[str]:
    """Return the IP addresses of `host` as `Resolver.find` does; it blocks meanwhile.

    Raises:
        DNSLookupError: The look-up found no address; the text says why.
    """
    try:
        found: list[Found] = socket.getaddrinfo(host, 0, type=socket.SOCK_DGRAM)
    except Exception as error:
        raise DNSLookupError(_problem(error)) from None
    return _hosts(found)


def _hosts(found: list[Found]) -> list[str]:
    return list(dict.fromkeys(_scoped(*address) for *_, address in found))


def _scoped(host: str, _: int, *flow_and_scope: int) -> str:
    scope = flow_and_scope[1] if flow_and_scope else 0
    return f"{host}%{scope}" if scope else host
