"""Commands of the control channel, in AMP (Asynchronous Messaging Protocol)."""

from __future__ import annotations

from twisted.protocols.amp import AmpList, Boolean, Command, Float, Integer, ListOf, Unicode

# Connections per answer, because AMP limits values to 64 KiB.
PAGE = 100
# The names of the workers that did not answer.
SILENT = (b"silent", ListOf(Unicode()))


class Refusal(Exception):
    """The command cannot be executed; the text says why."""


class Status(Command):
    """Return the state of the process and of each service."""

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
    """Pause a service: it stops listening, and connected peers stay connected."""

    arguments = [(b"service", Unicode())]
    errors = {Refusal: b"REFUSED"}


class Resume(Command):
    """Resume a paused service: it listens again."""

    arguments = [(b"service", Unicode())]
    errors = {Refusal: b"REFUSED"}


class Disconnect(Command):
    """Abort the connection of a peer named as in ListConnections, or all of an IP address."""

    arguments = [(b"peer", Unicode())]
    response = [(b"count", Integer()), SILENT]


class SetLogLevel(Command):
    """Set the lowest level that is logged."""

    arguments = [(b"level", Unicode())]
    errors = {Refusal: b"REFUSED"}


class Stop(Command):
    """Drain, and end the process."""
