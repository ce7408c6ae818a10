"""What the operating system says of an error, in the language of the messages."""

from __future__ import annotations

from twisted_lab.text.language import N_, Message

# The C library's texts of the errors that users meet; Python does not ask it for other languages.
_TEXTS = (
    N_("Address already in use"),
    N_("Broken pipe"),
    N_("Cannot assign requested address"),
    N_("Connection refused"),
    N_("Connection reset by peer"),
    N_("Connection timed out"),
    N_("File exists"),
    N_("File name too long"),
    N_("Input/output error"),
    N_("Is a directory"),
    N_("Network is unreachable"),
    N_("No route to host"),
    N_("No space left on device"),
    N_("No such file or directory"),
    N_("Not a directory"),
    N_("Operation not permitted"),
    N_("Permission denied"),
    N_("Read-only file system"),
    N_("Too many open files"),
)


def reason_of(error: OSError) -> Message:
    """Return the reason of an error, such as ``Connection refused``."""
    return Message(error.strerror or str(error))
