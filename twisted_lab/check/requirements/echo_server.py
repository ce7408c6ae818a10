"""Requirements of the task ``echo-server``."""

from __future__ import annotations

from twisted_lab.check.requirements import mistakes
from twisted_lab.check.requirements.listening import listening
from twisted_lab.check.requirements.requirement import Level, Requirement
from twisted_lab.text.language import N_

_NC = "nc -N {host} {port}"  # -N: it sends FIN after its input, and ends when the server does

REQUIREMENTS = (
    listening("ES-1", N_("task 1")),
    Requirement(
        "ES-2",
        Level.MUST,
        N_("The server returns the text of a client."),
        N_(
            "This is what makes it an echo server. Upper case, colours or a name before the text "
            "are welcome."
        ),
        N_("task 1"),
        1,
        "(printf 'hello'; sleep 1) | " + _NC,
        mistakes.NO_ANSWER,
        ("ES-1",),
    ),
    Requirement(
        "ES-3",
        Level.MUST,
        N_("The server answers one message after the other on one connection."),
        N_("A conversation has more than one message."),
        N_("tasks 1 and 10"),
        1,
        "(printf 'one'; sleep 1; printf 'two'; sleep 1) | " + _NC,
        mistakes.ONE_RECV,
        ("ES-2",),
    ),
    Requirement(
        "ES-4",
        Level.MUST,
        N_("5,000 bytes that are sent at once all come back."),
        N_("The task has the server read portions of 1,024 bytes, so a longer text takes several."),
        N_("task 1"),
        1,
        "(head -c 5000 /dev/zero | tr '\\0' x; sleep 1) | " + _NC + " | wc -c",
        mistakes.ONE_RECV,
        ("ES-2",),
    ),
    Requirement(
        "ES-5",
        Level.SHOULD,
        N_("100,000 bytes come back to a client that reads slowly."),
        N_(
            "send() takes only as many bytes as there is room for; the rest is lost unless the "
            "program sends it again."
        ),
        N_("task 1"),
        2,
        "(head -c 100000 /dev/zero | tr '\\0' x; sleep 3) | " + _NC + " | (sleep 1; wc -c)",
        mistakes.SEND_NOT_ALL,
        ("ES-4",),
    ),
    Requirement(
        "ES-6",
        Level.SHOULD,
        N_("All 256 values of a byte come back unchanged."),
        N_("A client may send a picture, or text in any encoding."),
        N_("task 1"),
        2,
        "(python3 -c 'import os; os.write(1, bytes(range(256)))'; sleep 1) | "
        + _NC
        + " | od -An -tx1",
        mistakes.DECODED_BYTES,
        ("ES-2",),
    ),
    Requirement(
        "ES-7",
        Level.SHOULD,
        N_("A text that arrives byte by byte comes back whole."),
        N_("A network may cut a message anywhere."),
        N_("task 1"),
        2,
        "(for byte in h e l l o; do printf $byte; sleep 0.1; done; sleep 1) | " + _NC,
        mistakes.ONE_RECV,
        ("ES-3",),
    ),
    Requirement(
        "ES-8",
        Level.SHOULD,
        N_(
            "A character of two bytes that arrives in two segments comes back, and the server goes "
            "on."
        ),
        N_("A network may cut inside a character."),
        N_("task 1"),
        2,
        "(printf '\\xd0'; sleep 1; printf '\\xb6'; sleep 1) | " + _NC,
        mistakes.DECODED_PORTIONS,
        ("ES-2",),
    ),
    Requirement(
        "ES-9",
        Level.MUST,
        N_(
            "The letter a and 1,000 Cyrillic letters come back, and the server serves the next "
            "client."
        ),
        N_("The border at 1,024 bytes lies inside a letter there."),
        N_("task 1"),
        2,
        '(python3 -c \'print("a" + "ж" * 1000, end="")\'; sleep 1) | ' + _NC,
        mistakes.DECODED_PORTIONS,
        ("ES-4",),
    ),
    Requirement(
        "ES-10",
        Level.SHOULD,
        N_(
            "A client that ends its direction after the text still receives the answer "
            "(half-close)."
        ),
        N_("Programs such as nc send FIN at the end of their input, and wait for the answer."),
        N_("task 1"),
        2,
        "printf 'hello' | nc -N {host} {port}",
        mistakes.CLOSES_AT_FIN,
        ("ES-2",),
    ),
    Requirement(
        "ES-11",
        Level.MUST,
        N_("After a client has left in order, the server serves the next one."),
        N_("A server is there for more than one client."),
        N_("task 3"),
        1,
        "printf 'one' | nc -N {host} {port}; printf 'two' | nc -N {host} {port}",
        mistakes.ONE_CLIENT_ONLY,
        ("ES-1",),
    ),
    Requirement(
        "ES-12",
        Level.MUST,
        N_("After a client's reset, the server serves the next one."),
        N_("Clients crash and networks fail; one of them must not end the service for all."),
        N_("task 3"),
        2,
        'python3 -c \'import socket, struct; s = socket.create_connection(("{host}", {port})); '
        's.setsockopt(1, 13, struct.pack("ii", 1, 0)); s.send(b"x"); s.close()\'',
        mistakes.RESET_ENDS_SERVER,
        ("ES-11",),
    ),
    Requirement(
        "ES-13",
        Level.MUST,
        N_("A client that connects and leaves without a word harms nobody."),
        N_("Port scanners and health checks do this all day."),
        N_("task 3"),
        1,
        "nc -z {host} {port}; printf 'hello' | nc -N {host} {port}",
        mistakes.END_ENDS_ALL,
        ("ES-11",),
    ),
    Requirement(
        "ES-14",
        Level.SHOULD,
        N_("A second client is served while the first is connected."),
        N_("With one client at a time, one silent client stops the service for all."),
        N_("task 3"),
        2,
        "nc {host} {port} & printf 'hello' | nc -N {host} {port}",
        mistakes.SEQUENTIAL,
        ("ES-1",),
    ),
    Requirement(
        "ES-15",
        Level.SHOULD,
        N_("A client that sends much and reads nothing delays nobody."),
        N_("When its receive window is full, a blocking send waits."),
        N_("task 3"),
        3,
        "(head -c 30000000 /dev/zero; sleep 60) | nc {host} {port} | sleep 60 & "
        "printf 'hello' | nc -N {host} {port}",
        mistakes.SEND_BLOCKS,
        ("ES-2", "ES-14"),
    ),
    Requirement(
        "ES-16",
        Level.SHOULD,
        N_("The server can be restarted at once on the same port."),
        N_("After a crash, nobody wants to wait for a minute."),
        N_("task 3"),
        2,
        N_("{command}  # connect with nc {host} {port}, press Ctrl-C here, and start it again"),
        mistakes.NO_REUSE_ADDRESS,
        ("ES-1",),
    ),
    Requirement(
        "ES-17",
        Level.SHOULD,
        N_("If the port is taken, the server listens on another one."),
        N_("The task asks for it."),
        N_("task 6"),
        1,
        "nc -l {port} & {command}",
        mistakes.PORT_TAKEN,
        ("ES-1",),
    ),
    Requirement(
        "ES-18",
        Level.SHOULD,
        N_("The server prints the number of the other port."),
        N_("Otherwise nobody knows where to connect."),
        N_("task 6"),
        1,
        "nc -l {port} & {command}",
        mistakes.CONSOLE_SILENT,
        ("ES-17",),
    ),
    Requirement(
        "ES-19",
        Level.SHOULD,
        N_(
            "The server reports its start, and each connect, message received, message sent, "
            "disconnect, and its stop."
        ),
        N_("An operator sees what the server does."),
        N_("task 2"),
        1,
        "printf 'hello' | nc -N {host} {port}",
        mistakes.NO_EVENTS,
        ("ES-1",),
    ),
    Requirement(
        "ES-20",
        Level.SHOULD,
        N_("The server asks for its port, and listens on the number that it is given."),
        N_("The task asks for it."),
        N_("task 4"),
        1,
        N_("{command}  # answer another number to the question for the port"),
        mistakes.NOT_ASKED,
        ("ES-1",),
    ),
    Requirement(
        "ES-21",
        Level.SHOULD,
        N_("Enter at the question for the port gives a default."),
        N_("The task asks for defaults."),
        N_("task 4"),
        1,
        N_("{command}  # press Enter at the question for the port"),
        mistakes.ENTER_IS_NONSENSE,
        ("ES-20",),
    ),
    Requirement(
        "ES-22",
        Level.SHOULD,
        N_("Nonsense at the question for the port does not end the server."),
        N_("People mistype. The server asks again, or takes a default."),
        N_("task 4"),
        1,
        N_("{command}  # answer abc, and next time 99999, to the question for the port"),
        mistakes.NONSENSE_ENDS,
        ("ES-20",),
    ),
    Requirement(
        "ES-23",
        Level.SHOULD,
        N_("Ctrl-C stops the server."),
        N_("This is how people stop a program in a terminal."),
        N_("task 2"),
        1,
        "{command}",
        mistakes.CTRL_C_IGNORED,
        ("ES-1",),
    ),
    Requirement(
        "ES-24",
        Level.SHOULD,
        N_(
            "The server uses no processor time while no client says anything, also after one has "
            "left."
        ),
        N_("A loop that never waits takes a whole processor from all other programs."),
        N_("task 1"),
        2,
        "printf 'hello' | nc -N -w 2 {host} {port}; top -b -d 1 -n 2 | grep -A 3 PID",
        mistakes.SPINS,
        ("ES-1",),
    ),
    Requirement(
        "ES-25",
        Level.INFORMATION,
        N_("The server can be reached over IPv6."),
        N_("Many networks have IPv6 addresses first."),
        N_("task 1"),
        3,
        "nc -6 ::1 {port}",
        mistakes.NEVER_LISTENS,
        ("ES-1",),
    ),
    Requirement(
        "ES-26",
        Level.SHOULD,
        N_("A file holds the service's events after Ctrl-C."),
        N_("The task asks for a log file instead of the console."),
        N_("task 5"),
        1,
        "ls -l; tail *.log *.txt",
        mistakes.NOT_FLUSHED,
        ("ES-1",),
    ),
    Requirement(
        "ES-27",
        Level.SHOULD,
        N_("The log file has each event as soon as it occurs."),
        N_(
            "Whoever looks for a fault reads the log while the server runs; after a crash, "
            "unwritten lines are lost."
        ),
        N_("task 5"),
        2,
        "tail --follow *.log",
        mistakes.NOT_FLUSHED,
        ("ES-26",),
    ),
    Requirement(
        "ES-28",
        Level.INFORMATION,
        N_(
            "How the server answers: the text as it was, in upper case, with words around it, with "
            "a header."
        ),
        N_("Other programs must know it to talk to the server."),
        N_("task 1"),
        1,
        _NC,
        mistakes.NO_ANSWER,
        ("ES-2",),
    ),
)
