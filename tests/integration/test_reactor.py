"""A service and its clients with the real reactor, in one process."""

from __future__ import annotations

import signal
from typing import Any

import pytest_twisted
from twisted.internet.defer import Deferred, gatherResults
from twisted.internet.endpoints import TCP4ClientEndpoint, connectProtocol

from tests.doubles.recording import Recorder, published
from twisted_lab.client.connection import ClientConnection
from twisted_lab.client.framing import Unchanged
from twisted_lab.eventlog.events import ClientEvents
from twisted_lab.services.echo import Options, makeService


async def converse(reactor: Any, port: int, data: bytes) -> bytes:
    """Send `data`, half-close, and return all received bytes."""
    came: list[bytes] = []
    client = ClientConnection(reactor, ClientEvents("client", Recorder()), Unchanged(print))
    client.deliver = came.append
    await connectProtocol(TCP4ClientEndpoint(reactor, "127.0.0.1", port), client)
    client.send(data)
    client.finish()
    await client.ended
    return b"".join(came)


@pytest_twisted.ensureDeferred
async def test_a_hundred_simultaneous_clients_get_their_own_bytes() -> None:
    from twisted.internet import reactor

    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    options = Options()
    options.parseOptions(["--port", "0", "--interface", "127.0.0.1", "--upper"])
    with published() as recorder:
        service = makeService(options)
        service.startService()
        try:
            port = int(recorder[1]["address"].rpartition(":")[2])
            texts = [f"клиент {number} ".encode() * 10_000 for number in range(100)]
            answers = await gatherResults(
                [Deferred.fromCoroutine(converse(reactor, port, text)) for text in texts]
            )
            assert answers == [text.decode().upper().encode() for text in texts]
        finally:
            await service.stopService()
            for number, handler in before.items():
                signal.signal(number, handler)
    assert recorder.names.count("client disconnected") == 100
    assert recorder.names[-1] == "server stopped"
