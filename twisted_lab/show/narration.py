"""Sockets that print each call, and sentences between the calls.

A demonstration uses these sockets as it would use those of `socket`, so it stays a plain program.
"""

from __future__ import annotations

import errno
import re
import select as select_module
import socket
import textwrap
from collections.abc import Callable, Iterable, Sequence
from enum import Enum
from typing import Any

from twisted_lab.text.command_line import write_out
from twisted_lab.text.language import N_, _, ngettext

COMMAND = "twisted_lab.show"
_WIDTH = 79  # columns
_SHOWN_BYTES = 40  # of longer data only the beginning is shown
_BEGINNING = 12  # bytes
_ACCEPTED = "connection"  # the usual name of what accept() returns
_QUIET = ("fileno", "getsockname")  # they only repeat what other calls have shown
# Arguments that are plain numbers in Python, and their names.
_CONSTANTS = {
    ("socket", 2): ("IPPROTO_UDP",),
    ("shutdown", 0): ("SHUT_RD", "SHUT_WR", "SHUT_RDWR"),
    ("setsockopt", 0): ("SOL_SOCKET",),
    ("setsockopt", 1): ("SO_RCVBUF", "SO_REUSEADDR", "SO_SNDBUF"),
    ("getsockopt", 0): ("SOL_SOCKET",),
    ("getsockopt", 1): ("SO_ERROR", "SO_RCVBUF"),
}
MEANINGS = {
    "EADDRINUSE": N_("the address is in use"),
    "EAGAIN": N_("not now, the call would have to wait"),
    "ECONNREFUSED": N_("nobody listens at this address"),
    "EINPROGRESS": N_("the connection is being made"),
    "EINVAL": N_("this socket is not in the state for this call"),
    "EISCONN": N_("this socket has its role already"),
    "ENOTCONN": N_("this socket has no connection"),
    "EOPNOTSUPP": N_("sockets of this type do not have this call"),
    "EPERM": N_("this user may not do this"),
    "EPIPE": N_("nothing can be sent on this socket"),
}


def step(sentence: str) -> None:
    """Print what comes next."""
    _say("\n" + textwrap.fill(sentence, _WIDTH))


def conclude(sentence: str) -> None:
    """Print what the demonstration shows: its last line."""
    step(_("This shows: {sentence}", sentence=sentence))


def fact(text: object) -> None:
    """Print something that the program has found out, as a line between calls."""
    _say(f"    {text}")


class Socket:
    """A socket that prints each call, and what the kernel answers.

    It has the methods of `socket.socket`. `accept` returns such a socket, too.
    """

    def __init__(self, name: str, *arguments: int, accepted: socket.socket | None = None) -> None:
        """Make a socket.

        Args:
            name: The name of its variable, which the printed calls show.
            arguments: Those of `socket.socket`.
            accepted: The socket, if it exists already.
        """
        self._name = name
        self._socket = accepted or _told(
            f"{name} = socket", socket.socket, arguments or (socket.AF_INET, socket.SOCK_STREAM)
        )

    def __getattr__(self, call: str) -> Any:
        method = getattr(self._socket, call)
        if call in _QUIET:
            return method

        def told(*arguments: Any) -> Any:
            answer = _told(f"{self._name}.{call}", method, arguments)
            if call == "accept":
                return Socket(_ACCEPTED, accepted=answer[0]), answer[1]
            return answer

        return told

    def __repr__(self) -> str:
        return self._name


def select(read: Sequence[Socket], write: Sequence[Socket], broken: Sequence[Socket]) -> Any:
    """Wait until a socket is ready, as `select.select` does, and print which one is."""
    return _told("select", select_module.select, (read, write, broken))


def _told(call: str, method: Callable[..., Any], arguments: tuple[Any, ...]) -> Any:
    """Make a call, and print it before it begins, and its answer when it has ended."""
    name = re.split("[. ]", call)[-1]
    shown = (_shown(value, _CONSTANTS.get((name, at), ())) for at, value in enumerate(arguments))
    _say(f"    {call}({', '.join(shown)})", end="")
    try:
        answer = method(*arguments)
    except Exception as error:
        _say(f" -> {_meaning(error, method)}")
        raise
    except KeyboardInterrupt:
        _say("")
        raise
    _say(f" -> {_answered(name, method, answer)}")
    return answer


def _answered(name: str, method: Any, answer: Any) -> str:
    if name == "socket":
        return _("a socket, number {number} in this process", number=answer.fileno())
    if name in ("bind", "listen") and method.__self__.type != socket.SOCK_RAW:
        return _("OK, at {address}", address=_address(method.__self__.getsockname()))
    if name == "connect":
        return _("OK, from {here} to {there}", **_ends(method.__self__))
    if name == "accept":
        return _("{name}, a new socket, from {here} to {there}", name=_ACCEPTED, **_ends(answer[0]))
    if name == "recvfrom":
        data, address = answer
        return _("{data} from {address}", data=_shown(data), address=_address(address))
    return "OK" if answer is None else _shown(answer)


def _ends(connected: socket.socket) -> dict[str, str]:
    return {"here": _address(connected.getsockname()), "there": _address(connected.getpeername())}


def _address(address: tuple[str, int]) -> str:
    return f"{address[0]}:{address[1]}"


def _meaning(error: Exception, method: Any) -> str:
    if isinstance(error, TimeoutError):
        seconds = method.__self__.gettimeout()
        return _("TimeoutError: no answer within {seconds:.1f} s", seconds=seconds)
    if not isinstance(error, OSError) or not error.errno:
        return f"{type(error).__name__}: {error}"
    name = str(errno.errorcode.get(error.errno, error.errno))
    meaning = error.strerror
    for known, text in MEANINGS.items():
        if error.errno == getattr(errno, known):  # some numbers have two names
            name, meaning = known, _(text)
    python = type(error).__name__  # programs catch this one
    return f"{name}: {meaning}" if python == "OSError" else f"{python} ({name}): {meaning}"


def _shown(value: Any, constants: Iterable[str] = ()) -> str:
    for name in constants:
        if value == getattr(socket, name):
            return name
    if isinstance(value, Enum):
        return str(value.name)
    if isinstance(value, bytes) and len(value) > _SHOWN_BYTES:
        return ngettext(
            "{beginning}... ({n:,} byte)",
            "{beginning}... ({n:,} bytes)",
            len(value),
            beginning=value[:_BEGINNING],
        )
    return repr(value)


def _say(text: str, end: str = "\n") -> None:
    write_out(COMMAND, text, end)
