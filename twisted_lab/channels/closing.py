"""Orderly close of a connection, without loss of its last output."""

from __future__ import annotations

from twisted.internet.interfaces import IDelayedCall, IReactorTime, ISSLTransport

from twisted_lab.interfaces import StreamTransport

# Seconds that a peer may take to close its side after ours is closed.
LINGER_SECONDS = 2.0
# Seconds that a TLS peer may take to read the remaining output, and to close.
TLS_LINGER_SECONDS = 10.0


def cancel(timer: IDelayedCall | None) -> None:
    """Cancel `timer`, unless it is None or has fired."""
    if timer is not None and timer.active():
        timer.cancel()


def shut_down(transport: StreamTransport, clock: IReactorTime) -> IDelayedCall | None:
    """Close our side of `transport` once all output is sent; no producer may be registered.

    The caller must continue to read and drop the peer's input until the peer closes, too. A close
    with unread input would reset the connection, and the kernel would discard unsent output.
    A TLS connection is not half-closed: the transport closes both sides once all output is sent and
    the peer has agreed, or the timer aborts it.

    Returns:
        The timer that aborts a TLS connection, to be cancelled when the connection is lost.
    """
    transport.resumeProducing()
    if ISSLTransport.providedBy(transport):
        transport.loseConnection()
        return clock.callLater(TLS_LINGER_SECONDS, transport.abortConnection)
    transport.loseWriteConnection()
    return None
