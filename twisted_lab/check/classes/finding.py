"""Finding a submission's programs: which file is the server, which one the client.

Each file gets points for what its name and its code tell; the reasons are reported.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

from twisted_lab.check.classes.sources import COMPILED, Source
from twisted_lab.check.task import Role
from twisted_lab.text.language import _


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


MOST_PROGRAMS = 3  # of one submission that are checked for one task
_LEAST = 4  # points, that of a name alone
_FAR = 7  # points behind the likeliest program, from which on others are not checked
_NAMES = {
    Role.SERVER: re.compile(r"serv|srv|сервер", re.IGNORECASE),
    Role.CLIENT: re.compile(r"cli(?!ck)|klient|клиент", re.IGNORECASE),
}
_OTHER = {Role.SERVER: Role.CLIENT, Role.CLIENT: Role.SERVER}
_CALLS = {
    Role.SERVER: _words(
        "bind listen accept create_server start_server createServer serve_forever listenTCP "
        "listenUDP recvfrom TCPServer UDPServer ThreadingTCPServer TCPServerEndpoint"
    )
    | {"ncat -l"},
    Role.CLIENT: _words(
        "connect connect_ex create_connection open_connection createConnection connectTCP sendto "
        "TCP4ClientEndpoint connectProtocol ncat"
    ),
}
# Calls that a program of the other role makes, too.
_BOTH = _words("bind recvfrom sendto")
_NETWORK = _words("socket socketserver asyncio twisted selectors net sock_dgram")
_UNLIKELY = re.compile(r"(?i)(?:^|[\W_])(?:tests?|old|backup|bak|copy|example|template|lib|utils?)")
_DATAGRAM, _STREAM = "sock_dgram", "sock_stream"


@dataclass(frozen=True, slots=True)
class Found:
    """A program that was found.

    Attributes:
        file: Its path in the submission.
        command: How to start it in its own folder; ``{python}`` stands for the interpreter, and
            ``{host}`` and ``{port}`` for the address.
        why: Why it was taken, in sentences for people.
    """

    file: str
    command: tuple[str, ...]
    why: str


def find(sources: Sequence[Source], role: Role, task: str, others: Sequence[str]) -> list[Found]:
    """Return the programs that are likely to solve a task, the likeliest first.

    Args:
        sources: The files of the submission.
        role: Whether the task is about a server or a client.
        task: The name of the task.
        others: The names of the other tasks.
    """
    runnable = [each for each in sources if each.interpreter is not None]
    found: list[Found] = []
    # A server that only connects is somebody's server, too, if nothing else is one.
    for source, why in _ranked(runnable, sources, role, task, others) or _by_name(runnable, role):
        for arguments in variants(source.arguments(role is Role.CLIENT)):
            found.append(Found(source.path, (*_start(source), *arguments), why))
    return found[:MOST_PROGRAMS]


def unbuilt(sources: Sequence[Source], role: Role, task: str) -> str:
    """Return the path of the source that would have to be built first; "" if there is none."""
    compiled = [each for each in sources if each.suffix in COMPILED]
    return next((each.path for each, _why in _ranked(compiled, sources, role, task, ())), "")


def _by_name(sources: Sequence[Source], role: Role) -> list[tuple[Source, str]]:
    named = [each for each in sources if _NAMES[role].search(each.stem)]
    return [(each, _("Its name says so, though its code does not.")) for each in named]


def _start(source: Source) -> tuple[str, ...]:
    name = PurePosixPath(source.path).name
    return (source.interpreter, f"./{name}") if source.interpreter else (f"./{name}",)


def variants(arguments: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    """Yield the arguments that a program seems to take, and then none."""
    yield arguments
    if arguments:
        yield ()  # it may ask after all


def _ranked(
    candidates: Sequence[Source],
    sources: Sequence[Source],
    role: Role,
    task: str,
    others: Sequence[str],
) -> list[tuple[Source, str]]:
    imported = {name for each in sources for name in each.imports - {each.stem}}
    readme = " ".join(
        each.text for each in sources if each.path.lower().rpartition("/")[2].startswith("readme")
    )
    rated: list[tuple[int, Source, str]] = []
    known: set[str] = set()
    for source in sorted(candidates, key=lambda each: (each.path.count("/"), each.path)):
        if source.squeezed in known:
            continue  # a copy
        known.add(source.squeezed)
        points, reasons = _rate(source, role, task, others)
        if points < _LEAST:
            continue
        if PurePosixPath(source.path).name in readme:
            points += 2
            reasons.append(_("The README names it."))
        points -= 3 * (source.stem in imported and source.suffix == "py")
        points -= source.path.count("/") + 3 * bool(_UNLIKELY.search(source.path))
        rated.append((points, source, " ".join(reasons)))
    rated.sort(key=lambda each: -each[0])
    return [(source, why) for points, source, why in rated if points > rated[0][0] - _FAR]


def _rate(source: Source, role: Role, task: str, others: Sequence[str]) -> tuple[int, list[str]]:
    """Return the points of a file, and the reasons for them as sentences."""
    points, reasons = _points_of_code(source, role), []
    if points > 0:
        calls = sorted(source.calls & _CALLS[role])
        reasons.append(_("It calls {calls}.", calls=", ".join(calls)))
    if _NAMES[role].search(source.stem):
        points += 4
        reasons.append(_("Its name says so."))
    elif _NAMES[_OTHER[role]].search(source.stem):
        points -= 4
    if points < _LEAST:
        return points, reasons
    is_datagram = _DATAGRAM in source.names and _STREAM not in source.names
    points += 3 * (is_datagram == ("udp" in task))
    if _named_after(source, task):
        points += 2
        reasons.append(_("Its name fits the task."))
    elif any(_named_after(source, each) for each in others):
        points -= 2
    return points, reasons


def _points_of_code(source: Source, role: Role) -> int:
    calls, other_calls = source.calls & _CALLS[role], source.calls & _CALLS[_OTHER[role]]
    if calls - _BOTH or (role is Role.CLIENT and "sendto" in calls and "bind" not in other_calls):
        return 6
    if other_calls - _BOTH:
        return -6  # a program of the other role, whatever its name
    # Windows of a program's user interface have bind(), too.
    return 4 if calls and source.names & _NETWORK else 0


def _named_after(source: Source, task: str) -> bool:
    words = {word[:4] for word in task.split("-")} - {"serv", "clie"}
    return any(word in source.path.lower() for word in words)
