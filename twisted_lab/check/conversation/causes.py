"""The likely cause of a failure, from the traceback on the terminal."""

from __future__ import annotations

import re

from twisted_lab.check.requirements import client_mistakes, message_mistakes, mistakes
from twisted_lab.check.requirements.requirement import Mistake

# The first that fits counts. Each looks at the last line of the traceback.
_CAUSES = (
    (r"(SyntaxError|IndentationError|TabError): ", mistakes.UNREADABLE),
    (r"Unicode\w+Error: '(ascii|charmap|latin-1)'", mistakes.ASCII_ONLY),
    (r"UnicodeDecodeError", mistakes.DECODED_PORTIONS),
    (r"BrokenPipeError", mistakes.SEND_ENDS_SERVER),  # recv() never raises it
    (r"ConnectionResetError|ConnectionAbortedError", mistakes.RESET_ENDS_SERVER),
    (r"invalid literal for int\(\).*: ''", mistakes.ENTER_IS_NONSENSE),
    (r"invalid literal for int\(\)", mistakes.NONSENSE_ENDS),
    (r"OverflowError: .*port must be", mistakes.PORT_TOO_LARGE),
    (r"gaierror: .*Servname not supported", mistakes.PORT_TOO_LARGE),
    (
        r"TypeError.*(an integer is required|'str' object cannot be interpreted|"
        r"required argument is not an integer|port must be)",
        mistakes.PORT_IS_TEXT,
    ),
    (
        r"TypeError.*(bytes-like object is required, not 'str'|"
        r"can only concatenate str \(not \"bytes\"\)|can't concat str to bytes)",
        mistakes.NOT_ENCODED,
    ),
    (r"ModuleNotFoundError|ImportError", mistakes.MISSING_MODULE),
    (r"(FileNotFoundError|PermissionError|OSError).*'(/|[A-Za-z]:\\)", mistakes.ABSOLUTE_PATH),
    (r"Address already in use", mistakes.PORT_TAKEN),
    (r"gaierror", mistakes.UNKNOWN_HOST),
    (r"OSError: \[Errno 95\]", mistakes.UDP_LISTENS),
    (r"OSError: \[Errno 9\]", mistakes.CLOSED_SOCKET),  # bad file descriptor
    (r"FileNotFoundError", mistakes.MISSING_FILE),
    (r"TypeError: (keys must be|Object of type bytes is not JSON)", mistakes.JSON_TYPES),
    (r"JSONDecodeError: Extra data", mistakes.JSON_TWICE),
    (r"AttributeError: 'socket' object has no attribute", message_mistakes.PLAIN_SOCKET),
    (r"AttributeError: 'tuple' object has no attribute '(recv|send|close)", mistakes.ACCEPT_PAIR),
    (r"'module' object is not callable|partially initialized module", mistakes.MODULE_CALLED),
)
_CAUSES_IN_CLIENTS = (
    (r"invalid literal for int\(\).*: b['\"]", mistakes.UNCAUGHT),  # no answer of the user
    (r"EOFError", mistakes.END_OF_INPUT),
    (r"ConnectionRefusedError", mistakes.REFUSED),
    (r"ConnectionResetError|BrokenPipeError|ConnectionAbortedError", mistakes.CONNECTION_LOST),
    (r"OSError: \[Errno 9\]", client_mistakes.CLOSED_TOO_EARLY),
    *_CAUSES,
    (
        r"TypeError: .*(connect|bind)\(\).*(takes exactly one argument|must be tuple)",
        client_mistakes.ADDRESS_IS_A_PAIR,
    ),
    (r"BlockingIOError", client_mistakes.NON_BLOCKING),
    (
        r"(TypeError|AttributeError|NameError|UnboundLocalError|KeyError): ",
        mistakes.OWN_ERROR,
    ),
)
LOST_CLIENT = (mistakes.SEND_ENDS_SERVER, mistakes.RESET_ENDS_SERVER)
"""The likely causes of an exception that a client's end raised."""

# They show a program's own mistake, whatever a client sent. A text that it did not expect may leave
# it with None in place of a match, or with a str in place of a dict.
_OWN = re.compile(
    r"(TypeError|AttributeError|NameError|KeyError|FileNotFoundError): "
    r"(?!.*(NoneType|string ind|'str' object has no attribute '(?!decode)))"
)
_SENDS = re.compile(r"\.(send|sendall|sendto|write)\(")


def likely_cause(traceback: str, raised_by: str = "", *, is_client: bool = False) -> Mistake | None:
    """Return the likely cause of an uncaught exception, if it shows one.

    Args:
        traceback: Its last line, such as ``ValueError: invalid literal``.
        raised_by: The line of the program that raised it, if that is known.
        is_client: Whether a client raised it, and not a server.
    """
    # The text comes from the program: a bounded part of it is looked at.
    line = traceback[:500]
    causes = _CAUSES_IN_CLIENTS if is_client else _CAUSES
    found = next((mistake for cause, mistake in causes if re.search(cause, line)), None)
    if found is mistakes.RESET_ENDS_SERVER and _SENDS.search(raised_by[:500]):
        return mistakes.SEND_ENDS_SERVER
    if found is mistakes.PORT_IS_TEXT and ".recv(" in raised_by[:500]:
        return message_mistakes.LENGTH_IS_TEXT
    if "OSError: [Errno 22]" in line and "accept(" in raised_by[:500]:  # invalid argument
        return mistakes.NOT_LISTENING
    return found


def is_own_error(traceback: str, *said: str) -> bool:
    """Return whether an exception shows a mistake of the program, whatever a client has sent.

    A program that fails at one message, but not at another one, may name a part of the message.

    Args:
        traceback: The last line of its traceback.
        said: What a client has sent: an exception that names it may be due to it.
    """
    line = traceback[:500]
    return _OWN.match(line) is not None and not any(text in line for text in said)
