"""Reasons of disconnects: their texts, and the page that lists them."""

from __future__ import annotations

import re
from pathlib import Path

from OpenSSL import SSL
from twisted.internet.error import ConnectionAborted, ConnectionDone, ConnectionLost
from twisted.python.failure import Failure
from twisted.trial.unittest import SynchronousTestCase

from twisted_lab.channels.outbox import BEHIND_BYTES, HELD_BYTES
from twisted_lab.channels.plain import LARGEST_PLAIN
from twisted_lab.codecs import MAX_INCOMING, MAX_MESSAGE
from twisted_lab.disconnects import Disconnect, end_reason

DOCS = Path(__file__).parents[2] / "docs"
PAGE = (DOCS / "protocols.md").read_text()


def sentences(name: str) -> str:
    """Return the text of a page, whatever the width of its lines."""
    return " ".join((DOCS / name).read_text().split())


class EndReasonTests(SynchronousTestCase):
    def test_disconnect_reasons_have_the_documented_texts(self) -> None:
        for error, by_client, text in (
            (ConnectionDone(), True, "closed by the client"),
            (ConnectionDone(), False, "closed by the server"),
            (ConnectionAborted(), True, "cut off by the client"),
            (ConnectionAborted(), False, "cut off by the server"),
            (ConnectionLost(), True, "connection reset"),
            (ValueError("bad\nhandshake"), True, r"bad\nhandshake"),
            (ValueError(), True, "ValueError"),
        ):
            self.assertEqual(end_reason(Failure(error), by_client).text, text)

    def test_tls_errors_have_the_documented_texts(self) -> None:
        error = SSL.Error([("SSL routines", "", "http request")])
        self.assertEqual(end_reason(Failure(error), True).text, "TLS failed: http request")
        error = SSL.SysCallError(-1, "x")
        self.assertIs(end_reason(Failure(error), True).why, Disconnect.TLS_FAILED)


class PageTests(SynchronousTestCase):
    def test_the_page_lists_every_reason(self) -> None:
        table = PAGE.partition("| reason | counts as |")[2].partition("\n\n")[0]
        rows = re.findall(r"^\| `([^|]*)` \| `?(\w*)`? *\|", table, re.MULTILINE)
        reasons = [(why.template.replace(":g}", "}"), why.kind) for why in Disconnect]
        self.assertEqual(rows, reasons)

    def test_the_kinds_of_errors_are_documented(self) -> None:
        kinds = sentences("operations.md").partition("The kinds of errors are:")[2]
        kinds = kinds.partition("The server counts them")[0]
        for kind in {why.kind for why in Disconnect} - {""}:
            self.assertIn(f"`{kind}`", kinds)

    def test_the_page_states_the_limits_of_the_code(self) -> None:
        for limit in (
            f"at most {MAX_MESSAGE:,} bytes (`--max-message`)",
            f"a line over {MAX_MESSAGE:,} bytes",
            f"at most {MAX_INCOMING // 2**20} MiB",
            f"more than {BEHIND_BYTES // 1024} KiB of output are pending",
            f"more than {LARGEST_PLAIN:,} bytes",
        ):
            self.assertIn(limit, sentences("protocols.md"))
        guide = sentences("howto-add-a-service.md")
        self.assertIn(f"more than {BEHIND_BYTES // 1024} KiB behind", guide)
        self.assertIn(f"{HELD_BYTES // 1024} KiB without hearing", guide)
