"""Typical mistakes with messages and dialogues."""

from __future__ import annotations

from twisted_lab.check.requirements.requirement import Mistake
from twisted_lab.text.language import N_

NO_HEADER = Mistake(
    "no-header",
    N_("How does your receive function know where a message ends?"),
    N_(
        "Send the length first, in a header of a fixed size. Receive the header, read the length "
        "from it, and receive exactly as many bytes."
    ),
)
NO_HEADER_BACK = Mistake(
    "no-header-back",
    N_("How does the client know how long your answer is?"),
    N_(
        "Answers need a header, too. Send them with the same function with which the client sends "
        "its messages, not with send()."
    ),
)
HEADER_IN_PIECES = Mistake(
    "header-in-pieces",
    N_("Does recv() always return as many bytes as the header has?"),
    N_(
        "recv(n) returns at most n bytes, and may return one. Call it in a loop, until the header "
        "is complete. Stop if it returns b'': the client has left."
    ),
)
ASKS_FOR_ALL_AGAIN = Mistake(
    "asks-for-all-again",
    N_("The first byte of the header has come: how many bytes does the next recv() ask for?"),
    N_(
        "Your program took more bytes for the header than it has. In the loop, ask only for what "
        "is still missing: recv(n - len(data)). Otherwise the text behind the header is read, too."
    ),
)
TEXT_IN_PIECES = Mistake(
    "text-in-pieces",
    N_("Does recv(length) always return that many bytes?"),
    N_(
        "recv(length) returns what is there, at most that many bytes. Call it in a loop, each "
        "time for the bytes that are still missing. Stop if it returns b'': the client has left."
    ),
)
READS_TOO_FAR = Mistake(
    "reads-too-far",
    N_("What happens to bytes that you received behind the end of a message?"),
    N_(
        "They are the start of the next message. Receive no more than the header, and then no "
        "more than the length says; or keep the rest for the next message."
    ),
)
BOUNDED_TEXT = Mistake(
    "bounded-text",
    N_("Which length is the longest that your receive function can return?"),
    N_(
        "It stops before the length is reached. Go on until all bytes are there, or recv() "
        "returns b'': the client has left."
    ),
)
COUNTS_CHARACTERS = Mistake(
    "counts-characters",
    N_("How many bytes has the text after encode(), and how many characters before?"),
    N_(
        "A Cyrillic letter has two bytes in UTF-8, and recv() counts bytes. Encode the text first, "
        "and put the length of the bytes into the header."
    ),
)
EMPTY_IS_END = Mistake(
    "empty-is-end",
    N_("What does recv(0) return, and what does your program take it for?"),
    N_(
        "It returns b'', as recv() does after the client has left. Receive nothing if the length "
        "is 0, and tell an empty message from the end."
    ),
)
END_INSIDE = Mistake(
    "end-inside-a-message",
    N_("What does your receive function do if the client leaves inside a message?"),
    N_(
        "recv() returns b'' from then on. The message is not complete: drop it, close this "
        "client's socket, and go on with the next client."
    ),
)
TRUSTS_LENGTH = Mistake(
    "trusts-length",
    N_("Which is the longest message that your server should accept?"),
    N_(
        "A header comes from a stranger. Refuse lengths above a bound of your own, and receive in "
        "portions, so that memory grows with what has really come."
    ),
)
HEADER_NO_NUMBER = Mistake(
    "header-no-number",
    N_("What does int() do if the header is no number?"),
    N_(
        "It raises ValueError. Catch it around the code that serves one client, close that "
        "client's socket, and go on with the next."
    ),
)
NOT_A_SUBCLASS = Mistake(
    "not-a-subclass",
    N_("Which class do the sockets of your program have?"),
    N_(
        "Derive a class from socket.socket, and create your sockets from it. accept() returns "
        "plain sockets: make one of your class from detach()."
    ),
)
PLAIN_SOCKET = Mistake(
    "plain-socket",
    N_("What class has the socket that accept() returned, and which methods does that class have?"),
    N_(
        "If it is a method of your own class: accept() returns a plain socket.socket, also if a "
        "subclass calls it. Override accept(), and make a socket of your class: "
        "MySocket(fileno=connection.detach()). If not, look at how its name is spelt."
    ),
)
LENGTH_IS_TEXT = Mistake(
    "length-is-text",
    N_("Which type has the length that your program passes to recv()?"),
    N_(
        "The header arrives as bytes, and decode() makes text (str) of them. recv() wants a "
        "number: int(header)."
    ),
)
ONE_ANSWER = Mistake(
    "one-answer",
    N_("What does your server do after it has answered the first message?"),
    N_("Repeat recv() and sendall() in a loop, until recv() returns b''."),
)
LOST_MEANWHILE = Mistake(
    "lost-meanwhile",
    N_("What happens to a message that comes while your server answers another?"),
    N_(
        "It waits in the socket's buffer. Do not throw away what is there: the next recv() "
        "returns it."
    ),
)
SHARED_STATE = Mistake(
    "shared-state",
    N_("Which variables do the threads of your server share?"),
    N_(
        "A global variable has one value for all clients. Keep the socket, the number and the text "
        "of each client in local variables of the function that serves it."
    ),
)
TYPED_TEXT_CHANGED = Mistake(
    "typed-text-changed",
    N_("Is what the client receives the line that the operator typed?"),
    N_("Send the whole line that input() returned, encoded in UTF-8."),
)
EXIT_ENDS_SERVER = Mistake(
    "exit-ends-server",
    N_("Which loop does your server leave after the message exit?"),
    N_(
        "The client's word ends its own conversation. Leave the inner loop, close that client's "
        "socket, and return to accept()."
    ),
)
