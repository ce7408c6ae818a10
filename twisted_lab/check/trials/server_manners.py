"""How a server wants to be started and talked to, as the checker has learned it."""

from __future__ import annotations

from dataclasses import dataclass
from socket import SocketKind

from twisted_lab.check.conversation.framings import RAW, Framing
from twisted_lab.check.prompts.answers import SERVER_STYLES, Style
from twisted_lab.check.prompts.question import Question

NEW_SOURCE = "127.0.7.1"  # shipped data files know 127.0.0.1, but not this one


@dataclass(frozen=True, slots=True)
class Manners:
    """How a server wants to be started and talked to.

    Attributes:
        style: How its questions are answered.
        word: What is typed at a question that tells nothing; "" if `style` tells what.
        questions: The questions that it asked before it listened.
        port: The port on which it listened.
        kinds: The kinds of sockets on which clients may reach it, the preferred first.
        source: The address from which clients connect.
        framing: How messages are put on the wire.
        reply: The framing of the server's answers; RAW if they have no header.
        greets: Whether it speaks first.
        login: How many messages a client sends before the server echoes.
        ends_each: Whether it closes the connection after one message.
        needs_end: Whether it answers only after FIN.
        spins: Whether it spins once a client has sent FIN: visitors then leave with a reset, for
            each wait would take as long as it takes to see that it spins.
        is_exact: Whether it returns exactly what it was sent.
        is_echo: Whether it returns texts at all.
        is_upper: Whether it returns them in upper case.
        behaviour: The same, one line each, for people.
        crash: The last line of the traceback with which it ended in the first conversations, if
            nothing came back in any and it does not blame a number: that was no length for it. A
            thread of it may have ended so, if the exception shows a mistake of its own.
        crash_framing: The framing of that conversation.
    """

    style: Style = SERVER_STYLES[0]
    word: str = ""
    questions: tuple[Question, ...] = ()
    port: int = 0
    kinds: tuple[SocketKind, ...] = (SocketKind.SOCK_STREAM,)
    source: str = NEW_SOURCE
    framing: Framing = RAW
    reply: Framing = RAW
    greets: bool = False
    login: int = 0
    ends_each: bool = False
    needs_end: bool = False
    spins: bool = False
    is_exact: bool = False
    is_echo: bool = False
    is_upper: bool = False
    behaviour: tuple[str, ...] = ()
    crash: str = ""
    crash_framing: Framing = RAW

    def echo(self, text: bytes) -> bytes:
        """Return a text as the server returns it, without what it puts around it."""
        if not self.is_upper:
            return text
        return text.decode(errors="surrogateescape").upper().encode(errors="surrogateescape")
