"""Echo servers on other libraries; each prints its port and logs nothing.

    python -m bench.peers.echo KIND

TCP_NODELAY has each library's default: asyncio and uvloop set it; gevent, tornado, Twisted and the
script with threads do not.
"""

from __future__ import annotations

import asyncio
import socket
import sys
import threading
from typing import Any

from bench.peers import BACKLOG

HOST = "127.0.0.1"
CHUNK = 65536


class Echo(asyncio.Protocol):
    """An echo on asyncio and uvloop, without flow control, as in uvloop's example."""

    def connection_made(self, transport: Any) -> None:
        """See `asyncio.BaseProtocol`."""
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        """See `asyncio.Protocol`."""
        self._transport.write(data)


async def protocol() -> None:
    """Serve with a protocol."""
    loop = asyncio.get_running_loop()
    await serve(await loop.create_server(Echo, HOST, 0, backlog=BACKLOG))


async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Answer one client."""
    try:
        while data := await reader.read(CHUNK):
            writer.write(data)
            await writer.drain()
    except ConnectionError:
        pass
    finally:
        writer.close()


async def streams() -> None:
    """Serve with streams."""
    await serve(await asyncio.start_server(echo, HOST, 0, backlog=BACKLOG))


async def serve(server: asyncio.Server) -> None:
    """Print the port, and serve until killed."""
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


def on_uvloop(main: Any) -> None:
    """Run `main` on uvloop."""
    import uvloop

    uvloop.run(main())


def gevent() -> None:
    """Serve with greenlets."""
    from gevent.server import StreamServer

    def handle(client: Any, _address: object) -> None:
        try:
            while data := client.recv(CHUNK):
                client.sendall(data)
        except ConnectionError:
            pass

    server = StreamServer((HOST, 0), handle, backlog=BACKLOG)
    server.start()
    print(server.server_port, flush=True)
    server.serve_forever()


async def tornado() -> None:
    """Serve with tornado."""
    from tornado.iostream import IOStream, StreamClosedError
    from tornado.netutil import bind_sockets
    from tornado.tcpserver import TCPServer

    class EchoServer(TCPServer):
        async def handle_stream(self, stream: IOStream, address: object) -> None:
            try:
                while True:
                    await stream.write(await stream.read_bytes(CHUNK, partial=True))
            except StreamClosedError:
                pass

    sockets = bind_sockets(0, HOST, backlog=BACKLOG)
    server = EchoServer()
    server.add_sockets(sockets)
    print(sockets[0].getsockname()[1], flush=True)
    await asyncio.Event().wait()


def twisted() -> None:
    """Serve with Twisted alone, on its default reactor."""
    from twisted.internet import reactor
    from twisted.internet.protocol import Factory, Protocol

    class TwistedEcho(Protocol):
        transport: Any

        def dataReceived(self, data: bytes) -> None:
            self.transport.write(data)

    r: Any = reactor
    port = r.listenTCP(0, Factory.forProtocol(TwistedEcho), BACKLOG, HOST)
    print(port.getHost().port, flush=True)
    r.run()


def threads() -> None:
    """Serve with a thread per client."""

    def handle(client: socket.socket) -> None:
        with client:
            try:
                while data := client.recv(CHUNK):
                    client.sendall(data)
            except ConnectionError:
                pass

    with socket.create_server((HOST, 0), backlog=BACKLOG) as listener:
        print(listener.getsockname()[1], flush=True)
        while True:
            client, _ = listener.accept()
            threading.Thread(target=handle, args=(client,), daemon=True).start()


KINDS = {
    "uvloop-protocol": lambda: on_uvloop(protocol),
    "uvloop-streams": lambda: on_uvloop(streams),
    "asyncio-protocol": lambda: asyncio.run(protocol()),
    "asyncio-streams": lambda: asyncio.run(streams()),
    "gevent": gevent,
    "tornado": lambda: asyncio.run(tornado()),
    "twisted": twisted,
    "threads": threads,
}

if __name__ == "__main__":
    KINDS[sys.argv[1]]()
