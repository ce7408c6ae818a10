"""The demonstrations, and the questions that they answer."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from twisted_lab.text.language import N_


class Demonstration(NamedTuple):
    """A program that shows what sockets do.

    Attributes:
        question: What it answers, to be translated.
        number: The number of that control question in the lab; 0 if it is none of them.
        needs_linux: Whether it reads the kernel's tables, or relies on how Linux answers.
    """

    question: str
    number: int = 0
    needs_linux: bool = False


DEMONSTRATIONS = {
    "client-and-server": Demonstration(
        N_("How do the sockets of clients and servers differ?"), number=1
    ),
    "text": Demonstration(N_("How does text pass through a socket?"), number=2),
    "blocking": Demonstration(N_("Which calls make a program wait?"), number=3),
    "non-blocking": Demonstration(N_("What are non-blocking sockets?"), number=4),
    "tcp-and-udp": Demonstration(
        N_("What do TCP and UDP give, and what does each of them cost?"), number=5
    ),
    "server-calls": Demonstration(
        N_("Which calls does only a server make?"), number=6, needs_linux=True
    ),
    "osi": Demonstration(
        N_("On which layer of the OSI model are sockets?"), number=7, needs_linux=True
    ),
    "half-close": Demonstration(N_("Can a program that has sent everything still receive?")),
    "time-wait": Demonstration(
        N_("Why is the port of a stopped server still in use?"), needs_linux=True
    ),
    "partial-reads": Demonstration(N_("Does one recv() return one message?")),
    "backlog": Demonstration(N_("What happens to clients before accept()?"), needs_linux=True),
    "udp-loss": Demonstration(N_("Where are datagrams lost, and who notices?"), needs_linux=True),
}


def path_of(name: str) -> Path:
    """Return the program of a demonstration."""
    return Path(__file__).parent / "demonstrations" / f"{name.replace('-', '_')}.py"
