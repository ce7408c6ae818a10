"""Requirements of the task ``length-header``."""

from __future__ import annotations

from twisted_lab.check.requirements import message_mistakes, mistakes
from twisted_lab.check.requirements.listening import listening
from twisted_lab.check.requirements.requirement import Level, Requirement
from twisted_lab.text.language import N_

_TASK = N_("task 9")
# All commands are for a header of ten characters; with_headers() knows others.
_NC = " | nc -N {host} {port}"
_HELLO = "printf '%-10shello' 5" + _NC
_SEVERAL = "printf '%-10sone%-10stwo%-10sthree' 3 3 5" + _NC
_ONE_BY_ONE = "(printf '%-10sone' 3; sleep 1; printf '%-10stwo' 3)" + _NC
_PIECES = "printf '%-10shello, you' 10 | (dd bs=1 count=1 status=none; sleep 1; cat)" + _NC
_TEXT_PIECES = "(printf '%-10she' 5; sleep 1; printf llo)" + _NC
_LONG = "(printf '%-10s' 5000; head -c 5000 /dev/zero | tr '\\0' x)" + _NC + " | wc -c"
_LARGE = "(printf '%-10s' 65536; head -c 65536 /dev/zero | tr '\\0' x)" + _NC + " | wc -c"
_CYRILLIC = "printf '%-10s\\320\\266\\320\\266' 4" + _NC
_EMPTY = "(printf '%-10s' 0; sleep 1; printf '%-10shello' 5)" + _NC
_CUT = "printf '%-10shel' 5" + _NC
_ABSURD = "(printf '%-10shello' 999999999; sleep 60)" + _NC
_NO_NUMBER = "printf '??????????'" + _NC
_EXIT = "printf '%-10sexit' 4" + _NC

REQUIREMENTS = (
    listening("LN-1", _TASK),
    Requirement(
        "LN-2",
        Level.MUST,
        N_("A message with a header that tells its length is answered with one."),
        N_("Without a length, nobody knows where a message ends: TCP delivers a stream of bytes."),
        _TASK,
        1,
        _HELLO,
        message_mistakes.NO_HEADER,
        ("LN-1",),
    ),
    Requirement(
        "LN-3",
        Level.MUST,
        N_("The server answers one message after the other on one connection."),
        N_("The header is there so that several messages can follow each other."),
        _TASK,
        1,
        _ONE_BY_ONE,
        message_mistakes.ONE_ANSWER,
        ("LN-2",),
    ),
    Requirement(
        "LN-4",
        Level.MUST,
        N_("A header that arrives byte by byte is understood."),
        N_("A network may cut a message anywhere, also inside the header."),
        _TASK,
        2,
        _PIECES,
        message_mistakes.HEADER_IN_PIECES,
        ("LN-2",),
    ),
    Requirement(
        "LN-5",
        Level.MUST,
        N_("A text that arrives byte by byte behind its header is received whole."),
        N_("The length tells how many bytes to wait for."),
        _TASK,
        1,
        _TEXT_PIECES,
        message_mistakes.TEXT_IN_PIECES,
        ("LN-2",),
    ),
    Requirement(
        "LN-6",
        Level.SHOULD,
        N_("Three messages that arrive in one segment are answered, each as one."),
        N_("A sender that is faster than its receiver fills segments with several messages."),
        _TASK,
        2,
        _SEVERAL,
        message_mistakes.READS_TOO_FAR,
        ("LN-3",),
    ),
    Requirement(
        "LN-7",
        Level.MUST,
        N_("A message of 5,000 bytes is received whole."),
        N_("A message may be longer than one portion of 1,024 bytes."),
        _TASK,
        1,
        _LONG,
        message_mistakes.BOUNDED_TEXT,
        ("LN-2",),
    ),
    Requirement(
        "LN-8",
        Level.SHOULD,
        N_(
            "A message of 64 KiB (65,536 bytes) is received whole, if the header can hold its "
            "length."
        ),
        N_("It arrives in several segments, on every network."),
        _TASK,
        2,
        _LARGE,
        message_mistakes.BOUNDED_TEXT,
        ("LN-5", "LN-7"),
    ),
    Requirement(
        "LN-9",
        Level.MUST,
        N_("A message with Cyrillic letters goes both ways, and its header counts bytes."),
        N_("recv() counts bytes, and a Cyrillic letter has two of them in UTF-8."),
        _TASK,
        1,
        _CYRILLIC,
        message_mistakes.COUNTS_CHARACTERS,
        ("LN-3",),
    ),
    Requirement(
        "LN-10",
        Level.MUST,
        N_("After a client has left in order, the server serves the next one."),
        N_("A server is there for more than one client."),
        _TASK,
        1,
        _HELLO + "; " + _HELLO,
        mistakes.ONE_CLIENT_ONLY,
        ("LN-2",),
    ),
    Requirement(
        "LN-11",
        Level.SHOULD,
        N_("An empty message, with the length 0, is a message like any other."),
        N_("A person may press Enter without a text."),
        _TASK,
        2,
        _EMPTY,
        message_mistakes.EMPTY_IS_END,
        ("LN-3", "LN-10"),
    ),
    Requirement(
        "LN-12",
        Level.MUST,
        N_("After a client that left inside a header or a text, the server serves the next one."),
        N_("Clients crash and networks fail, also in the middle of a message."),
        _TASK,
        2,
        _CUT,
        message_mistakes.END_INSIDE,
        ("LN-10",),
    ),
    Requirement(
        "LN-13",
        Level.SHOULD,
        N_(
            "Half a message, after which the client ends its direction, is not taken for a "
            "whole one."
        ),
        N_("Half an order may mean something else than the whole."),
        _TASK,
        2,
        _CUT,
        message_mistakes.END_INSIDE,
        ("LN-3", "LN-5"),
    ),
    Requirement(
        "LN-14",
        Level.SHOULD,
        N_("A header that announces 999,999,999 bytes costs little memory, and harms nobody."),
        N_("A stranger must not be able to take the memory of a server with ten bytes."),
        _TASK,
        3,
        _ABSURD,
        message_mistakes.TRUSTS_LENGTH,
        ("LN-12",),
    ),
    Requirement(
        "LN-15",
        Level.SHOULD,
        N_("After a header that is no number, the server serves the next client."),
        N_("Programs that do not know the protocol connect, too."),
        _TASK,
        2,
        _NO_NUMBER,
        message_mistakes.HEADER_NO_NUMBER,
        ("LN-10",),
    ),
    Requirement(
        "LN-16",
        Level.SHOULD,
        N_("The functions that send and receive messages belong to a subclass of socket.socket."),
        N_("The task gives extra points for it."),
        _TASK,
        2,
        "grep --line-number class *.py",
        message_mistakes.NOT_A_SUBCLASS,
    ),
    Requirement(
        "LN-17",
        Level.INFORMATION,
        N_("Whether the message exit ends the conversation."),
        N_("Clients end a conversation with it."),
        _TASK,
        1,
        _EXIT,
        message_mistakes.EXIT_ENDS_SERVER,
        ("LN-2",),
    ),
)
