"""Commands of the control channel, for AMP (Twisted's Asynchronous Messaging Protocol)."""

from __future__ import annotations

from twisted.protocols.amp import AmpList, Boolean, Command, Float, Integer, ListOf, Unicode

# At most this many connections are listed in one answer, which AMP limits to 64 KiB.
PAGE = 100
# The workers that have not answered.
SILENT = (b"silent", ListOf(Unicode()))


class Refusal(Exception):
    """The request cannot be carried out; the text says why."""


class Status(Command):
    """Tell how the process and each of its services are."""

    response = [
        (b"version", Unicode()),
        (b"pid", Integer()),
        (b"seconds", Float()),
        (b"level", Unicode()),
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
                ]
            ),
        ),
    ]


class ListConnections(Command):
    """List a hundred connected peers, from the `first` one on; 0 looks anew."""

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
    """Have a service stop listening; connected peers stay connected."""

    arguments = [(b"service", Unicode())]
    errors = {Refusal: b"REFUSED"}


class Resume(Command):
    """Have a service listen again."""

    arguments = [(b"service", Unicode())]
    errors = {Refusal: b"REFUSED"}


class Disconnect(Command):
    """Cut a peer off, as ListConnections names it, or all from an IP address."""

    arguments = [(b"peer", Unicode())]
    response = [(b"count", Integer()), SILENT]


class SetLogLevel(Command):
    """Log from this level up, from here on."""

    arguments = [(b"level", Unicode())]
    errors = {Refusal: b"REFUSED"}


class Stop(Command):
    """Have the process drain and end."""
