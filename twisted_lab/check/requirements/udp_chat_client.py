"""Requirements of the task ``udp-chat-client``."""

from __future__ import annotations

from twisted_lab.check.requirements import mistakes
from twisted_lab.check.requirements.requirement import Level, Mistake, Requirement
from twisted_lab.text.language import N_

_NC = "nc -u -l {port}"
_SOURCE = N_("task 11")

NO_DATAGRAM = Mistake(
    "no-datagram",
    N_("Which lines run before sendto(), and does each of them return?"),
    N_(
        "No datagram left the client. Make the socket with SOCK_DGRAM, and call sendto() with the "
        "server's host and port for each line that is typed."
    ),
)
USES_TCP = Mistake(
    "uses-tcp",
    N_("Which kind of socket does your client make: SOCK_STREAM or SOCK_DGRAM?"),
    N_(
        "socket.socket() without a kind makes a socket for TCP (SOCK_STREAM). Make it with "
        "socket.socket(socket.AF_INET, socket.SOCK_DGRAM), and call sendto() with the server's "
        "host and port: UDP has no connection."
    ),
)
SHORT_BUFFER = Mistake(
    "short-buffer",
    N_("What happens to a datagram that is longer than the number passed to recv()?"),
    N_(
        "The rest of it is lost: the next call returns the next datagram. Pass 65535. The number "
        "counts bytes, and a Russian letter has two."
    ),
)
OTHER_SOCKET = Mistake(
    "other-socket",
    N_("At which of your client's sockets does the reply arrive?"),
    N_(
        "At the one that sent the line: the server answers the address that recvfrom() returned. "
        "Receive with the same socket."
    ),
)
RECEIVES_FIRST = Mistake(
    "receives-first",
    N_("Which line of your client runs while it waits for a datagram?"),
    N_(
        "The call that receives, so input() is not reached. Receive in a thread, and pass it the "
        "function itself: Thread(target=receive), not target=receive()."
    ),
)
NOT_SHOWN = Mistake(
    "not-shown",
    N_("Which part of your client receives while input() waits for a line?"),
    N_(
        "Receive in a thread of its own, in a loop: while input() waits, the main thread does "
        "nothing else."
    ),
)
NO_TEXT_ENDS = Mistake(
    "no-text-ends-client",
    N_("What does decode() do with bytes that are no text?"),
    N_(
        "It raises UnicodeDecodeError, which ends the loop that receives. Catch it, or use "
        "decode(errors='replace')."
    ),
)

REQUIREMENTS = (
    Requirement(
        "UD-1",
        Level.MUST,
        N_("The client sends datagrams (UDP)."),
        N_("The task asks for UDP."),
        _SOURCE,
        1,
        _NC,
        NO_DATAGRAM,
    ),
    Requirement(
        "UD-2",
        Level.MUST,
        N_("The line that a person types is sent to the server."),
        N_("This is what a client is for."),
        _SOURCE,
        1,
        _NC,
        mistakes.NOT_ASKED,
        ("UD-1",),
    ),
    Requirement(
        "UD-3",
        Level.MUST,
        N_("The client shows what the server sends after that."),
        N_("People want to read what others say."),
        _SOURCE,
        1,
        N_("nc -u -l {port}  # type an answer there"),
        mistakes.NEVER_READ,
        ("UD-2",),
    ),
    Requirement(
        "UD-4",
        Level.SHOULD,
        N_("What others say is shown at once, while the client waits for a line."),
        N_("In a chat, others speak at any time."),
        _SOURCE,
        2,
        N_("nc -u -l {port}  # type several lines there, and none in the client"),
        NOT_SHOWN,
        ("UD-3",),
    ),
    Requirement(
        "UD-5",
        Level.MUST,
        N_("Russian letters are sent and shown."),
        N_("People write in their own language."),
        _SOURCE,
        1,
        N_("nc -u -l {port}  # type a Russian word in both"),
        mistakes.ASCII_ONLY,
        ("UD-3",),
    ),
    Requirement(
        "UD-6",
        Level.SHOULD,
        N_("A datagram that is no text in UTF-8 does no harm to the client."),
        N_("The port of a client is open to any program."),
        _SOURCE,
        2,
        "printf '\\xff\\xfe' | " + _NC,
        NO_TEXT_ENDS,
        ("UD-3", "UD-5"),
    ),
    Requirement(
        "UD-7",
        Level.INFORMATION,
        N_("Whether the line exit, or Ctrl-D, ends the client."),
        N_("A client that does not end has to be stopped from outside."),
        _SOURCE,
        1,
        _NC,
        mistakes.EXIT_DOES_NOT_END,
        ("UD-2",),
    ),
    Requirement(
        "UD-8",
        Level.INFORMATION,
        N_("Whether the client's own port is that of the server."),
        N_("Two programs of one machine cannot have one port."),
        _SOURCE,
        1,
        "ss --udp --all --numeric --processes",
        NO_DATAGRAM,
        ("UD-2",),
    ),
)
