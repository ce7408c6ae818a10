"""Requirements of the task ``netlab-ident``."""

from __future__ import annotations

from twisted_lab.check.profiles.netlab.requirements.section import Section
from twisted_lab.text.language import N_

_NC = "nc {host} {port}"
_IDENT = Section("Identification", _NC)
_PROXY = Section("The PROXY protocol", _NC)

REQUIREMENTS = (
    _IDENT.must("NI-1", N_("An unknown address is asked for a name, and greeted by it later.")),
    _IDENT.must("NI-2", N_("The same holds in every other framing."), "NI-1"),
    _IDENT.must("NI-3", N_("Two addresses have two names."), "NI-1"),
    _IDENT.must("NI-4", N_("The name survives a restart of the server."), "NI-1"),
    _IDENT.must(
        "NI-5", N_("A bad name gets an error and another question, three times in all."), "NI-1"
    ),
    _IDENT.should(
        "NI-6", N_("A name has up to 64 characters, without the space around it."), "NI-1"
    ),
    _IDENT.should(
        "NI-7", N_("Two connections from one address are greeted with one name."), "NI-1"
    ),
    _IDENT.should(
        "NI-8", N_("With --then echo the conversation goes on with an echo, until exit."), "NI-1"
    ),
    _IDENT.should("NI-9", N_("With --then messages numbered messages follow."), "NI-1"),
    _IDENT.should("NI-10", N_("With --then broadcast all greeted peers hear each other."), "NI-1"),
    _PROXY.should(
        "NI-11",
        N_("With --proxy-protocol the address is that of the header, version 1 or 2."),
        "NI-1",
    ),
    _PROXY.should(
        "NI-12",
        N_("A peer without a valid PROXY header is disconnected, and asked nothing."),
        "NI-11",
    ),
)
