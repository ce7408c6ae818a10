"""Requirements of the task ``netlab-messages``: the conversation, and what all services share.

The requirements NX-1 to NX-27 are about framings and limits, which all services but the echo have
in common. They are checked with this service, because it answers each message.
"""

from __future__ import annotations

from twisted_lab.check.profiles.netlab.requirements.section import Section
from twisted_lab.text.language import N_

_CLIENT = "python -m twisted_lab.client messages --host {host} --port {port}"
_NC = "nc {host} {port}"
_NUMBERED = Section("Numbered messages", _CLIENT)
_TEXT = Section("Text framing", _NC)
_NO_NEWLINES = Section("Peers that send no newlines", _NC)
_INT32 = Section("Int32 framing", _CLIENT)
_HEADERS = Section("Length headers in text", _NC)
_LIMITS = Section("Limits, in all framings", _CLIENT)
_END = Section("How our client ends", _CLIENT)

REQUIREMENTS = (
    _NUMBERED.must(
        "NM-1", N_("With int32, each message is answered in upper case, and the next is asked for.")
    ),
    _NUMBERED.must("NM-2", N_("The same holds for lines of text.")),
    _NUMBERED.must("NM-3", N_("The same holds with lengths in 4 decimal digits.")),
    _NUMBERED.must("NM-4", N_("The same holds with lengths in 8 hexadecimal digits.")),
    _NUMBERED.must("NM-5", N_("The same holds with lengths that count characters.")),
    _NUMBERED.must(
        "NM-6",
        N_("After exit the server sends nothing more, and closes; exit now is a text."),
        "NM-1",
    ),
    _NUMBERED.must("NM-7", N_("Messages that are sent without waiting are all answered."), "NM-1"),
    _END.must(
        "NM-8",
        N_("At the end of a peer's input all its messages are answered; then the server closes."),
        "NM-1",
    ),
    _TEXT.must("NX-1", N_("LF, CRLF, CR, CR NUL and NUL each end a message."), "NM-2"),
    _TEXT.must(
        "NX-2", N_("Bytes without a newline are a message after a silence, or at the end."), "NM-2"
    ),
    _TEXT.should(
        "NX-3", N_("In character mode only Enter ends a message, and silence does not."), "NM-2"
    ),
    _TEXT.should("NX-4", N_("NULs in a row, and a newline after them, are one end."), "NM-2"),
    _TEXT.should(
        "NX-5",
        N_("Leftovers after a NUL in a buffer are refused, and the text before them is not."),
        "NM-2",
    ),
    _TEXT.should(
        "NX-6", N_("A byte order mark and telnet commands are dropped, and not answered."), "NM-2"
    ),
    _TEXT.should(
        "NX-7", N_("First bytes that are no text are answered with what they look like."), "NM-2"
    ),
    _TEXT.should("NX-8", N_("With --newline crlf or none the server's lines end so."), "NM-2"),
    _NO_NEWLINES.should(
        "NX-9", N_("With --idle-flush 0 silence ends no message, and a newline does."), "NM-2"
    ),
    _NO_NEWLINES.should(
        "NX-10",
        N_("--pace delays the second message of a turn, to a peer that sends no newlines."),
        "NX-2",
    ),
    _NO_NEWLINES.should(
        "NX-11",
        N_("A line that comes in two pieces is one message, also after a short silence."),
        "NM-2",
    ),
    _INT32.must("NX-12", N_("Length and text may arrive byte by byte."), "NM-1"),
    _INT32.must("NX-13", N_("A length of zero is an empty message."), "NM-1"),
    _INT32.must("NX-14", N_("A frame that the end of the input cuts short is no message."), "NM-1"),
    _HEADERS.must(
        "NX-15", N_("The number may have zeros on the left, or spaces on either side."), "NM-3"
    ),
    _HEADERS.should(
        "NX-16",
        N_("A header that is no number is quoted with a guess, as soon as its bytes show it."),
        "NM-3",
    ),
    _HEADERS.should("NX-17", N_("A sign, a prefix and hexadecimal digits are errors."), "NM-3"),
    _HEADERS.should("NX-18", N_("If lengths seem to count characters, the error says so."), "NM-3"),
    _HEADERS.should(
        "NX-19",
        N_("An answer too long for the header becomes an error, and the server closes."),
        "NM-3",
    ),
    _HEADERS.must("NX-20", N_("A header and its text may arrive byte by byte."), "NM-5"),
    _LIMITS.must("NX-21", N_("A message of 65,536 bytes is answered."), "NM-1"),
    _LIMITS.must(
        "NX-22",
        N_("A longer message is an error as soon as its length is known; those before count."),
        "NM-1",
    ),
    _LIMITS.should(
        "NX-23", N_("A length that looks like text, digits or TLS is an error with a hint."), "NM-1"
    ),
    _LIMITS.must(
        "NX-24", N_("A line of more than 65,536 bytes is an error before its end."), "NM-2"
    ),
    _LIMITS.must(
        "NX-25", N_("A message that is not UTF-8 is an error that names the first byte."), "NM-1"
    ),
    _LIMITS.should("NX-26", N_("--max-message sets the limit."), "NX-22"),
    _LIMITS.should(
        "NX-27", N_("A silent peer is told so after the idle timeout, and disconnected."), "NM-1"
    ),
)
