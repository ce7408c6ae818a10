"""Requirements of the task ``netlab-auth``."""

from __future__ import annotations

from twisted_lab.check.profiles.netlab.requirements.section import Section
from twisted_lab.text.language import N_

_NC = "nc {host} {port}"
_AUTH = Section("Authentication", _NC)
_TEXT = Section("Text framing", _NC)

REQUIREMENTS = (
    _AUTH.must("NA-1", N_("An unknown name chooses a password twice, and gets a token.")),
    _AUTH.must("NA-2", N_("The same holds in every other framing."), "NA-1"),
    _AUTH.must("NA-3", N_("The right password is accepted, also after a restart."), "NA-1"),
    _AUTH.must(
        "NA-4", N_("A wrong password and a wrong token are refused with the same words."), "NA-1"
    ),
    _AUTH.must("NA-5", N_("A token resumes its session in place of the name."), "NA-1"),
    _AUTH.must("NA-6", N_("After logout the token is invalid, and the connection ends."), "NA-5"),
    _AUTH.must("NA-7", N_("After exit the token stays valid."), "NA-5"),
    _AUTH.must("NA-8", N_("A session that was revoked ends at its next command."), "NA-5"),
    _AUTH.should("NA-9", N_("sessions lists each session, and marks the current one."), "NA-5"),
    _AUTH.should("NA-10", N_("passwd changes the password, and ends all other sessions."), "NA-5"),
    _AUTH.should("NA-11", N_("help has a line for each command."), "NA-1"),
    _AUTH.should("NA-12", N_("Names depend neither on case nor on the Unicode form."), "NA-3"),
    _AUTH.should("NA-13", N_("A new name that looks like a taken one is refused."), "NA-1"),
    _AUTH.should(
        "NA-14", N_("A short password, or another repetition, is asked for three times."), "NA-1"
    ),
    _AUTH.should(
        "NA-15", N_("An answer that cannot be a name ends the connection, with the reason."), "NA-1"
    ),
    _AUTH.must(
        "NA-16", N_("A failure delays the next try by a second; a connection has three."), "NA-4"
    ),
    _AUTH.should(
        "NA-17",
        N_("With --registration closed an unknown name is refused like a wrong password."),
        "NA-1",
    ),
    _AUTH.should(
        "NA-18", N_("Over a network without TLS the peer is told why it cannot log in."), "NA-1"
    ),
    _AUTH.must("NA-19", N_("The log has no password and no token, also at level debug."), "NA-1"),
    _TEXT.should("NA-20", N_("Text after a NUL in the same piece is not accepted."), "NA-1"),
)
