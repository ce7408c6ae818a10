"""Requirements of the task ``netlab-echo``."""

from __future__ import annotations

from twisted_lab.check.profiles.netlab.requirements.section import Section
from twisted_lab.text.language import N_

_ECHO = Section("Echo", "nc {host} {port}")

REQUIREMENTS = (
    _ECHO.must("NE-1", N_("All bytes come back in order: each value of a byte, and 100,000 more.")),
    _ECHO.must(
        "NE-2",
        N_("After a half-close the peer gets all pending output, and the server closes."),
        "NE-1",
    ),
    _ECHO.should(
        "NE-3",
        N_("While a peer sends and does not read, the server does not read from it either."),
        "NE-1",
    ),
    _ECHO.should(
        "NE-4",
        N_("With --upper, text comes back in upper case, by Unicode's full mapping."),
        "NE-1",
    ),
    _ECHO.should(
        "NE-5",
        N_("With --upper, the answer to a piece of a character waits for the rest of it."),
        "NE-4",
    ),
    _ECHO.should(
        "NE-6",
        N_("With --upper, bytes that are not UTF-8 come back unchanged."),
        "NE-4",
    ),
    _ECHO.should(
        "NE-7",
        N_("With --once, a peer that sends and then only reads gets its answer, and the end."),
        "NE-1",
    ),
    _ECHO.should(
        "NE-8",
        N_("With --once, input within the 200 ms comes back, too, and starts them anew."),
        "NE-7",
    ),
    _ECHO.should(
        "NE-9",
        N_("A peer that says nothing for the idle timeout is disconnected."),
        "NE-1",
    ),
    _ECHO.should(
        "NE-10",
        N_("A server that stops sends pending output, and closes connections in order."),
        "NE-1",
    ),
)
