"""Typical mistakes of clients: each a question that leads to the cause, and the answer."""

from __future__ import annotations

from twisted_lab.check.requirements.requirement import Mistake
from twisted_lab.text.language import N_

NEVER_CONNECTS = Mistake(
    "never-connects",
    N_("Which lines run before connect(), and does each of them return?"),
    N_(
        "No connection was made, to any port. connect() must be reached after the questions of the "
        "program are answered."
    ),
)
LISTENS = Mistake(
    "client-listens",
    N_("Which of two programs calls bind(), listen() and accept(), and which one connect()?"),
    N_(
        "The server calls bind(), listen() and accept(). A client calls none of them, only "
        "connect((host, port)), and uses the same socket to send and receive."
    ),
)
DATAGRAM_SOCKET = Mistake(
    "datagram-socket",
    N_("What kind of socket does SOCK_DGRAM make, and what kind does an echo server accept?"),
    N_(
        "SOCK_DGRAM makes a UDP socket, which does not reach a TCP server. Use "
        "socket.socket(socket.AF_INET, socket.SOCK_STREAM)."
    ),
)
ADDRESS_IS_A_PAIR = Mistake(
    "address-is-a-pair",
    N_("How many values do connect() and bind() take, and of which type?"),
    N_("One: a tuple of host and port, in this order. Write connect((host, port))."),
)
CLOSED_TOO_EARLY = Mistake(
    "closed-too-early",
    N_("Which line closes the socket, and which lines after it still use it?"),
    N_("A closed socket can neither send nor receive. Close it once, after the loop."),
)
NON_BLOCKING = Mistake(
    "non-blocking",
    N_("What does recv() do on a socket that does not block, if nothing has come yet?"),
    N_(
        "It raises BlockingIOError at once instead of waiting. Leave out setblocking(False) or "
        "settimeout(0); or wait with select() until something has come."
    ),
)
NOT_SENT = Mistake(
    "not-sent",
    N_("Which call sends what the person typed, and what exactly does it send?"),
    N_(
        "Send each line that input() returns, and nothing else, when it is typed: "
        "sock.sendall(line.encode())."
    ),
)
WAITS_FOR_INPUT = Mistake(
    "waits-for-input",
    N_("When does the call that reads the line return?"),
    N_(
        "input() returns after Enter, but sys.stdin.read() only at the end of the input (Ctrl-D). "
        "Read one line, and send it before you read the next one."
    ),
)
RECEIVES_FIRST = Mistake(
    "receives-first",
    N_("Which call comes first after input(): sendall() or recv()?"),
    N_(
        "recv() waits until the server says something, and an echo server says nothing before it "
        "has received something. Call sendall() first."
    ),
)
NOT_IN_A_THREAD = Mistake(
    "not-in-a-thread",
    N_("Which call of recv() runs before the first input(), and what does it wait for?"),
    N_(
        "A loop with recv() ends only when the server closes. Run it in a thread: "
        "threading.Thread(target=receive). With brackets, as in target=receive(), it runs at once, "
        "and in no thread. Or call recv() after each sendall()."
    ),
)
COUNTS_LETTERS = Mistake(
    "counts-letters",
    N_("How many letters has the line, and how many bytes does encode() make of it?"),
    N_(
        "recv() counts bytes, and a Russian letter has two in UTF-8. Count them: "
        "data = line.encode(), and receive until len(data) bytes have come."
    ),
)
