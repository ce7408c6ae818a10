"""The close of our side of a connection, without loss of the last output."""

from __future__ import annotations

from twisted.internet.interfaces import IDelayedCall, IReactorTime, ISSLTransport

from twisted_lab.interfaces import StreamTransport

# How long a peer may take to close its side after ours is closed.
LINGER_SECONDS = 2.0
# How long a TLS peer may take to read the rest of the output, and to close.
TLS_LINGER_SECONDS = 10.0


def cancel(timer: IDelayedCall | None) -> None:
    """Cancel `timer`, if there is one that has not fired."""
    if timer is not None and timer.active():
        timer.cancel()


def shut_down(transport: StreamTransport, clock: IReactorTime) -> IDelayedCall | None:
    """Close our side of `transport` when everything is sent; no producer may be registered.

    The peer's input must still be read, and dropped, until it closes, too: to close with input
    unread would reset the connection, and the kernel would throw away what it has not sent yet.
    Over TLS our side is not closed alone: the transport closes when everything is sent and the peer
    has agreed, or is aborted.

    Returns:
        The timer that aborts a TLS connection, to be cancelled when it is lost.
    """
    transport.resumeProducing()
    if ISSLTransport.providedBy(transport):
        transport.loseConnection()
        return clock.callLater(TLS_LINGER_SECONDS, transport.abortConnection)
    transport.loseWriteConnection()
    return None
