"""How our side of a connection is closed without losing what was sent last."""

from __future__ import annotations

from typing import Any

from twisted.internet.interfaces import ISSLTransport

# How long a peer may take to close its side after we have closed ours.
LINGER_SECONDS = 2.0


def shut_down(transport: Any) -> None:
    """Close our side of `transport` when everything is sent; no producer may be registered.

    The peer's input must still be read, and dropped, until it closes, too: to close with input
    unread would reset the connection, and the kernel would throw away what it has not sent yet.
    TLS knows no half-closing; there the connection is closed when everything is sent.
    """
    if ISSLTransport.providedBy(transport):
        transport.loseConnection()
    else:
        transport.loseWriteConnection()
        transport.resumeProducing()
