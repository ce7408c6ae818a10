"""Requirements of the task ``dialogue``."""

from __future__ import annotations

from twisted_lab.check.requirements import message_mistakes, mistakes
from twisted_lab.check.requirements.listening import listening
from twisted_lab.check.requirements.requirement import Level, Requirement
from twisted_lab.text.language import N_

_TASK = N_("task 10")
_NC = "nc -N {host} {port}"
_HELLO = "printf 'hello' | nc -N {host} {port}"
_TWO = "(printf 'one'; sleep 1; printf 'two'; sleep 1) | " + _NC
_CUT = "(printf '\\xd0'; sleep 1; printf '\\xb6'; sleep 1; printf 'hello') | " + _NC
_FAST = "(printf 'one'; sleep 0.1; printf 'two'; sleep 1; printf 'three') | " + _NC
_EXIT = "printf 'exit' | nc -N {host} {port}"

REQUIREMENTS = (
    listening("DG-1", _TASK),
    Requirement(
        "DG-2",
        Level.MUST,
        N_("The server answers a client's message."),
        N_("A dialogue starts with it."),
        _TASK,
        1,
        _HELLO,
        mistakes.NO_ANSWER,
        ("DG-1",),
    ),
    Requirement(
        "DG-3",
        Level.MUST,
        N_("The server answers a second message on the same connection, too."),
        N_("A dialogue has more than one message."),
        _TASK,
        1,
        _TWO,
        message_mistakes.ONE_ANSWER,
        ("DG-2",),
    ),
    Requirement(
        "DG-4",
        Level.SHOULD,
        N_("A dialogue goes on for at least five exchanges."),
        N_("Nobody knows in advance how much there is to say."),
        _TASK,
        1,
        _NC,
        message_mistakes.ONE_ANSWER,
        ("DG-3",),
    ),
    Requirement(
        "DG-5",
        Level.SHOULD,
        N_(
            "A message that arrives in two segments, cut inside a letter, does not end the "
            "dialogue."
        ),
        N_("A network may cut a message anywhere."),
        _TASK,
        2,
        _CUT,
        mistakes.DECODED_PORTIONS,
        ("DG-3",),
    ),
    Requirement(
        "DG-6",
        Level.SHOULD,
        N_("A second message that does not wait for the answer to the first is answered, too."),
        N_("People type faster than some answers come."),
        _TASK,
        2,
        _FAST,
        message_mistakes.LOST_MEANWHILE,
        ("DG-3",),
    ),
    Requirement(
        "DG-7",
        Level.SHOULD,
        N_(
            "If an operator answers at the server's console, each typed line reaches the "
            "client whole."
        ),
        N_("The task wants both sides to send messages."),
        _TASK,
        1,
        _NC,
        message_mistakes.TYPED_TEXT_CHANGED,
        ("DG-3",),
    ),
    Requirement(
        "DG-8",
        Level.MUST,
        N_("After a client has left in order, the next one has a dialogue, too."),
        N_("A server is there for more than one client."),
        _TASK,
        1,
        _HELLO + "; " + _HELLO,
        mistakes.ONE_CLIENT_ONLY,
        ("DG-2",),
    ),
    Requirement(
        "DG-9",
        Level.SHOULD,
        N_("The message exit ends its own conversation, and not the server."),
        N_("One client must not decide for all others."),
        _TASK,
        1,
        _EXIT + "; " + _HELLO,
        message_mistakes.EXIT_ENDS_SERVER,
        ("DG-8",),
    ),
    Requirement(
        "DG-10",
        Level.SHOULD,
        N_("Two dialogues at the same time do not mix."),
        N_("Each client must receive the answers to its own messages."),
        _TASK,
        2,
        "nc {host} {port} & nc {host} {port}",
        message_mistakes.SHARED_STATE,
        ("DG-3",),
    ),
    Requirement(
        "DG-11",
        Level.SHOULD,
        N_("After a client's reset, the next one has a dialogue, too."),
        N_("Clients crash and networks fail; one of them must not end the service for all."),
        _TASK,
        2,
        'python3 -c \'import socket, struct; s = socket.create_connection(("{host}", {port})); '
        's.setsockopt(1, 13, struct.pack("ii", 1, 0)); s.send(b"x"); s.close()\'',
        mistakes.RESET_ENDS_SERVER,
        ("DG-8",),
    ),
    Requirement(
        "DG-12",
        Level.INFORMATION,
        N_("What the server makes of lines that nc sends."),
        N_("TCP keeps no borders of messages: only a newline or a header tells where one ends."),
        _TASK,
        2,
        "printf 'one\\ntwo\\nexit\\n' | " + _NC,
        message_mistakes.NO_HEADER,
        ("DG-3",),
    ),
)
