"""A broadcast server: each message of a client goes to all, in upper case.

One thread serves all clients, and waits only until one of them is ready.
"""

import selectors
import socket
from contextlib import suppress
from selectors import EVENT_READ, EVENT_WRITE

from shared import run

LONGEST = 4096  # bytes of a line; a longer one counts as several
PAUSE = 2**16  # unsent bytes from which on nothing more is read from a client
TOO_MANY = 2**20  # unsent bytes at which a client is dropped, because it does not read


class Client:
    """A connection, and its bytes on their way in and out.

    Args:
        connection: Its socket.
        address: Its address.
    """

    def __init__(self, connection: socket.socket, address: tuple[str, int]) -> None:
        self.connection = connection
        self.address = address
        self.unfinished = b""  # a line without its end
        self.unsent = bytearray(b"CONNECT\n")
        self.has_ended = False

    def read(self) -> list[str]:
        """Return the lines that are complete now."""
        piece = self.connection.recv(1024)
        self.has_ended = not piece
        *lines, self.unfinished = (self.unfinished + piece).split(b"\n")
        if self.unfinished and (self.has_ended or len(self.unfinished) > LONGEST):
            lines.append(self.unfinished)
            self.unfinished = b""
        return [line.decode(errors="replace").rstrip("\r") for line in lines]

    def write(self) -> None:
        """Send as much as the kernel takes."""
        del self.unsent[: self.connection.send(self.unsent)]

    @property
    def events(self) -> int:
        """The events to wait for; 0 at the end of the connection."""
        reads = not self.has_ended and len(self.unsent) < PAUSE
        return EVENT_READ * reads | EVENT_WRITE * bool(self.unsent)


class Room:
    """All clients, and the events that each waits for."""

    def __init__(self) -> None:
        self.selector = selectors.DefaultSelector()
        self.clients: list[Client] = []

    def add(self, listener: socket.socket) -> None:
        """Accept a client."""
        client = Client(*listener.accept())
        client.connection.setblocking(False)
        print(f"connected: {client.address}")
        self.clients.append(client)
        self.selector.register(client.connection, client.events, client)

    def remove(self, client: Client, why: str) -> None:
        """Close the connection of a client."""
        print(f"{why}: {client.address}")
        self.clients.remove(client)
        self.selector.unregister(client.connection)
        client.connection.close()

    def serve(self, client: Client, events: int) -> None:
        """Read from a client that has sent something, and write to one that can take it."""
        with suppress(BlockingIOError):
            if events & EVENT_WRITE:
                client.write()
            for text in client.read() if events & EVENT_READ else ():
                print(f"message: {text!r}")
                line = f"Message from client {client.address}: {text.upper()}\n".encode()
                for each in self.clients:
                    each.unsent += line

    def settle(self) -> None:
        """Drop clients that have ended or do not read, and update the events to wait for."""
        for client in self.clients.copy():
            if not client.events:
                self.remove(client, "disconnected")
            elif len(client.unsent) > TOO_MANY:
                self.remove(client, "does not read")
            else:
                self.selector.modify(client.connection, client.events, client)


def main(host: str, port: int) -> None:
    """Serve clients until Ctrl-C."""
    room = Room()
    with socket.create_server((host, port)) as listener:
        print("listening on {}:{}".format(*listener.getsockname()))
        room.selector.register(listener, EVENT_READ)
        while True:
            for key, events in room.selector.select():
                if key.data is None:
                    room.add(listener)
                    continue
                try:
                    room.serve(key.data, events)
                except OSError as error:
                    room.remove(key.data, f"failed: {error}")
            room.settle()


if __name__ == "__main__":
    run(main, 3333)
