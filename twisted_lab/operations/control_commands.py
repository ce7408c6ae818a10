"""Commands of the control channel, in AMP (Asynchronous Messaging Protocol)."""

from __future__ import annotations

from twisted.protocols.amp import AmpList, Boolean, Command, Float, Integer, ListOf, Unicode

from twisted_lab.text.escaping import escape

# AMP limits values to 64 KiB.
PAGE = 100  # connections per answer
MOST_ANSWER = 60_000  # bytes of a service's answer
MOST_REFUSAL = 1000  # characters
# The names of the workers that did not answer.
SILENT = (b"silent", ListOf(Unicode()))


class Refusal(Exception):
    """The command cannot be executed; the text says why.

    Args:
        text: The reason; the rest after MOST_REFUSAL characters is cut.
    """

    def __init__(self, text: str) -> None:
        text = escape(text)
        super().__init__(text if len(text) <= MOST_REFUSAL else f"{text[:MOST_REFUSAL]}...")


class Status(Command):
    """Return the state of the process and of each service."""

    response = [
        (b"version", Unicode()),
        (b"pid", Integer()),
        (b"seconds", Float()),
        (b"level", Unicode()),
        (b"draining", Float(optional=True)),  # seconds until the end at the latest
        (
            b"outages",  # of databases
            AmpList(
                [(b"name", Unicode()), (b"reason", Unicode()), (b"seconds", Float())],
                optional=True,
            ),
        ),
        (
            b"services",
            AmpList(
                [
                    (b"name", Unicode()),
                    (b"addresses", Unicode()),
                    (b"paused", Boolean()),
                    (b"connected", Integer()),
                    (b"total", Integer()),
                    (b"refused", Integer()),
                    (b"errors", Integer()),
                    (b"hung", Float(optional=True)),  # seconds without a report of a worker
                ]
            ),
        ),
    ]


class ListConnections(Command):
    """List up to PAGE connected peers, from number `first` on; 0 takes a new snapshot."""

    arguments = [(b"first", Integer())]
    response = [
        (
            b"connections",
            AmpList(
                [
                    (b"service", Unicode()),
                    (b"peer", Unicode()),
                    (b"name", Unicode()),
                    (b"seconds", Float()),
                    (b"bytes_in", Integer()),
                    (b"bytes_out", Integer()),
                ]
            ),
        ),
        SILENT,
    ]


class Pause(Command):
    """Pause a service: it stops listening, and connected peers stay connected.

    The answer has the service's whole name.
    """

    arguments = [(b"service", Unicode())]
    response = [(b"service", Unicode())]
    errors = {Refusal: b"REFUSED"}


class Resume(Command):
    """Resume a paused service: it listens again. The answer has its whole name."""

    arguments = [(b"service", Unicode())]
    response = [(b"service", Unicode())]
    errors = {Refusal: b"REFUSED"}


class Disconnect(Command):
    """Abort the connection of a peer named as in ListConnections, or all of an IP address."""

    arguments = [(b"peer", Unicode())]
    response = [(b"count", Integer()), SILENT]


class Tell(Command):
    """Give a word to a service; each service has its own.

    The answer is cut after MOST_ANSWER bytes, with a last line that says so.
    """

    arguments = [(b"service", Unicode()), (b"word", Unicode()), (b"argument", Unicode())]
    response = [(b"answer", Unicode())]
    errors = {Refusal: b"REFUSED"}


class SetLogLevel(Command):
    """Set the lowest level that is logged."""

    arguments = [(b"level", Unicode())]
    errors = {Refusal: b"REFUSED"}


class Drain(Command):
    """Admit nobody new, and end the process once its clients have gone, or after that time."""

    arguments = [(b"seconds", Integer())]
    errors = {Refusal: b"REFUSED"}


class Stop(Command):
    """Drain, and end the process."""
