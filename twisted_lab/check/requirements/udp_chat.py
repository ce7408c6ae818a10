"""Requirements of the task ``udp-chat``."""

from __future__ import annotations

from twisted_lab.check.requirements import mistakes
from twisted_lab.check.requirements.requirement import Level, Mistake, Requirement
from twisted_lab.text.language import N_

_NC = "nc -u {host} {port}"
_SOURCE = N_("task 11")

NO_SOCKET = Mistake(
    "no-socket",
    N_("Which lines run before bind(), and does each of them return?"),
    N_(
        "No port was open. bind() of a UDP socket (SOCK_DGRAM), or bind() and listen() of a TCP "
        "socket, must be reached after the program's questions are answered."
    ),
)
NOT_PASSED_ON = Mistake(
    "not-passed-on",
    N_("To which addresses does your server send what it has received?"),
    N_(
        "recvfrom() returns the address of the client that has spoken. Keep the addresses of all "
        "clients in a list or a set, and send each text to all of them but the speaker."
    ),
)
MIXED_ADDRESS = Mistake(
    "mixed-address",
    N_("Whose host, and whose port, are in the address that you pass to sendto()?"),
    N_(
        "Both must be those of the client that receives the text. Keep the whole address that "
        "recvfrom() returned, such as ('127.0.0.1', 54321), as one value, and pass it to sendto() "
        "as it is."
    ),
)
OWN_MISTAKE = Mistake(
    "own-mistake",
    N_("Which line does the traceback name, and which type has each value there?"),
    N_(
        "The last line of the traceback says what is wrong there: print type() of the values "
        "before it. recvfrom() returns two values, the bytes and the address; sendto() takes bytes "
        "and that whole address, a tuple."
    ),
)
KEPT_TWICE = Mistake(
    "kept-twice",
    N_("How often is the address of a client in your list after its third text?"),
    N_(
        "Once for each text, so each text is sent to it as often. Keep addresses in a set, or test "
        "`if address not in clients` before append()."
    ),
)
STRANGER_ENDS = Mistake(
    "stranger-ends-server",
    N_("What does your server know of an address that has not joined?"),
    N_(
        "Nothing: names[address] raises KeyError. Before you look it up, test "
        "`if address not in names`, and ignore the text or ask for a name."
    ),
)
NOT_TO_ALL = Mistake(
    "not-to-all",
    N_("How many clients does your server remember, and where does its loop over them end?"),
    N_(
        "Some of the clients are left out. Keep all addresses, and do not leave the loop with "
        "break or return after the first one."
    ),
)
ONE_PER_HOST = Mistake(
    "one-client-per-host",
    N_("What do the addresses of two clients on one machine have in common, and what differs?"),
    N_(
        "Their host is the same, and the ports differ. By UDP, use the whole address that "
        "recvfrom() returned, such as ('127.0.0.1', 54321), as the key of a client; by TCP, the "
        "connection."
    ),
)
SENDS_TO_ITSELF = Mistake(
    "sends-to-itself",
    N_("Whose port is the port in the address that you pass to sendto()?"),
    N_(
        "It is the server's own. Each client has a port of its own: send to the whole address that "
        "recvfrom() returned, such as ('127.0.0.1', 54321)."
    ),
)
SHORT_BUFFER = Mistake(
    "short-buffer",
    N_("What happens to a datagram that is longer than the number passed to recvfrom()?"),
    N_("The rest of it is lost. Pass 65535: no datagram is longer."),
)
NO_SPEAKER = Mistake(
    "no-speaker",
    N_("How does a client know who said something, if all texts come from the server?"),
    N_(
        "Either your server puts the speaker's name before each text, or your client does. Only "
        "one of them: otherwise people read the name twice."
    ),
)
WRONG_SPEAKER = Mistake(
    "wrong-speaker",
    N_("Whose name does your server take when it passes a text on?"),
    N_(
        "Keep the names in a dict by address, and take the name of the address that recvfrom() "
        "has just returned: names[address]."
    ),
)
EXIT_ENDS_CHAT = Mistake(
    "exit-ends-chat",
    N_("What does your server do when one client says exit?"),
    N_(
        "The others stay in the chat: do not leave the loop. Only remove the address of that "
        "client from your list."
    ),
)
EMPTY_ENDS = Mistake(
    "empty-datagram-ends-server",
    N_("What does recvfrom() return for an empty datagram, and does your loop go on?"),
    N_(
        "It returns b'' and the address. With UDP this is no end of a connection: ignore the "
        "datagram and go on."
    ),
)
NO_TEXT_ENDS = Mistake(
    "no-text-ends-server",
    N_("What does decode() do with bytes that are no text?"),
    N_(
        "It raises UnicodeDecodeError. Catch it and ignore that message, use "
        "decode(errors='replace'), or pass the bytes on as they are."
    ),
)
VANISHED_ENDS = Mistake(
    "vanished-client-ends-server",
    N_("What do send() and recv() raise if the other side has gone?"),
    N_(
        "ConnectionRefusedError or ConnectionResetError (on Windows, also recvfrom() of the "
        "server's socket), and BrokenPipeError with TCP. Catch OSError for each client, forget "
        "that client, and go on with the others."
    ),
)
NO_RETURN = Mistake(
    "no-return",
    N_("What does your server still know of a client that has left?"),
    N_(
        "A client that returns has another port. Forget clients that have left, and let a known "
        "name come from a new address."
    ),
)
BURST_LOST = Mistake(
    "burst-lost",
    N_("Where is a text kept while your server is busy with the one before?"),
    N_(
        "A later text replaces an earlier one. Send each text as soon as recvfrom() returns it, or "
        "put it into a queue."
    ),
)
NOT_SENT_AGAIN = Mistake(
    "not-sent-again",
    N_("Which text does an acknowledgement belong to, if it comes late, or twice?"),
    N_(
        "Number the texts, and have each acknowledgement name the number. Send a text again until "
        "the acknowledgement with its number has come."
    ),
)

REQUIREMENTS = (
    Requirement(
        "UC-1",
        Level.MUST,
        N_(
            "After its questions are answered, the server opens a UDP port, or listens on a TCP "
            "port."
        ),
        N_("Clients can only reach a port that is open."),
        _SOURCE,
        1,
        "ss --listening --udp --tcp --numeric",
        NO_SOCKET,
    ),
    Requirement(
        "UC-2",
        Level.MUST,
        N_("A text of one client reaches another one, in both directions."),
        N_("This is what makes it a chat. UDP or TCP: both are welcome."),
        _SOURCE,
        1,
        N_("nc -u {host} {port}  # in two terminals; type in both"),
        NOT_PASSED_ON,
        ("UC-1",),
    ),
    Requirement(
        "UC-3",
        Level.MUST,
        N_("With three clients, a text of each reaches both others."),
        N_("A chat is for more than two."),
        _SOURCE,
        1,
        N_("nc -u {host} {port}  # in three terminals; type in all"),
        NOT_TO_ALL,
        ("UC-2",),
    ),
    Requirement(
        "UC-4",
        Level.MUST,
        N_("A text in Russian letters reaches the others."),
        N_("People write in their own language."),
        _SOURCE,
        1,
        N_("nc -u {host} {port}  # in two terminals; type a Russian word"),
        mistakes.ASCII_ONLY,
        ("UC-2",),
    ),
    Requirement(
        "UC-5",
        Level.SHOULD,
        N_("A text of 1,200 bytes reaches the others whole."),
        N_("A datagram may have 65,507 bytes, and what does not fit into the buffer is lost."),
        _SOURCE,
        2,
        N_(
            "(head -c 1200 /dev/zero | tr '\\0' x; sleep 1) | nc -u -w 1 {host} {port}"
            "  # and nc in another terminal"
        ),
        SHORT_BUFFER,
        ("UC-2",),
    ),
    Requirement(
        "UC-6",
        Level.SHOULD,
        N_("The others can tell which client said a text: by its name, number or address."),
        N_(
            "All texts come from the server's address: the server, or the client that speaks, must "
            "say whose they are."
        ),
        _SOURCE,
        1,
        N_("nc -u {host} {port}  # in three terminals; type the same in two"),
        NO_SPEAKER,
        ("UC-3",),
    ),
    Requirement(
        "UC-7",
        Level.MUST,
        N_("An empty datagram harms nobody."),
        N_("Port scanners send them, and so does a client whose user presses Enter."),
        _SOURCE,
        2,
        'python3 -c \'import socket; socket.socket(type=socket.SOCK_DGRAM).sendto(b"", '
        '("{host}", {port}))\'',
        EMPTY_ENDS,
        ("UC-3",),
    ),
    Requirement(
        "UC-8",
        Level.SHOULD,
        N_("A message that is no text in UTF-8 harms nobody."),
        N_("Anybody can send anything to an open port."),
        _SOURCE,
        2,
        "printf '\\xff\\xfe' | nc -u -w 1 {host} {port}",
        NO_TEXT_ENDS,
        ("UC-3", "UC-4"),
    ),
    Requirement(
        "UC-9",
        Level.SHOULD,
        N_("A client that vanishes without a word harms nobody."),
        N_("Programs crash; the system then reports that their port is closed."),
        _SOURCE,
        2,
        "timeout --signal KILL 2 " + _NC,
        VANISHED_ENDS,
        ("UC-3",),
    ),
    Requirement(
        "UC-10",
        Level.SHOULD,
        N_("A client that has left can return, and talk to the others again."),
        N_("It has another port then."),
        _SOURCE,
        2,
        N_(
            "nc -u {host} {port}  # in two terminals; type exit in one, stop that with Ctrl-C, "
            "start it again, and type in both"
        ),
        NO_RETURN,
        ("UC-9",),
    ),
    Requirement(
        "UC-11",
        Level.SHOULD,
        N_("Texts that are sent at once, one after the other, all arrive."),
        N_("The system keeps datagrams until the program is ready for them."),
        _SOURCE,
        2,
        N_(
            "(for n in $(seq 20); do echo $n; done; sleep 1) | nc -u -w 1 {host} {port}"
            "  # and nc in another terminal"
        ),
        BURST_LOST,
        ("UC-2",),
    ),
    Requirement(
        "UC-12",
        Level.SHOULD,
        N_("Ctrl-C stops the server."),
        N_("This is how people stop a program in a terminal."),
        N_("task 2"),
        1,
        "{command}",
        mistakes.CTRL_C_IGNORED,
        ("UC-1",),
    ),
    Requirement(
        "UC-13",
        Level.SHOULD,
        N_("The server uses no processor time while no client says anything."),
        N_("A loop that never waits takes a whole processor from all other programs."),
        _SOURCE,
        2,
        "top -b -n 1",
        mistakes.SPINS,
        ("UC-1",),
    ),
    Requirement(
        "UC-14",
        Level.INFORMATION,
        N_("What the others receive when a client joins, and when it leaves."),
        N_("People like to know who is there."),
        _SOURCE,
        1,
        _NC,
        NOT_PASSED_ON,
        ("UC-3",),
    ),
    Requirement(
        "UC-15",
        Level.INFORMATION,
        N_("Whether two clients can have one name."),
        N_("One of them could pretend to be the other."),
        _SOURCE,
        2,
        _NC,
        NO_SPEAKER,
        ("UC-2",),
    ),
    Requirement(
        "UC-16",
        Level.INFORMATION,
        N_("Whether a client that has not joined is heard, and hears the others."),
        N_("A UDP server receives datagrams from everybody."),
        _SOURCE,
        2,
        _NC,
        NOT_PASSED_ON,
        ("UC-2",),
    ),
    Requirement(
        "UC-17",
        Level.SHOULD,
        N_(
            "If the server sends texts again until they are acknowledged, each arrives, although "
            "the network loses, repeats and reorders datagrams."
        ),
        N_("UDP promises nothing: a program that promises more must keep it."),
        _SOURCE,
        3,
        "python -m twisted_lab.faults --proxy udp:9195:{host}:{port} --toxic loss=30% "
        "--toxic duplicate=30% --toxic reorder=20%,delay=100ms",
        NOT_SENT_AGAIN,
        ("UC-2",),
    ),
    Requirement(
        "UC-18",
        Level.MUST,
        N_("Two clients on one machine hear each other: they have one address, and two ports."),
        N_("This is how a chat is tried at home, and all devices behind one router look like it."),
        _SOURCE,
        1,
        N_("nc -u {host} {port}  # in two terminals; type in both"),
        ONE_PER_HOST,
        ("UC-2",),
    ),
    Requirement(
        "UC-19",
        Level.SHOULD,
        N_("A text of a client that has not joined does no harm to the others."),
        N_("Any program can send anything to an open port."),
        _SOURCE,
        2,
        _NC,
        STRANGER_ENDS,
        ("UC-3",),
    ),
)
